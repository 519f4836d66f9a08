"""Each published system as one recipe, and recipes by name (lesson 07 puts them side by side)."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from typing import Any

from .errors import RecipeError
from .recipe import Recipe

# The papers start from white noise and do not say how strong. The random start in the authors'
# released notebook is the mean color with noise of one gray value; uniform noise in [0, 1] has a
# deviation of 73.6, and much of noise that strong stays as colored grain (benchmarks/grain.py).
_FAINT = 1 / 73.6

# The preprint to the letter: eqs. 1 and 4 as printed, the network as it is (no rescaling is
# mentioned), and the alpha/beta of most captions. Its text names no optimizer and no size.
GATYS2015 = Recipe(
    style_weight=1e3,
    content_normalization="paper",
    style_normalization="paper",
    layer_weights="mean",
    padding="zero",
    start="gray",
    start_noise=_FAINT,
    size_rule="area",
    pyramid=((1.0, 500),),
    clip=False,
)


# The paper's text: noise start, average pooling, rescaled network, L-BFGS, w_l = 1/5, no clipping.
# Its alpha/beta = 1e-3 is read as a ratio of mean squared errors on the rescaled network, as in the
# authors' released settings (content 1e6, style 1e9 / 5); the text alone does not decide this, and
# from noise it leaves little of the photo (lesson 10).
GATYS2016 = Recipe(
    style_weight=1e3,
    layer_weights="mean",
    padding="zero",
    normalize_network=True,
    start="gray",
    start_noise=_FAINT,
    pyramid=((1.0, 500),),
    clip=False,
)


# The authors' PyTorch notebook: max pooling and content start, against the paper's text.
GATYS_CODE = Recipe(
    style_weight=1e3,
    pooling="max",
    padding="zero",
    size_rule="shortest",
    resample="bilinear",
    pyramid=((1.0, 500),),
    clip=False,
)


# Second part of the tutorial: with total variation, on [0, 1] images clipped at every step.
TENSORFLOW_TUTORIAL = Recipe(
    content_layers=("block5_conv2",),
    content_weight=1e4,
    style_weight=1e-2,
    variation_weight=30.0,
    variation_normalization="absolute_sum",
    layer_weights="mean",
    pooling="max",
    padding="zero",
    pyramid=((1.0, 1000),),
    optimizer="adam",
    learning_rate=0.02 * 255,
    beta_1=0.99,
    epsilon=0.1,
)


# The tutorial counts convolutions, so its conv_1 ... conv_5 are not the first of each block.
# It uses torchvision's weights; these are the Caffe ones, so its losses differ in scale.
PYTORCH_TUTORIAL = Recipe(
    content_layers=("block2_conv2",),
    style_layers=("block1_conv1", "block1_conv2", "block2_conv1", "block2_conv2", "block3_conv1"),
    style_weight=1e6,
    style_normalization="mean_per_channel",
    layer_weights="one",
    pooling="max",
    padding="zero",
    activation="linear",
    pyramid=((1.0, 300),),
)


# A widely copied summary of the method, as printed: no preprocessing, a deep content layer.
PATTERN_CARD = Recipe(
    content_layers=("block5_conv2",),
    style_weight=1.0,
    layer_weights="mean",
    pooling="max",
    padding="zero",
    preprocessing="none",
    size=256,
    pyramid=((1.0, 1000),),
    optimizer="adam",
    learning_rate=0.02 * 255,
    epsilon=1e-7,
)


def _first(count: int, block: int) -> tuple[str, ...]:
    return tuple(f"block{block}_conv{number}" for number in range(1, count + 1))


_UP_TO_CONV3_3 = (*_first(2, 1), *_first(2, 2), *_first(3, 3))

# STROTSS, with the layers of VGG19 that VGG16 has too.
STROTSS = Recipe(
    content_layers=(),
    style_layers=(*_UP_TO_CONV3_3, "block4_conv3", "block5_conv3"),
    content_weight=16.0,
    style_weight=1.0,
    statistic="transport",
    pooling="max",
    padding="zero",
    start="edges",
    pyramid=((0.125, 250), (0.25, 250), (0.5, 250), (1.0, 250)),
    coarsest=64,
    optimizer="adam",  # without the average of the gradient it is RMSprop
    learning_rate=2e-3 * 255,
    beta_1=0.0,
    beta_2=0.99,
    laplacian_levels=5,
    clip=False,
)


# NNST-Opt, with the layers of VGG19 that VGG16 has too.
NNST = Recipe(
    content_layers=(),
    style_layers=(*_UP_TO_CONV3_3, *_first(3, 4)),
    style_weight=1.0,
    statistic="neighbors",
    pooling="max",
    padding="zero",
    start="blurred",
    pyramid=((0.125, 200), (0.25, 200), (0.5, 200), (1.0, 200), (1.0, 200)),
    coarsest=64,
    optimizer="adam",
    learning_rate=2e-3 * 255,
    laplacian_levels=8,
    clip=False,
)


RECIPES: dict[str, Recipe] = {
    "default": Recipe(),
    "gatys2015": GATYS2015,
    "gatys2016": GATYS2016,
    "gatys_code": GATYS_CODE,
    "tensorflow_tutorial": TENSORFLOW_TUTORIAL,
    "pytorch_tutorial": PYTORCH_TUTORIAL,
    "pattern_card": PATTERN_CARD,
    "strotss": STROTSS,
    "nnst": NNST,
}


def as_recipe(recipe: Recipe | str | None, settings: Mapping[str, Any]) -> Recipe:
    """Return the recipe that is meant, with some settings changed.

    Parameters
    ----------
    recipe : Recipe, str or None
        A value, the name of a published one, or the default.
    settings : mapping of str to value
        Fields of `Recipe`.

    Raises
    ------
    RecipeError
        For an unknown name or setting, or a value that is not possible.

    Examples
    --------
    >>> as_recipe("gatys2016", {"size": 640}).size
    640
    """
    chosen = Recipe() if recipe is None else recipe
    if isinstance(chosen, str):
        chosen = get_recipe(chosen)
    if not isinstance(chosen, Recipe):
        raise RecipeError(
            f"A recipe is a Recipe or one of {', '.join(RECIPES)}, not a {type(recipe).__name__}."
        )
    names = [field.name for field in dataclasses.fields(Recipe)]
    for name in settings:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1, cutoff=0.0)[0]
            raise RecipeError(f"A recipe has no setting {name!r}; did you mean {near!r}?")
    return dataclasses.replace(chosen, **settings)


def get_recipe(name: str) -> Recipe:
    """Return a published recipe by name.

    Raises
    ------
    RecipeError
        If there is none of that name; the message suggests the nearest.

    Examples
    --------
    >>> get_recipe("gatys2016").pooling
    'average'
    """
    if name not in RECIPES:
        near = difflib.get_close_matches(name, RECIPES, n=1, cutoff=0.0)[0]
        raise RecipeError(
            f"There is no recipe {name!r}; did you mean {near!r}? All: {', '.join(RECIPES)}."
        )
    return RECIPES[name]
