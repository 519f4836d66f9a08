"""Checks of lesson 07: a cosine, weights converted, pulls balanced, a recipe."""

from collections.abc import Callable
from math import inf, isclose
from typing import Any

import numpy as np
from numpy.linalg import norm

from ...errors import AnswerError
from ...recipe import Recipe
from ...recipes import RECIPES
from .exercise import Exercise
from .hunt import hunt
from .judge import CORRECT, call, require_answer

_CONTENT, *_STYLES = np.random.default_rng(63).standard_normal((3, 4, 5, 3))


def _cosine(one: Any, other: Any) -> Any:
    return (one * other).sum() / np.sqrt((one**2).sum() * (other**2).sum())


def _of_units(one: Any, other: Any) -> Any:
    return np.vdot(one / norm(one), other / norm(other))


def _of_pixels(one: Any, other: Any) -> Any:
    lengths = norm(one, axis=-1) * norm(other, axis=-1)
    return ((one * other).sum(axis=-1) / np.maximum(lengths, 1e-12)).mean()


def _balance(
    order: float = 2, power: int = 1, of_share: int = 1, weighted: bool = True
) -> Callable[..., Any]:
    def beta(content: Any, styles: Any, weights: Any, share: float) -> Any:
        style = np.tensordot(weights if weighted else np.ones_like(weights), styles, 1)
        ratio = norm(content.ravel(), order) / norm(style.ravel(), order)
        return ratio**power / share**of_share

    return beta


def _of_lengths(content: Any, styles: Any, weights: Any, share: float) -> Any:
    return norm(content) / share / np.dot(weights, [norm(pull) for pull in styles])


def _of_pixels_alone(content: Any, styles: Any, weights: Any, share: float) -> Any:
    return norm(content, axis=-1) / norm(np.tensordot(weights, styles, 1), axis=-1) / share


def _means(
    content: Callable[[int, int], float] = lambda n, m: n * m / 2,
    style: Callable[[int, int], float] = lambda n, m: 1 / 4,
) -> Callable[..., Any]:
    return lambda alpha, beta, n, m: (content(n, m) * alpha, style(n, m) * beta)


def _recipe(answer: Any) -> str:
    require_answer(answer)
    answer = call(answer) if callable(answer) else answer
    require_answer(answer)
    if not isinstance(answer, Recipe):
        raise AnswerError(f"A Recipe was expected, not {type(answer).__name__}.")
    right = RECIPES["tensorflow_tutorial"]
    if (answer.content_weight, answer.style_weight) == (right.style_weight, right.content_weight):
        raise AnswerError("alpha and beta are swapped: content_weight is 1e4, style_weight 1e-2.")
    for name, explanation in tensorflow_recipe.mistakes.items():
        one, other = getattr(answer, name), getattr(right, name)
        if one != other and not (isinstance(other, float) and isclose(one, other, rel_tol=1e-6)):
            raise AnswerError(f"{name} is not the tutorial's: {explanation}")
    return CORRECT


is_cosine = Exercise(
    "07.1",
    level=2,
    task="Takes a function of two pulls, (H, W, 3) each; returns True if it gives the cosine "
    "between them, otherwise False.",
    examine=hunt(
        [_cosine, _of_units],
        {
            "A mean of the cosines of single pixels slipped through: let a pixel be strong in one "
            "pull and weak in the other.": _of_pixels,
            "A division by the first length alone, squared, slipped through: let the two pulls "
            "have different lengths.": lambda one, other: (one * other).sum() / (one**2).sum(),
            "A cosine without its sign slipped through: let the two pulls want "
            "opposites.": lambda one, other: abs(_cosine(one, other)),
            "One that takes the mean away first, a correlation, slipped through: let the means "
            "differ from 0.": lambda one, other: _cosine(one - one.mean(), other - other.mean()),
        },
    ),
    hints=(
        "In the three tests every pixel has the same cosine. Choose pulls in which it does not, or "
        "in which the pixels count differently.",
        "Spread an example for the head over two pixels: (3, 4) and (4, 3) have 0.96.",
        "Pixels (3, 0, 0), (4, 0, 0) and -2 times (4, 0, 0), (3, 0, 0): the cosine is -0.96.",
    ),
)

to_means = Exercise(
    "07.2",
    level=2,
    task="Takes alpha and beta of alpha * L_content + beta * E_l, and the content layer's N and M; "
    "returns the pair for mean squared errors of features and of Gram matrices per position.",
    right=_means(),
    inputs=(3.0, 46.0, 5, 7),  # with which no other short formula gives the same
    mistakes={
        "Upside down: the mean is the smaller number, so its weight must be the larger "
        "one.": _means(lambda n, m: 2 / (n * m), lambda n, m: 4),
        "The content's weight is upside down: the mean is smaller than the sum by "
        "2 / (N M).": _means(lambda n, m: 2 / (n * m)),
        "The style's weight is upside down: the mean square is 4 E_l, so beta gets "
        "smaller.": _means(style=lambda n, m: 4),
        "The content's factor 1/2 is missing: eq. 1 is half a sum.": _means(lambda n, m: n * m),
        "The content's factor has 2 where it should have 1/2: eq. 1 is half a sum.": _means(
            lambda n, m: 2 * n * m
        ),
        "The style's factor is missing: eq. 4 has 1 / (4 N^2), a mean has 1 / N^2.": _means(
            style=lambda n, m: 1
        ),
        "beta's factor holds no M: E_l and the mean both take G / M.": _means(
            style=lambda n, m: 1 / m
        ),
        "The content's factor is missing: a sum over N M entries is no mean.": _means(
            lambda n, m: 1
        ),
        "The style is divided by N^2 once more; E_l and the mean both hold it already.": _means(
            style=lambda n, m: 1 / (4 * n**2)
        ),
        "A layer's mean runs over its channels too: N M entries, not M.": _means(
            lambda n, m: m / 2
        ),
        "The two weights are swapped: return the content's first.": lambda *given: _means()(*given)[
            ::-1
        ],
    },
    hints=(
        "Each mean is a factor times the paper's loss; what must its weight then be?",
        "A loss that is divided by something needs a weight that is multiplied by it.",
        "The mean of (F - P)^2 is 2 / (N M) times eq. 1; the other mean is 4 times E_l.",
    ),
)

balancing_beta = Exercise(
    "07.3",
    level=2,
    task="Takes the content's gradient, (H, W, 3), the gradients of L style losses, (L, H, W, 3), "
    "their L weights, and a share; returns the beta that, for alpha = 1, makes the content's pull "
    "that share of the style's in length.",
    right=_balance(),
    inputs=(_CONTENT, np.array(_STYLES), [0.5, 3.0], 0.25),  # two layers: no 3 but the colors
    mistakes={
        "Upside down: the longer the style's pull, the smaller beta must be.": lambda *given: (
            1 / _balance()(*given)
        ),
        "The share is upside down: a small share for the content needs a large beta.": _balance(
            of_share=-1
        ),
        "The share is missing: this beta makes both pulls equally long.": _balance(of_share=0),
        "The layer weights are missing: the style's pull is the sum of w_l times each "
        "gradient.": _balance(weighted=False),
        "The lengths of the layers are added; they do not all point the same way, so add the "
        "gradients first.": _of_lengths,
        "The mean over the layers is taken; eq. 5 is a sum, and w_l holds what is to be divided "
        "by.": lambda *given: 2 * _balance()(*given),
        "These are squared lengths; take the square root.": _balance(power=2),
        "The absolute values are added; a length is the root of the sum of squares.": _balance(1),
        "These are the largest entries; a length is the root of the sum of squares.": _balance(inf),
        "That is one number for every pixel; take the length of the whole "
        "gradient.": _of_pixels_alone,
    },
    hints=(
        "First the style's whole pull without beta: one array of the shape (H, W, 3).",
        "All its entries together make one length, and so do the content's.",
        "Now content length = share * beta * style length; solve that for beta.",
    ),
)

tensorflow_recipe = Exercise(
    "07.4",
    level=3,
    task="The settings of the TensorFlow tutorial, a Recipe.",
    examine=_recipe,
    # In the order in which they are checked: first what changes the picture most.
    mistakes={
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
        "padding": "the network as it was trained sees zeros beyond the border.",
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
    },
    hints=(
        "Name only what differs from Recipe's defaults; nearly every line above has a field.",
        "One size is a pyramid with one pair. Which unit does Recipe give the learning rate?",
        "Gray values: 0.02 on [0, 1] is 0.02 * 255. Averaging five layers is a layer_weights.",
    ),
)
