"""The same objective for big pictures: computed by tiles, in the memory of one tile (lesson 09).

Content and style depend on the picture through sums over positions: squared differences and Gram
matrices. A first pass adds these up tile by tile. The chain rule then needs only the derivative of
the total by each of the sums, and a second pass turns those, again tile by tile, into the gradient.
Nothing is approximated: each tile is computed on a window that reaches as far beyond the tile as
its features can see.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .._tensorflow import tf
from ..architecture import CHANNELS, check_layers, smallest_side
from ..errors import RecipeError
from ..network.vgg19 import VGG19
from ..recipe import Recipe
from .build import style_of
from .objective import Content, Maps, Objective
from .slot import SUMS, statistic_of
from .statistics import gram_matrix
from .terms import content_factor, content_loss, total_variation
from .tiles import Tiles


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
        If the tile is smaller than 16 pixels, or the recipe's statistic is not a sum over
        positions.

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
        self.extractor, self.recipe, self.tile = extractor, recipe, tile
        features, normalization = self._content_features(content), recipe.content_normalization
        self.content = Content(extractor, features, normalization)
        if recipe.statistic not in SUMS:
            raise RecipeError(
                f"The statistic {recipe.statistic!r} is no sum over positions and cannot be "
                f"computed by tiles; take a tile larger than the pictures, not {tile}."
            )
        statistic = statistic_of(recipe.statistic, recipe.style_normalization)
        self.extend = statistic.extend
        grams = [self._style_grams(style) for style in styles]
        self.style = style_of(extractor, grams, style_shares, recipe.layer_weights, statistic)
        smooth = ["variation"] if recipe.variation_weight else []
        super().__init__([*self.content.names, *self.style.names, *smooth])

    def replace_content(self, content: np.ndarray, current: np.ndarray | None = None) -> None:
        """Take another content picture of the same size; what was compiled stays valid."""
        self.content.assign(self._content_features(content))

    def terms(self, images: tf.Tensor) -> tf.Tensor:
        """Return the weighted terms, as `Objective.terms` does."""
        return self._weigh(*self._sums(images, self.content.targets), images)

    def _weigh(self, contents: Maps, grams: Maps, images: tf.Tensor) -> tf.Tensor:
        recipe, terms = self.recipe, []
        if contents:
            terms.append(recipe.content_weight * tf.stack(list(contents.values()), -1))
        if grams:
            terms.append(recipe.style_weight * self.style.compare(grams))
        if recipe.variation_weight:
            smooth = total_variation(images, recipe.variation_normalization)
            terms.append(recipe.variation_weight * smooth[..., None])
        return tf.concat(terms, -1)

    def terms_and_gradient(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the weighted terms and the gradient, as `Objective.terms_and_gradient` does."""
        sums = self._sums(images, self.content.targets)
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
                sums = self._sums_of_tile(tiles, box, window, self.content.targets)
            return tiles.paste(gradient, tape.gradient(sums, window, slopes), box)

        return tiles.fold(add, gradient)

    def _sums(self, images: tf.Tensor, targets: Maps) -> tuple[Maps, Maps]:
        """Return the content losses and the Gram matrices of the whole picture."""
        tiles = self._tiles(images)

        def add(box: tf.Tensor, total: Any) -> Any:
            sums = self._sums_of_tile(tiles, box, tiles.cut(images, box), targets)
            return tf.nest.map_structure(tf.add, total, sums)

        contents = {name: tf.zeros(1) for name in targets}
        return tiles.fold(add, (contents, {n: self._no_gram(n) for n in self.recipe.style_layers}))

    def _sums_of_tile(
        self, tiles: Tiles, box: tf.Tensor, window: tf.Tensor, targets: Maps
    ) -> tuple[Maps, Maps]:
        """Return what one tile contributes to `_sums`."""
        features = self.extractor(window)
        contents, grams = {}, {}
        for name, target in targets.items():
            pair = features[name], tiles.cut(target, box, name)
            here, there = (tiles.core(maps, box, name) for maps in pair)
            squares = content_loss(here, there, "sum")
            factor = content_factor(self.recipe.content_normalization, target.shape.num_elements())
            contents[name] = factor * squares
        for name in self.recipe.style_layers:
            core = tiles.core(self.extend(features[name]), box, name)
            grams[name] = gram_matrix(core, "sum") / math.prod(tiles.grid(name))
        return contents, grams

    def _no_gram(self, layer: str) -> tf.Tensor:
        n = int(self.extend(tf.zeros((1, 1, 1, CHANNELS[layer]))).shape[-1])
        return tf.zeros((1, n, n))

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
