"""The checks of lesson 12 take right answers and name the mistake in wrong ones."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nst_helpers.course.checks import what_is_a_style as check
from nst_helpers.errors import AnswerError

Function = Callable[..., Any]


# The solutions, as a reader may write them


def covariance_of(gram: np.ndarray) -> np.ndarray:
    mean = gram[-1, :-1]
    return gram[:-1, :-1] - mean[:, None] * mean


def sliced(rows: np.ndarray, style: np.ndarray, lines: np.ndarray) -> float:
    one, other = (np.sort(each @ lines, axis=0) for each in (rows, style))
    return np.mean((one - other) ** 2)


def tried_on(rows: np.ndarray, style: np.ndarray, lines: np.ndarray) -> Function:
    """Return a test that compares with the right distance of these."""
    return lambda function: np.isclose(function(rows, style, lines), sliced(rows, style, lines))


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=shape)


LINES = np.linalg.qr(normal(3, 3))[0]
# Projected on (1, 1) they ascend already; sorted channel by channel they would not be the same.
IN_ORDER = np.array([[[0, 1], [2, 0]], [[0, 3], [4, 0]]])
is_sliced = tried_on(*normal(2, 7, 3), LINES)
AT_ONE = normal(2, 7, 3) / np.sqrt(sliced(*normal(2, 7, 3), LINES))  # a distance of 1


def shifted_gram(features: np.ndarray, down: int, right: int) -> np.ndarray:
    height, width, channels = features.shape
    here = features[: height - down, : width - right].reshape(-1, channels)
    there = features[down:, right:].reshape(-1, channels)
    return here.T @ there / len(here)


def centered(rows: np.ndarray) -> np.ndarray:
    away = rows - rows.mean(axis=0)
    return away / np.linalg.norm(away, axis=1, keepdims=True)


def assemble(query: np.ndarray, bank: np.ndarray) -> np.ndarray:
    return bank[np.argmax(centered(query) @ centered(bank).T, axis=1)]


SOLUTIONS: dict[str, Function] = {
    "covariance_of": covariance_of,
    "is_sliced": is_sliced,
    "shifted_gram": shifted_gram,
    "assemble": assemble,
}


def softly(query: np.ndarray, bank: np.ndarray) -> np.ndarray:
    weights = np.exp(centered(query) @ centered(bank).T / 0.1)
    return weights @ bank / weights.sum(axis=1, keepdims=True)


MISTAKES: list[tuple[str, str, Function]] = [
    ("covariance_of", "means are still in it", lambda g: g[:-1, :-1]),
    ("covariance_of", "ones is still there", lambda g: g - np.outer(g[-1], g[-1])),
    (
        "covariance_of",
        "last one, not the first",
        lambda g: covariance_of(g[::-1, ::-1])[::-1, ::-1],
    ),
    ("covariance_of", "subtracted the means;", lambda g: g[:-1, :-1] - g[-1, :-1]),
    ("covariance_of", "Off the diagonal", lambda g: g[:-1, :-1] - np.diag(g[-1, :-1] ** 2)),
    ("covariance_of", "whole row or column", lambda g: g[:-1, :-1] - g[-1, :-1] ** 2),
    ("covariance_of", "one number", lambda g: g[:-1, :-1] - np.sum(g[-1, :-1] ** 2)),
    ("covariance_of", "take it away", lambda g: 2 * g[:-1, :-1] - covariance_of(g)),
    ("covariance_of", "These are the means", lambda g: g[-1, :-1]),
    ("is_sliced", "sorts every channel and then", lambda function: True),
    ("is_sliced", "sorts every channel and then", tried_on(*normal(2, 7, 1)[:, ::-1], LINES[:1])),
    ("is_sliced", "does not sort", tried_on(*IN_ORDER, np.ones((2, 1)))),
    ("is_sliced", "takes the root", tried_on(*AT_ONE, LINES)),
    ("is_sliced", "one direction", tried_on(*normal(2, 7, 3), LINES[:, :1])),
    ("is_sliced", "refuses a right function", lambda f: f(normal(5, 3), normal(5, 3), LINES) > 0),
    ("shifted_gram", "wraps around", lambda f, *d: rolled(f, *d) / f[..., 0].size),
    ("shifted_gram", "fewer pairs", lambda f, *d: shifted_gram(f, *d) * pairs(f, *d) / pairs(f)),
    ("shifted_gram", "This is a sum", lambda f, *d: shifted_gram(f, *d) * pairs(f, *d)),
    ("shifted_gram", "i belongs to p", lambda f, *d: shifted_gram(f, *d).T),
    ("shifted_gram", "first axis", lambda f, down, right: shifted_gram(f, right, down)),
    ("shifted_gram", "plain Gram matrix", lambda f, *d: shifted_gram(f, 0, 0)),
    ("shifted_gram", "not symmetric", lambda f, *d: symmetric(shifted_gram(f, *d))),
    ("shifted_gram", "division by zero|stopped with", lambda f, *d: cut_at_minus_zero(f, *d)),
    ("assemble", "The means are still there", lambda q, b: largest(unit(q) @ unit(b).T, b)),
    (
        "assemble",
        "one set's mean",
        lambda q, b: largest(unit(q - mean(b)) @ unit(b - mean(b)).T, b),
    ),
    ("assemble", "bank's mean", lambda q, b: largest(centered(q) @ unit(b).T, b)),
    ("assemble", "query's mean", lambda q, b: largest(unit(q) @ centered(b).T, b)),
    (
        "assemble",
        "of the centered row",
        lambda q, b: largest(centered(q) @ (b - mean(b)).T / np.linalg.norm(b, axis=1), b),
    ),
    (
        "assemble",
        "values are not",
        lambda q, b: largest(centered(q) @ ((b - mean(b)) / abs(b - mean(b)).sum(1)[:, None]).T, b),
    ),
    ("assemble", "not cosines", lambda q, b: largest((q - mean(q)) @ (b - mean(b)).T, b)),
    ("assemble", "smallest cosine", lambda q, b: b[np.argmin(centered(q) @ centered(b).T, axis=1)]),
    ("assemble", "other way round", lambda q, b: assemble(b, q)),
    ("assemble", "return the rows there", lambda q, b: (centered(q) @ centered(b).T).argmax(1)),
    (
        "assemble",
        "not centered and scaled",
        lambda q, b: largest(centered(q) @ centered(b).T, centered(b)),
    ),
    ("assemble", "values are not", softly),
]


def rolled(features: np.ndarray, down: int, right: int) -> np.ndarray:
    there = np.roll(features, (-down, -right), axis=(0, 1))
    return np.tensordot(features, there, ((0, 1), (0, 1)))


def pairs(features: np.ndarray, down: int = 0, right: int = 0) -> int:
    return (features.shape[0] - down) * (features.shape[1] - right)


def symmetric(matrix: np.ndarray) -> np.ndarray:
    return (matrix + matrix.T) / 2


def cut_at_minus_zero(features: np.ndarray, down: int, right: int) -> np.ndarray:
    here, there = features[:-down, :-right], features[down:, right:]
    return np.tensordot(here, there, ((0, 1), (0, 1))) / here[..., 0].size


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def mean(rows: np.ndarray) -> np.ndarray:
    return rows.mean(axis=0)


def largest(scores: np.ndarray, bank: np.ndarray) -> np.ndarray:
    return bank[scores.argmax(axis=1)]


@pytest.mark.parametrize(
    ("name", "words", "wrong"), MISTAKES, ids=[f"{name}: {words}" for name, words, _ in MISTAKES]
)
def test_a_mistake_is_named(name: str, words: str, wrong: Function) -> None:
    with pytest.raises(AnswerError, match=words):
        getattr(check, name)(wrong)


def suspect(rows: np.ndarray, style: np.ndarray, lines: np.ndarray) -> float:
    one, other = (np.sort(each, axis=0) @ lines for each in (rows, style))
    return np.mean((one - other) ** 2)


def test_the_suspect_passes_the_three_tests_and_not_the_fourth() -> None:
    rows, shift = normal(7, 3), np.array([3, 0, -1])
    assert suspect(rows, rows, LINES) == 0
    assert np.isclose(suspect(rows[::-1], rows, LINES), 0)
    assert np.isclose(suspect(rows + shift, rows, LINES), np.mean(shift**2))
    assert not is_sliced(suspect)
