"""STROTSS: style by relaxed optimal transport, content by self-similarity (lesson 12).

Kolkin, Salavon, Shakhnarovich, CVPR 2019, arXiv:1904.12785.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from .._tensorflow import tf
from ..architecture import smallest_side
from ..network.preprocessing import to_network
from ..network.vgg19 import VGG19
from .matching import (
    cosine_distances,
    moment_loss,
    moments,
    relaxed_emd,
    self_similarity_loss,
    unit,
)
from .objective import Maps, Objective
from .parts import float32

_SAMPLES = 1024  # positions of the picture at every step
_OF_STYLE = 5000  # positions of the styles, chosen once
_FIRST = 64  # pixels of the longer side at which the content's weight is the recipe's own
_GRAY = 58.0  # the moments were weighted for pictures divided by this deviation of gray values
_YUV = [[0.299, -0.147, 0.615], [0.587, -0.289, -0.515], [0.114, 0.436, -0.1]]
_PIXELS = "pixels"  # the name of the image itself among the layers


class Transport(Objective):
    """Relaxed earth mover's distance, moments and colors of the style; self-similarity of content.

    All are measured on hypercolumns at positions that are drawn anew at every step: the colors of
    the pixel, and each layer's features there.

    Parameters
    ----------
    network : VGG19
        Must give these layers.
    layers : iterable of str
    styles : sequence of ndarray, float32, shape (H, W, 3)
        RGB in [0, 1]; all positions make one set.
    content : ndarray, float32, shape (H, W, 3)
        RGB in [0, 1], at the size of the result.
    content_weight : float
        Of the content where the longer side has 64 pixels; half of that at 128, and so on.
    seed : int
        Of the positions.
    """

    def __init__(
        self,
        network: VGG19,
        layers: Iterable[str],
        styles: Sequence[np.ndarray],
        content: np.ndarray,
        content_weight: float = 16.0,
        seed: int = 0,
    ) -> None:
        terms = ["content/self_similarity", "style/transport", "style/moments", "style/colors"]
        super().__init__(terms, network)
        self.layers, self.seed, self.step = tuple(layers), seed, tf.Variable(0, dtype=tf.int32)
        weight = content_weight * _FIRST / max(content.shape[:2])
        self.weights = tf.constant([weight, 1.0, 1.0, 1.0 / max(weight, 1.0)])
        self.content = {name: tf.Variable(maps) for name, maps in self._maps_of(content).items()}
        samples = self._samples_of(styles)
        self.style, self.palette, self.moments = unit(samples), _colors(samples), moments(samples)

    @property
    def counters(self) -> tuple[tf.Variable, ...]:
        """The step, of which the random positions are made."""
        return (self.step,)

    def measure(self, features: Maps, images: tf.Tensor) -> tf.Tensor:
        """Return the weighted terms at this step's positions."""
        drawn = tf.random.stateless_uniform([_SAMPLES, 2], seed=tf.stack([self.seed, self.step]))
        self.step.assign_add(1)
        at = tf.cast(drawn * tf.cast(tf.shape(images)[1:3], tf.float32), tf.int32)
        x = self._columns(self._maps(features, images), at)
        content = self._columns(self.content, at)
        colors, rows = _colors(x), unit(x)
        pairs = _colors_apart(colors[..., :, None, :], self.palette[..., None, :, :])
        terms = [
            self_similarity_loss(rows, unit(content)),
            relaxed_emd(rows, self.style, cosine_distances(rows, self.style), _apart),
            moment_loss(moments(x), self.moments),
            relaxed_emd(colors, self.palette, pairs, _colors_apart),
        ]
        return self.weights * tf.stack(terms, axis=-1)

    def replace_content(self, content: np.ndarray, current: np.ndarray | None = None) -> None:
        """Take another content picture of the same size, and the same positions again."""
        self.step.assign(0)
        for name, maps in self._maps_of(content).items():
            self.content[name].assign(maps)

    def _samples_of(self, styles: Sequence[np.ndarray]) -> tf.Tensor:
        random, rows = np.random.default_rng(self.seed), []
        for style in styles:
            height, width = style.shape[:2]
            count = min(_OF_STYLE // len(styles), height * width)
            places = random.choice(height * width, count, replace=False)
            at = np.stack(np.unravel_index(places, (height, width)), -1).astype(np.int32)
            rows.append(self._columns(self._maps_of(style), tf.constant(at))[0])
        return tf.concat(rows, axis=0)

    def _maps_of(self, picture: np.ndarray) -> Maps:
        images = tf.constant(picture[None])
        assert self.network is not None
        return self._maps(self.network(images), images)

    def _maps(self, features: Maps, images: tf.Tensor) -> Maps:
        return {_PIXELS: to_network(images), **{layer: features[layer] for layer in self.layers}}

    def _columns(self, maps: Maps, at: tf.Tensor) -> tf.Tensor:
        """Return the hypercolumns at pixels (y, x), shape (P, 2), as rows, shape (B, P, D)."""
        columns = []
        for name, features in maps.items():
            _, height, width, n = features.shape
            cells = at // (1 if name == _PIXELS else smallest_side(name))
            y, x = tf.minimum(cells[:, 0], height - 1), tf.minimum(cells[:, 1], width - 1)
            rows = tf.reshape(features, (-1, height * width, n))
            columns.append(float32(tf.gather(rows, y * width + x, axis=1)) / _GRAY)
        return tf.concat(columns, axis=-1)


def _colors(rows: tf.Tensor) -> tf.Tensor:
    """Return brightness and two color differences of the pixels in hypercolumns, shape (P, 3)."""
    return rows[..., 2::-1] @ tf.constant(_YUV)


def _apart(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """Return the cosine distances of rows of length 1."""
    return 1 - tf.reduce_sum(x * y, axis=-1)


def _colors_apart(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """Return cosine distances plus mean squared differences."""
    return _apart(unit(x), unit(y)) + tf.reduce_mean((x - y) ** 2, axis=-1)
