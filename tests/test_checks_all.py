"""Every exercise: functions may ruin their inputs, and odd answers get a sentence."""

import importlib
import inspect
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from lesson_cells import LESSONS

from nst_helpers.course.checks.exercise import Exercise
from nst_helpers.course.checks.judge import CORRECT, NOT_ANSWERED
from nst_helpers.errors import AnswerError

NO_FUNCTIONS = {"bytes_of_picture", "what_changes", "tensorflow_recipe", "field"}


def exercises() -> dict[Exercise, str]:
    """Return every exercise with its name in its lesson's module."""
    names = [f"nst_helpers.course.checks.{path.stem[3:]}" for path in LESSONS]
    lessons = [importlib.import_module(name) for name in names]
    named = [pair for lesson in lessons for pair in vars(lesson).items()]
    return {one: name for name, one in named if isinstance(one, Exercise)}


NAMES = exercises()
ALL = [pytest.param(one, id=f"{one.number}.{name}") for one, name in NAMES.items()]
FUNCTIONS = [one for one in ALL if NAMES[one.values[0]] not in NO_FUNCTIONS]


def solution(check: Exercise) -> Callable[..., Any]:
    """Return the right answer, which the lesson's own tests have."""
    (lesson,) = (path for path in LESSONS if path.stem[:2] == check.number[:2])
    tests = importlib.import_module(f"test_checks_{lesson.stem[3:]}")
    table = getattr(tests, "SOLUTIONS", None) or getattr(tests, "RIGHT", {})
    pairs = table.items() if isinstance(table, dict) else table
    named = {key if isinstance(key, str) else NAMES[key]: answer for key, answer in pairs}
    name = NAMES[check]
    return named.get(name) or getattr(tests, name)


@pytest.mark.parametrize("check", ALL)
def test_an_exercise_says_what_it_wants_and_gives_hints(check: Exercise) -> None:
    assert inspect.getdoc(check) == repr(check) == f"Exercise {check.number}: {check.task}"
    assert check.task.endswith(".")
    assert check.hints
    assert check.hint().startswith(check.hints[0])
    with pytest.raises(AnswerError, match=rf"1 to {len(check.hints)}\."):
        check.hint(len(check.hints) + 1)


def ruin(value: Any) -> None:
    """Overwrite whatever can be overwritten."""
    if isinstance(value, np.ndarray):
        value[...] = 0
    elif isinstance(value, dict | list | tuple):
        for inner in value.values() if isinstance(value, dict) else value:
            ruin(inner)
        if not isinstance(value, tuple):
            value.clear()


def zeros(inputs: tuple[Any, ...]) -> Any:
    return next((np.zeros_like(x) for x in inputs if isinstance(x, np.ndarray)), 0.0)


@pytest.mark.parametrize("check", FUNCTIONS)
def test_ruined_inputs_make_no_wrong_answer_right(check: Exercise) -> None:
    def ruined_to_zeros(*inputs: Any) -> Any:
        answer = zeros(inputs)
        ruin(inputs)
        return answer

    with pytest.raises(AnswerError):
        check(ruined_to_zeros)


@pytest.mark.parametrize("check", FUNCTIONS)
def test_a_right_function_may_ruin_its_inputs(check: Exercise) -> None:
    def ruins(*inputs: Any) -> Any:
        answer = solution(check)(*inputs)
        ruin(inputs)
        return answer

    assert check(solution(check)) == CORRECT
    assert check(ruins) == CORRECT


def single(value: Any) -> Any:
    """Return the same in float32, lists and dicts included."""
    if isinstance(value, np.ndarray | float) and not np.issubdtype(np.asarray(value).dtype, int):
        return np.asarray(value).astype(np.float32)[()]
    if isinstance(value, dict):
        return {name: single(inner) for name, inner in value.items()}
    return type(value)(map(single, value)) if isinstance(value, list | tuple) else value


@pytest.mark.parametrize("check", FUNCTIONS)
def test_float32_is_accurate_enough(check: Exercise) -> None:
    def rounded(*inputs: Any) -> Any:
        answer = solution(check)(*single(inputs))
        is_integer = isinstance(answer, np.ndarray) and answer.dtype == np.uint8
        return answer if is_integer else single(answer)

    assert check(rounded) == CORRECT


def generator(*inputs: Any) -> Any:
    yield from inputs


def fails(*inputs: Any) -> Any:
    raise ValueError("of my own making")


def fails_at_length(*inputs: Any) -> Any:
    raise ValueError("one line\nanother line " + 900 * "x")


def symbolic() -> Any:
    return importlib.import_module("keras").Input((3,))


def odd_answers() -> list[Any]:
    values = ["x", "5", b"b", "(d)", [], {}, set(), object()]
    numbers = [np.zeros(3), np.zeros((2, 0)), 1j, np.nan, np.full((3, 3), np.nan), 10**400, -1e308]
    ragged = [[[1, 2], [3]], ["a", 1], [np.zeros(2), np.zeros(3)], np.array(["b", "c"])]
    tensors = [tf.zeros((2, 2)), tf.constant("b"), tf.constant(1j), tf.ragged.constant([[1], []])]
    return [*values, *numbers, *ragged, *tensors, symbolic(), np.datetime64("2015-08-26"), int]


@pytest.mark.parametrize("check", ALL)
def test_what_nobody_has_answered_is_no_mistake(check: Exercise) -> None:
    assert check(None) == check(...) == NOT_ANSWERED
    if NAMES[check] not in NO_FUNCTIONS:
        assert check(lambda *_: ...) == NOT_ANSWERED


@pytest.mark.parametrize("check", [one for one in FUNCTIONS if callable(one.values[0].right)])
def test_every_mistake_gets_its_own_sentence(check: Exercise) -> None:
    for sentence, mistake in check.mistakes.items():
        with pytest.raises(AnswerError, match=f"{re.escape(sentence)}$"):
            check(mistake)


@pytest.mark.parametrize("check", FUNCTIONS)
def test_a_function_that_stops_is_named(check: Exercise) -> None:
    with pytest.raises(AnswerError, match="stopped with ValueError: of my own making"):
        check(fails)


@pytest.mark.parametrize("check", [one for one in FUNCTIONS if "is_" in one.id])
def test_a_truth_may_be_numpys(check: Exercise) -> None:
    assert check(lambda *inputs: np.bool_(solution(check)(*inputs))) == CORRECT


@pytest.mark.parametrize("check", FUNCTIONS)
def test_a_missing_return_is_named(check: Exercise) -> None:
    with pytest.raises(AnswerError, match="return is missing"):
        check(lambda *_: None)


def refused(check: Exercise, answer: Any) -> None:
    with pytest.raises(AnswerError) as raised:
        check(answer)
    message = str(raised.value)
    assert "\n" not in message, message
    assert message.endswith((".", "x")) or "stopped with" in message, message
    assert len(message) < 400, message


@pytest.mark.parametrize("check", ALL)
def test_an_odd_answer_gets_a_sentence(check: Exercise) -> None:
    for odd in [*odd_answers(), lambda: 0, generator, fails_at_length, (i for i in ())]:
        refused(check, odd)


@pytest.mark.parametrize("check", FUNCTIONS)
def test_a_function_with_an_odd_result_gets_a_sentence(check: Exercise) -> None:
    for odd in [*odd_answers(), lambda *_: 0]:
        refused(check, lambda *_, odd=odd: odd)
