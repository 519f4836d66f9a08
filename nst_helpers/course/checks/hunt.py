"""Bug hunts: the reader writes a test, and it meets right functions and wrong ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from ...errors import AnswerError
from .judge import CORRECT, call, require_answer


def hunt(
    right: Sequence[Callable[..., Any]], wrong: Mapping[str, Callable[..., Any]]
) -> Callable[[Any], str]:
    """Return the `examine` of an exercise whose answer is a test of functions.

    Parameters
    ----------
    right : sequence of callable
        Functions that the reader's test must accept: more than one way of writing it.
    wrong : mapping of str to callable
        Functions that it must refuse, each under the sentence that says what slipped through.

    Returns
    -------
    callable
        Takes the reader's test, a function of one function that returns True or False.
    """

    def examine(test: Any) -> str:
        if not all([_verdict(test, function) for function in right]):
            raise AnswerError(
                "Your test refuses a right function. Work out once more what you expect; or it "
                "asks for more than the task does, or compares rounded numbers with ==."
            )
        for sentence, function in wrong.items():
            if _of_a_wrong_one(test, function):
                raise AnswerError(sentence)
        return CORRECT

    return examine


def _of_a_wrong_one(test: Any, function: Callable[..., Any]) -> bool:
    try:
        return _verdict(test, function)
    except AnswerError as error:
        if "stopped with" not in str(error):
            raise
        raise AnswerError(
            "Your test accepts the right functions, and a wrong one makes it stop, where it should "
            f"return False. {error}"
        ) from error


def _verdict(test: Any, function: Callable[..., Any]) -> bool:
    answer = call(test, function)
    require_answer(answer)
    with suppress(Exception):  # a ragged list, a stranger's type
        array = np.asarray(answer)
        if array.size == 1 and array.dtype.kind in "biu":
            return bool(array.item())
    raise AnswerError(f"Your test should return True or False, one value, not {_kind(answer)}.")


def _kind(answer: Any) -> str:
    several = isinstance(answer, np.ndarray) and answer.size != 1
    return f"{answer.size} of them (np.all makes one of them)" if several else type(answer).__name__
