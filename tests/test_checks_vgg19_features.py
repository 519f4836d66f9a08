"""Lesson 03's checks: the solutions pass, and each usual mistake is told apart."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from lesson_cells import shown

from nst_helpers import ARCHITECTURE
from nst_helpers.course.checks import vgg19_features as check
from nst_helpers.course.checks.exercise import Exercise
from nst_helpers.errors import AnswerError

# As a reader would write them: plainer than, and apart from, the module's own


def count_parameters(rows: Sequence[tuple[str, int, int]]) -> int:
    total = 0
    for _, before, after in rows:
        total += (3 * 3 * before + 1) * after
    return total


def feature_shape(height: int, width: int, layer: str) -> tuple[int, int, int]:
    for name, _, after in ARCHITECTURE:
        if name.endswith("conv1") and name != "block1_conv1":
            height, width = height // 2, width // 2
        if name == layer:
            return height, width, after
    raise AssertionError(layer)


def torch_list() -> list[str]:
    """Return the parts of PyTorch's list, each ReLU under its layer's name."""
    parts: list[str] = []
    for name, *_ in ARCHITECTURE:
        if name.endswith("conv1") and parts:
            parts.append("pooling")
        parts += [f"{name}, convolution", name]
    return parts


def is_strongest(function: Callable[..., Any]) -> bool:
    for place in np.ndindex(3, 5):
        maps = np.random.default_rng(place).random((3, 5, 2)) + [0, 9]
        maps[(*place, 0)] = 1.5
        if tuple(function(maps, 0)) != place:
            return False
    return True


SOLUTIONS: dict[Exercise, Callable[..., Any]] = {
    check.parameters: count_parameters,
    check.feature_shape: feature_shape,
    check.torch_number: torch_list().index,
    check.is_strongest: is_strongest,
}
exercises = pytest.mark.parametrize("exercise", SOLUTIONS, ids=lambda judged: judged.number)
compared = pytest.mark.parametrize("exercise", [x for x in SOLUTIONS if x.right], ids=str)


@compared
def test_any_other_answer_is_rejected(exercise: Exercise) -> None:
    with pytest.raises(AnswerError, match=r"not right|are not|expected"):
        exercise(lambda *inputs: np.asarray(SOLUTIONS[exercise](*inputs)) / 3)


# Mistakes as they are made in loops, for the tables above might share a slip with the module


def one_pooling_too_many(height: int, width: int, layer: str) -> tuple[int, int, int]:
    block = int(layer[5])
    return height // 2**block, width // 2**block, feature_shape(height, width, layer)[2]


def before_the_relu(layer: str) -> int:
    return torch_list().index(f"{layer}, convolution")


def without_poolings(layer: str) -> int:
    return [part for part in torch_list() if part != "pooling"].index(layer)


@pytest.mark.parametrize(
    ("exercise", "wrong", "message"),
    [
        (check.parameters, lambda rows: sum(9 * n * m for _, n, m in rows), "biases are missing"),
        (check.feature_shape, one_pooling_too_many, "One pooling too many"),
        (check.torch_number, before_the_relu, "number of the convolution"),
        (check.torch_number, without_poolings, "poolings have numbers"),
        (check.torch_number, lambda layer: torch_list().index(layer) + 1, "begins with 0"),
    ],
)
def test_mistakes_as_they_are_made(
    exercise: Exercise, wrong: Callable[..., Any], message: str
) -> None:
    with pytest.raises(AnswerError, match=message):
        exercise(wrong)


# The bug hunt: the function that the lesson shows, and tests that are too lazy


def where(shape: tuple[int, int, int], place: tuple[int, int], louder: float = 0) -> Any:
    """Return a test that puts the largest number of channel 1 at a place of random maps."""

    def test(function: Callable[..., Any]) -> bool:
        maps = np.random.default_rng(0).random(shape)
        maps[..., 2] += louder
        maps[(*place, 1)] = 1.5
        return bool(tuple(function(maps, 1)) == place)

    return test


def alone(function: Callable[..., Any]) -> bool:
    maps = np.zeros((5, 8, 3)) + [0, 0, 2]
    maps[4, 6, 1] = 1
    return bool(tuple(function(maps, 1)) == (4, 6))


def the_three_tests(function: Callable[..., Any]) -> bool:
    square, level = np.random.default_rng(0).random((6, 6, 3)), np.zeros((4, 9, 3))
    level[0, 2, 1] = 1
    found = [square[tuple(function(square, c))][c] == square[..., c].max() for c in range(3)]
    one = tuple(function(np.ones((1, 1, 1)), 0))
    return bool(all(found) and tuple(function(level, 1)) == (0, 2) and one == (0, 0))


def test_the_shown_function_is_wrong_and_passes_the_shown_tests() -> None:
    wrong = shown("03", "hasty")
    assert the_three_tests(wrong)
    assert not is_strongest(wrong)


@pytest.mark.parametrize(
    ("lazy", "message"),
    [
        (lambda f: True, "`hasty` slipped through"),
        (the_three_tests, "`hasty` slipped through"),
        (where((6, 6, 3), (5, 3), louder=5), "`hasty` slipped through"),
        (where((4, 9, 3), (3, 7)), "number of all channels"),
        (where((4, 9, 3), (3, 3), louder=5), r"returns \(column, row\)"),
        (where((4, 9, 3), (2, 7), louder=5), "never looks at the border"),
        (alone, "row and the column with the largest sums"),
        (lambda f: tuple(f(np.ones((2, 3, 1)), 0)) == (1, 2), "refuses a right function"),
    ],
)
def test_a_lazy_test_is_refused(lazy: Callable[..., Any], message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        check.is_strongest(lazy)
