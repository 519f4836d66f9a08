"""The network that a recipe asks for."""

from __future__ import annotations

from ..recipe import Recipe
from .precision import resolve_precision
from .rescale import rescaled
from .vgg19 import VGG19
from .weights import Weights, load_weights


def make_extractor(recipe: Recipe, weights: Weights | None = None) -> VGG19:
    """Return the network as a recipe wants it: layers, pooling, padding, scaling, precision.

    Parameters
    ----------
    recipe : Recipe
    weights : Weights, optional
        From `load_weights`; by default the pretrained ones.

    Raises
    ------
    LayerError
        If the recipe names a layer that VGG19 does not have.
    WeightsError
        If the weights cannot be had.
    """
    weights = load_weights() if weights is None else weights
    if recipe.normalize_network:
        weights = rescaled(weights, recipe.pooling, recipe.padding)
    return VGG19(
        recipe.layers,
        weights,
        pooling=recipe.pooling,
        padding=recipe.padding,
        activation=recipe.activation,
        preprocessing=recipe.preprocessing,
        precision=resolve_precision(recipe.precision),
    )
