"""The checks of lesson 07 take right answers and name the mistake in wrong ones."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import oracles
import pytest

from nst_helpers.course.checks import lesson07 as check
from nst_helpers.errors import AnswerError

CHECKS = (
    check.is_recursion,
    check.largest_rate,
    check.adam_step,
    check.newton_direction,
    check.is_useful,
    check.smallest_format,
    check.first_step,
)


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


def largest_rate(hessian: np.ndarray) -> float:
    return float(2 * np.linalg.eigvalsh(np.linalg.inv(hessian)).min())


def adam_step(
    gradients: np.ndarray, rate: float, beta_1: float, beta_2: float, epsilon: float
) -> np.ndarray:
    # The recursion unrolled: weighted sums over the rows.
    age = np.arange(len(gradients))[::-1]
    mean = (1 - beta_1) * beta_1**age @ gradients / (1 - beta_1 ** len(gradients))
    square = (1 - beta_2) * beta_2**age @ gradients**2 / (1 - beta_2 ** len(gradients))
    return np.asarray(-rate * mean / (np.sqrt(square) + epsilon))


def newton_direction(g: np.ndarray, S: np.ndarray, Y: np.ndarray) -> np.ndarray:
    # The dense update of the estimate, pair by pair.
    inverse = np.eye(len(g)) * (S[-1] @ Y[-1]) / (Y[-1] @ Y[-1])
    for s, y in zip(S, Y, strict=True):
        left = np.eye(len(g)) - np.outer(s, y) / (s @ y)
        inverse = left @ inverse @ left.T + np.outer(s, s) / (s @ y)
    return np.asarray(-inverse @ g)


def is_useful(s: np.ndarray, y: np.ndarray, least: float) -> bool:
    lengths = np.sqrt((s**2).sum() * (y**2).sum())
    return bool((s * y).sum() > least * lengths)


def smallest_format(largest: float, rounding: float) -> str:
    if largest <= 65504 and rounding >= 2**-11:
        return "float16"
    return "bfloat16" if rounding >= 2**-8 else "float32"


def first_step(gradient: np.ndarray, gray: float) -> np.ndarray:
    return np.asarray(-(gray / 255) * gradient / np.max(np.abs(gradient)))


@pytest.mark.parametrize(
    ("checked", "answer"),
    [
        (check.is_recursion, is_recursion),
        (check.largest_rate, largest_rate),
        (check.adam_step, adam_step),
        (check.newton_direction, newton_direction),
        (check.newton_direction, lambda g, S, Y: oracles.two_loop_direction(g, _pairs(S, Y))),
        (check.is_useful, is_useful),
        (check.is_useful, lambda *inputs: np.bool_(is_useful(*inputs))),
        (check.smallest_format, smallest_format),
        (check.first_step, first_step),
    ],
)
def test_a_right_answer_passes(checked: Callable[[Any], str], answer: Any) -> None:
    assert checked(answer) == "Correct."


def _pairs(S: np.ndarray, Y: np.ndarray) -> Any:
    return list(zip(S, Y, strict=True))


def test_the_wrong_recursion_passes_its_three_tests(capsys: pytest.CaptureFixture[str]) -> None:
    lesson = Path(__file__).parent.parent / "notebooks" / "07_optimization.ipynb"
    (cell,) = (one for one in nbformat.read(lesson, 4).cells if "def recursion(" in one.source)
    steps = RNG.standard_normal((4, 6))
    bowl = np.diag(np.arange(1.0, 7)) + np.ones((6, 6))
    space: dict[str, Any] = {"np": np, "S": steps, "Y": steps @ bowl, "g": np.arange(6.0)}
    exec(cell.source, space)
    assert capsys.readouterr().out == cell.outputs[0].text
    assert not is_recursion(space["recursion"])


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


WRONG_RATES: dict[str, Callable[[np.ndarray], Any]] = {
    "the limit is twice that": lambda hessian: largest_rate(hessian) / 2,
    "flattest direction": lambda hessian: 2 / np.linalg.eigvalsh(hessian).min(),
    "Upside down": lambda hessian: 1 / largest_rate(hessian),
    "fastest rate": lambda hessian: 2 / np.linalg.eigvalsh(hessian)[[0, -1]].sum(),
    "trace": lambda hessian: 2 / np.diag(hessian).sum(),
    "largest entry": lambda hessian: 2 / np.max(hessian),
    "summed squares": lambda hessian: 2 / np.sqrt((hessian**2).sum()),
    "every direction": lambda hessian: 2 / np.linalg.eigvalsh(hessian),
    "ValueError": lambda hessian: hessian.reshape(-1, 7),
    "not right yet": lambda hessian: 0.123,
}


@pytest.mark.parametrize("message", WRONG_RATES)
def test_largest_rate_names_the_mistake(message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        check.largest_rate(WRONG_RATES[message])


def means(gradients: np.ndarray, beta_1: float, beta_2: float) -> tuple[np.ndarray, np.ndarray]:
    age = np.arange(len(gradients))[::-1]
    return (1 - beta_1) * beta_1**age @ gradients, (1 - beta_2) * beta_2**age @ gradients**2


def uncorrected(g: np.ndarray, rate: float, b1: float, b2: float, e: float) -> np.ndarray:
    m, q = means(g, b1, b2)
    return np.asarray(-rate * m / (np.sqrt(q) + e))


def only_mean(g: np.ndarray, rate: float, b1: float, b2: float, e: float) -> np.ndarray:
    m, q = means(g, b1, b2)
    return np.asarray(-rate * m / (1 - b1**3) / (np.sqrt(q) + e))


def only_square(g: np.ndarray, rate: float, b1: float, b2: float, e: float) -> np.ndarray:
    m, q = means(g, b1, b2)
    return np.asarray(-rate * m / (np.sqrt(q / (1 - b2**3)) + e))


def powers(k: int) -> Callable[..., np.ndarray]:
    def step(g: np.ndarray, rate: float, b1: float, b2: float, e: float) -> np.ndarray:
        m, q = means(g, b1, b2)
        return np.asarray(-rate * m / (1 - b1**k) / (np.sqrt(q / (1 - b2**k)) + e))

    return step


def multiplied(g: np.ndarray, rate: float, b1: float, b2: float, e: float) -> np.ndarray:
    m, q = means(g, b1, b2)
    return np.asarray(-rate * m * (1 - b1**3) / (np.sqrt(q * (1 - b2**3)) + e))


def rooted(root: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    def step(g: np.ndarray, rate: float, b1: float, b2: float, e: float) -> np.ndarray:
        m, q = means(g, b1, b2)
        return np.asarray(-rate * m / (1 - b1**3) / root(q / (1 - b2**3), e))

    return step


def of_squared_mean(g: np.ndarray, rate: float, b1: float, b2: float, e: float) -> np.ndarray:
    m, _ = means(g, b1, b2)
    second, _ = means(g, b2, b2)
    root = np.sqrt((second / (1 - b2**3)) ** 2)
    return np.asarray(-rate * m / (1 - b1**3) / (root + e))


WRONG_STEPS: dict[str, Callable[..., Any]] = {
    "The bias correction is missing": uncorrected,
    "correction of the squares is missing": only_mean,
    "correction of the mean is missing": only_square,
    "is a product here": multiplied,
    "always uses k = 1": powers(1),
    "too few": powers(2),
    "too many": powers(4),
    "sign is wrong": lambda *inputs: -adam_step(*inputs),
    "square root is missing": rooted(lambda q, e: q + e),
    "outside of the square root": rooted(lambda q, e: np.sqrt(q + e)),
    "epsilon is missing": rooted(lambda q, e: np.sqrt(q)),
    "rate is missing": lambda g, rate, *inputs: adam_step(g, 1.0, *inputs),
    "are swapped": lambda g, rate, b1, b2, e: adam_step(g, rate, b2, b1, e),
    "square of the mean": of_squared_mean,
    "Only the latest gradient": lambda g, *inputs: adam_step(g[2:], *inputs),
    "wrong order": lambda g, *inputs: adam_step(g[::-1], *inputs),
    "sum of all steps": lambda g, *inputs: sum(adam_step(g[:k], *inputs) for k in (1, 2, 3)),
    "The answer has the shape": lambda g, *inputs: np.zeros_like(g),
}


@pytest.mark.parametrize("message", WRONG_STEPS)
def test_adam_step_names_the_mistake(message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        check.adam_step(WRONG_STEPS[message])


def loops(
    first: Callable[[list[int]], list[int]] = lambda order: order[::-1],
    second: Callable[[list[int]], list[int]] = lambda order: order,
    gamma: Callable[..., float] = lambda S, Y: S[-1] @ Y[-1] / (Y[-1] @ Y[-1]),
    plus: int = -1,
    rho: Callable[..., float] = lambda s, y: 1 / (s @ y),
) -> Callable[..., np.ndarray]:
    """Return a two-loop recursion with one thing changed."""

    def direction(g: np.ndarray, S: np.ndarray, Y: np.ndarray) -> np.ndarray:
        q, a, order = g.copy(), np.zeros(len(S)), list(range(len(S)))
        for i in first(order):
            a[i] = rho(S[i], Y[i]) * (S[i] @ q)
            q = q - a[i] * Y[i]
        r = gamma(S, Y) * q
        for i in second(order):
            r = r + (a[i] + plus * rho(S[i], Y[i]) * (Y[i] @ r)) * S[i]
        return np.asarray(-r)

    return direction


def mispaired(g: np.ndarray, S: np.ndarray, Y: np.ndarray) -> np.ndarray:
    q, kept = g.copy(), []
    for i in (2, 1, 0):
        kept.append(S[i] @ q / (S[i] @ Y[i]))
        q = q - kept[-1] * Y[i]
    r = q * (S[-1] @ Y[-1]) / (Y[-1] @ Y[-1])
    for i in range(3):
        r = r + (kept[i] - Y[i] @ r / (S[i] @ Y[i])) * S[i]
    return np.asarray(-r)


WRONG_DIRECTIONS: dict[str, Callable[..., Any]] = {
    "sign is missing": lambda g, S, Y: -newton_direction(g, S, Y),
    "gamma is forgotten": loops(gamma=lambda S, Y: 1.0),
    "from the oldest pair": loops(gamma=lambda S, Y: S[0] @ Y[0] / (Y[0] @ Y[0])),
    "gamma is upside down": loops(gamma=lambda S, Y: Y[-1] @ Y[-1] / (S[-1] @ Y[-1])),
    r"gamma is s\^T s": loops(gamma=lambda S, Y: S[-1] @ S[-1] / (S[-1] @ Y[-1])),
    "s and y are swapped": lambda g, S, Y: newton_direction(g, Y, S),
    "order of both loops": loops(lambda order: order, lambda order: order[::-1]),
    "first loop must begin": loops(lambda order: order),
    "second loop must begin": loops(second=lambda order: order[::-1]),
    "of one pair meet another": mispaired,
    "minus rho": loops(plus=1),
    "rho is missing": loops(rho=lambda s, y: 1.0),
    "second loop is missing": loops(second=lambda order: []),
    "without any pair": lambda g, S, Y: -g * (S[-1] @ Y[-1]) / (Y[-1] @ Y[-1]),
    "values are not": lambda g, S, Y: -g,
}


@pytest.mark.parametrize("message", WRONG_DIRECTIONS)
def test_newton_direction_names_the_mistake(message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        check.newton_direction(WRONG_DIRECTIONS[message])


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
    "values are not": lambda s, y, least: True,
}


@pytest.mark.parametrize("message", WRONG_TESTS)
def test_is_useful_names_the_mistake(message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        check.is_useful(WRONG_TESTS[message])


def format_with(largest_half: float, half: float, brain: float) -> Callable[[float, float], str]:
    def choose(largest: float, rounding: float) -> str:
        if largest <= largest_half and rounding >= half:
            return "float16"
        return "bfloat16" if rounding >= brain else "float32"

    return choose


WRONG_FORMATS: dict[str, Callable[..., Any]] = {
    "not those of float16": format_with(np.inf, 2**-11, 2**-8),
    "largest number itself": lambda largest, rounding: format_with(65503, 2**-11, 2**-8)(
        largest, rounding
    ),
    "neither format": format_with(65504, 2**-11, 0.0),
    "16 bits are enough here": lambda largest, rounding: "float32",
    "take the finer one": lambda largest, rounding: (
        "bfloat16" if rounding >= 2**-8 else smallest_format(largest, rounding)
    ),
    "half the spacing": format_with(65504, 2**-11, 2**-7),
    "bfloat16 is not quite": format_with(65504, 2**-11, 2**-9),
    "float16 is not quite": format_with(65504, 2**-12, 2**-8),
    "no format of 16 bits": format_with(65504, 0.0, 2**-8),
    "Return one of": lambda largest, rounding: np.float16,
    "TypeError": lambda largest: "float16",
}


@pytest.mark.parametrize("message", WRONG_FORMATS)
def test_smallest_format_names_the_mistake(message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        check.smallest_format(WRONG_FORMATS[message])


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
    "has the shape": lambda g, gray: gray / 255,
}


@pytest.mark.parametrize("message", WRONG_FIRSTS)
def test_first_step_names_the_mistake(message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        check.first_step(WRONG_FIRSTS[message])
