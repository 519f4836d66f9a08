"""The checks of lesson 08 take right answers and name the mistake in wrong ones."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from lesson_cells import shown

from nst_helpers.course.checks import optimization as check
from nst_helpers.errors import AnswerError

RNG = np.random.default_rng(77)
BOWL = np.eye(5) + np.ones((5, 5))
STEPS = RNG.standard_normal((3, 5))
CHANGES = STEPS @ BOWL
SLOPE = RNG.standard_normal(5)


def estimate(gamma: float) -> np.ndarray:
    inverse = gamma * np.eye(5)
    for s, y in zip(STEPS, CHANGES, strict=True):
        left = np.eye(5) - np.outer(s, y) / (s @ y)
        inverse = left @ inverse @ left.T + np.outer(s, s) / (s @ y)
    return inverse


def is_recursion(function: Callable[..., Any]) -> bool:
    return np.allclose(function(SLOPE, STEPS, CHANGES, 0.3), estimate(0.3) @ SLOPE)


def best_rate(hessian: np.ndarray) -> float:
    # The largest eigenvalue of the inverse belongs to the flattest direction.
    steepest = np.linalg.norm(hessian, 2)
    return float(2 / (steepest + 1 / np.linalg.norm(np.linalg.inv(hessian), 2)))


def is_useful(s: np.ndarray, y: np.ndarray, least: float) -> bool:
    lengths = np.sqrt((s**2).sum() * (y**2).sum())
    return bool((s * y).sum() > least * lengths)


def first_step(gradient: np.ndarray, gray: float) -> np.ndarray:
    return np.asarray(-(gray / 255) * gradient / np.max(np.abs(gradient)))


def test_the_wrong_recursion_passes_its_three_tests(capsys: pytest.CaptureFixture[str]) -> None:
    steps = RNG.standard_normal((4, 6))
    changes = steps @ (np.diag(np.arange(1.0, 7)) + np.ones((6, 6)))
    wrong = shown("08", "recursion", steps=steps, changes=changes, g=np.arange(6.0))
    assert capsys.readouterr().out == "three tests passed\n"
    assert not is_recursion(wrong)


def is_symmetric(f: Callable[..., Any]) -> bool:
    columns = np.array([f(axis, STEPS, CHANGES, 0.3) for axis in np.eye(5)])
    return np.allclose(columns, columns.T)


def meets_secant(f: Callable[..., Any]) -> bool:
    return np.allclose(f(CHANGES[-1], STEPS, CHANGES, 0.3), STEPS[-1])


LAZY_TESTS: dict[str, Callable[..., Any]] = {
    "newest pair to the oldest": lambda f: np.allclose(
        f(CHANGES[0], STEPS[:1], CHANGES[:1], 0.3), STEPS[0]
    ),
    "newest pair for the oldest": is_symmetric,
    "forgets gamma": meets_secant,
    "gamma that is not 1": lambda f: np.allclose(
        f(SLOPE, STEPS, CHANGES, 1.0), estimate(1.0) @ SLOPE
    ),
    "A plus": lambda f: (
        meets_secant(f) and np.allclose(f(SLOPE, STEPS[:0], CHANGES[:0], 0.3), 0.3 * SLOPE)
    ),
    "refuses a right function": lambda f: np.allclose(f(SLOPE, STEPS, CHANGES, 0.3), SLOPE),
}


@pytest.mark.parametrize("message", LAZY_TESTS)
def test_is_recursion_names_what_slips_through(message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        check.is_recursion(LAZY_TESTS[message])


def ends(hessian: np.ndarray) -> tuple[float, float]:
    values = np.linalg.eigvalsh(hessian)
    return float(values[0]), float(values[-1])


WRONG_RATES: dict[str, Callable[[np.ndarray], Any]] = {
    "it runs away, and there": lambda hessian: 2 / ends(hessian)[1],
    "a larger rate helps": lambda hessian: 1 / ends(hessian)[1],
    "steepest one runs away": lambda hessian: 1 / ends(hessian)[0],
    "Half as much": lambda hessian: best_rate(hessian) / 2,
    "Upside down": lambda hessian: 1 / best_rate(hessian),
    "geometric mean": lambda hessian: 1 / np.sqrt(np.prod(ends(hessian))),
    "mean of all curvatures": lambda hessian: 1 / np.diag(hessian).mean(),
    "numbers on the diagonal": lambda hessian: (
        2 / (np.diag(hessian).min() + np.diag(hessian).max())
    ),
    "for each direction": lambda hessian: 1 / np.linalg.eigvalsh(hessian),
    "ValueError": lambda hessian: hessian.reshape(-1, 7),
    "not right yet": lambda hessian: 0.123,
}


@pytest.mark.parametrize("message", WRONG_RATES)
def test_best_rate_names_the_mistake(message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        check.best_rate(WRONG_RATES[message])


def length(vector: np.ndarray) -> float:
    return float(np.sqrt(vector @ vector))


WRONG_TESTS: dict[str, Callable[..., Any]] = {
    "Positive is not enough": lambda s, y, least: s @ y > 0,
    "The lengths are missing": lambda s, y, least: s @ y > least,
    "absolute value": lambda s, y, least: abs(s @ y) > least * length(s) * length(y),
    "lengths are squared": lambda s, y, least: s @ y > least * length(s) ** 2 * length(y) ** 2,
    "length of y is missing": lambda s, y, least: s @ y > least * length(s),
    "length of s is missing": lambda s, y, least: s @ y > least * length(y),
    r"square of \|s\|": lambda s, y, least: s @ y > least * length(s) ** 2,
    r"square of \|y\|": lambda s, y, least: s @ y > least * length(y) ** 2,
    "turned round": lambda s, y, least: s @ y <= least * length(s) * length(y),
    "length 0": lambda s, y, least: s @ y >= least * length(s) * length(y),
    "TypeError": lambda s, y: True,
    "not right yet": lambda s, y, least: True,
}


@pytest.mark.parametrize("message", WRONG_TESTS)
def test_is_useful_names_the_mistake(message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        check.is_useful(WRONG_TESTS[message])


WRONG_FIRSTS: dict[str, Callable[..., Any]] = {
    "sign is wrong": lambda gradient, gray: -first_step(gradient, gray),
    "divide by 255": lambda gradient, gray: first_step(gradient, 255 * gray),
    "Multiplied by 255": lambda gradient, gray: first_step(gradient, 255 * 255 * gray),
    "divided by its length": lambda g, gray: -g * gray / 255 / np.sqrt((g**2).sum()),
    "mean magnitude": lambda g, gray: -g * gray / 255 / np.mean(np.abs(g)),
    "take absolute values": lambda g, gray: -g * gray / 255 / np.max(g),
    "Only the signs": lambda g, gray: -gray / 255 * np.sign(g),
    "for the whole picture": lambda g, gray: -g * gray / 255 / np.abs(g).max((0, 1)),
    "not scaled at all": lambda g, gray: -g * gray / 255,
    "a single number": lambda g, gray: gray / 255,
}


@pytest.mark.parametrize("message", WRONG_FIRSTS)
def test_first_step_names_the_mistake(message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        check.first_step(WRONG_FIRSTS[message])
