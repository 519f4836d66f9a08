"""What all checks share: compare with the right answer, then with the usual wrong ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..errors import AnswerError

CORRECT = "Correct."


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
        Relative to the largest magnitude of `right`.

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        With the explanation of the mistake, where it is a known one.
    """
    if answer is None or answer is ...:
        raise AnswerError("There is no answer yet; replace the ... and return your result.")
    try:
        given = np.asarray(answer, np.float64)
    except (TypeError, ValueError) as error:
        raise AnswerError(
            f"A number or an array was expected, not {type(answer).__name__}."
        ) from error
    if _same(given, right, tolerance):
        return CORRECT
    for explanation, wrong in mistakes.items():
        if not _same(wrong, right, tolerance) and _same(given, wrong, tolerance):
            raise AnswerError(explanation)
    raise AnswerError(_difference(given, np.asarray(right, np.float64)))


def judge_function(
    function: Callable[..., Any],
    inputs: tuple[Any, ...],
    right: Callable[..., Any],
    mistakes: Mapping[str, Callable[..., Any]],
    tolerance: float = 1e-4,
) -> str:
    """Call the reader's function and judge what it returns, as `judge` does.

    Raises
    ------
    AnswerError
        Also if the function itself fails; the cause is attached.
    """
    try:
        answer = function(*inputs)
    except Exception as error:
        raise AnswerError(f"Your function stopped with {type(error).__name__}: {error}") from error
    wrong = {explanation: mistake(*inputs) for explanation, mistake in mistakes.items()}
    return judge(answer, right(*inputs), wrong, tolerance)


def _same(one: Any, other: Any, tolerance: float) -> bool:
    one, other = np.asarray(one, np.float64), np.asarray(other, np.float64)
    if one.shape != other.shape:
        return False
    scale = max(1e-12, float(np.abs(other).max(initial=0)))
    return bool(np.all(np.abs(one - other) <= tolerance * scale))


def _difference(given: np.ndarray, right: np.ndarray) -> str:
    if given.shape != right.shape:
        return f"The answer has the shape {given.shape}; expected is {right.shape}."
    if not np.isfinite(given).all():
        return "The answer holds NaN or infinity; look for a division by zero or a root of one."
    if given.ndim == 0:
        return f"The answer is {given:.4g}, which is not right yet."
    return (
        f"The shape is right, the values are not: the largest difference is "
        f"{np.abs(given - right).max():.2g}, beside values up to {np.abs(right).max():.2g}."
    )
