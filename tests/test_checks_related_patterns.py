"""The checks of lesson 13 take right answers and name the mistake in wrong ones."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nst_helpers import tf
from nst_helpers.course.checks import related_patterns as check
from nst_helpers.errors import AnswerError

Function = Callable[..., Any]


# The solutions, as a reader may write them


def adain(features: np.ndarray, style: np.ndarray) -> np.ndarray:
    rows, wanted = (maps.reshape(-1, maps.shape[-1]) for maps in (features, style))
    away = (rows - rows.mean(axis=0)) / np.sqrt(rows.var(axis=0))
    return (away * wanted.std(axis=0) + wanted.mean(axis=0)).reshape(features.shape)


def instance_norm(maps: np.ndarray) -> np.ndarray:
    away = maps - maps.mean((1, 2), keepdims=True)
    return away / np.sqrt(np.mean(away**2, axis=(1, 2), keepdims=True) + 1e-5)


def batch_norm(maps: np.ndarray) -> np.ndarray:
    return (maps - maps.mean((0, 1, 2))) / maps.std((0, 1, 2))


def tried_on(pictures: int) -> Function:
    """Return a test with so many pictures that differ in every channel."""
    rng = np.random.default_rng(2)
    maps = rng.normal(size=(pictures, 5, 6, 3)) * [1, 2, 3] + [0, 1, 5]
    maps = maps * rng.uniform(1, 4, (pictures, 1, 1, 1)) + rng.normal(size=(pictures, 1, 1, 1))
    return lambda function: np.allclose(function(maps), instance_norm(maps), atol=1e-3)


SOLUTIONS = {"adain": adain, "is_instance_norm": tried_on(2), "field": 38}


@pytest.mark.parametrize("name", SOLUTIONS)
def test_a_solution_is_accepted(name: str) -> None:
    assert getattr(check, name)(SOLUTIONS[name]) == "Correct."


def test_the_field_is_what_a_gradient_reaches() -> None:
    line = tf.Variable(tf.zeros((1, 100, 1)))
    ones = tf.keras.initializers.Ones()
    with tf.GradientTape() as tape:
        maps: Any = line
        for _ in range(3):
            maps = tf.keras.layers.Conv1D(1, 3, kernel_initializer=ones)(maps)
            maps = tf.keras.layers.AveragePooling1D(2)(maps)
        score = tf.keras.layers.Conv1D(1, 3, kernel_initializer=ones)(maps)[0, 2, 0]
    assert np.count_nonzero(tape.gradient(score, line)) == SOLUTIONS["field"]


def plain(maps: np.ndarray) -> np.ndarray:
    return (maps - maps.mean((0, 1))) / maps.std((0, 1))


def channel_by_channel(maps: np.ndarray) -> np.ndarray:
    return (maps - maps.mean(-1, keepdims=True)) / maps.std(-1, keepdims=True)


def made_of(which: tuple[int, ...], scale: float = 1.0, mean: float = 0.0) -> Function:
    """Return a test with normal maps of this shape, which compares with the formula."""
    maps = mean + scale * np.random.default_rng(3).normal(size=which)
    return lambda function: np.allclose(function(maps), instance_norm(maps), atol=1e-3)


def by_moments(function: Function) -> bool:
    maps = np.random.default_rng(4).normal(size=(2, 6, 7, 3)) * [1, 2, 4] + [0, 3, 1]
    maps[1] = 3 * maps[1] + 1
    found = function(maps)
    return np.allclose(found.mean((1, 2)), 0) and np.allclose(found.std((1, 2)), 1, atol=1e-3)


MISTAKES: list[tuple[str, str, Any]] = [
    (
        "adain",
        "one mean and deviation",
        lambda f, s: (f - f.mean()) / f.std() * s.std() + s.mean(),
    ),
    (
        "adain",
        "channels of each position",
        lambda f, s: channel_by_channel(f) * s.std((0, 1)) + s.mean((0, 1)),
    ),
    ("adain", "style's mean is missing", lambda f, s: plain(f) * s.std((0, 1))),
    (
        "adain",
        "mean is still there",
        lambda f, s: f / f.std((0, 1)) * s.std((0, 1)) + s.mean((0, 1)),
    ),
    ("adain", "own deviation", lambda f, s: (f - f.mean((0, 1))) * s.std((0, 1)) + s.mean((0, 1))),
    ("adain", "style's deviation is missing", lambda f, s: plain(f) + s.mean((0, 1))),
    ("adain", "variances", lambda f, s: plain(f) / f.std((0, 1)) * s.var((0, 1)) + s.mean((0, 1))),
    ("adain", "other way round", lambda f, s: (plain(f) + s.mean((0, 1))) * s.std((0, 1))),
    (
        "adain",
        "are exchanged",
        lambda f, s: (f - s.mean((0, 1))) / s.std((0, 1)) * f.std((0, 1)) + f.mean((0, 1)),
    ),
    ("adain", "Only the means", lambda f, s: f - f.mean((0, 1)) + s.mean((0, 1))),
    ("adain", "plain normalization", lambda f, s: plain(f)),
    ("is_instance_norm", "over the batch", lambda function: True),
    ("is_instance_norm", "over the batch", tried_on(1)),
    ("is_instance_norm", "one mean for all channels", made_of((2, 40, 50, 1), scale=2)),
    ("is_instance_norm", "rows by themselves", by_moments),
    ("is_instance_norm", "refuses a right function", lambda function: False),
    ("field", "poolings' own widening", 31),
    ("field", "counted every layer at full size", 12),
    ("field", "last convolution", 22),
    ("field", "not its size", 60),
    ("field", "one step of the last layer", 8),
]


@pytest.mark.parametrize(
    ("name", "words", "wrong"), MISTAKES, ids=[f"{name}: {words}" for name, words, _ in MISTAKES]
)
def test_a_mistake_is_named(name: str, words: str, wrong: Any) -> None:
    with pytest.raises(AnswerError, match=words):
        getattr(check, name)(wrong)


def test_the_suspect_is_right_for_one_picture_only() -> None:
    one, two = (np.random.default_rng(1).normal(3, 2, (n, 5, 6, 4)) for n in (1, 2))
    assert np.allclose(batch_norm(one), instance_norm(one), atol=1e-3)
    assert not np.allclose(batch_norm(two), instance_norm(two), atol=1e-3)
