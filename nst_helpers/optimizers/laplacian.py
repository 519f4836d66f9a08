"""Any optimizer on the Laplacian pyramid of the image instead of its pixels (lesson 12)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from .._tensorflow import tf
from ..pictures.pyramid import compose, decompose, level_shapes
from .protocol import Optimizer, project


class LaplacianState(NamedTuple):
    """All levels in one vector, and the inner optimizer's state for it."""

    levels: tf.Tensor
    inner: Any


@dataclass(frozen=True)
class Laplacian:
    """An optimizer whose variables are the levels of a Laplacian pyramid.

    The image is the sum of its levels, each enlarged to full size. A step of equal size in every
    number then moves large shapes as fast as single pixels: a number of the coarsest level stands
    for a whole area.

    Parameters
    ----------
    inner : Adam or LBFGS
    levels : int
        How many, each half as wide and high as the one before; fewer where a side would have less
        than two pixels.

    References
    ----------
    Burt, Adelson, IEEE Transactions on Communications 31 (1983): the pyramid.
    Kolkin, Salavon, Shakhnarovich, CVPR 2019, arXiv:1904.12785: as variables of style transfer.
    """

    inner: Optimizer
    levels: int = 5

    def init(self, x: tf.Tensor) -> LaplacianState:
        """Return the state before the first step from x, shape (H, W, 3)."""
        levels = flat(decompose(x, self.levels))
        return LaplacianState(levels, self.inner.init(levels))

    def update(
        self, state: LaplacianState, x: tf.Tensor, gradient: tf.Tensor, clip: bool = False
    ) -> tuple[LaplacianState, tf.Tensor]:
        """Take one step from x with its gradient, and return the new state and the new x."""
        shapes = level_shapes(x.shape, self.levels)
        with tf.GradientTape() as tape:
            tape.watch(state.levels)
            image = compose(unflat(state.levels, shapes))
        slope = tape.gradient(image, state.levels, gradient)
        inner, levels = self.inner.update(state.inner, state.levels, slope)
        image = compose(unflat(levels, shapes))
        inside = project(image, clip)
        # What clipping took away is taken from the finest level, so that image and levels agree.
        finest = levels[: image.shape.num_elements()] + tf.reshape(inside - image, [-1])
        levels = tf.concat([finest, levels[image.shape.num_elements() :]], axis=0)
        return LaplacianState(levels, inner), inside

    def gentler(self) -> Laplacian:
        """Return the same optimizer with smaller steps."""
        return replace(self, inner=self.inner.gentler())


def flat(levels: Sequence[tf.Tensor]) -> tf.Tensor:
    """Return all numbers of all levels in one vector."""
    return tf.concat([tf.reshape(level, [-1]) for level in levels], axis=0)


def unflat(vector: tf.Tensor, shapes: Sequence[tuple[int, int, int]]) -> list[tf.Tensor]:
    """Return the levels that `flat` was given."""
    sizes = [height * width * channels for height, width, channels in shapes]
    parts = tf.split(vector, sizes)
    return [tf.reshape(part, shape) for part, shape in zip(parts, shapes, strict=True)]
