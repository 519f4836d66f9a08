"""Lesson 08: a printed ratio as a weight, a row of the grid, coarse structure, literal units."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import AnswerError
from ...recipe import FIRST_OF_EACH_BLOCK
from .judge import CORRECT, call, judge, judge_function, require_answer

Array = NDArray[np.float64]

_ROWS = "ABCDE"
_CHANNELS = dict(zip(FIRST_OF_EACH_BLOCK, (64, 128, 256, 512, 512), strict=True))


def style_weight(function: Callable[..., Any]) -> str:
    """Exercise 08.1: the style weight that gives a printed alpha / beta.

    Parameters
    ----------
    function : callable
        Takes the ratio alpha / beta and the content weight alpha, two numbers; returns beta.

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        If what it returns is not right; the message names the likely mistake.
    """
    return judge_function(function, (0.2, 3.0), _style_weight, _WEIGHT_MISTAKES)


def row_weights(function: Callable[..., Any]) -> str:
    """Exercise 08.2: the style layers of a row of the grid, with their weights w_l.

    Parameters
    ----------
    function : callable
        Takes the row's letter, "A" to "E"; returns a dict of Keras' layer names to numbers.

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        If what it returns is not right; the message names the likely mistake.
    """
    for row in "CAE":
        _judge_row(row, call(function, row))
    return CORRECT


def coarse_share(function: Callable[..., Any]) -> str:
    """Exercise 08.3: the share of a gray picture's variance in waves longer than a period.

    Parameters
    ----------
    function : callable
        Takes a gray picture, shape (H, W), and a period in pixels; returns a number from 0 to 1.

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        If what it returns is not right; the message names the likely mistake.
    """
    gray = 0.3 + np.random.default_rng(83).random((12, 16))
    return judge_function(function, (gray, 3.1), _coarse_share, _SHARE_MISTAKES)


def literal_ratio(function: Callable[..., Any]) -> str:
    """Exercise 08.4: alpha / beta of mean squared errors, in the units of eqs. 1, 4 and 7.

    Parameters
    ----------
    function : callable
        Takes the ratio between mean squared errors, and the content layer's N and M; returns the
        ratio that gives the sums of the paper the same minimum.

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        If what it returns is not right; the message names the likely mistake.
    """
    return judge_function(function, (2.0, 3, 5), _literal_ratio, _RATIO_MISTAKES)


def _style_weight(ratio: float, content_weight: float) -> float:
    return content_weight / ratio


_WEIGHT_MISTAKES: dict[str, Callable[..., float]] = {
    "Upside down: the ratio is alpha / beta, so a small ratio means a large beta.": (
        lambda ratio, alpha: alpha * ratio
    ),
    "That is the ratio divided by alpha; beta is alpha divided by the ratio.": (
        lambda ratio, alpha: ratio / alpha
    ),
    "alpha is ignored; that is right only if it is 1.": lambda ratio, alpha: 1 / ratio,
    "alpha went into the denominator: beta grows with it.": lambda ratio, alpha: (
        1 / (ratio * alpha)
    ),
    "The 1/5 is in w_l already (layer_weights); beta itself is not divided by the layers.": (
        lambda ratio, alpha: alpha / ratio / 5
    ),
    "That is beta times 5; the 1/5 is in w_l already (layer_weights).": (
        lambda ratio, alpha: 5 * alpha / ratio
    ),
}


def _row_weights(row: str) -> dict[str, float]:
    count = _ROWS.index(row) + 1
    return dict.fromkeys(FIRST_OF_EACH_BLOCK[:count], 1 / count)


def _judge_row(row: str, answer: Any) -> None:
    require_answer(answer)
    if not isinstance(answer, Mapping):
        raise AnswerError(f"A dict of layer names was expected, not {type(answer).__name__}.")
    right = _row_weights(row)
    active = {name: weight for name, weight in answer.items() if np.any(np.asarray(weight) != 0)}
    _judge_names(row, active, right)
    mistakes = {
        f"Row {row}: {explanation}": [wrong(name, len(right)) for name in right]
        for explanation, wrong in _ROW_MISTAKES.items()
    }
    judge([active[name] for name in right], list(right.values()), mistakes)


def _judge_names(row: str, active: Mapping[Any, Any], right: Mapping[str, float]) -> None:
    if set(active) == set(right):
        return
    names = [str(name) for name in active]
    if any(name.startswith("conv") for name in names):
        raise AnswerError("Keras calls conv1_1 block1_conv1; use the names that a Recipe knows.")
    if any(name.endswith("conv2") for name in names):
        raise AnswerError("The style layers are the first of each block: conv1_1, conv2_1, ...")
    if len(right) > 1 and names == [list(right)[-1]]:
        raise AnswerError(
            f"Row {row}: that is the deepest layer alone; the sets grow, and keep the layers above."
        )
    raise AnswerError(
        f"Row {row} has {len(right)} of the five layers, from conv1_1 down, not {len(names)}."
        if len(names) != len(right)
        else f"Row {row} starts at conv1_1 and goes down: {', '.join(right)}."
    )


_ROW_MISTAKES: dict[str, Callable[[str, int], float]] = {
    "1/5 belongs to row E; w_l is one divided by the number of active layers.": (
        lambda name, count: 1 / 5
    ),
    "the weights shall sum to 1: w_l is one divided by the number of active layers.": (
        lambda name, count: 1.0
    ),
    "1/N^2 is the released code's weighting on the unscaled network; the caption's is equal.": (
        lambda name, count: 1 / _CHANNELS[name] ** 2
    ),
    "that is the number of active layers; w_l is one divided by it.": lambda name, count: count,
}


def _power(gray: Array) -> tuple[Array, Array]:
    """Return every wave's squared magnitude and its frequency in cycles per pixel."""
    down, right = (np.fft.fftfreq(side) for side in gray.shape)
    return np.abs(np.fft.fft2(gray)) ** 2, np.hypot(down[:, None], right[None, :])


def _coarse_share(gray: Array, period: float) -> float:
    power, frequency = _power(gray - gray.mean())
    return float(power[frequency < 1 / period].sum() / power.sum())


def _along_axes(gray: Array, period: float, absolute: bool) -> float:
    power, _ = _power(gray - gray.mean())
    axes = [np.fft.fftfreq(side) for side in gray.shape]
    down, right = (np.abs(axis) if absolute else axis for axis in axes)
    coarse = (down[:, None] < 1 / period) & (right[None, :] < 1 / period)
    return float(power[coarse].sum() / power.sum())


def _with_mean(gray: Array, period: float) -> float:
    power, frequency = _power(gray)
    return float(power[frequency < 1 / period].sum() / power.sum())


def _mean_below(gray: Array, period: float) -> float:
    power, frequency = _power(gray)
    return float(power[(frequency < 1 / period) & (frequency > 0)].sum() / power.sum())


def _magnitudes(gray: Array, period: float) -> float:
    power, frequency = _power(gray - gray.mean())
    return float(np.sqrt(power[frequency < 1 / period]).sum() / np.sqrt(power).sum())


def _counted(gray: Array, period: float) -> float:
    return float(np.mean(_power(gray)[1] < 1 / period))


def _summed(gray: Array, period: float) -> float:
    power, frequency = _power(gray - gray.mean())
    return float(power[frequency < 1 / period].sum())


_SHARE_MISTAKES: dict[str, Callable[[Array, float], float]] = {
    "The mean is counted as a wave; subtract it first: it is brightness.": _with_mean,
    "The mean is still in the denominator; subtract it before the transform.": _mean_below,
    "That is the share of the short waves; longer than the period means f < 1 / period.": (
        lambda gray, period: 1 - _coarse_share(gray, period)
    ),
    "The magnitudes are added; variance is made of their squares.": _magnitudes,
    "The limit is on each axis by itself; a wave's frequency is the root of both squared.": (
        lambda gray, period: _along_axes(gray, period, absolute=True)
    ),
    "Half of the frequencies are negative, and all of those passed; take the absolute value.": (
        lambda gray, period: _along_axes(gray, period, absolute=False)
    ),
    "That counts waves; add up how strong they are, the squared magnitudes.": _counted,
    "That is a sum; divide it by the sum over all waves.": _summed,
    "All waves passed: the limit is 1 / period, in cycles per pixel.": lambda gray, period: 1.0,
}


def _literal_ratio(ratio: float, n: int, m: int) -> float:
    return ratio / (2 * n * m)


_RATIO_MISTAKES: dict[str, Callable[[float, int, int], float]] = {
    "Upside down: the sum is the larger loss, so it needs the smaller weight.": (
        lambda ratio, n, m: ratio * 2 * n * m
    ),
    "The content is converted, the style is not: its mean is 4 E_l, so beta becomes 4 beta.": (
        lambda ratio, n, m: ratio * 2 / (n * m)
    ),
    "The style's 4 is in the numerator; it belongs to beta, which divides.": (
        lambda ratio, n, m: ratio * 8 / (n * m)
    ),
    "The factor 2 is missing: 2 / (N M) of the content over 4 of the style.": (
        lambda ratio, n, m: ratio / (n * m)
    ),
    "The factors 1/2 are missing; the mean of the content is 2 / (N M) of eq. 1.": (
        lambda ratio, n, m: ratio / (4 * n * m)
    ),
    "The content's 2 is upside down: the mean is 2 / (N M) of eq. 1, half a sum.": (
        lambda ratio, n, m: ratio / (8 * n * m)
    ),
    "The style is converted, the content is not: its mean is 2 / (N M) of eq. 1.": (
        lambda ratio, n, m: ratio / 4
    ),
    "A mean runs over the channels too: N M entries, not M.": lambda ratio, n, m: ratio / (2 * m),
    "A mean runs over the positions too: N M entries, not N.": lambda ratio, n, m: ratio / (2 * n),
}
