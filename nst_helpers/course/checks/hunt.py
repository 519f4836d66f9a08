"""Bug hunts: the reader writes a test, and it meets right functions and wrong ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

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
        for function in right:
            if not _verdict(test, function):
                raise AnswerError(
                    "Your test refuses a right function: it may ask for more than the task does, "
                    "or compare rounded numbers with ==."
                )
        for sentence, function in wrong.items():
            if _verdict(test, function):
                raise AnswerError(sentence)
        return CORRECT

    return examine


def _verdict(test: Any, function: Callable[..., Any]) -> bool:
    answer = call(test, function)
    require_answer(answer)
    try:
        return bool(answer)
    except Exception as error:
        raise AnswerError("Your test should return True or False, one value.") from error
