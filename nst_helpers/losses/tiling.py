"""The same objective for big pictures: computed by tiles, in the memory of one tile (lesson 09).

Content and style depend on the picture through sums over positions: squared differences and Gram
matrices. A first pass adds these up tile by tile. The chain rule then needs only the derivative of
the total by each of the sums, and a second pass turns those, again tile by tile, into the gradient.
Nothing is approximated: each tile is computed on a window that reaches as far beyond the tile as
its features can see.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .._tensorflow import tf
from ..architecture import CHANNELS, LAYERS, check_layers, smallest_side
from ..errors import RecipeError
from ..network.vgg19 import VGG19
from ..recipe import Recipe
from .objective import Objective
from .statistics import gram_matrix
from .terms import content_loss

Maps = dict[str, tf.Tensor]


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


class TiledObjective(Objective):
    """An `Objective` in bounded memory: one window of the network, and the content's features.

    Terms and gradient are those of `Objective` up to the rounding of float32 sums. The price is
    time: the features are computed twice, and windows overlap. One image at a time: B is 1.

    Parameters
    ----------
    extractor : VGG19
        Must give all layers of the recipe.
    recipe : Recipe
    content : ndarray, float32, shape (H, W, 3)
        RGB in [0, 1], at the size of the result.
    styles : sequence of ndarray, float32, shape (H, W, 3)
        RGB in [0, 1]; sizes may differ.
    style_shares : sequence of float
        The weight of each style; scaled to sum to 1.
    tile : int
        Largest side of a tile in pixels, rounded up to a multiple of 16 at most. Its window is up
        to 192 pixels larger each way, so small tiles cost time.

    Raises
    ------
    RecipeError
        If the tile is smaller than 16 pixels.

    References
    ----------
    Gatys, Ecker, Bethge, CVPR 2016, eqs. 1 to 7.
    """

    def __init__(
        self,
        extractor: VGG19,
        recipe: Recipe,
        content: np.ndarray,
        styles: Sequence[np.ndarray],
        style_shares: Sequence[float] = (1.0,),
        tile: int = 1024,
    ) -> None:
        if tile < 16:
            raise RecipeError(f"A tile of {tile} pixels is too small; take 16 or more.")
        self.tile = tile
        super().__init__(extractor, recipe, content, styles, style_shares)

    def terms(self, images: tf.Tensor) -> tf.Tensor:
        """Return the weighted terms, as `Objective.terms` does."""
        return self._weigh(*self._sums(images, self.content_targets), images)

    def terms_and_gradient(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the weighted terms and the gradient, as `Objective.terms_and_gradient` does."""
        sums = self._sums(images, self.content_targets)
        with tf.GradientTape() as tape:
            tape.watch((sums, images))
            terms = self._weigh(*sums, images)
            total = tf.reduce_sum(terms)
        slopes, gradient = tape.gradient(total, (sums, images), unconnected_gradients="zero")
        return terms, self._pull_back(images, slopes, gradient)

    def _pull_back(self, images: tf.Tensor, slopes: Any, gradient: tf.Tensor) -> tf.Tensor:
        """Add to `gradient` what comes through the sums, given the total's slope in each."""
        tiles = self._tiles(images)

        def add(box: tf.Tensor, gradient: tf.Tensor) -> tf.Tensor:
            window = tiles.cut(images, box)
            with tf.GradientTape() as tape:
                tape.watch(window)
                sums = self._sums_of_tile(tiles, box, window, self.content_targets)
            return tiles.paste(gradient, tape.gradient(sums, window, slopes), box)

        return tiles.fold(add, gradient)

    def _sums(self, images: tf.Tensor, targets: Maps) -> tuple[Maps, Maps]:
        """Return the content losses and the Gram matrices of the whole picture."""
        tiles = self._tiles(images)

        def add(box: tf.Tensor, total: Any) -> Any:
            sums = self._sums_of_tile(tiles, box, tiles.cut(images, box), targets)
            return tf.nest.map_structure(tf.add, total, sums)

        contents = {name: tf.zeros(1) for name in targets}
        grams = {n: tf.zeros((1, CHANNELS[n], CHANNELS[n])) for n in self.recipe.style_layers}
        return tiles.fold(add, (contents, grams))

    def _sums_of_tile(
        self, tiles: Tiles, box: tf.Tensor, window: tf.Tensor, targets: Maps
    ) -> tuple[Maps, Maps]:
        """Return what one tile contributes to `_sums`."""
        features = {n: tiles.core(maps, box, n) for n, maps in self.extractor(window).items()}
        contents, grams = {}, {}
        for name, target in targets.items():
            factors = {"paper": 0.5, "sum": 1.0, "mean": 1 / target.shape.num_elements()}
            part = tiles.core(tiles.cut(target, box, name), box, name)
            squares = content_loss(features[name], part, "sum")
            contents[name] = factors[self.recipe.content_normalization] * squares
        for name in self.recipe.style_layers:
            grams[name] = gram_matrix(features[name], "sum") / math.prod(tiles.grid(name))
        return contents, grams

    def _style_grams(self, style: np.ndarray) -> Maps:
        return self._sums(tf.constant(style[None]), {})[1]

    def _content_features(self, content: np.ndarray) -> Maps:
        images = tf.constant(content[None])
        tiles, dtype = self._tiles(images), tf.as_dtype(self.extractor.precision).as_numpy_dtype
        whole = {
            n: np.empty((1, *tiles.grid(n), CHANNELS[n]), dtype) for n in self.recipe.content_layers
        }
        for box in tiles.boxes:
            features = self.extractor(tiles.cut(images, box))
            for name, target in whole.items():
                y, x, top, left, bottom, right = box // smallest_side(name)
                core = features[name][:, top:bottom, left:right].numpy()
                target[:, y + top : y + bottom, x + left : x + right] = core
        return {name: tf.constant(target) for name, target in whole.items()}

    def _tiles(self, images: tf.Tensor) -> Tiles:
        deepest = check_layers(self.recipe.layers)[-1]
        return Tiles(images.shape[1:3], self.tile, deepest)


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
