"""Lesson 06: the weighted minimum, the total, equal pulls, converted weights, a recipe."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import AnswerError
from ...recipe import Recipe
from ...recipes import RECIPES
from .judge import CORRECT, judge_function, require_answer

Array = NDArray[np.float64]
Losses = Mapping[str, float]

# The style's weight comes first, and one term has none: pairing by position shows.
_TERMS = {"content": 3.0, "style": 5.0, "variation": 7.0}
_WEIGHTS = {"style": 100.0, "content": 2.0}


def lowest_point(function: Callable[..., Any]) -> str:
    """Exercise 06.1: where alpha/2 (x - p)^2 + beta/2 (x - a)^2 is lowest.

    Parameters
    ----------
    function : callable
        Takes the numbers p, a, alpha and beta; returns x.

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        If what it returns is not right; the message names the likely mistake.
    """
    return judge_function(function, (2.0, 12.0, 1.0, 3.0), _lowest_point, _LOWEST_MISTAKES)


def weighted_total(function: Callable[..., Any]) -> str:
    """Exercise 06.2: the sum of named terms, each times the weight of the same name.

    Parameters
    ----------
    function : callable
        Takes two dicts of numbers, terms and weights; a term without a weight counts nothing.
        Returns a number.

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        If what it returns is not right; the message names the likely mistake.
    """
    return judge_function(function, (_TERMS, _WEIGHTS), _total, _TOTAL_MISTAKES)


def equal_pull(function: Callable[..., Any]) -> str:
    """Exercise 06.3: the beta that makes both pulls equally long, for alpha = 1.

    Parameters
    ----------
    function : callable
        Takes the gradients of the content and of the style loss, arrays (H, W, 3), before any
        weight; returns a number.

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        If what it returns is not right; the message names the likely mistake.
    """
    rng = np.random.default_rng(63)
    inputs = (rng.standard_normal((4, 5, 3)), 30 * rng.standard_normal((4, 5, 3)) ** 3)
    return judge_function(function, inputs, _equal_pull, _PULL_MISTAKES)


def to_means(function: Callable[..., Any]) -> str:
    """Exercise 06.4: weights of the paper's sums, converted to weights of mean squares.

    Parameters
    ----------
    function : callable
        Takes alpha and beta of alpha * L_content + beta * E_l, and the content layer's N and M;
        returns the pair of weights that gives the same total with mean squared errors of the
        features and of the Gram matrices per position.

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        If what it returns is not right; the message names the likely mistake.
    """
    return judge_function(function, (2.0, 40.0, 3, 4), _to_means, _MEANS_MISTAKES)


def tensorflow_recipe(recipe: Any) -> str:
    """Exercise 06.5: the TensorFlow tutorial's settings as a `Recipe`.

    Parameters
    ----------
    recipe : Recipe

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        If a setting is not the tutorial's; the message names the first such one.
    """
    require_answer(recipe)
    if not isinstance(recipe, Recipe):
        raise AnswerError(f"A Recipe was expected, not {type(recipe).__name__}.")
    right = RECIPES["tensorflow_tutorial"]
    if (recipe.content_weight, recipe.style_weight) == (right.style_weight, right.content_weight):
        raise AnswerError("alpha and beta are swapped: content_weight is 1e4, style_weight 1e-2.")
    for name, explanation in _TUTORIAL.items():
        if not _equal(getattr(recipe, name), getattr(right, name)):
            raise AnswerError(f"{name} is not the tutorial's: {explanation}")
    return CORRECT


def _lowest_point(p: float, a: float, alpha: float, beta: float) -> float:
    return (alpha * p + beta * a) / (alpha + beta)


_LOWEST_MISTAKES: dict[str, Callable[..., float]] = {
    "The weights are swapped: alpha belongs to p and beta to a.": (
        lambda p, a, alpha, beta: (alpha * a + beta * p) / (alpha + beta)
    ),
    "The weighted sum is right; divide it by alpha + beta.": (
        lambda p, a, alpha, beta: alpha * p + beta * a
    ),
    "That is the middle of p and a, whatever the weights; weigh the two.": (
        lambda p, a, alpha, beta: (p + a) / 2
    ),
    "The weighted sum is divided by 2; divide it by alpha + beta.": (
        lambda p, a, alpha, beta: (alpha * p + beta * a) / 2
    ),
    "The weights are squared; only the distances are, and the derivative takes that away.": (
        lambda p, a, alpha, beta: (alpha**2 * p + beta**2 * a) / (alpha**2 + beta**2)
    ),
    "That is the loss at its lowest point; return the x where it lies.": (
        lambda p, a, alpha, beta: alpha * beta / (alpha + beta) * (p - a) ** 2 / 2
    ),
}


def _total(terms: Losses, weights: Losses) -> float:
    return sum(weights.get(name, 0.0) * value for name, value in terms.items())


_TOTAL_MISTAKES: dict[str, Callable[..., float]] = {
    "The weights are missing: multiply each term by the weight of its name.": (
        lambda terms, weights: sum(terms.values())
    ),
    "The terms are paired with the weights by position; look each weight up by its name.": (
        lambda terms, weights: sum(
            term * weight for term, weight in zip(terms.values(), weights.values(), strict=False)
        )
    ),
    "A term without a weight counts nothing; here it has the weight 1.": (
        lambda terms, weights: sum(weights.get(name, 1.0) * terms[name] for name in terms)
    ),
    "The sum is divided by the number of terms; eq. 7 is a plain sum.": (
        lambda terms, weights: _total(terms, weights) / len(terms)
    ),
    "The sum is divided by the sum of the weights; eq. 7 is a plain sum.": (
        lambda terms, weights: _total(terms, weights) / sum(weights.values())
    ),
    "The terms are squared; they are losses already.": (
        lambda terms, weights: sum(weights.get(name, 0.0) * terms[name] ** 2 for name in terms)
    ),
}


def _equal_pull(content: Array, style: Array) -> float:
    return float(np.linalg.norm(content) / np.linalg.norm(style))


_PULL_MISTAKES: dict[str, Callable[..., Any]] = {
    "Upside down: the longer the style's gradient, the smaller beta must be.": (
        lambda content, style: np.linalg.norm(style) / np.linalg.norm(content)
    ),
    "These are squared lengths; take the square root.": (
        lambda content, style: np.sum(content**2) / np.sum(style**2)
    ),
    "The absolute values are added; a length is the root of the sum of squares.": (
        lambda content, style: np.abs(content).sum() / np.abs(style).sum()
    ),
    "These are the largest entries; a length is the root of the sum of squares.": (
        lambda content, style: np.abs(content).max() / np.abs(style).max()
    ),
    "The entries are added with their signs and cancel; square them first.": (
        lambda content, style: content.sum() / style.sum()
    ),
    "That is one number for every pixel; take the length of the whole gradient.": (
        lambda content, style: np.linalg.norm(content, axis=-1) / np.linalg.norm(style, axis=-1)
    ),
}


def _to_means(alpha: float, beta: float, n: int, m: int) -> tuple[float, float]:
    return alpha * n * m / 2, beta / 4


_MEANS_MISTAKES: dict[str, Callable[..., tuple[float, float]]] = {
    "Upside down: the mean is the smaller number, so its weight must be the larger one.": (
        lambda alpha, beta, n, m: (alpha * 2 / (n * m), beta * 4)
    ),
    "The content's weight is upside down: the mean is smaller than the sum by 2 / (N M).": (
        lambda alpha, beta, n, m: (alpha * 2 / (n * m), beta / 4)
    ),
    "The style's weight is upside down: the mean square is 4 E_l, so beta gets smaller.": (
        lambda alpha, beta, n, m: (alpha * n * m / 2, beta * 4)
    ),
    "The content's factor 1/2 is missing: eq. 1 is half a sum.": (
        lambda alpha, beta, n, m: (alpha * n * m, beta / 4)
    ),
    "The content's factor has 2 where it should have 1/2: eq. 1 is half a sum.": (
        lambda alpha, beta, n, m: (alpha * n * m * 2, beta / 4)
    ),
    "The style's factor is missing: eq. 4 has 1 / (4 N^2), a mean has 1 / N^2.": (
        lambda alpha, beta, n, m: (alpha * n * m / 2, beta)
    ),
    "The content's factor is missing: a sum over N M entries is no mean.": (
        lambda alpha, beta, n, m: (alpha, beta / 4)
    ),
    "The style is divided by N^2 once more; E_l and the mean both hold it already.": (
        lambda alpha, beta, n, m: (alpha * n * m / 2, beta / (4 * n**2))
    ),
    "A layer's mean runs over its channels too: N M entries, not M.": (
        lambda alpha, beta, n, m: (alpha * m / 2, beta / 4)
    ),
    "The two weights are swapped: return the content's first.": (
        lambda alpha, beta, n, m: (beta / 4, alpha * n * m / 2)
    ),
}

# In the order in which they are checked: first what changes the picture most.
_TUTORIAL = {
    "content_layers": 'one layer, ("block5_conv2",), and a tuple needs its comma.',
    "style_layers": "the first convolution of each of the five blocks.",
    "content_weight": "it is 1e4.",
    "style_weight": "it is 1e-2; layer_weights says what is divided by the number of layers.",
    "content_normalization": "it takes the mean of the squares.",
    "style_normalization": "it takes the mean of the squares of Grams divided by positions.",
    "layer_weights": "the five layers are averaged, so each has 1/5: 'mean'.",
    "variation_weight": "it is 30.",
    "variation_normalization": "it adds absolute differences: 'absolute_sum'.",
    "pooling": "the network as it was trained takes the maximum.",
    "activation": "the features are those after the ReLU.",
    "preprocessing": "the network gets what it was trained on: 'caffe'.",
    "normalize_network": "the network's weights are left as they are.",
    "start": "it starts from the photo.",
    "start_noise": "there is none.",
    "optimizer": "it is Adam.",
    "learning_rate": "0.02 on [0, 1] is 0.02 * 255 in gray values, which Recipe counts in.",
    "beta_1": "it is 0.99.",
    "beta_2": "it is left at Adam's usual 0.999.",
    "epsilon": "it is 0.1.",
    "clip": "every step is clipped to [0, 1].",
    "size": "it is 512.",
    "size_rule": "512 pixels on the longest side.",
    "style_scale": "the painting is as large as the photo: 1.",
    "pyramid": "one size and 1000 steps: ((1.0, 1000),).",
}


def _equal(given: Any, right: Any) -> bool:
    if isinstance(right, float) and isinstance(given, int | float):
        return math.isclose(given, right, rel_tol=1e-6)
    return bool(given == right)
