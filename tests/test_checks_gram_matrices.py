"""The checks of lesson 05: right answers pass, each usual mistake is called by its name."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nst_helpers.course.checks import gram_matrices as check
from nst_helpers.course.checks.judge import CORRECT
from nst_helpers.errors import AnswerError

Function = Callable[..., Any]


def rows(features: np.ndarray) -> np.ndarray:
    return features.reshape(-1, features.shape[-1])


def gram_by_matmul(features: np.ndarray) -> np.ndarray:
    return rows(features).T @ rows(features)


def orthogonal(size: int, rng: np.random.Generator) -> np.ndarray:
    return np.linalg.qr(rng.normal(size=(size, size)))[0]


def is_mean_gram(function: Function) -> Any:
    maps = np.random.default_rng(1).uniform(1, 2, (2, 3, 4))
    return np.allclose(function(maps), np.einsum("hwi,hwj->ij", maps, maps) / (2 * 3))


def disguise(features: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return rng.choice([-1, 1], size=(*features.shape[:2], 1)) * features


def mixed_positions(features: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return (orthogonal(len(rows(features)), rng) @ rows(features)).reshape(features.shape)


def gram_entry_gradient(features: np.ndarray, i: int, j: int) -> np.ndarray:
    gradient = np.zeros_like(features)
    gradient[..., i] += features[..., j]
    gradient[..., j] += features[..., i]
    return gradient


SOLUTIONS: dict[str, Function] = {
    "gram_by_matmul": gram_by_matmul,
    "is_mean_gram": is_mean_gram,
    "disguise": disguise,
    "gram_entry_gradient": gram_entry_gradient,
}


@pytest.mark.parametrize("another", [lambda features, rng: -features, mixed_positions])
def test_there_is_more_than_one_disguise(another: Function) -> None:
    assert check.disguise(another) == CORRECT


def one_channel_only(which: int) -> Function:
    def gradient(features: np.ndarray, i: int, j: int) -> np.ndarray:
        slopes = np.zeros_like(features)
        to, origin = ((i, j), (j, i))[which]
        slopes[..., to] = features[..., origin]
        return slopes

    return gradient


def swapped(features: np.ndarray, i: int, j: int) -> np.ndarray:
    gradient = np.zeros_like(features)
    gradient[..., i] += features[..., i]
    gradient[..., j] += features[..., j]
    return gradient


def overwritten(features: np.ndarray, i: int, j: int) -> np.ndarray:
    gradient = np.zeros_like(features)
    gradient[..., i] = features[..., j]
    gradient[..., j] = features[..., i]
    return gradient


def doubled_on_the_diagonal(features: np.ndarray, i: int, j: int) -> np.ndarray:
    return gram_entry_gradient(features, i, j) * (2 if i == j else 1)


def strips(features: np.ndarray) -> np.ndarray:
    wrong = features.reshape(features.shape[-1], -1)
    return wrong @ wrong.T


def centered(features: np.ndarray) -> np.ndarray:
    return gram_by_matmul(features - features.mean((0, 1)))


def mixed_channels(features: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return features @ orthogonal(features.shape[-1], rng)


def not_orthogonal(features: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    m = len(rows(features))
    return (rng.normal(size=(m, m)) @ rows(features)).reshape(features.shape)


def shuffled(features: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return rng.permutation(rows(features)).reshape(features.shape)


UNEVEN = np.random.default_rng(2).uniform(1, 2, (2, 3, 4))
CENTERED = UNEVEN - UNEVEN.mean((0, 1))


def mean(features: np.ndarray) -> np.ndarray:
    return gram_by_matmul(features) / len(rows(features))


def symmetric(gram: np.ndarray) -> bool:
    return np.allclose(gram, gram.T)


def agree(function: Function, features: np.ndarray, others: np.ndarray | None = None) -> bool:
    return np.allclose(function(features), mean(features if others is None else others))


def is_blind_to_positions(function: Function) -> bool:
    return np.allclose(function(UNEVEN[::-1]), function(UNEVEN))


MISTAKES: list[tuple[str, str, Function]] = [
    ("gram_by_matmul", "reshape trap", strips),
    ("gram_by_matmul", "compares positions", lambda f: rows(f) @ rows(f).T),
    ("gram_by_matmul", "a sum, not a mean", lambda f: gram_by_matmul(f) / len(rows(f))),
    ("gram_by_matmul", "divides by nothing", lambda f: gram_by_matmul(f) / f.size),
    ("gram_by_matmul", "means off first", centered),
    ("gram_by_matmul", r"shape \(4, 5, 3\)", lambda f: f * f),
    ("is_mean_gram", "covariance slipped", lambda function: True),
    ("is_mean_gram", "covariance slipped", lambda function: symmetric(function(UNEVEN))),
    ("is_mean_gram", "covariance slipped", is_blind_to_positions),
    ("is_mean_gram", "covariance slipped", lambda g: np.allclose(g(CENTERED), mean(CENTERED))),
    ("is_mean_gram", "root mean square", lambda g: np.all(g(np.ones((2, 3, 2))) == 1)),
    ("is_mean_gram", "divides by nothing", lambda g: agree(g, UNEVEN[:1, :1])),
    ("is_mean_gram", "squared width", lambda g: agree(g, UNEVEN[:, :2])),
    ("is_mean_gram", "reshape trap", lambda g: agree(g, UNEVEN[..., :1])),
    ("is_mean_gram", "refuses a right function", lambda g: agree(g, UNEVEN, 2 * UNEVEN)),
    ("disguise", "mixed the channels", mixed_channels),
    ("disguise", "2.25 times", lambda f, rng: 1.5 * disguise(f, rng)),
    ("disguise", "no such product notices", not_orthogonal),
    ("disguise", "in this order or another", shuffled),
    ("disguise", "in this order or another", lambda f, rng: f),
    ("disguise", r"expected is \(4, 5, 3\)", lambda f, rng: rows(f)),
    ("gram_entry_gradient", "maps are swapped", swapped),
    ("gram_entry_gradient", "Only channel i", one_channel_only(0)),
    ("gram_entry_gradient", "Only channel j", one_channel_only(1)),
    (
        "gram_entry_gradient",
        "division by M",
        lambda f, i, j: gram_entry_gradient(f, i, j) / len(rows(f)),
    ),
    ("gram_entry_gradient", "2 too many", lambda f, i, j: 2 * gram_entry_gradient(f, i, j)),
    ("gram_entry_gradient", "factor 2 is missing", overwritten),
    ("gram_entry_gradient", "four times", doubled_on_the_diagonal),
]


@pytest.mark.parametrize(("name", "message", "function"), MISTAKES)
def test_a_mistake_is_named(name: str, message: str, function: Function) -> None:
    with pytest.raises(AnswerError, match=message):
        getattr(check, name)(function)


def suspect(features: np.ndarray) -> np.ndarray:
    return np.cov(rows(features).T, bias=True)


def test_the_suspect_passes_the_three_tests_and_not_the_fourth() -> None:
    toy = np.array([[[1, 3], [0, 1]], [[2, 0], [1, 2]]], np.float32)
    assert symmetric(suspect(UNEVEN))
    assert is_blind_to_positions(suspect)
    assert np.allclose(suspect(np.tile(toy, (2, 2, 1))), suspect(toy))
    assert not is_mean_gram(suspect)
