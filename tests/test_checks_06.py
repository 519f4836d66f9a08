"""The checks of lesson 06 take right answers and name the mistake in wrong ones."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest

from nst_helpers import FIRST_OF_EACH_BLOCK, RECIPES, Recipe
from nst_helpers.course.checks import lesson06 as check
from nst_helpers.errors import AnswerError

FUNCTION_CHECKS = (
    check.is_cosine,
    check.lowest_point,
    check.weighted_total,
    check.equal_pull,
    check.to_means,
)


def is_cosine(function: Callable[..., Any]) -> bool:
    one, other = np.random.default_rng(64).standard_normal((2, 4, 5, 3))
    other = 3 * other - one + 1
    angle = np.sum(one * other) / np.linalg.norm(one) / np.linalg.norm(other)
    return bool(np.isclose(function(one, other), angle) and angle < 0)


def lowest_point(p: float, a: float, alpha: float, beta: float) -> float:
    share = beta / (alpha + beta)
    return p + share * (a - p)


def weighted_total(terms: dict[str, float], weights: dict[str, float]) -> float:
    total = 0.0
    for name in terms:
        if name in weights:
            total += weights[name] * terms[name]
    return total


def equal_pull(content: np.ndarray, style: np.ndarray) -> float:
    return float(np.sqrt((content**2).mean() / (style**2).mean()))


def to_means(alpha: float, beta: float, n: int, m: int) -> list[float]:
    return [alpha * n * m / 2, beta / 4]


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


@pytest.mark.parametrize(
    ("checked", "answer"),
    [
        (check.is_cosine, is_cosine),
        (check.lowest_point, lowest_point),
        (check.weighted_total, weighted_total),
        (check.equal_pull, equal_pull),
        (check.to_means, to_means),
        (check.tensorflow_recipe, TUTORIAL),
        (check.tensorflow_recipe, RECIPES["tensorflow_tutorial"]),
    ],
)
def test_a_right_answer_passes(checked: Callable[[Any], str], answer: Any) -> None:
    assert checked(answer) == "Correct."


def shown(name: str) -> tuple[str, str]:
    """Return the code that the lesson shows as wrong, and what its three tests print."""
    lesson = Path(__file__).parent.parent / "notebooks" / "06_total_loss.ipynb"
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


WRONG_POINTS = {
    "weights are swapped": lambda p, a, alpha, beta: (alpha * a + beta * p) / (alpha + beta),
    "divide it by alpha": lambda p, a, alpha, beta: alpha * p + beta * a,
    "the middle": lambda p, a, alpha, beta: 0.5 * (p + a),
    "divided by 2": lambda p, a, alpha, beta: (alpha * p + beta * a) / 2,
    "squared": lambda p, a, alpha, beta: np.average([p, a], weights=[alpha**2, beta**2]),
    "the loss at its lowest": lambda p, a, alpha, beta: (
        alpha / 2 * (lowest_point(p, a, alpha, beta) - p) ** 2
        + beta / 2 * (lowest_point(p, a, alpha, beta) - a) ** 2
    ),
}


@pytest.mark.parametrize("message", WRONG_POINTS)
def test_lowest_point_names_the_mistake(message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        check.lowest_point(WRONG_POINTS[message])


WRONG_TOTALS = {
    "weights are missing": lambda terms, weights: sum(terms.values()),
    "by position": lambda terms, weights: np.dot(
        list(terms.values())[: len(weights)], list(weights.values())
    ),
    "has the weight 1": lambda terms, weights: weighted_total(terms, weights) + terms["variation"],
    "number of terms": lambda terms, weights: weighted_total(terms, weights) / 3,
    "sum of the weights": lambda terms, weights: (
        weighted_total(terms, weights) / sum(weights.values())
    ),
    "squared": lambda terms, weights: sum(weights[k] * terms[k] ** 2 for k in weights),
    "KeyError": lambda terms, weights: sum(weights[name] * terms[name] for name in terms),
}


@pytest.mark.parametrize("message", WRONG_TOTALS)
def test_weighted_total_names_the_mistake(message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        check.weighted_total(WRONG_TOTALS[message])


WRONG_PULLS = {
    "Upside down": lambda content, style: 1 / equal_pull(content, style),
    "square root": lambda content, style: equal_pull(content, style) ** 2,
    "absolute values": lambda content, style: np.abs(content).mean() / np.abs(style).mean(),
    "largest entries": lambda content, style: np.abs(content).max() / np.abs(style).max(),
    "cancel": lambda content, style: content.mean() / style.mean(),
    "every pixel": lambda content, style: np.sqrt((content**2).sum(-1) / (style**2).sum(-1)),
}


@pytest.mark.parametrize("message", WRONG_PULLS)
def test_equal_pull_names_the_mistake(message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        check.equal_pull(WRONG_PULLS[message])


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
