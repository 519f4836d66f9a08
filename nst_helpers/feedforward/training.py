"""How the decoder was trained: there and back on crops of pictures, half of them in a new style.

Nothing with a license that asks for more than CC0 does is among the pictures, nor the photos and
the painting that results are shown on: *china*, *chelsea*, *flower* and *stained_glass*.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .._tensorflow import tf
from ..errors import WeightsError
from ..files import quoted, reason, write_atomically
from ..network.weights import Weights, load_weights
from ..pictures import data
from ..pictures.sizes import resize_to
from .decoder import LAYER, encoder, make_decoder
from .kept import write_arrays

PHOTOS = "astronaut", "coffee", "rocket", "hubble_deep_field", "brick", "grass", "gravel"
PAINTINGS = (
    *("swirling_night", "woodcut_waves", "pointillist_meadow"),
    *("cubist_facets", "ink_mountains", "turning_discs"),
)
LAYERS = "block1_conv1", "block2_conv1", LAYER
SIDE = 96  # of a crop, in pixels
_STEPS_PER_CHECKPOINT = 100
_PIXELS, _STYLE = 20.0, 4.0  # weights; those of the features are 1


def crop(images: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """Return a random square out of one of the pictures, at a random zoom, perhaps mirrored.

    Returns
    -------
    ndarray, float32, shape (SIDE, SIDE, 3)
        RGB in [0, 1]; the three are exchanged in a third of all crops.
    """
    image = images[rng.integers(len(images))]
    longest = min(*image.shape[:2], 4 * SIDE)
    side = int(np.exp(rng.uniform(np.log(SIDE), np.log(longest))))
    top, left = (rng.integers(whole - side + 1) for whole in image.shape[:2])
    piece = resize_to(image[top : top + side, left : left + side], (SIDE, SIDE))
    piece = piece[:, :: rng.choice([-1, 1])]
    return piece[..., rng.permutation(3)] if rng.random() < 1 / 3 else piece


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
        self.photos = [data.load(name) for name in PHOTOS]
        self.paintings = [data.load(name) for name in PAINTINGS]
        self.decoder = make_decoder()
        rate = tf.keras.optimizers.schedules.CosineDecay(1e-3, steps, alpha=0.05)
        self.adam = tf.keras.optimizers.Adam(rate)
        self.adam.build(self.decoder.trainable_variables)
        self.scales = self._scales()
        self._step = tf.function(self._take_step)

    def step(self, number: int) -> dict[str, float]:
        """Take the step of this number, and return the parts of its loss."""
        rng = np.random.default_rng([1, number])
        crops = [crop(self.photos + self.paintings, rng) for _ in range(4)]
        styles = [crop(self.paintings, rng) for _ in range(2)]
        parts = self._step(tf.constant(np.stack(crops)), tf.constant(np.stack(styles)))
        return {name: float(value) for name, value in parts.items()}

    def _take_step(self, crops: tf.Tensor, styles: tf.Tensor) -> dict[str, tf.Tensor]:
        variables = self.decoder.trainable_variables
        same, wanted = self._features(crops), self._features(styles)
        moved = adain(same[LAYER][2:], wanted[LAYER])
        with tf.GradientTape() as tape:
            image = self.decoder(tf.concat([same[LAYER][:2], moved], axis=0))
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
        crops = np.stack([crop(self.photos + self.paintings, rng) for _ in range(16)])
        found = self.network(tf.constant(crops))
        return {n: float(tf.sqrt(_mean_square(tf.cast(x, tf.float32)))) for n, x in found.items()}


def train_decoder(
    folder: Path,
    steps: int = 2000,
    *,
    weights: Weights | None = None,
    callback: Callable[[int, dict[str, float]], None] | None = None,
) -> Path:
    """Train the decoder, and write it as ``decoder.npz``; what was begun in the folder goes on.

    Parameters
    ----------
    folder : path
        A new one, or one where such a training was begun: for the network and its checkpoints.
    steps : int
        Batches of four crops.
    weights : Weights, optional
        Of VGG19; by default the pretrained ones.
    callback : callable, optional
        Called after every step with its number and the parts of its loss.

    Returns
    -------
    path
        Of the network.

    Raises
    ------
    WeightsError
        If the folder cannot be used, holds something else, or another training's checkpoints.
    """
    network = load_weights() if weights is None else weights
    _begin(folder, {"network": "decoder", "steps": steps, "vgg19": network.sha256})
    training = DecoderTraining(steps, network)
    done = tf.Variable(0)
    state = tf.train.Checkpoint(decoder=training.decoder, adam=training.adam, done=done)
    manager = tf.train.CheckpointManager(state, folder / "checkpoint", max_to_keep=1)
    try:
        state.restore(manager.latest_checkpoint)
    except tf.errors.OpError as error:
        raise WeightsError(
            f"The checkpoint in {quoted(folder)} is damaged; remove the folder and begin anew."
        ) from error
    while int(done) < steps:
        parts = training.step(int(done))
        done.assign_add(1)
        if callback:
            callback(int(done), parts)
        if int(done) % _STEPS_PER_CHECKPOINT == 0:
            manager.save()
    arrays = {
        f"w{i:02}": x.astype(np.float16) for i, x in enumerate(training.decoder.get_weights())
    }
    write_arrays(folder / "decoder.npz", arrays | {"scale": np.float32(training.scales[LAYER])})
    return folder / "decoder.npz"


def _begin(folder: Path, about: dict[str, Any]) -> None:
    """Make the folder of a training, or check that it is this one's."""
    note = folder / "training.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not any(folder.iterdir()):
            write_atomically(note, lambda file: file.write(json.dumps(about).encode()))
        begun = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"{quoted(folder)} is no folder for a training ({reason(error)}); name a new one."
        ) from error
    if begun != about:
        raise WeightsError(
            f"{quoted(folder)} holds another training, {begun}; name a new folder, or train so."
        )


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
