"""Lesson 02's checks: the solutions pass, and each usual mistake is told apart."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from lesson_cells import shown

from nst_helpers.course.checks import network_by_hand as check
from nst_helpers.course.checks.exercise import Exercise
from nst_helpers.errors import AnswerError

# As a reader would write them: plainer than, and apart from, the module's own


def convolve_loops(maps: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    height, width, channels = maps.shape
    padded = np.pad(maps, ((1, 1), (1, 1), (0, 0)))
    out = np.zeros((height, width, len(bias)))
    for r in range(height):
        for c in range(width):
            for n in range(len(bias)):
                out[r, c, n] = bias[n]
                for i in range(3):
                    for j in range(3):
                        for m in range(channels):
                            out[r, c, n] += kernel[i, j, m, n] * padded[r + i, c + j, m]
    return out


def receptive_field(steps: Sequence[tuple[int, int]]) -> int:
    pixels, jump = 1, 1
    for size, stride in steps:
        pixels += (size - 1) * jump
        jump *= stride
    return pixels


def max_pool_gradient(x: np.ndarray, g: np.ndarray) -> np.ndarray:
    gradient = np.zeros_like(x)
    for r in range(g.shape[0]):
        for c in range(g.shape[1]):
            window = x[2 * r : 2 * r + 2, 2 * c : 2 * c + 2]
            i, j = np.unravel_index(window.argmax(), (2, 2))
            gradient[2 * r + i, 2 * c + j] = g[r, c]
    return gradient


def is_convolution(function: Callable[..., Any]) -> bool:
    rng = np.random.default_rng(0)
    maps, kernel, bias = rng.normal(size=(2, 2, 3)), rng.normal(size=(3, 3, 3, 4)), np.arange(4)
    corner = bias + np.einsum("ijm,ijmn->n", maps, kernel[1:, 1:])
    return np.allclose(function(maps, kernel, bias)[0, 0], corner)


SOLUTIONS: dict[Exercise, Callable[..., Any]] = {
    check.convolution: convolve_loops,
    check.is_convolution: is_convolution,
    check.receptive_field: receptive_field,
    check.max_pool_gradient: max_pool_gradient,
}
exercises = pytest.mark.parametrize("exercise", SOLUTIONS, ids=lambda judged: judged.number)
compared = pytest.mark.parametrize("exercise", [x for x in SOLUTIONS if x.right], ids=str)


@compared
def test_any_other_answer_is_rejected(exercise: Exercise) -> None:
    def halved(*inputs: Any) -> Any:
        return np.asarray(SOLUTIONS[exercise](*inputs)) / 3

    with pytest.raises(AnswerError, match=r"not right|are not|expected"):
        exercise(halved)


# Mistakes as they are made in loops, for the tables above might share a slip with the module


def without_frame(maps: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    return convolve_loops(maps, kernel, bias)[1:-1, 1:-1]


def turned(maps: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    return convolve_loops(maps, kernel[::-1, ::-1], bias)


def pad_everything(maps: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    height, width, channels = maps.shape
    padded = np.pad(maps, 1)
    out = np.tile(bias, (height, width, 1))
    for i in range(3):
        for j in range(3):
            for m in range(channels):
                shifted = padded[i : i + height, j : j + width, m]
                out += shifted[..., np.newaxis] * kernel[i, j, m]
    return out


def jump_first(steps: Sequence[tuple[int, int]]) -> int:
    pixels, jump = 1, 1
    for size, stride in steps:
        jump *= stride
        pixels += (size - 1) * jump
    return pixels


def forward_order(steps: Sequence[tuple[int, int]]) -> int:
    pixels = 1
    for size, stride in steps:
        pixels = (pixels - 1) * stride + size
    return pixels


@pytest.mark.parametrize(
    ("exercise", "wrong", "message"),
    [
        (check.convolution, without_frame, "lost its border"),
        (check.convolution, turned, "turned by 180"),
        (check.convolution, pad_everything, "frames the channels too"),
        (check.receptive_field, jump_first, "too early"),
        (check.receptive_field, forward_order, "wrong order"),
        (check.max_pool_gradient, lambda x, g: np.kron(g, np.ones((2, 2)) / 4), "average"),
    ],
)
def test_mistakes_as_they_are_made(
    exercise: Exercise, wrong: Callable[..., Any], message: str
) -> None:
    with pytest.raises(AnswerError, match=message):
        exercise(wrong)


# The bug hunt: the function that the lesson shows, and tests that are too lazy


_RNG = np.random.default_rng(0)
MAPS, KERNEL = _RNG.normal(size=(6, 5, 3)), _RNG.normal(size=(3, 3, 3, 4))
BIAS, NO_BIAS, DOT = _RNG.normal(size=4), np.zeros(4), np.eye(3)[1][:, None] * np.eye(3)[1]
STENCIL = [(i, j) for i in range(3) for j in range(3)]


def the_three_tests(function: Callable[..., Any]) -> bool:
    middle = KERNEL * DOT[..., None, None]
    ones = function(np.ones((4, 5, 1)), np.ones((3, 3, 1, 1)), np.zeros(1))
    return (
        function(MAPS, KERNEL, BIAS).shape == (6, 5, 4)
        and np.allclose(function(MAPS, middle, BIAS), MAPS @ KERNEL[1, 1] + BIAS)
        and ones[0, :2, 0].tolist() == [4, 6]
    )


def the_dot_is_turned(function: Callable[..., Any]) -> bool:
    numbered = np.arange(9.0).reshape(3, 3)
    found = function(DOT[..., None], numbered[..., None, None], np.ones(1))
    return np.allclose(found[..., 0] - 1, numbered[::-1, ::-1])


def same_corner(maps: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> Callable[..., bool]:
    right = convolve_loops(maps, kernel, bias)
    return lambda f: np.allclose(f(maps, kernel, bias)[0, 0], right[0, 0])


def test_the_shown_function_is_wrong_and_passes_the_shown_tests() -> None:
    given = {"many_maps": MAPS, "many_kernels": KERNEL, "many_biases": BIAS}
    wrong = shown("02", "stamped", STENCIL=STENCIL, **given)
    assert the_three_tests(wrong)
    assert not is_convolution(wrong)


@pytest.mark.parametrize(
    ("lazy", "message"),
    [
        (lambda f: True, "`stamped` slipped"),
        (the_three_tests, "`stamped` slipped"),
        (the_dot_is_turned, "frame repeats"),
        (same_corner(MAPS, KERNEL, NO_BIAS), "adds the bias nine times"),
        (same_corner(MAPS[..., :1], KERNEL[:, :, :1], BIAS), "the last input channel alone"),
        (same_corner(MAPS, KERNEL * np.eye(3)[..., None, None], BIAS), "rows and columns"),
        (lambda f: f(MAPS, KERNEL, BIAS).shape == (4, 3, 4), "refuses a right function"),
    ],
)
def test_a_lazy_test_is_refused(lazy: Callable[..., Any], message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        check.is_convolution(lazy)


def test_five_mistakes_are_tried() -> None:
    assert [sum(m.startswith(s) for m in check.convolution.mistakes) for s in check._SLIPS] == 5 * [
        1
    ]
