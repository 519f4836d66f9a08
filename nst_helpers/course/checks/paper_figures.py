"""Checks of lesson 10: a printed ratio, a row of the grid, coarse structure, literal units."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ...errors import AnswerError
from ...recipe import FIRST_OF_EACH_BLOCK
from .exercise import Exercise
from .judge import CORRECT, as_numbers, call, judge, require_answer


def _row(row: str, weight: Callable[[int], float] = lambda count: 1 / count) -> dict[str, float]:
    count = "ABCDE".index(row) + 1
    return dict.fromkeys(FIRST_OF_EACH_BLOCK[:count], weight(count))


def _rows(answer: Any) -> str:
    for row in "CAE":
        given, right = call(answer, row), _row(row)
        require_answer(given)
        if not isinstance(given, Mapping):
            raise AnswerError(f"A dict of layer names was expected, not {type(given).__name__}.")
        active = {name: weight for name, weight in given.items() if as_numbers(weight).any()}
        _judge_names(f"Row {row}", active, list(right))
        mistakes = row_weights.mistakes.items()
        wrong = {f"Row {row}: {text}": list(mistake(row).values()) for text, mistake in mistakes}
        judge([active[name] for name in right], list(right.values()), wrong)
    return CORRECT


def _judge_names(row: str, active: Mapping[Any, Any], right: list[str]) -> None:
    names = [str(name) for name in active]
    many, count = len(right), len(names)
    if any(name.startswith("conv") for name in names):
        raise AnswerError("Keras calls conv1_1 block1_conv1; use the names that a Recipe knows.")
    if any(name.endswith("conv2") for name in names):
        raise AnswerError("The style layers are the first of each block: conv1_1, conv2_1, ...")
    if names == right[-1:] != right:
        deepest = "that is the deepest layer alone; the sets grow, and keep the layers above."
        raise AnswerError(f"{row}: {deepest}")
    if count != many:
        raise AnswerError(f"{row} has {many} of the five layers, from conv1_1 down, not {count}.")
    if set(active) != set(right):
        raise AnswerError(f"{row} starts at conv1_1 and goes down: {', '.join(right)}.")


def _share(gray: Any, period: float, power: int = 2, length: Any = np.hypot) -> float:
    """Return the share of the long waves in the magnitudes to some power, the mean included."""
    down, right = np.meshgrid(*map(np.fft.fftfreq, gray.shape), indexing="ij")
    strength = np.abs(np.fft.fft2(gray)) ** power
    return float(strength[length(down, right) < 1 / period].sum() / strength.sum())


def _long(gray: Any, period: float, *how: Any) -> float:
    return _share(gray - gray.mean(), period, *how)


style_weight = Exercise(
    "10.1",
    level=1,
    task="Takes the ratio alpha / beta and the content weight alpha, two numbers; returns beta.",
    right=lambda r, alpha: alpha / r,
    inputs=(0.2, 3.0),
    mistakes={
        "Upside down: the ratio is alpha / beta, so a small ratio means a large "
        "beta.": lambda r, alpha: alpha * r,
        "That is the ratio divided by alpha; beta is alpha divided by the "
        "ratio.": lambda r, alpha: r / alpha,
        "alpha is ignored; that is right only if it is 1.": lambda r, alpha: 1 / r,
        "alpha went into the denominator: beta grows with it.": lambda r, alpha: 1 / (r * alpha),
        "The 1/5 is in w_l already (layer_weights); beta itself is not divided by the "
        "layers.": lambda r, alpha: alpha / r / 5,
        "That is beta times 5; the 1/5 is in w_l already (layer_weights).": lambda r, a: 5 * a / r,
    },
    hints=("Write ratio = alpha / beta on paper and solve it for beta.",),
)

row_weights = Exercise(
    "10.2",
    level=1,
    task="Takes a row's letter, A to E; returns a dict from its style layers, by Keras' names, to "
    "their weights w_l.",
    right=_row,
    mistakes={
        "1/5 belongs to row E; w_l is one divided by the number of active layers.": lambda row: (
            _row(row, lambda count: 1 / 5)
        ),
        "the weights shall sum to 1: w_l is one divided by the number of active "
        "layers.": lambda row: _row(row, lambda count: 1.0),
        "1/N^2 is the released code's weighting on the unscaled network; the caption's is "
        "equal.": lambda row: {
            name: 1 / n**2 for name, n in zip(_row(row), (64, 128, 256, 512, 512), strict=False)
        },
        "that is the number of active layers; w_l is one divided by it.": lambda row: _row(
            row, lambda count: count
        ),
    },
    examine=_rows,
    hints=("The letter's place in the alphabet is the number of layers, from the first down.",),
)

coarse_share = Exercise(
    "10.3",
    level=2,
    task="Takes a gray picture, (H, W), and a period in pixels; returns the share of its variance, "
    "0 to 1, in waves longer than the period.",
    right=_long,
    inputs=(0.3 + np.random.default_rng(83).random((12, 16)), 3.1),
    mistakes={
        "The mean is counted as a wave; subtract it first: it is brightness.": _share,
        "The mean is still in the denominator; subtract it before the "
        "transform.": lambda g, period: _long(g, period) * g.var() / (g**2).mean(),
        "That is the share of the short waves; longer than the period means f < 1 / "
        "period.": lambda g, period: 1 - _long(g, period),
        "The magnitudes are added; variance is made of their squares.": lambda g, p: _long(g, p, 1),
        "The limit is on each axis by itself; a wave's frequency is the root of both "
        "squared.": lambda g, p: _long(g, p, 2, lambda y, x: np.maximum(abs(y), abs(x))),
        "Half of the frequencies are negative, and all of those passed; take the absolute "
        "value.": lambda g, p: _long(g, p, 2, np.maximum),
        "That counts waves; add up how strong they are, the squared "
        "magnitudes.": lambda g, period: _long(g, period, 0),
        "That is a sum; divide it by the sum over all waves.": lambda g, period: (
            _long(g, period) * g.var() * g.size**2
        ),
        "All waves passed: the limit is 1 / period, in cycles per pixel.": lambda g, period: 1.0,
    },
    hints=(
        "Give every entry of the transform its frequency, with np.fft.fftfreq for each axis.",
        "Once the mean is gone, all squared magnitudes are the whole; which are the part?",
    ),
)

literal_ratio = Exercise(
    "10.4",
    level=2,
    task="Takes alpha / beta of mean squared errors, and the content layer's N and M; returns the "
    "alpha / beta that gives the sums of eqs. 1 and 4 the same minimum.",
    right=lambda r, n, m: r / (2 * n * m),
    inputs=(2.0, 3, 5),
    mistakes={
        "Upside down: the sum is the larger loss, so it needs the smaller "
        "weight.": lambda r, n, m: r * 2 * n * m,
        "The content is converted, the style is not: its mean is 4 E_l, so beta becomes 4 "
        "beta.": lambda r, n, m: r * 2 / (n * m),
        "The style's 4 is in the numerator; it belongs to beta, which divides.": lambda r, n, m: (
            r * 8 / (n * m)
        ),
        "The factor 2 is missing: 2 / (N M) of the content over 4 of the style.": lambda r, n, m: (
            r / (n * m)
        ),
        "The factors 1/2 are missing; the mean of the content is 2 / (N M) of eq. "
        "1.": lambda r, n, m: r / (4 * n * m),
        "The content's 2 is upside down: the mean is 2 / (N M) of eq. 1, half a "
        "sum.": lambda r, n, m: r / (8 * n * m),
        "The style is converted, the content is not: its mean is 2 / (N M) of eq. "
        "1.": lambda r, n, m: r / 4,
        "A mean runs over the channels too: N M entries, not M.": lambda r, n, m: r / (2 * m),
        "A mean runs over the positions too: N M entries, not N.": lambda r, n, m: r / (2 * n),
    },
    hints=(
        "Write each mean as a number times the paper's loss, one for content and one for style.",
        "Multiply alpha and beta by these numbers. What becomes of alpha / beta?",
    ),
)
