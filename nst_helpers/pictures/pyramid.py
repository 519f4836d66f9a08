"""The Laplacian pyramid of an image: what each scale adds to the next coarser one (lesson 12).

Burt, Adelson, IEEE Transactions on Communications 31 (1983).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .._tensorflow import tf


def level_shapes(shape: Sequence[int], levels: int) -> list[tuple[int, int, int]]:
    """Return the shapes of the levels of an image, the finest first.

    Examples
    --------
    >>> level_shapes((5, 8, 3), 4)
    [(5, 8, 3), (2, 4, 3)]
    """
    height, width, channels = shape
    shapes = [(height, width, channels)]
    while len(shapes) < levels and min(height, width) >= 4:
        height, width = height // 2, width // 2
        shapes.append((height, width, channels))
    return shapes


def decompose(image: tf.Tensor, levels: int) -> list[tf.Tensor]:
    """Return what each level adds to the next coarser one; the coarsest is a small image."""
    shapes = level_shapes(image.shape, levels)
    found = []
    for shape in shapes[1:]:
        smaller = resized(image, shape)
        found.append(image - resized(smaller, image.shape))
        image = smaller
    return [*found, image]


def compose(levels: Sequence[tf.Tensor]) -> tf.Tensor:
    """Return the image of a pyramid."""
    *finer, image = levels
    for level in reversed(finer):
        image = level + resized(image, level.shape)
    return image


def resized(image: tf.Tensor, shape: Sequence[int]) -> tf.Tensor:
    """Return an image, shape (H, W, C), in another height and width, by bilinear interpolation."""
    return tf.image.resize(image[None], shape[:2])[0]


def blurred(image: np.ndarray) -> np.ndarray:
    """Return an image without the three finest levels of its pyramid."""
    *finer, rest = decompose(tf.constant(image), 4)
    return compose([*(tf.zeros_like(level) for level in finer), rest]).numpy()


def edges(image: np.ndarray) -> np.ndarray:
    """Return the finest level of an image's pyramid, around 0."""
    return decompose(tf.constant(image), 2)[0].numpy()
