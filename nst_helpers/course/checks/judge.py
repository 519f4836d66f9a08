"""What all checks share: compare with the right answer, then with the usual wrong ones."""

from __future__ import annotations

import copy
import re
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import AnswerError

CORRECT = "Correct."
NOT_ANSWERED = "Not answered yet: there is None or ... so far. Stuck? Ask its .hint()."
_NOTHING = (
    "Your function returned nothing: the return is missing, or is not reached for every input. "
    "What it prints does not count."
)


class NoAnswer(AnswerError):
    """An exercise still holds None or the dots, as the lesson hands it out."""


def judge(answer: Any, right: Any, mistakes: Mapping[str, Any], tolerance: float = 1e-4) -> str:
    """Compare an answer with the right one, and with known wrong ones if it differs.

    Parameters
    ----------
    answer : array_like or tf.Tensor
        The reader's.
    right : array_like
    mistakes : mapping of str to array_like
        What each usual mistake leads to, under the sentence that explains it.
    tolerance : float
        Relative to the largest magnitude of `right`. float32 answers are within 2e-6 of it;
        the usual mistakes are farther off than 1e-3, or the exercise has a tolerance of its own.

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        With the explanation of the mistake, where it is a known one.
    """
    given = as_numbers(answer)
    if is_right(given, right, mistakes, tolerance):
        return CORRECT
    raise AnswerError(difference(given, np.asarray(right, np.float64), tolerance))


def is_right(given: Any, right: Any, mistakes: Mapping[str, Any], tolerance: float) -> bool:
    """Return whether an answer is right.

    Raises
    ------
    AnswerError
        If the mistake is a known one.
    """
    if _same(given, right, tolerance):
        return True
    for explanation, wrong in mistakes.items():
        if not _same(wrong, right, tolerance) and _same(given, wrong, tolerance):
            raise AnswerError(explanation)
    return False


def judge_function(
    function: Callable[..., Any],
    inputs: tuple[Any, ...],
    right: Callable[..., Any],
    mistakes: Mapping[str, Callable[..., Any]],
    tolerance: float = 1e-4,
) -> str:
    """Call the reader's function and judge what it returns, as `judge` does.

    Every call gets inputs of its own, and the right answer is there before the reader's function
    runs, so that a function may use its inputs as scratch paper.

    Raises
    ------
    AnswerError
        Also if the function itself fails; the cause is attached.
    """
    expected = right(*copy.deepcopy(inputs))
    wrong = {text: mistake(*copy.deepcopy(inputs)) for text, mistake in mistakes.items()}
    return judge(call(function, *inputs), expected, wrong, tolerance)


def judge_choice(answer: Any, right: str, wrong: Mapping[str, str]) -> str:
    """Judge the letter that was chosen: "b", and also "B", "(b)" or ["b"].

    Parameters
    ----------
    answer : str
        The reader's.
    right : str
        A small letter.
    wrong : mapping of str to str
        Why not, by letter.

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        With the explanation, or with the letters that there are.
    """
    require_answer(answer)
    letter = _letter(answer)
    if letter == right:
        return CORRECT
    *others, last = sorted([right, *wrong])
    raise AnswerError(
        wrong.get(letter, f"Answer with one letter: {', '.join(others)} or {last}, in quotes.")
    )


def call(function: Any, *inputs: Any) -> Any:
    """Return what the reader's function makes of copies of the inputs.

    Raises
    ------
    AnswerError
        If it is no function, fails, or returns None; the message names the line.
    """
    require_answer(function)
    if not callable(function):
        raise AnswerError(
            f"A function was expected, not {type(function).__name__}; give its name alone, "
            "without parentheses."
        )
    try:
        answer = function(*copy.deepcopy(inputs))
    except AnswerError:
        raise
    except KeyboardInterrupt as error:
        raise AnswerError(
            f"You interrupted your function{_where(error)}: is there a loop that never ends?"
        ) from error
    except Exception as error:
        reason = " ".join(str(error).split())[:300] or "no message"
        raise AnswerError(
            f"Your function stopped with {type(error).__name__}: {reason}{_where(error)}"
        ) from error
    if answer is None:
        raise AnswerError(_NOTHING)
    return answer


def require_answer(answer: Any) -> None:
    """Raise `NoAnswer` if an exercise still holds None or the dots."""
    if answer is None or answer is ...:
        raise NoAnswer(NOT_ANSWERED)


def as_numbers(answer: Any) -> NDArray[np.float64]:
    """Return an answer as float64.

    Raises
    ------
    AnswerError
        If there is none, or if it does not consist of real numbers.
    """
    require_answer(answer)
    expected = f"A number or an array was expected, not {type(answer).__name__}."
    try:
        array = np.asarray(answer)
        if array.dtype.kind in "SUMm":  # NumPy would read "5" and dates as numbers
            raise AnswerError(expected)
        if array.dtype.kind == "c":
            raise AnswerError("The answer holds complex numbers; real ones were expected.")
        return np.asarray(array, np.float64)
    except AnswerError:
        raise
    except Exception as error:  # whatever a tensor, a ragged list or a stranger's type raises
        raise AnswerError(expected) from error


def _letter(answer: Any) -> str:
    if isinstance(answer, np.ndarray):
        answer = answer.ravel().tolist()
    if isinstance(answer, list | tuple | set) and len(answer) == 1:
        (answer,) = answer
    found = re.fullmatch(r"\W*(\w)\W*", answer) if isinstance(answer, str) else None
    return found[1].lower() if found else ""


def _where(error: BaseException) -> str:
    """Name the line of the reader's own code, for a notebook shows the message alone."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).parent != Path(__file__).parent]
    lines = [frame.lineno for frame in own if frame.filename == own[0].filename]
    return f" (line {lines[-1]})" if lines else ""


def _same(one: Any, other: Any, tolerance: float) -> bool:
    one, other = np.asarray(one, np.float64), np.asarray(other, np.float64)
    if one.shape != other.shape:
        return False
    scale = max(1e-12, float(np.abs(other).max(initial=0)))
    return bool(np.all(np.abs(one - other) <= tolerance * scale))


def difference(given: Any, right: Any, tolerance: float = 1e-4) -> str:
    """Return a sentence on how an answer differs from the right one, which it does not tell."""
    if given.shape != right.shape:
        has = f"has the shape {given.shape}" if given.shape else "is a single number"
        wanted = str(right.shape) if right.shape else "a single number"
        return f"The answer {has}; expected is {wanted}."
    if not np.isfinite(given).all():
        return (
            "The answer holds NaN or infinity; look for a division by zero, or for the root or "
            "the logarithm of a negative number."
        )
    if given.ndim == 0:
        whole = given == np.round(given) and abs(given) < 1e15
        return f"The answer is {given:{',.0f' if whole else '.6g'}}, which is not right yet."
    wrong = ~np.isclose(given, right, 0, tolerance * max(1e-12, np.abs(right).max()))
    first = ", ".join(map(str, np.argwhere(wrong)[0]))
    return (
        f"The shape is right, the values are not: {wrong.sum()} wrong of {wrong.size}, the first "
        f"at [{first}]; the largest difference is {np.abs(given - right).max():.2g}, beside values "
        f"up to {np.abs(right).max():.2g}."
    )
