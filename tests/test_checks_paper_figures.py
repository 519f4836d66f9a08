"""The checks of lesson 11 take right answers and name the mistake in wrong ones."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from lesson_cells import shown

from nst_helpers import FIRST_OF_EACH_BLOCK
from nst_helpers.course.checks import paper_figures as check
from nst_helpers.errors import AnswerError

RNG = np.random.default_rng(110)


def row_weights(row: str) -> dict[str, float]:
    layers = FIRST_OF_EACH_BLOCK[: " ABCDE".index(row)]
    return {name: 1 / len(layers) for name in layers}


def coarse_share(gray: np.ndarray, period: float) -> float:
    spectrum = np.fft.fft2(gray)
    spectrum[0, 0] = 0
    f = np.sqrt(sum(np.square(np.meshgrid(*map(np.fft.fftfreq, gray.shape), indexing="ij"))))
    power = (spectrum * spectrum.conj()).real
    return float((power * (f * period < 1)).sum() / power.sum())


def by_loops(g: np.ndarray) -> np.ndarray:
    g = g - g.mean()
    width = g.shape[1]
    products = [
        sum(row[x] * row[(x + d) % width] for row in g for x in range(width)) for d in range(width)
    ]
    return np.array(products) / products[0]


def is_correlation(function: Callable[..., Any]) -> bool:
    g = RNG.random((3, 5)) * [[1], [3], [9]]
    return np.allclose(function(g), by_loops(g))


def test_layers_that_are_off_may_be_listed_with_zero() -> None:
    def all_five(row: str) -> dict[str, float]:
        return dict.fromkeys(FIRST_OF_EACH_BLOCK, 0.0) | row_weights(row)

    assert check.row_weights(all_five) == "Correct."


def of_row(row: str, weight: float | None = None) -> dict[str, float]:
    right = row_weights(row)
    return right if weight is None else dict.fromkeys(right, weight)


WRONG_ROWS: dict[str, Callable[[str], Any]] = {
    "Keras calls": lambda row: {
        f"conv{name[5]}_{name[-1]}": weight for name, weight in of_row(row).items()
    },
    "first of each block": lambda row: {
        name.replace("conv1", "conv2"): weight for name, weight in of_row(row).items()
    },
    "deepest layer alone": lambda row: {list(of_row(row))[-1]: 1.0},
    "has 3 of the five layers, from conv1_1 down, not 5": lambda row: of_row("E"),
    "not 2": lambda row: of_row("ABBCD"["ABCDE".index(row)]),
    "starts at conv1_1": lambda row: dict.fromkeys(FIRST_OF_EACH_BLOCK[2:], 1 / 3),
    "1/5 belongs to row E": lambda row: of_row(row, 1 / 5),
    "shall sum to 1": lambda row: of_row(row, 1.0),
    "released code": lambda row: {
        name: 1 / n**2 for name, n in zip(of_row(row), (64, 128, 256, 512, 512), strict=False)
    },
    "number of active": lambda row: of_row(row, len(of_row(row))),
    "not list": lambda row: list(of_row(row)),
    "KeyError": lambda row: {}[row],
    "not right yet|largest difference": lambda row: of_row(row, 0.7),
    "number or an array": lambda row: dict.fromkeys(of_row(row), "third"),
}


@pytest.mark.parametrize("message", WRONG_ROWS)
def test_row_weights_names_the_mistake(message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        check.row_weights(WRONG_ROWS[message])


def test_a_row_that_only_knows_c_is_rejected() -> None:
    with pytest.raises(AnswerError, match="Row A has 1 of the five"):
        check.row_weights(lambda row: of_row("C"))


def spectrum(gray: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    down, right = np.meshgrid(*map(np.fft.fftfreq, gray.shape), indexing="ij")
    return np.abs(np.fft.fft2(gray)) ** 2, down, right


def share(gray: np.ndarray, chosen: Callable[..., Any], power: float = 1.0) -> float:
    """Share of the squared magnitudes, to a power, of the waves chosen; without the mean."""
    strength, down, right = spectrum(gray - gray.mean())
    strength = strength**power
    return float(strength[chosen(down, right)].sum() / strength.sum())


def with_mean(gray: np.ndarray, period: float) -> float:
    power, down, right = spectrum(gray)
    return float(power[np.hypot(down, right) < 1 / period].sum() / power.sum())


def half_without_mean(gray: np.ndarray, period: float) -> float:
    power, *_ = spectrum(gray)
    return with_mean(gray, period) - float(power[0, 0] / power.sum())


def total(gray: np.ndarray, period: float) -> float:
    power, *_ = spectrum(gray - gray.mean())
    return coarse_share(gray, period) * float(power.sum())


def counted(gray: np.ndarray, period: float) -> float:
    _, down, right = spectrum(gray)
    return float((np.hypot(down, right) < 1 / period).mean())


WRONG_SHARES = {
    "counted as a wave": with_mean,
    "still in the denominator": half_without_mean,
    "short waves": lambda gray, period: 1 - coarse_share(gray, period),
    "made of their squares": lambda gray, period: share(
        gray, lambda down, right: np.hypot(down, right) < 1 / period, 0.5
    ),
    "each axis by itself": lambda gray, period: share(
        gray, lambda down, right: np.maximum(abs(down), abs(right)) < 1 / period
    ),
    "negative": lambda gray, period: share(
        gray, lambda down, right: np.maximum(down, right) < 1 / period
    ),
    "counts waves": counted,
    "divide it by the sum": total,
    "All waves passed": lambda gray, period: share(
        gray, lambda down, right: np.hypot(down, right) < period
    ),
}


@pytest.mark.parametrize("message", WRONG_SHARES)
def test_coarse_share_names_the_mistake(message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        check.coarse_share(WRONG_SHARES[message])


# The bug hunt: the function that the lesson shows, and tests that are too lazy


def test_the_wrong_shifts_pass_their_three_tests(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = shown("11", "by_waves")
    assert capsys.readouterr().out == "three tests passed\n"
    assert not is_correlation(wrong)


SINE = np.sin(2 * np.pi * np.arange(24) / 8) * np.ones((3, 1))
ROWS = RNG.standard_normal((2, 9))
ROWS -= ROWS.mean(axis=1, keepdims=True)
EVEN = ROWS / np.sqrt((ROWS**2).sum(axis=1, keepdims=True))  # rows of one contrast, of mean 0
ONE = RNG.random((1, 9))
INNER = np.full((3, 20), 5.0)  # what differs from the mean is far from the border
INNER[:, 6:9] += [[1, 2, 0], [-1, -3, 1], [4, -9, 5]]


def agrees(*pictures: np.ndarray, shifts: int = 24) -> Callable[..., bool]:
    return lambda f: all(np.allclose(f(g)[:shifts], by_loops(g)[:shifts]) for g in pictures)


LAZY_TESTS: dict[str, Callable[..., Any]] = {
    "adds magnitudes": agrees(SINE),
    "keeps the mean": agrees(EVEN),
    "each row's own mean": agrees(EVEN + 5),
    "divides row by row": agrees(EVEN + [[5.2], [4.8]]),
    "does not wrap around": agrees(INNER, shifts=10),
    "run on into the next": lambda f: agrees(INNER, shifts=10)(f) and agrees(ONE)(f),
    "refuses a right function": lambda f: f(ONE)[1] > 1,
}


@pytest.mark.parametrize("message", LAZY_TESTS)
def test_is_correlation_names_what_slips_through(message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        check.is_correlation(LAZY_TESTS[message])
