"""How the decoder is trained: there and back on crops of pictures, half of them in a new style."""

from __future__ import annotations

import numpy as np

from .._tensorflow import tf
from ..network.weights import Weights
from .crops import crop, paintings, photos
from .decoder import LAYER, encoder, make_decoder
from .kept import kept_weights

LAYERS = "block1_conv1", "block2_conv1", LAYER
SIDE = 96  # of a crop, in pixels
_PIXELS, _STYLE = 20.0, 4.0  # weights; those of the features are 1


class DecoderTraining:
    """The decoder, the network that judges it, and one step of Adam.

    Two crops of a batch are to be given back as they are. Of two others the features get the means
    and deviations of a painting's, as AdaIN does it, and what is painted from them shall have these
    features, and the painting's means and deviations in the layers before.

    Parameters
    ----------
    steps : int
        Of the whole training: the step size falls from 1e-3 to 5e-5 by a half cosine.
    weights : Weights, optional
        Of VGG19; by default the pretrained ones.
    """

    def __init__(self, steps: int, weights: Weights | None = None) -> None:
        self.steps, self.network = steps, encoder(weights, LAYERS)
        self.photos, self.paintings = photos(), paintings()
        self.model = make_decoder()
        rate = tf.keras.optimizers.schedules.CosineDecay(1e-3, steps, alpha=0.05)
        self.adam = tf.keras.optimizers.Adam(rate)
        self.adam.build(self.model.trainable_variables)
        self.state = {"model": self.model, "adam": self.adam}
        self.scales = self._scales()
        self._step = tf.function(self._take_step)

    def step(self, number: int) -> dict[str, float]:
        """Take the step of this number, and return the parts of its loss."""
        rng = np.random.default_rng([1, number])
        crops = [crop(self.photos + self.paintings, rng, SIDE) for _ in range(4)]
        styles = [crop(self.paintings, rng, SIDE) for _ in range(2)]
        parts = self._step(tf.constant(np.stack(crops)), tf.constant(np.stack(styles)))
        return {name: float(value) for name, value in parts.items()}

    def arrays(self) -> dict[str, np.ndarray]:
        """Return what is kept: the weights as float16, and the features' root mean square."""
        return kept_weights(self.model) | {"scale": np.asarray(self.scales[LAYER], np.float32)}

    def _take_step(self, crops: tf.Tensor, styles: tf.Tensor) -> dict[str, tf.Tensor]:
        variables = self.model.trainable_variables
        same, wanted = self._features(crops), self._features(styles)
        moved = adain(same[LAYER][2:], wanted[LAYER])
        with tf.GradientTape() as tape:
            image = self.model(tf.concat([same[LAYER][:2], moved], axis=0))
            parts = self._losses(crops, same, moved, wanted, image)
            total = tf.add_n(list(parts.values()))
        self.adam.apply_gradients(zip(tape.gradient(total, variables), variables, strict=True))
        return parts

    def _losses(
        self,
        crops: tf.Tensor,
        same: dict[str, tf.Tensor],
        moved: tf.Tensor,
        wanted: dict[str, tf.Tensor],
        image: tf.Tensor,
    ) -> dict[str, tf.Tensor]:
        maps = self._features(image)
        kept = [_mean_square(maps[name][:2] - same[name][:2]) for name in LAYERS]
        pairs = [(_moments(maps[name][2:]), _moments(wanted[name])) for name in LAYERS]
        style = [_mean_square(tf.stack(found) - tf.stack(aim)) for found, aim in pairs]
        return {
            "features": tf.add_n(kept) + _mean_square(maps[LAYER][2:] - moved),
            "pixels": _PIXELS * _mean_square(image[:2] - crops[:2]),
            "style": _STYLE * tf.add_n(style),
        }

    def _features(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        found = self.network(images)
        return {name: tf.cast(maps, tf.float32) / self.scales[name] for name, maps in found.items()}

    def _scales(self) -> dict[str, float]:
        """Return the root mean square of each layer's features."""
        rng = np.random.default_rng(0)
        crops = np.stack([crop(self.photos + self.paintings, rng, SIDE) for _ in range(16)])
        found = self.network(tf.constant(crops))
        return {n: float(tf.sqrt(_mean_square(tf.cast(x, tf.float32)))) for n, x in found.items()}


def adain(maps: tf.Tensor, style: tf.Tensor) -> tf.Tensor:
    """Give each channel the mean and deviation of a style's, shapes (B, h, w, N)."""
    (mean, deviation), (aim, spread) = _moments(maps), _moments(style)
    whitened = (maps - mean[:, None, None]) / deviation[:, None, None]
    return whitened * spread[:, None, None] + aim[:, None, None]


def _moments(maps: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the mean and the standard deviation of each channel of each picture."""
    mean, variance = tf.nn.moments(maps, [1, 2])
    return mean, tf.sqrt(variance + 1e-5)


def _mean_square(x: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(x**2)
