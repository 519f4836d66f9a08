"""Checks of lesson 11: a row of the grid, coarse structure, a test for the shifts."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ...errors import AnswerError
from ...recipe import FIRST_OF_EACH_BLOCK
from .exercise import Exercise
from .hunt import hunt
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


def _shifts(
    sums: Callable[[Any], Any] | None = None, center: Callable[[Any], Any] | None = None
) -> Callable[[Any], Any]:
    """Return the autocorrelation of a gray picture along its rows, with its parts changed."""

    def along_row(gray: Any) -> Any:
        g = np.asarray(gray, float)
        products = (sums or _wrapped)(center(g) if center else g - g.mean())
        with np.errstate(divide="ignore", invalid="ignore"):
            return products / products[0]

    return along_row


def _wrapped(g: Any) -> Any:
    return np.array([(g * np.roll(g, -d, axis=1)).sum() for d in range(g.shape[1])])


def _by_waves(g: Any, power: int = 2) -> Any:
    return np.fft.ifft2(np.abs(np.fft.fft2(g)) ** power).real[0]


def _cut_off(g: Any) -> Any:
    width = g.shape[1]
    return np.array([(g[:, : width - d] * g[:, d:]).sum() for d in range(width)])


def _run_on(g: Any) -> Any:
    return _wrapped(g.reshape(1, -1))[: g.shape[1]]


def _row_by_row(g: Any) -> Any:
    return sum(_wrapped(row[None]) / max((row**2).sum(), 1e-12) for row in g)


row_weights = Exercise(
    "11.1",
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
    hints=(
        "The letter's place in the alphabet is the number of layers, from the first down.",
        "FIRST_OF_EACH_BLOCK has the five names in order; take so many of them.",
        "Each of them gets one divided by how many there are.",
    ),
)

coarse_share = Exercise(
    "11.2",
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
        "np.hypot(down[:, None], right) is f for every entry; the part are those below 1 / period.",
    ),
)

is_correlation = Exercise(
    "11.3",
    level=2,
    task="Takes a function of a gray picture, (H, W); returns True if it gives the autocorrelation "
    "for all shifts along a row, (W,), otherwise False.",
    examine=hunt(
        [_shifts(), _shifts(_by_waves)],
        {
            "One that adds magnitudes instead of their squares slipped through, as by_waves does: "
            "let the picture have more than one wave.": _shifts(lambda g: _by_waves(g, 1)),
            "One that keeps the mean slipped through: let the picture be brighter than 0.": _shifts(
                center=lambda g: g
            ),
            "One that takes each row's own mean away slipped through: let some rows be brighter "
            "than others.": _shifts(center=lambda g: g - g.mean(axis=1, keepdims=True)),
            "One that divides row by row slipped through: let the rows differ in "
            "contrast.": _shifts(_row_by_row),
            "One that does not wrap around at the border slipped through: let the products "
            "beyond it matter.": _shifts(_cut_off),
            "One that lets each row run on into the next slipped through: take more than one row, "
            "and let them differ.": _shifts(_run_on),
        },
    ),
    hints=(
        "The three tests take pictures of one wave. What changes when there are two?",
        "Two waves of different strength: the stronger one must count by its square.",
        "A picture of random numbers has all waves; autocorrelation_by_loops knows the answer.",
    ),
)
