"""Recipes: the published settings, and what no recipe may say."""

import dataclasses
import json
import re
from typing import Any

import numpy as np
import pytest

from nst_helpers import RECIPES, Recipe, get_recipe
from nst_helpers.errors import RecipeError
from nst_helpers.recipes import GATYS2016, as_recipe

FIRST_OF_EACH_BLOCK = (
    "block1_conv1",
    "block2_conv1",
    "block3_conv1",
    "block4_conv1",
    "block5_conv1",
)

SHALLOW = tuple(f"block{b}_conv{n}" for b in (1, 2, 3) for n in range(1, 4 if b == 3 else 3))

# From the papers, the authors' notebook and the tutorials, not from the package.
PUBLISHED: dict[str, dict[str, Any]] = {
    "gatys2015": {
        "content_layers": ("block4_conv2",),
        "style_layers": FIRST_OF_EACH_BLOCK,
        "content_normalization": "paper",
        "style_normalization": "paper",
        "layer_weights": "mean",
        "variation_weight": 0,
        "pooling": "average",
        "padding": "zero",
        "normalize_network": False,
        "activation": "relu",
        "preprocessing": "caffe",
        "start": "gray",
        "clip": False,
    },
    "gatys2016": {
        "content_layers": ("block4_conv2",),
        "style_layers": FIRST_OF_EACH_BLOCK,
        "layer_weights": "mean",
        "variation_weight": 0,
        "pooling": "average",
        "padding": "zero",
        "normalize_network": True,
        "activation": "relu",
        "preprocessing": "caffe",
        "start": "gray",
        "optimizer": "lbfgs",
        "size": 512,
        "clip": False,
    },
    "gatys_code": {
        "content_layers": ("block4_conv2",),
        "style_layers": FIRST_OF_EACH_BLOCK,
        "content_weight": 1,
        "style_weight": 1e3,
        "layer_weights": "inverse_square",
        "content_normalization": "mean",
        "style_normalization": "mean",
        "variation_weight": 0,
        "pooling": "max",
        "normalize_network": False,
        "start": "content",
        "optimizer": "lbfgs",
        "size": 512,
        "size_rule": "shortest",
        "resample": "bilinear",
        "steps": 500,
        "clip": False,
    },
    "tensorflow_tutorial": {
        "content_layers": ("block5_conv2",),
        "style_layers": FIRST_OF_EACH_BLOCK,
        "content_weight": 1e4,
        "style_weight": 1e-2,
        "variation_weight": 30,
        "variation_normalization": "absolute_sum",
        "layer_weights": "mean",
        "content_normalization": "mean",
        "style_normalization": "mean",
        "pooling": "max",
        "start": "content",
        "optimizer": "adam",
        "learning_rate": 0.02 * 255,  # in gray values
        "beta_1": 0.99,
        "epsilon": 0.1,
        "size": 512,
        "size_rule": "longest",
        "steps": 1000,
        "clip": True,
    },
    "pytorch_tutorial": {
        "content_layers": ("block2_conv2",),
        "style_layers": (
            "block1_conv1",
            "block1_conv2",
            "block2_conv1",
            "block2_conv2",
            "block3_conv1",
        ),
        "content_weight": 1,
        "style_weight": 1e6,
        "layer_weights": "one",
        "content_normalization": "mean",
        "style_normalization": "mean_per_channel",
        "activation": "linear",
        "pooling": "max",
        "start": "content",
        "optimizer": "lbfgs",
        "size": 512,
        "steps": 300,
        "clip": True,
    },
    "pattern_card": {
        "content_layers": ("block5_conv2",),
        "style_layers": FIRST_OF_EACH_BLOCK,
        "layer_weights": "mean",
        "content_normalization": "mean",
        "style_normalization": "mean",
        "preprocessing": "none",
        "start": "content",
        "optimizer": "adam",
        "learning_rate": 0.02 * 255,
        "size": 256,
        "steps": 1000,
    },
    "strotss": {
        "content_layers": (),
        "style_layers": (*SHALLOW, "block4_conv3", "block5_conv3"),
        "content_weight": 16,
        "statistic": "transport",
        "pooling": "max",
        "learning_rate": 0.002 * 255,  # in gray values
        "beta_1": 0,
        "beta_2": 0.99,
        "laplacian_levels": 5,
        "size": 512,
        "pyramid": ((0.125, 250), (0.25, 250), (0.5, 250), (1, 250)),
        "clip": False,
    },
    "nnst": {
        "content_layers": (),
        "style_layers": (
            *SHALLOW,
            "block4_conv1",
            "block4_conv2",
            "block4_conv3",
        ),
        "statistic": "neighbors",
        "pooling": "max",
        "optimizer": "adam",
        "learning_rate": 0.002 * 255,
        "laplacian_levels": 8,
        "size": 512,
        "pyramid": ((0.125, 200), (0.25, 200), (0.5, 200), (1, 200), (1, 200)),
        "clip": False,
    },
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_settings(name: str) -> None:
    recipe = get_recipe(name)
    assert {key: getattr(recipe, key) for key in PUBLISHED[name]} == PUBLISHED[name]


@pytest.mark.parametrize("name", ["gatys2015", "gatys2016"])
def test_the_papers_ratio(name: str) -> None:
    recipe = get_recipe(name)
    assert recipe.content_weight / recipe.style_weight == 1e-3


def test_every_recipe_but_the_default_is_in_the_table() -> None:
    assert set(RECIPES) == {"default", *PUBLISHED}
    assert get_recipe("default") == Recipe()


def test_unknown_recipe_is_suggested() -> None:
    with pytest.raises(RecipeError, match="no recipe 'gatys_2016'; did you mean 'gatys2016'"):
        get_recipe("gatys_2016")


@pytest.mark.parametrize(
    "setting",
    [
        {"content_normalization": "eq1"},
        {"style_normalization": "sum"},
        {"variation_normalization": "mean"},
        {"layer_weights": "equal"},
        {"pooling": "avg"},
        {"activation": "tanh"},
        {"preprocessing": "torch"},
        {"start": "image"},
        {"size_rule": "width"},
        {"resample": "nearest"},
        {"color": "photo"},
        {"color": "match_mean_std"},
        {"optimizer": "sgd"},
        {"precision": "float16"},
        {"content_weight": -1.0},
        {"style_weight": float("nan")},
        {"variation_weight": float("inf")},
        {"learning_rate": 0.0},
        {"learning_rate": float("nan")},
        {"learning_rate": float("inf")},
        {"style_scale": 0.0},
        {"epsilon": 0.0},
        {"beta_1": 1.0},
        {"beta_2": -0.1},
        {"start_noise": 1.1},
        {"start_noise": -0.1},
        {"size": 15},
        {"history": 0},
        {"pyramid": ()},
        {"pyramid": ((0.0, 10),)},
        {"pyramid": ((1.1, 10),)},
        {"content_layers": ("block9_conv9",)},
        {"style_layers": ("conv1_1",)},
        {"style_layers": "block1_conv1"},
        {"size": 512.5},
        {"size": "512"},
        {"size": True},
        {"clip": "no"},
        {"clip": 1},
        {"seed": -1},
        {"seed": 0.5},
        {"coarsest": -5},
        {"tile": None},
        {"history": 2.5},
        {"style_weight": "heavy"},
        {"pyramid": ((1.0, 2.5),)},
        {"pyramid": ((1.0, 10), (0.5, 10))},
        {"pyramid": ((1.0,),)},
        {"pyramid": 5},
        {"pyramid": ((1.0, 0),)},
    ],
    ids=str,
)
def test_invalid_setting(setting: dict[str, Any]) -> None:
    (name,) = setting
    with pytest.raises(RecipeError, match=f"The recipe's {name} cannot be ") as caught:
        Recipe(**setting)
    assert re.fullmatch(r"[^\n]*[^.?]\.", str(caught.value))  # one sentence


def test_some_layer_is_needed() -> None:
    Recipe(content_layers=())
    Recipe(style_layers=())
    with pytest.raises(RecipeError, match="style_layers"):
        Recipe(content_layers=(), style_layers=())


def test_recipe_is_frozen_and_replace_checks_again() -> None:
    recipe = Recipe()
    with pytest.raises(dataclasses.FrozenInstanceError):
        recipe.size = 512  # type: ignore[misc]
    assert dataclasses.replace(recipe, size=512).size == 512
    with pytest.raises(RecipeError, match="size"):
        dataclasses.replace(recipe, size=1)


def test_steps_and_layers() -> None:
    recipe = Recipe(
        content_layers=("block4_conv2",),
        style_layers=("block1_conv1", "block2_conv1"),
        pyramid=((0.5, 20), (1.0, 3)),
    )
    assert recipe.steps == 23
    assert recipe.layers == ("block4_conv2", "block1_conv1", "block2_conv1")


@pytest.mark.parametrize("name", RECIPES)
def test_recipe_goes_through_json(name: str) -> None:
    settings = json.loads(json.dumps(RECIPES[name].as_dict()))
    for key in ("content_layers", "style_layers"):
        settings[key] = tuple(settings[key])
    settings["pyramid"] = tuple(map(tuple, settings["pyramid"]))
    assert Recipe(**settings) == RECIPES[name]


def test_numbers_of_numpy_and_lists_become_plain_values() -> None:
    plain = Recipe(size=300, style_weight=0.5, pyramid=((0.5, 3), (1.0, 2)), clip=False)
    given = Recipe(
        size=np.int64(300),
        style_weight=np.float32(0.5),
        pyramid=[[np.float64(0.5), 3], [1, np.int32(2)]],  # type: ignore[arg-type]
        clip=np.bool_(False),
        style_layers=list(Recipe.style_layers),  # type: ignore[arg-type]
    )
    assert given == plain
    assert hash(given) == hash(plain)
    assert json.dumps(given.as_dict()) == json.dumps(plain.as_dict())


def test_a_recipe_by_name_or_value_with_changes() -> None:
    assert as_recipe(None, {}) == Recipe()
    assert as_recipe("gatys2016", {"size": 640}) == dataclasses.replace(GATYS2016, size=640)
    assert as_recipe(GATYS2016, {}) is not None
    with pytest.raises(RecipeError, match="no setting 'sise'; did you mean 'size'"):
        as_recipe(None, {"sise": 640})
    with pytest.raises(RecipeError, match="not a int"):
        as_recipe(5, {})  # type: ignore[arg-type]
