"""The feedback of lesson 06: right answers pass, and each usual mistake is named."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nst_helpers.course.checks import style_loss as check
from nst_helpers.errors import AnswerError

Function = Callable[..., Any]


# The solutions, as a reader may write them


def rows(features: np.ndarray) -> np.ndarray:
    return features.reshape(-1, features.shape[-1])


def gram(features: np.ndarray) -> np.ndarray:
    return rows(features).T @ rows(features) / len(rows(features))


def layer_loss(features: np.ndarray, style_features: np.ndarray) -> float:
    return np.mean((gram(features) - gram(style_features)) ** 2) / 4


def style_gradient(F: np.ndarray, A: np.ndarray) -> np.ndarray:
    N, M = F.shape
    return np.where(F > 0, (F @ F.T / M - A) @ F / (N**2 * M), 0)


def central_differences(function: Function, x: np.ndarray, h: float = 1e-6) -> np.ndarray:
    slopes = np.zeros_like(x)
    for index in np.ndindex(*x.shape):
        nudge = np.zeros_like(x)
        nudge[index] = h
        slopes[index] = (function(x + nudge) - function(x - nudge)) / (2 * h)
    return slopes


def tried_on(Z: np.ndarray, S: np.ndarray) -> Function:
    """Return a test that compares with the slopes of E, for features relu(Z) and a style S."""
    A = S @ S.T / S.shape[1]

    def loss(Z: np.ndarray) -> float:
        F = np.maximum(Z, 0)
        return ((F @ F.T / F.shape[1] - A) ** 2).mean() / 4

    slopes = central_differences(loss, Z)
    return lambda function: np.allclose(function(np.maximum(Z, 0), A), slopes, 1e-5, 1e-8)


def signed(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).uniform(-1, 1, shape)


def positive(*shape: int) -> np.ndarray:
    return np.random.default_rng(6).uniform(0.1, 1, shape)


is_gradient = tried_on(signed(3, 4), positive(3, 5))


def paper_weight(weight: float, normalization: str, channels: int) -> float:
    factors = {"paper": 1, "mean": 4, "mean_per_channel": 4 / channels**2}
    return weight * factors[normalization]


SOLUTIONS: dict[str, Function] = {
    "layer_loss": layer_loss,
    "style_gradient": style_gradient,
    "is_gradient": is_gradient,
    "paper_weight": paper_weight,
}


def trapped(features: np.ndarray) -> np.ndarray:
    strips = features.reshape(features.shape[-1], -1)
    return strips @ strips.T / strips.shape[1]


def sums(features: np.ndarray) -> np.ndarray:
    return rows(features).T @ rows(features)


def leads_downhill(function: Function) -> bool:
    Z, S = positive(3, 4), positive(3, 5) + 1
    slope = function(Z, S @ S.T / 5)
    return layer_loss((Z - slope).T[None], S.T[None]) < layer_loss(Z.T[None], S.T[None])


def is_zero_at_the_target(function: Function) -> bool:
    F = positive(3, 4)
    return np.allclose(function(F, F @ F.T / 4), 0)


MISTAKES: list[tuple[str, str, Function]] = [
    ("layer_loss", "divide each by its own", lambda f, s: np.mean((sums(f) - sums(s)) ** 2) / 4),
    (
        "layer_loss",
        "same number of positions",
        lambda f, s: np.mean((sums(f) - sums(s)) ** 2) / (4 * len(rows(f)) ** 2),
    ),
    ("layer_loss", "1/4 is missing", lambda f, s: np.mean((gram(f) - gram(s)) ** 2)),
    ("layer_loss", "1/N\\^2 is missing", lambda f, s: np.sum((gram(f) - gram(s)) ** 2) / 4),
    (
        "layer_loss",
        "divides by N\\^2, the number",
        lambda f, s: np.sum((gram(f) - gram(s)) ** 2) / (4 * f.shape[-1]),
    ),
    (
        "layer_loss",
        "np.mean divides by N",
        lambda f, s: np.mean(((gram(f) - gram(s)) / f.shape[-1]) ** 2) / 4,
    ),
    ("layer_loss", "square is missing", lambda f, s: np.mean(np.abs(gram(f) - gram(s))) / 4),
    ("layer_loss", "root", lambda f, s: layer_loss(f, s) ** 0.5),
    ("layer_loss", "reshape trap", lambda f, s: np.mean((trapped(f) - trapped(s)) ** 2) / 4),
    (
        "style_gradient",
        "mask is missing",
        lambda F, A: (F @ F.T / F.shape[1] - A) @ F / (len(F) * F.size),
    ),
    (
        "style_gradient",
        "eq. 6 to the letter",
        lambda F, A: np.where(F > 0, (F @ F.T - A) @ F / F.size**2, 0),
    ),
    (
        "style_gradient",
        "divide G by M, too",
        lambda F, A: np.where(F > 0, (F @ F.T - A) @ F / (len(F) * F.size), 0),
    ),
    ("style_gradient", "One M too many", lambda F, A: style_gradient(F, A) / F.shape[1]),
    ("style_gradient", "One M is missing", lambda F, A: style_gradient(F, A) * F.shape[1]),
    ("style_gradient", "1/4 is still there", lambda F, A: style_gradient(F, A) / 4),
    ("style_gradient", "Half of it", lambda F, A: style_gradient(F, A) / 2),
    ("style_gradient", "1/4 of eq. 4 is missing", lambda F, A: 4 * style_gradient(F, A)),
    ("style_gradient", "You divided by N;", lambda F, A: len(F) * style_gradient(F, A)),
    (
        "style_gradient",
        "division by N\\^2 is missing",
        lambda F, A: len(F) ** 2 * style_gradient(F, A),
    ),
    ("style_gradient", "uphill", lambda F, A: -style_gradient(F, A)),
    ("style_gradient", "transpose it", lambda F, A: style_gradient(F, A).T),
    ("is_gradient", r"1/M\^2 of eq. 6", lambda function: True),
    ("is_gradient", r"1/M\^2 of eq. 6", leads_downhill),
    ("is_gradient", r"1/M\^2 of eq. 6", is_zero_at_the_target),
    ("is_gradient", "without the mask", tried_on(positive(3, 4), positive(3, 5))),
    ("is_gradient", r"N M\^2, not N\^2 M", tried_on(signed(3, 3), positive(3, 5))),
    ("is_gradient", "diagonals alone", tried_on(signed(1, 9), positive(1, 5))),
    ("is_gradient", "divides A by M once more", tried_on(signed(3, 4), np.zeros((3, 5)))),
    ("is_gradient", "refuses a right function", lambda f: f(positive(3, 4), np.eye(3)).all() == 0),
    (
        "paper_weight",
        "other way round",
        lambda w, name, n: w / {"paper": 1, "mean": 4, "mean_per_channel": 4 / n**2}[name],
    ),
    (
        "paper_weight",
        "4 is missing",
        lambda w, name, n: w / (n**2 if name == "mean_per_channel" else 1),
    ),
    (
        "paper_weight",
        "then squared",
        lambda w, name, n: w * {"paper": 1, "mean": 4, "mean_per_channel": 4 / n}[name],
    ),
    (
        "paper_weight",
        "1/N\\^4 in all",
        lambda w, name, n: w * {"paper": 1, "mean": 4, "mean_per_channel": 4 / n**4}[name],
    ),
    (
        "paper_weight",
        "unchanged",
        lambda w, name, n: 4 * w / (n**2 if name == "mean_per_channel" else 1),
    ),
]


@pytest.mark.parametrize(
    ("name", "words", "wrong"), MISTAKES, ids=[f"{name}: {words}" for name, words, _ in MISTAKES]
)
def test_a_mistake_is_named(name: str, words: str, wrong: Function) -> None:
    with pytest.raises(AnswerError, match=words):
        getattr(check, name)(wrong)


def test_the_solution_of_the_gradient_agrees_with_central_differences() -> None:
    assert is_gradient(style_gradient)


def suspect(F: np.ndarray, A: np.ndarray) -> np.ndarray:
    N, M = F.shape
    return np.where(F > 0, (F @ F.T / M - A) @ F / (N**2 * M**2), 0)


def test_the_suspect_passes_the_three_tests_and_not_the_fourth() -> None:
    F = np.maximum(signed(3, 4), 0)
    assert leads_downhill(suspect)
    assert is_zero_at_the_target(suspect)
    assert np.all(suspect(F, np.eye(3))[F == 0] == 0)
    assert not is_gradient(suspect)


def test_the_smallest_of_three_weights_counts_too() -> None:
    def nearly(weight: float, normalization: str, channels: int) -> float:
        factor = 1.3 if normalization == "mean_per_channel" else 1.0
        return factor * paper_weight(weight, normalization, channels)

    with pytest.raises(AnswerError, match="not right yet"):
        check.paper_weight(nearly)
