"""How the style network is trained: what is minimized is the default recipe's loss, on crops."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .._tensorflow import tf
from ..losses.build import style_of
from ..losses.slot import statistic_of
from ..losses.statistics import gram_matrix
from ..losses.terms import content_loss, style_loss
from ..network.extractor import make_extractor
from ..network.weights import Weights
from ..pictures import data
from ..recipe import FIRST_OF_EACH_BLOCK, Recipe
from ..transfer.scales import cell, frame
from .crops import crop, photos
from .kept import kept_weights
from .style_network import STYLES, make_style_network

# Whose loss it is, with paintings of that size, which sets the strokes. The last style layer is
# left out: it is a ten thousandth of the default's loss, and a quarter of the work.
RECIPE = Recipe(size=256, style_layers=FIRST_OF_EACH_BLOCK[:-1])
(LAYER,) = RECIPE.content_layers
UNIT = 1e-6  # the loss is the recipe's times this
SIDE = 128  # of a crop, in pixels
_CROPS, _BATCH = 256, 2


class StyleNetworkTraining:
    """The style network, the targets that judge it, and one step of Adam.

    A batch is two of 256 crops of photos, to be painted in two of the styles. The loss of a picture
    is the default recipe's: the style of the whole painting, as the recipe scales it for a picture
    of 256 pixels, and the content of the crop. Minimized is the mean of its logarithm: the losses
    of two styles can differ tenfold, and neither is to drown the other's gradient.

    Parameters
    ----------
    steps : int
        Of the whole training: the step size falls from 3e-3 to 6e-5 by a half cosine.
    weights : Weights, optional
        Of VGG19; by default the pretrained ones.

    References
    ----------
    Johnson, Alahi, Fei-Fei, ECCV 2016, arXiv:1603.08155: the method, and its losses.
    """

    def __init__(self, steps: int, weights: Weights | None = None) -> None:
        self.steps, self.network, self.photos = steps, make_extractor(RECIPE, weights), photos()
        self.model = make_style_network(len(STYLES))
        rate = tf.keras.optimizers.schedules.CosineDecay(3e-3, steps, alpha=0.02)
        self.adam = tf.keras.optimizers.Adam(rate, beta_2=0.99)
        self.adam.build(self.model.trainable_variables)
        self.state = {"model": self.model, "adam": self.adam}
        self._targets, self._layer_weights = self._measured()
        self._crops: dict[int, tuple[tf.Tensor, tf.Tensor]] = {}
        self._content, self._step = tf.function(self.content), tf.function(self._take_step)

    def step(self, number: int) -> dict[str, float]:
        """Take the step of this number, and return the parts of its loss."""
        rng = np.random.default_rng([2, number])
        chosen = [self._crop(int(index)) for index in rng.choice(_CROPS, _BATCH, replace=False)]
        crops, wanted = map(tf.stack, zip(*chosen, strict=True))
        styles = rng.choice(len(STYLES), _BATCH, replace=False)
        parts = self._step(crops, wanted, tf.constant(styles))
        return {name: float(value) for name, value in parts.items()}

    def arrays(self) -> dict[str, np.ndarray]:
        """Return what is kept: the weights as float16."""
        return kept_weights(self.model)

    def content(self, images: tf.Tensor) -> tf.Tensor:
        """Return the features of photos, shape (B, H, W, 3), that are to be kept."""
        return self.network(images)[LAYER]

    def losses(
        self, images: tf.Tensor, wanted: tf.Tensor, styles: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Return the recipe's content and style loss of each picture, shape (B,), in `UNIT`.

        Parameters
        ----------
        images : tensor, float32, shape (B, H, W, 3)
            What was painted.
        wanted : tensor, shape (B, h, w, N)
            The `content` of what it was painted from.
        styles : tensor, int, shape (B,)
            Which of `STYLES`.
        """
        found = self.network(images)
        kept = content_loss(found[LAYER], wanted, RECIPE.content_normalization)
        matched = [
            weight
            * style_loss(
                gram_matrix(found[name]),
                tf.gather(self._targets[name], styles),
                RECIPE.style_normalization,
            )
            for name, weight in self._layer_weights.items()
        ]
        return {
            "content": UNIT * RECIPE.content_weight * kept,
            "style": UNIT * RECIPE.style_weight * tf.add_n(matched),
        }

    def _crop(self, number: int) -> tuple[tf.Tensor, tf.Tensor]:
        """Return one of the crops, and its features, which are computed when it first is drawn."""
        if number not in self._crops:
            image = crop(self.photos, np.random.default_rng([3, number]), SIDE)
            self._crops[number] = image, self._content(tf.constant(image[None]))[0]
        return self._crops[number]

    def _take_step(
        self, crops: tf.Tensor, wanted: tf.Tensor, styles: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        variables = self.model.trainable_variables
        with tf.GradientTape() as tape:
            images = self.model([crops, tf.one_hot(styles, len(STYLES))], training=True)
            losses = self.losses(images, wanted, styles)
            total = tf.reduce_mean(tf.math.log(losses["content"] + losses["style"]))
        self.adam.apply_gradients(zip(tape.gradient(total, variables), variables, strict=True))
        return {name: tf.reduce_mean(loss) for name, loss in losses.items()}

    def _measured(self) -> tuple[dict[str, tf.Tensor], Mapping[str, float]]:
        """Return the Gram matrices of all styles, by layer, and the recipe's layer weights."""
        paintings = [frame(data.load(name, RECIPE.size), cell(Recipe())) for name in STYLES]
        features = [self.network(tf.constant(painting[None])) for painting in paintings]
        grams = [
            {name: gram_matrix(maps[name]) for name in RECIPE.style_layers} for maps in features
        ]
        gram = statistic_of(RECIPE.statistic, RECIPE.style_normalization)
        weights = style_of(self.network, grams[:1], None, RECIPE.layer_weights, gram).weights
        stacked = {name: tf.concat([one[name] for one in grams], 0) for name in RECIPE.style_layers}
        return stacked, weights
