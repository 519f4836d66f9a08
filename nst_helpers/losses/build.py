"""Objectives from pictures: content, style, and all of a recipe (lesson 07)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from .._tensorflow import tf
from ..architecture import CHANNELS
from ..errors import LayerError
from ..network.vgg19 import VGG19
from ..options import (
    ContentNormalization,
    LayerWeighting,
    StyleNormalization,
    StyleStatistic,
    VariationNormalization,
)
from ..recipe import FIRST_OF_EACH_BLOCK, Recipe
from .neighbors import LayerNeighbors, Neighbors
from .objective import Content, Maps, Objective, Style, Sum, Variation
from .slot import Measure, Statistic, own_statistic, statistic_of
from .transport import Transport


def content(
    network: VGG19,
    picture: np.ndarray,
    layers: Iterable[str] = ("block4_conv2",),
    normalization: ContentNormalization = "paper",
) -> Objective:
    """Return the objective that keeps the features of a picture.

    Parameters
    ----------
    network : VGG19
        Must give these layers.
    picture : ndarray, float32, shape (H, W, 3)
        RGB in [0, 1], at the size of the result.
    layers : iterable of str
    normalization : {"paper", "sum", "mean"}
        See `content_loss`.

    Raises
    ------
    LayerError
        If the network does not give a layer.

    References
    ----------
    Gatys, Ecker, Bethge, CVPR 2016, eq. 1.
    """
    return Content(network, _features(network, picture, tuple(layers)), normalization)


def style(
    network: VGG19,
    pictures: Sequence[np.ndarray],
    layers: Iterable[str] = FIRST_OF_EACH_BLOCK,
    *,
    shares: Sequence[float] | None = None,
    layer_weights: LayerWeighting = "mean",
    normalization: StyleNormalization = "paper",
    statistic: StyleStatistic | Measure = "gram",
) -> Objective:
    """Return the objective that matches a statistic of one or several pictures.

    Parameters
    ----------
    network : VGG19
        Must give these layers.
    pictures : sequence of ndarray, float32, shape (H, W, 3)
        RGB in [0, 1]; sizes may differ. With several, their statistics are averaged.
    layers : iterable of str
    shares : sequence of float, optional
        The weight of each picture in that average; equal by default.
    layer_weights : {"mean", "one", "inverse_square"}
        w_l, as in `Recipe`.
    normalization : {"paper", "mean", "mean_per_channel"}
        Of products of features; see `style_loss`. Wasserstein distances have none.
    statistic : {"gram", "mean_covariance", "wasserstein", "sliced", "shifted_gram"} or callable
        As in `Recipe`; or from features, shape (B, H, W, N), to a tensor, shape (B, ...), whose
        mean squared difference is the loss.

    Raises
    ------
    LayerError
        If the network does not give a layer.

    References
    ----------
    Gatys, Ecker, Bethge, CVPR 2016, eqs. 4 and 5.
    """
    layers = tuple(layers)
    if callable(statistic):
        slot = own_statistic(statistic)
    else:
        slot = statistic_of(statistic, normalization)
    features = [_features(network, picture, layers) for picture in pictures]
    measured = [{name: slot.measure(maps[name]) for name in layers} for maps in features]
    return style_of(network, measured, shares, layer_weights, slot)


def variation(normalization: VariationNormalization = "squared_mean") -> Objective:
    """Return the objective that smooths the image; see `total_variation`."""
    return Variation(normalization)


def recipe_objective(
    network: VGG19,
    recipe: Recipe,
    content_picture: np.ndarray,
    styles: Sequence[np.ndarray],
    style_shares: Sequence[float] = (1.0,),
    *,
    current: np.ndarray | None = None,
    again: bool = False,
) -> Objective:
    """Return the total loss of a recipe for one content picture and one or more style pictures.

    Parameters
    ----------
    network : VGG19
        Must give all layers of the recipe; `make_extractor` makes it.
    recipe : Recipe
    content_picture : ndarray, float32, shape (H, W, 3)
        RGB in [0, 1], at the size of the result.
    styles : sequence of ndarray, float32, shape (H, W, 3)
        RGB in [0, 1]; sizes may differ. With several, their Gram matrices are averaged.
    style_shares : sequence of float
        The weight of each style in that average; scaled to sum to 1.
    current : ndarray, float32, shape (H, W, 3), optional
        The picture so far, where a coarser scale made one; of use for `neighbors`.
    again : bool
        Whether the scale before had the same size: the last pass of `neighbors`.

    Raises
    ------
    LayerError
        If the network does not give a layer of the recipe.

    References
    ----------
    Gatys, Ecker, Bethge, CVPR 2016, eqs. 1, 4, 5 and 7.
    """
    parts: list[Objective] = []
    if recipe.content_layers:
        kept = content(
            network, content_picture, recipe.content_layers, recipe.content_normalization
        )
        parts.append(recipe.content_weight * kept)
    if recipe.style_layers:
        matched = _style_of_recipe(
            network, recipe, content_picture, styles, style_shares, current, again
        )
        parts.append(recipe.style_weight * matched)
    if recipe.variation_weight:
        parts.append(recipe.variation_weight * variation(recipe.variation_normalization))
    return Sum(parts)


def _style_of_recipe(
    network: VGG19,
    recipe: Recipe,
    content_picture: np.ndarray,
    styles: Sequence[np.ndarray],
    shares: Sequence[float],
    current: np.ndarray | None,
    again: bool,
) -> Objective:
    about = network, recipe.style_layers, styles
    if recipe.statistic == "neighbors" and again:
        return LayerNeighbors(*about)
    if recipe.statistic == "neighbors":
        return Neighbors(*about, content_picture, current)
    if recipe.statistic == "transport":
        return Transport(*about, content_picture, recipe.content_weight, recipe.seed)
    return style(
        *(network, styles, recipe.style_layers),
        shares=shares,
        layer_weights=recipe.layer_weights,
        normalization=recipe.style_normalization,
        statistic=recipe.statistic,
    )


def _features(network: VGG19, picture: np.ndarray, layers: Iterable[str]) -> Maps:
    features = network(tf.constant(picture[None]))
    for name in layers:
        if name not in features:
            raise LayerError(
                f"This network does not give {name!r}; make it with VGG19([..., {name!r}])."
            )
    return {name: features[name] for name in layers}


def style_of(
    network: VGG19,
    measured: Sequence[Maps],
    shares: Sequence[float] | None,
    layer_weights: LayerWeighting,
    statistic: Statistic,
) -> Style:
    """Return the style objective of pictures that were measured already, layer by layer."""
    shares = [1.0] * len(measured) if shares is None else shares
    layers = list(measured[0])
    mean = {name: statistic.average([maps[name] for maps in measured], shares) for name in layers}
    targets = {name: statistic.prepare(tensor) for name, tensor in mean.items()}
    weights = {name: _layer_weight(layer_weights, name, len(layers)) for name in layers}
    return Style(network, targets, weights, statistic)


def _layer_weight(weighting: LayerWeighting, layer: str, layers: int) -> float:
    return {"mean": 1 / layers, "one": 1.0, "inverse_square": 1 / CHANNELS[layer] ** 2}[weighting]
