"""How a picture is cut into tiles whose windows see all that their features depend on."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from .._tensorflow import tf
from ..architecture import LAYERS, smallest_side


def receptive_radius(layer: str) -> int:
    """Return how many pixels beyond its own cell a feature sees, on every side.

    A feature of `layer` stands for a cell of s x s pixels, where s doubles at each pooling. Each
    3 x 3 convolution on the way adds its own s to the reach.

    Examples
    --------
    >>> [receptive_radius(f"block{block}_conv1") for block in range(1, 6)]
    [1, 4, 10, 30, 70]
    """
    return sum(smallest_side(name) for name in LAYERS[: LAYERS.index(layer) + 1])


def needs_tiles(shapes: Iterable[Sequence[int]], tile: int) -> bool:
    """Tell whether pictures of these (height, width) are to be computed by tiles."""
    return max(max(shape[:2]) for shape in shapes) > tile


class Tiles:
    """How a picture is cut into windows of one size, each with the core that it is there for.

    The cores are a partition of the picture. A window holds its core and a margin around it, less
    where the picture ends, so that the network pads there as it does for the whole picture.
    Windows start on the grid of the deepest layer, so that their cells are the picture's.
    """

    def __init__(self, shape: Sequence[int], tile: int, deepest: str) -> None:
        (height, rows), (width, columns) = (_windows(side, tile, deepest) for side in shape)
        self.shape, self.size = tuple(shape), (height, width)
        boxes = [np.stack([r, c], 1).ravel() for r in rows for c in columns]
        self.boxes = np.array(boxes, np.int32)  # y, x, top, left, bottom, right

    def fold(self, add: Callable[[tf.Tensor, Any], Any], total: Any) -> Any:
        """Return add(box, ... add(box, total)), one box after the other."""
        boxes = tf.constant(self.boxes)
        _, total = tf.while_loop(
            lambda index, total: index < len(self.boxes),
            lambda index, total: (index + 1, add(boxes[index], total)),
            (tf.constant(0), total),
            parallel_iterations=1,
        )
        return total

    def grid(self, layer: str) -> tuple[int, int]:
        """Return height and width of the whole picture's features."""
        cell = smallest_side(layer)
        return self.shape[0] // cell, self.shape[1] // cell

    def cut(self, maps: tf.Tensor, box: tf.Tensor, layer: str = LAYERS[0]) -> tf.Tensor:
        """Return the window of an image, or of the whole picture's features of `layer`."""
        cell = smallest_side(layer)
        y, x = tf.unstack(box[:2] // cell)
        height, width = (side // cell for side in self.size)
        return tf.slice(maps, [0, y, x, 0], [maps.shape[0], height, width, maps.shape[-1]])

    def core(self, maps: tf.Tensor, box: tf.Tensor, layer: str) -> tf.Tensor:
        """Return a window's features with zeros outside of its core."""
        top, left, bottom, right = tf.unstack(box[2:] // smallest_side(layer))
        rows, columns = tf.range(maps.shape[1])[:, None], tf.range(maps.shape[2])
        inside = (rows >= top) & (rows < bottom) & (columns >= left) & (columns < right)
        return maps * tf.cast(inside, maps.dtype)[..., None]

    def paste(self, image: tf.Tensor, window: tf.Tensor, box: tf.Tensor) -> tf.Tensor:
        """Return the image with the pixels of a window added in their place."""
        y, x = tf.unstack(box[:2])
        height, width = self.size
        places = tf.meshgrid(y + tf.range(height), x + tf.range(width), indexing="ij")
        # A scatter touches the window's pixels alone; padding the window would touch them all.
        return tf.tensor_scatter_nd_add(
            tf.squeeze(image, 0), tf.stack(places, -1), tf.squeeze(window, 0)
        )[None]


def _windows(side: int, tile: int, deepest: str) -> tuple[int, np.ndarray]:
    """Return the length of the windows along one side, and where each window and its core lie.

    The rows are: start of the window, then begin and end of the core as seen from there.
    """
    cell = smallest_side(deepest)
    margin = _round_up(receptive_radius(deepest), cell)
    inner = side - side % cell - 2 * margin  # between the margins of the first and last window
    count = max(1, math.ceil(inner / tile))
    step = _round_up(inner / count, cell)
    # The rest of the side is part of every window, so that the last one starts on the grid too.
    length = step + 2 * margin + side % cell
    starts = np.minimum(np.arange(count) * step, side - length)
    edges = np.array([0, *(starts[1:] + margin), side])
    return length, np.stack([starts, edges[:-1] - starts, edges[1:] - starts], axis=1)


def _round_up(number: float, multiple: int) -> int:
    return math.ceil(number / multiple) * multiple
