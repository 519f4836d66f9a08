"""The reader's test meets right functions and wrong ones."""

from typing import Any

import numpy as np
import pytest

from nst_helpers.course.checks.exercise import Exercise
from nst_helpers.course.checks.hunt import hunt
from nst_helpers.course.checks.judge import CORRECT, NOT_ANSWERED
from nst_helpers.errors import AnswerError

double = Exercise(
    "99.1",
    level=1,
    task="Takes a function; returns whether it doubles.",
    examine=hunt(
        [lambda x: 2 * x, lambda x: x + x],
        {"A square slipped through.": lambda x: x * x, "It adds 2.": lambda x: x + 2},
    ),
)


def test_a_test_that_tells_them_apart_is_correct() -> None:
    assert double(lambda f: f(3) == 6) == CORRECT
    assert double(lambda f: np.bool_(f(3) == 6)) == CORRECT


@pytest.mark.parametrize(
    ("test", "message"),
    [
        (lambda f: True, "A square slipped through"),
        (lambda f: f(0) == 0, "A square slipped through"),
        (lambda f: f(2) == 4 and f(1) != 1, "It adds 2"),
        (lambda f: False, "refuses a right function"),
        (lambda f: np.array([True, False]), "one value"),
        (lambda f: f(1, 2), "stopped with TypeError"),
        (True, "A function was expected"),
    ],
)
def test_what_slips_through_is_named(test: Any, message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        double(test)


@pytest.mark.parametrize("nothing", [None, ..., lambda f: ...])
def test_a_blank_is_no_answer(nothing: Any) -> None:
    assert double(nothing) == NOT_ANSWERED
