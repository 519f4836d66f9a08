"""Lesson 01's checks: the solution passes, and each usual mistake is named."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from lesson_cells import shown

from nst_helpers.course.checks import images_as_tensors as check
from nst_helpers.errors import AnswerError

MEAN = np.array([103.939, 116.779, 123.68])
Solution = Callable[..., Any]


def in_place(z: np.ndarray) -> np.ndarray:
    z += MEAN
    return z[..., ::-1] / 255


def is_preprocessing(function: Solution) -> bool:
    picture = np.array([[[1, 0.5, 0], [0, 1, 1]]])
    by_hand = np.array([[[0, 127.5, 255], [255, 255, 0]]]) - MEAN
    return np.allclose(function(picture), by_hand)


def is_preprocessing_by_loops(function: Solution) -> bool:
    picture = np.random.default_rng(0).random((3, 4, 3)).astype(np.float32)
    found = function(picture)
    right = [
        np.isclose(found[i, j, c], 255 * picture[i, j, 2 - c] - MEAN[c], atol=1e-3)
        for i, j, c in np.ndindex(picture.shape)
    ]
    return all(right) and found.dtype == np.float32


SOLUTIONS: list[tuple[Callable[[Solution], str], Solution]] = [
    (check.deprocess, lambda z: (z + MEAN)[..., ::-1] / 255),
    (check.deprocess, lambda z: (z[..., ::-1] + MEAN[::-1]) / 255),
    (check.deprocess, in_place),
    (check.is_preprocessing, is_preprocessing),
    (check.is_preprocessing, is_preprocessing_by_loops),
    (check.blend, lambda p, a, alpha, beta: (alpha * p + beta * a) / (alpha + beta)),
    (check.input_gradient, lambda x, p: 255**2 * (x - p)),
]

MISTAKES: list[tuple[Callable[[Solution], str], Solution, str]] = [
    (check.deprocess, lambda z: (z + MEAN) / 255, "still exchanged"),
    (check.deprocess, lambda z: (z[..., ::-1] + MEAN) / 255, "wrong channels"),
    (check.deprocess, lambda z: z[..., ::-1] / 255, "mean color is missing"),
    (check.deprocess, lambda z: (z - MEAN)[..., ::-1] / 255, "subtracted once more"),
    (check.deprocess, lambda z: (z + MEAN)[..., ::-1], "divide by 255"),
    (check.deprocess, lambda z: (z / 255 + MEAN)[..., ::-1], "before you divide, not after"),
    (check.deprocess, lambda z: z[..., ::-1] * 255 - MEAN, "way forward"),
    (check.deprocess, lambda z: ((z + MEAN) / 255)[::-1], "upside down"),
    (check.deprocess, lambda z: np.clip((z + MEAN)[..., ::-1] / 255, 0, 1), "clipped"),
    (check.deprocess, lambda z: ((z + MEAN) / 255)[:, :, ::-1], "batch is not"),
    (check.blend, lambda p, a, alpha, beta: (beta * p + alpha * a) / (alpha + beta), "exchanged"),
    (check.blend, lambda p, a, alpha, beta: alpha * p + beta * a, "division by alpha"),
    (check.blend, lambda p, a, alpha, beta: (p + a) / 2, "the middle"),
    (check.blend, lambda p, a, alpha, beta: (alpha * p + beta * a) / 2, "not by 2"),
    (
        check.blend,
        lambda p, a, alpha, beta: (alpha**2 * p + beta**2 * a) / (alpha**2 + beta**2),
        "not squared",
    ),
    (
        check.blend,
        lambda p, a, alpha, beta: (alpha * p - beta * a) / (alpha + beta),
        "enters with a minus sign",
    ),
    (check.input_gradient, lambda x, p: 255 * (x - p)[..., ::-1], "the network's input"),
    (check.input_gradient, lambda x, p: 255 * (x - p), "A factor 255 is missing"),
    (check.input_gradient, lambda x, p: x - p, "Both factors 255"),
    (check.input_gradient, lambda x, p: 255**2 * (x - p)[..., ::-1], "red stands where blue"),
    (check.input_gradient, lambda x, p: 255**2 * (p - x), "sign"),
    (check.input_gradient, lambda x, p: 2 * 255**2 * (x - p), "factor 2 too much"),
    (
        check.input_gradient,
        lambda x, p: 255 * (255 * x - MEAN[::-1] - 255 * p),
        "cancels in the difference",
    ),
    (check.input_gradient, lambda x, p: 0.5 * 255**2 * ((x - p) ** 2).sum(), "This is the loss"),
]


@pytest.mark.parametrize(("exercise", "solution"), SOLUTIONS)
def test_a_solution_passes(exercise: Callable[[Solution], str], solution: Solution) -> None:
    assert exercise(solution) == "Correct."


@pytest.mark.parametrize(("exercise", "mistake", "words"), MISTAKES)
def test_a_mistake_is_named(
    exercise: Callable[[Solution], str], mistake: Solution, words: str
) -> None:
    with pytest.raises(AnswerError, match=words):
        exercise(mistake)


# The bug hunt: the function that the lesson shows, and tests that are too lazy


def the_three_tests(function: Solution) -> bool:
    picture = np.random.default_rng(0).random((4, 5, 3))
    black, red = np.zeros((1, 1, 3)), np.array([[[1, 0, 0]]])
    found = function(picture)
    return (
        found.shape == picture.shape
        and np.allclose(function(red) - function(black), [0, 0, 255])
        and np.isclose(found.mean(), 255 * picture.mean() - MEAN.mean())
    )


def test_the_shown_function_is_wrong_and_passes_the_shown_tests() -> None:
    photo = np.random.default_rng(0).random((4, 5, 3))
    prepared = shown("01", "prepared", MEAN=MEAN, photo=photo)
    assert the_three_tests(prepared)
    assert not is_preprocessing(prepared)


@pytest.mark.parametrize(
    ("lazy", "words"),
    [
        (lambda f: True, "`prepared` slipped through"),
        (the_three_tests, "`prepared` slipped through"),
        (lambda f: np.allclose(f(np.zeros((2, 2, 3))), -MEAN), "the order R, G, B"),
        (lambda f: np.abs(f(np.full((1, 1, 3), MEAN[::-1] / 255))).max() < 1e-3, "scale 0 to 1"),
        (lambda f: np.allclose(f(np.array([[[1, 0.5, 0]]])), [0, 127.5, 255] - MEAN), "rows and"),
        (lambda f: f(np.ones((1, 1, 3))).dtype == np.uint8, "refuses a right function"),
    ],
)
def test_a_lazy_test_is_refused(lazy: Solution, words: str) -> None:
    with pytest.raises(AnswerError, match=words):
        check.is_preprocessing(lazy)
