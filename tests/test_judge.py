"""The judge behind all checks: right answers pass, wrong ones are told what is wrong."""

from typing import Any

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from nst_helpers.course.checks.judge import CORRECT, call, judge, judge_choice, judge_function
from nst_helpers.errors import AnswerError

RIGHT = np.array([1.0, 2.0, 3.0])
MISTAKES = {"It is twice too large; halve it.": 2 * RIGHT, "Sum the rows first.": 6.0}


@pytest.mark.parametrize("answer", [RIGHT, [1, 2, 3], RIGHT.astype(np.float32) * (1 + 1e-6)])
def test_right_answers_pass(answer: Any) -> None:
    assert judge(answer, RIGHT, MISTAKES) == CORRECT


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (None, "Not answered yet"),
        (..., "Not answered yet"),
        ("three", "A number or an array was expected, not str"),
        (2 * RIGHT, "halve it"),
        (6, "Sum the rows first"),
        (RIGHT[:2], r"shape \(2,\); expected is \(3,\)"),
        ([1, 2, np.nan], "NaN or infinity"),
        ([1, 2, 4], "largest difference is 1"),
    ],
)
def test_wrong_answers_are_explained(answer: Any, message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        judge(answer, RIGHT, MISTAKES)


def test_a_wrong_number_is_shown() -> None:
    with pytest.raises(AnswerError, match="The answer is 5, which is not right yet"):
        judge(5, 4, {})


def test_a_mistake_that_changes_nothing_is_no_mistake() -> None:
    assert judge(RIGHT, RIGHT, {"never said": RIGHT}) == CORRECT


def test_functions_are_called_and_judged() -> None:
    mistakes = {"You forgot to square.": lambda x: x}
    assert judge_function(lambda x: x * x, (3.0,), lambda x: x**2, mistakes) == CORRECT
    with pytest.raises(AnswerError, match="forgot to square"):
        judge_function(lambda x: x, (3.0,), lambda x: x**2, mistakes)
    with pytest.raises(AnswerError, match="stopped with ZeroDivisionError"):
        judge_function(lambda x: x / 0, (3.0,), lambda x: x**2, mistakes)


def test_each_call_gets_inputs_of_its_own() -> None:
    def scratch(x: np.ndarray) -> np.ndarray:
        x *= 2
        return x

    mistakes = {"never said": scratch}
    assert judge_function(scratch, (RIGHT,), lambda x: 2 * x, mistakes) == CORRECT
    np.testing.assert_array_equal(RIGHT, [1, 2, 3])


def test_what_is_no_function_is_told() -> None:
    with pytest.raises(AnswerError, match="A function was expected, not int; give its name alone"):
        call(3)


def test_the_line_that_failed_is_named() -> None:
    def divides(x: float) -> float:
        return x / 0

    line = divides.__code__.co_firstlineno + 1
    with pytest.raises(AnswerError, match=rf"ZeroDivisionError: .+ \(line {line}\)"):
        call(divides, 1.0)


def test_letters_without_an_explanation_are_listed() -> None:
    with pytest.raises(AnswerError, match="Answer with one letter: a, b or c, in quotes"):
        judge_choice("both", "a", {"b": "no", "c": "no"})


def test_a_notebook_shows_the_sentence_without_the_source(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shell = InteractiveShell()
    shell.run_cell("from nst_helpers.course.checks import start_here\nstart_here.what_changes('a')")
    shown = capsys.readouterr().out.strip()
    assert shown.splitlines() == [
        "AnswerError: The network is never trained here: its weights stay as they are."
    ]
