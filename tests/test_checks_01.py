"""Lesson 01's checks: the solution passes, and each usual mistake is named."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from lesson_cells import shown

from nst_helpers.course.checks import lesson01 as check
from nst_helpers.errors import AnswerError

MEAN = np.array([103.939, 116.779, 123.68])
Solution = Callable[..., Any]


def steps(eta: float, error: float) -> float:
    return math.log(255 * error) / -math.log(abs(1 - eta))


def first_enough(eta: float, error: float) -> int:
    count = 0
    while error > 1 / 255:
        error *= abs(1 - eta)
        count += 1
    return count


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
    (check.mean_color, lambda x: x.mean(axis=(0, 1))[::-1] * 255),
    (check.deprocess, lambda z: (z + MEAN)[..., ::-1] / 255),
    (check.deprocess, lambda z: (z[..., ::-1] + MEAN[::-1]) / 255),
    (check.deprocess, in_place),
    (check.is_preprocessing, is_preprocessing),
    (check.is_preprocessing, is_preprocessing_by_loops),
    (check.to_bytes, lambda x: np.rint(np.clip(x, 0, 1) * 255).astype(np.uint8)),
    (check.to_bytes, lambda x: (np.clip(x, 0, 1) * 255 + 0.5).astype(np.uint8)),
    (check.steps_needed, lambda eta, error: math.ceil(steps(eta, error))),
    (check.steps_needed, first_enough),
    (check.blend, lambda p, a, alpha, beta: (alpha * p + beta * a) / (alpha + beta)),
    (check.input_gradient, lambda x, p: 255**2 * (x - p)),
]

MISTAKES: list[tuple[Callable[[Solution], str], Solution, str]] = [
    (check.mean_color, lambda x: x.mean((0, 1)) * 255, "order R, G, B; VGG"),
    (check.mean_color, lambda x: x.mean((0, 1))[::-1], "those of 0 to 1"),
    (check.mean_color, lambda x: x.mean((0, 1)), "order is R, G, B and the scale 0 to 1"),
    (check.mean_color, lambda x: x.mean() * 255, "together; keep"),
    (check.mean_color, lambda x: x.mean(), "together, and on the scale"),
    (check.mean_color, lambda x: x.mean(0)[:, ::-1] * 255, "Only the rows"),
    (check.mean_color, lambda x: x.mean(1)[:, ::-1] * 255, "Only the columns"),
    (check.mean_color, lambda x: x.mean((1, 2)) * 255, "averaged away"),
    (check.mean_color, lambda x: x.sum((0, 1))[::-1] * 255, "sum over the pixels"),
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
    (check.to_bytes, lambda x: (np.clip(x, 0, 1) * 255).astype(np.uint8), "cut off, not rounded"),
    (check.to_bytes, lambda x: np.rint(x * 255).astype(int).astype(np.uint8), "around; clip"),
    (check.to_bytes, lambda x: (x * 255).astype(int).astype(np.uint8), "clip and round"),
    (check.to_bytes, lambda x: np.rint(x * 255), "still there"),
    (check.to_bytes, lambda x: np.rint(np.clip(x, 0, 1)).astype(np.uint8), "0 or 1"),
    (check.to_bytes, lambda x: np.rint(np.clip(x * 255, 0, 1)).astype(np.uint8), "not black"),
    (check.to_bytes, lambda x: np.clip(np.rint(x * 256), 0, 255).astype(np.uint8), "not 256"),
    (check.to_bytes, lambda x: np.rint(np.clip(x, 0, 1) * 255), "type is not"),
    (check.steps_needed, lambda eta, error: math.ceil(steps(eta, error) / 2), "for the loss"),
    (check.steps_needed, lambda eta, error: int(steps(eta, error)), "less than enough"),
    (check.steps_needed, lambda eta, error: round(steps(eta, error)), "a step too few"),
    (check.steps_needed, steps, "fraction"),
    (check.steps_needed, lambda eta, error: math.ceil(steps(eta, error)) + 1, "too many"),
    (check.steps_needed, lambda eta, error: math.ceil(steps(eta, 1)), "is missing"),
    (check.steps_needed, lambda eta, error: math.ceil(steps(1 - eta, error)), "not by eta"),
    (check.steps_needed, lambda eta, error: math.log(1 - eta), "stopped with ValueError"),
    (check.blend, lambda p, a, alpha, beta: (beta * p + alpha * a) / (alpha + beta), "exchanged"),
    (check.blend, lambda p, a, alpha, beta: alpha * p + beta * a, "division by alpha"),
    (check.blend, lambda p, a, alpha, beta: (p + a) / 2, "the middle"),
    (check.blend, lambda p, a, alpha, beta: (alpha * p + beta * a) / 2, "not by 2"),
    (
        check.blend,
        lambda p, a, alpha, beta: (alpha**2 * p + beta**2 * a) / (alpha**2 + beta**2),
        "not squared",
    ),
    (check.blend, lambda p, a, alpha, beta: (alpha * p - beta * a) / (alpha + beta), "two pulls"),
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
CHECKS = list(dict.fromkeys(exercise for exercise, _ in SOLUTIONS))


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
