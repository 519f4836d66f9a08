"""The checks of lesson 00 accept the right answers and name the usual wrong ones."""

from typing import Any

import pytest

from nst_helpers.course.checks import start_here as check
from nst_helpers.course.checks.judge import CORRECT
from nst_helpers.errors import AnswerError


def test_right_answers() -> None:
    assert check.count_numbers(lambda height, width: 3 * height * width) == CORRECT
    assert check.bytes_of_picture(1000 * 500 * 3 * 4) == CORRECT


@pytest.mark.parametrize("answer", ["b", "B", "b)", ["b"], " b ", "(b)", "b.", ("B)",), {"b"}])
def test_a_letter_may_be_written_in_many_ways(answer: Any) -> None:
    assert check.what_changes(answer) == CORRECT


def count_numbers(height: int, width: int) -> int:
    return 3 * height * width


@pytest.mark.parametrize(
    ("exercise", "answer", "message"),
    [
        (check.count_numbers, lambda h, w: h * w, "three numbers"),
        (check.count_numbers, lambda h, w: 3 * (h + w), "were added; multiply"),
        (check.count_numbers, lambda h, w: (h, w, 3), "Only the shape"),
        (check.bytes_of_picture, 1_500_000, "each float32 takes 4 bytes"),
        (check.bytes_of_picture, 500_000, "counts pixels"),
        (check.bytes_of_picture, 48_000_000, "32 bits"),
        (check.bytes_of_picture, 12_000_000, "float64"),
        (check.bytes_of_picture, 2_000_000, "red, green and blue"),
        (check.what_changes, "a", "never trained"),
        (check.what_changes, "c", "Only one of the two"),
        (check.what_changes, "d", r"one letter: a, b or c, in quotes"),
        (check.what_changes, 1, "one letter"),
        (check.what_changes, "A", "never trained"),
    ],
)
def test_wrong_answers(exercise: Any, answer: Any, message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        exercise(answer)
