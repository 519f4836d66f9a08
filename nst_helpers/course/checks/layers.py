"""The layers of a network in NumPy, forward and back: what the right answers are made of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def conv(maps: Array, kernel: Array) -> Array:
    """Return the 3 x 3 convolution of (H, W, C) with (3, 3, C, N), zeros around the border."""
    height, width, _ = maps.shape
    padded = np.pad(maps, ((1, 1), (1, 1), (0, 0)))
    shifted = [padded[i : i + height, j : j + width] for i in range(3) for j in range(3)]
    rows = np.concatenate(shifted, axis=-1).reshape(height * width, -1)
    product: Array = rows @ kernel.reshape(-1, kernel.shape[-1])
    return product.reshape(height, width, -1)


def conv_backward(slope: Array, kernel: Array, flip: bool = True) -> Array:
    """Return the convolution with the flipped kernel and its channels exchanged."""
    return conv(slope, (kernel[::-1, ::-1] if flip else kernel).transpose(0, 1, 3, 2))


def pool(maps: Array) -> Array:
    """Return the means of squares of 2 x 2."""
    height, width, channels = maps.shape
    pooled: Array = maps.reshape(height // 2, 2, width // 2, 2, channels).mean((1, 3))
    return pooled


def spread(maps: Array) -> Array:
    """Return every number repeated in a square of 2 x 2."""
    return maps.repeat(2, axis=0).repeat(2, axis=1)


def relu(x: Array) -> Array:
    """Return the positive part."""
    return np.maximum(0.0, x)
