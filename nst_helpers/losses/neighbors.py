"""Neural Neighbor style transfer: the content, re-assembled from the style's features (lesson 12).

It is lesson 04's content loss with other targets: at every position the features of that place of
the style that the content's features are nearest to.

Kolkin, Kucera, Paris, Sykora, Shechtman, Shakhnarovich, arXiv:2203.13215 (2022).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from .._tensorflow import tf
from ..network.vgg19 import VGG19
from ..pictures.pyramid import edges
from .matching import as_rows, centered, hypercolumns, nearest, unit
from .objective import Maps, Objective

CONTENT_SHARE = 0.75  # of the query on all scales but the first; the rest is the picture so far
_CELL = 4  # pixels along one side that a hypercolumn stands for
_SIDE = 64  # positions along one side that are matched anew at every step


class Neighbors(Objective):
    """Mean cosine distance to hypercolumns of the style, chosen once.

    Parameters
    ----------
    network : VGG19
        Must give these layers.
    layers : iterable of str
    styles : sequence of ndarray, float32, shape (H, W, 3)
        RGB in [0, 1]. All, each also turned by 90, 180 and 270 degrees, make one bank.
    content : ndarray, float32, shape (H, W, 3)
        RGB in [0, 1]; what the style is matched to.
    current : ndarray, float32, shape (H, W, 3), optional
        The picture so far: a quarter of the query, with the content's finest details.
    """

    def __init__(
        self,
        network: VGG19,
        layers: Iterable[str],
        styles: Sequence[np.ndarray],
        content: np.ndarray,
        current: np.ndarray | None = None,
    ) -> None:
        super().__init__(["style/nearest"], network)
        self.layers, self.styles = tuple(layers), tuple(styles)
        self.targets = tf.Variable(self._match(content, current))

    def measure(self, features: Maps, images: tf.Tensor) -> tf.Tensor:
        """Return the mean cosine distance to the targets."""
        rows = unit(self._columns(features, images.shape))
        cosines = tf.reduce_sum(rows * self.targets, axis=-1)
        return 1 - tf.reduce_mean(cosines, axis=-1, keepdims=True)

    def replace_content(self, content: np.ndarray, current: np.ndarray | None = None) -> None:
        """Match another content picture of the same size."""
        self.targets.assign(self._match(content, current))

    def _match(self, content: np.ndarray, current: np.ndarray | None) -> tf.Tensor:
        query = self._of(content)
        if current is not None:
            so_far = self._of(current + edges(content))
            query = CONTENT_SHARE * query + (1 - CONTENT_SHARE) * so_far
        turned = (np.rot90(style, turns) for style in self.styles for turns in range(4))
        bank = tf.concat([self._of(np.ascontiguousarray(one)) for one in turned], axis=0)
        return unit(tf.gather(bank, nearest(query, bank)))

    def _of(self, picture: np.ndarray) -> tf.Tensor:
        images = tf.constant(picture[None])
        assert self.network is not None
        return self._columns(self.network(images), images.shape)[0]

    def _columns(self, features: Maps, shape: Sequence[int]) -> tf.Tensor:
        height, width = (max(1, side // _CELL) for side in shape[1:3])
        return hypercolumns([features[layer] for layer in self.layers], height, width)


class LayerNeighbors(Objective):
    """Mean cosine distance to the nearest features of the style, layer by layer, at every step.

    The last pass: layers need not agree on a place any more, which sharpens details. At most 64 x
    64 positions of a layer, on a grid that is moved at random from step to step, look among as
    many of every style.

    Parameters
    ----------
    network, layers, styles
        As for `Neighbors`.
    """

    def __init__(self, network: VGG19, layers: Iterable[str], styles: Sequence[np.ndarray]) -> None:
        super().__init__(["style/nearest"], network)
        self.step = tf.Variable(0, dtype=tf.int32)
        measured = [network(tf.constant(style[None])) for style in styles]
        self.banks = {
            layer: tf.concat([centered(_some(maps[layer], [0.5, 0.5])[0]) for maps in measured], 0)
            for layer in layers
        }

    @property
    def counters(self) -> tuple[tf.Variable, ...]:
        """The step, of which the random positions are made."""
        return (self.step,)

    def measure(self, features: Maps, images: tf.Tensor) -> tf.Tensor:
        """Return the sum over the layers."""
        offset = tf.random.stateless_uniform([2], seed=tf.stack([0, self.step]))
        self.step.assign_add(1)
        return tf.add_n(list(self._distances(features, offset)))[:, None]

    def replace_content(self, content: np.ndarray, current: np.ndarray | None = None) -> None:
        """Begin the random grids anew; the content has no part in this."""
        self.step.assign(0)

    def _distances(self, features: Maps, offset: tf.Tensor) -> Iterator[tf.Tensor]:
        for layer, bank in self.banks.items():
            rows = centered(_some(features[layer], offset))
            best = tf.argmax(tf.matmul(rows, bank, transpose_b=True), axis=-1)
            cosines = tf.reduce_sum(rows * tf.gather(bank, best), axis=-1)
            yield 1 - tf.reduce_mean(cosines, axis=-1)


def _some(maps: tf.Tensor, offset: Sequence[float] | tf.Tensor) -> tf.Tensor:
    """Return a grid of positions as rows; the offset says where in its cells, from 0 to 1."""
    for axis in (1, 2):
        side = int(maps.shape[axis])
        cell = -(-side // _SIDE)
        first = tf.cast(offset[axis - 1] * cell, tf.int32)
        maps = tf.gather(maps, first + cell * tf.range(side // cell), axis=axis)
    return as_rows(tf.cast(maps, tf.float32))
