"""Objectives from pictures: content, style, and all of a recipe (lesson 07)."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from .._tensorflow import tf
from ..architecture import CHANNELS
from ..errors import LayerError
from ..network.vgg19 import VGG19
from ..options import (
    ContentNormalization,
    LayerWeighting,
    StyleNormalization,
    VariationNormalization,
)
from ..recipe import FIRST_OF_EACH_BLOCK, Recipe
from .objective import Content, Maps, Objective, Style, Sum, Variation
from .statistics import gram_matrix
from .terms import style_loss

Statistic = Callable[[tf.Tensor], tf.Tensor]


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
    statistic: Statistic | None = None,
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
        Of Gram matrices; see `style_loss`.
    statistic : callable, optional
        From features, shape (B, H, W, N), to a tensor, shape (B, ...), whose mean squared
        difference is the loss; by default `gram_matrix` and `style_loss`.

    Raises
    ------
    LayerError
        If the network does not give a layer.

    References
    ----------
    Gatys, Ecker, Bethge, CVPR 2016, eqs. 4 and 5.
    """
    layers = tuple(layers)
    measured = [measure(_features(network, p, layers), layers, statistic) for p in pictures]
    targets = average(measured, [1.0] * len(measured) if shares is None else shares)
    return style_of(network, targets, layer_weights, normalization, statistic)


def variation(normalization: VariationNormalization = "squared_mean") -> Objective:
    """Return the objective that smooths the image; see `total_variation`."""
    return Variation(normalization)


def recipe_objective(
    network: VGG19,
    recipe: Recipe,
    content_picture: np.ndarray,
    styles: Sequence[np.ndarray],
    style_shares: Sequence[float] = (1.0,),
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
        matched = style(
            *(network, styles, recipe.style_layers),
            shares=style_shares,
            layer_weights=recipe.layer_weights,
            normalization=recipe.style_normalization,
        )
        parts.append(recipe.style_weight * matched)
    if recipe.variation_weight:
        parts.append(recipe.variation_weight * variation(recipe.variation_normalization))
    return Sum(parts)


def _features(network: VGG19, picture: np.ndarray, layers: Iterable[str]) -> Maps:
    features = network(tf.constant(picture[None]))
    for name in layers:
        if name not in features:
            raise LayerError(
                f"This network does not give {name!r}; make it with VGG19([..., {name!r}])."
            )
    return {name: features[name] for name in layers}


def measure(features: Maps, layers: Iterable[str], statistic: Statistic | None = None) -> Maps:
    """Return a statistic, by default the Gram matrix, of some layers' features."""
    return {name: (statistic or gram_matrix)(features[name]) for name in layers}


def average(measured: Sequence[Maps], shares: Sequence[float]) -> Maps:
    """Return the weighted mean of several pictures' statistics, layer by layer."""
    weights = np.divide(shares, sum(shares))
    pairs = list(zip(weights, measured, strict=True))
    return {name: tf.add_n([w * maps[name] for w, maps in pairs]) for name in measured[0]}


def style_of(
    network: VGG19,
    targets: Maps,
    layer_weights: LayerWeighting,
    normalization: StyleNormalization,
    statistic: Statistic | None = None,
) -> Style:
    """Return the style objective whose target statistics are there already."""
    loss = _mean_square if statistic else functools.partial(style_loss, normalization=normalization)
    weights = {name: _layer_weight(layer_weights, name, len(targets)) for name in targets}
    return Style(network, targets, weights, loss, statistic or gram_matrix)


def _layer_weight(weighting: LayerWeighting, layer: str, layers: int) -> float:
    return {"mean": 1 / layers, "one": 1.0, "inverse_square": 1 / CHANNELS[layer] ** 2}[weighting]


def _mean_square(statistic: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    difference = tf.cast(statistic, tf.float32) - tf.cast(target, tf.float32)
    return tf.reduce_mean(difference**2, axis=tuple(range(1, difference.shape.rank)))
