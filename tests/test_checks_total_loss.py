"""The checks of lesson 07 take right answers and name the mistake in wrong ones."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest

from nst_helpers import FIRST_OF_EACH_BLOCK, RECIPES, Recipe
from nst_helpers.course.checks import total_loss as check
from nst_helpers.errors import AnswerError


def is_cosine(function: Callable[..., Any]) -> bool:
    one, other = np.random.default_rng(64).standard_normal((2, 4, 5, 3))
    other = 3 * other - one + 1
    angle = np.sum(one * other) / np.linalg.norm(one) / np.linalg.norm(other)
    return bool(np.isclose(function(one, other), angle) and angle < 0)


def to_means(alpha: float, beta: float, n: int, m: int) -> list[float]:
    return [alpha * n * m / 2, beta / 4]


def balancing_beta(
    content: np.ndarray, styles: np.ndarray, weights: list[float], share: float
) -> float:
    style = np.einsum("l,lhwc->hwc", np.array(weights), np.array(styles))
    return float(np.sqrt((content**2).mean() / (style**2).mean()) / share)


TUTORIAL = Recipe(
    content_layers=("block5_conv2",),
    style_layers=FIRST_OF_EACH_BLOCK,
    content_weight=1e4,
    style_weight=1e-2,
    variation_weight=30,
    variation_normalization="absolute_sum",
    layer_weights="mean",
    pooling="max",
    padding="zero",
    pyramid=((1.0, 1000),),
    optimizer="adam",
    learning_rate=5.1,
    beta_1=0.99,
    epsilon=0.1,
)


@pytest.mark.parametrize("recipe", [TUTORIAL, RECIPES["tensorflow_tutorial"]])
def test_the_tutorials_recipe_passes(recipe: Recipe) -> None:
    assert check.tensorflow_recipe(recipe) == "Correct."


def shown(name: str) -> tuple[str, str]:
    """Return the code that the lesson shows as wrong, and what its three tests print."""
    lesson = Path(__file__).parent.parent / "notebooks" / "07_total_loss.ipynb"
    (cell,) = (one for one in nbformat.read(lesson, 4).cells if f"def {name}(" in one.source)
    return cell.source, cell.outputs[0].text


def test_the_wrong_cosine_passes_its_three_tests(capsys: pytest.CaptureFixture[str]) -> None:
    code, printed = shown("cosine_of_pulls")
    space: dict[str, Any] = {"np": np, "length": np.linalg.norm}
    exec(code, space)
    assert capsys.readouterr().out == printed
    assert not is_cosine(space["cosine_of_pulls"])


def pixels(*reds: float) -> np.ndarray:
    """Return a row of red pixels."""
    return np.array([[[red, 0.0, 0.0] for red in reds]])


def balanced(*reds: float) -> np.ndarray:
    """Return a row of pixels whose mean is 0."""
    return np.array([[[red, -red, 0.0] for red in reds]])


LAZY_COSINES: dict[str, Callable[..., Any]] = {
    "single pixels": lambda f: np.isclose(f(pixels(1, 2), -pixels(2, 4)), -1),
    "first length alone": lambda f: np.isclose(f(pixels(3, 4), pixels(4, 3)), 0.96),
    "without its sign": lambda f: np.isclose(f(pixels(3, 4), pixels(8, 6)), 0.96),
    "mean away first": lambda f: np.isclose(f(balanced(3, 4), -2 * balanced(4, 3)), -0.96),
    "refuses a right function": lambda f: f(pixels(1, 2), pixels(2, 1)) == 0.8000001,
}


@pytest.mark.parametrize("message", LAZY_COSINES)
def test_is_cosine_names_what_slips_through(message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        check.is_cosine(LAZY_COSINES[message])


WRONG_MEANS = {
    "Upside down": lambda alpha, beta, n, m: (2 * alpha / (n * m), 4 * beta),
    "content's weight is upside": lambda alpha, beta, n, m: (2 * alpha / (n * m), beta / 4),
    "style's weight is upside": lambda alpha, beta, n, m: (alpha * n * m / 2, 4 * beta),
    "factor 1/2 is missing": lambda alpha, beta, n, m: (alpha * n * m, beta / 4),
    "has 2 where": lambda alpha, beta, n, m: (2 * alpha * n * m, beta / 4),
    "style's factor is missing": lambda alpha, beta, n, m: (alpha * n * m / 2, beta),
    "content's factor is missing": lambda alpha, beta, n, m: (alpha, beta / 4),
    "once more": lambda alpha, beta, n, m: (alpha * n * m / 2, beta / 4 / n**2),
    "over its channels too": lambda alpha, beta, n, m: (alpha * m / 2, beta / 4),
    "swapped": lambda alpha, beta, n, m: (beta / 4, alpha * n * m / 2),
}


@pytest.mark.parametrize("message", WRONG_MEANS)
def test_to_means_names_the_mistake(message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        check.to_means(WRONG_MEANS[message])


def whole(styles: np.ndarray, weights: list[float]) -> np.ndarray:
    return np.tensordot(weights, styles, 1)


WRONG_BETAS: dict[str, Callable[..., Any]] = {
    "Upside down": lambda content, styles, weights, share: (
        1 / balancing_beta(content, styles, weights, share)
    ),
    "The share is upside down": lambda content, styles, weights, share: balancing_beta(
        content, styles, weights, 1 / share
    ),
    "share is missing": lambda content, styles, weights, share: balancing_beta(
        content, styles, weights, 1
    ),
    "layer weights are missing": lambda content, styles, weights, share: balancing_beta(
        content, styles, [1, 1], share
    ),
    "lengths of the layers": lambda content, styles, weights, share: (
        np.linalg.norm(content) / np.dot(weights, [np.linalg.norm(pull) for pull in styles]) / share
    ),
    "mean over the layers": lambda content, styles, weights, share: balancing_beta(
        content, styles, [weight / 2 for weight in weights], share
    ),
    "square root": lambda content, styles, weights, share: (
        np.sum(content**2) / np.sum(whole(styles, weights) ** 2) / share
    ),
    "absolute values": lambda content, styles, weights, share: (
        np.abs(content).sum() / np.abs(whole(styles, weights)).sum() / share
    ),
    "largest entries": lambda content, styles, weights, share: (
        np.abs(content).max() / np.abs(whole(styles, weights)).max() / share
    ),
    "every pixel": lambda content, styles, weights, share: (
        np.sqrt((content**2).sum(-1) / (whole(styles, weights) ** 2).sum(-1)) / share
    ),
}


@pytest.mark.parametrize("message", WRONG_BETAS)
def test_balancing_beta_names_the_mistake(message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        check.balancing_beta(WRONG_BETAS[message])


WRONG_SETTINGS: dict[str, dict[str, Any]] = {
    "alpha and beta are swapped": {"content_weight": 1e-2, "style_weight": 1e4},
    "content_layers is not": {"content_layers": ("block4_conv2",)},
    "style_layers is not": {"style_layers": FIRST_OF_EACH_BLOCK[:4]},
    "content_weight is not": {"content_weight": 1.0},
    "divided by the number of layers": {"style_weight": 2e-3},
    "content_normalization is not": {"content_normalization": "paper"},
    "Grams divided by positions": {"style_normalization": "mean_per_channel"},
    "each has 1/5": {"layer_weights": "one"},
    "variation_weight is not": {"variation_weight": 0.0},
    "absolute differences": {"variation_normalization": "squared_mean"},
    "takes the maximum": {"pooling": "average"},
    "zeros beyond the border": {"padding": "reflect"},
    "after the ReLU": {"activation": "linear"},
    "trained on": {"preprocessing": "none"},
    "left as they are": {"normalize_network": True},
    "from the photo": {"start": "noise"},
    "start_noise is not": {"start_noise": 0.1},
    "it is Adam": {"optimizer": "lbfgs"},
    "in gray values": {"learning_rate": 0.02},
    "beta_1 is not": {"beta_1": 0.9},
    "beta_2 is not": {"beta_2": 0.99},
    "epsilon is not": {"epsilon": 1e-8},
    "is clipped": {"clip": False},
    "size is not": {"size": 256},
    "longest side": {"size_rule": "shortest"},
    "as large as the photo": {"style_scale": 2.0},
    "1000 steps": {"pyramid": ((1.0, 100),)},
}


@pytest.mark.parametrize("message", WRONG_SETTINGS)
def test_tensorflow_recipe_names_the_setting(message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        check.tensorflow_recipe(dataclasses.replace(TUTORIAL, **WRONG_SETTINGS[message]))


def test_tensorflow_recipe_wants_a_recipe() -> None:
    with pytest.raises(AnswerError, match="A Recipe was expected, not dict"):
        check.tensorflow_recipe({"content_weight": 1e4})
