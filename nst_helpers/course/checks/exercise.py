"""An exercise as a table: what is asked, the right answer, and the usual wrong ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...errors import AnswerError
from .judge import (
    CORRECT,
    NOT_ANSWERED,
    NoAnswer,
    as_numbers,
    call,
    difference,
    is_right,
    judge,
    judge_choice,
    judge_function,
)


@dataclass(frozen=True, eq=False, repr=False)  # a repr would show the answer
class Exercise:
    """One exercise; called with the reader's answer, it says "Correct." or what went wrong.

    Attributes
    ----------
    number : str
        As in the lesson, such as ``"05.1"``.
    level : int
        1 to 3: the lesson's filled circles.
    task : str
        What is to be answered, with shapes; `help` shows it.
    right : callable, number, array or str
        A function that answers as the reader's should, the answer itself, or a letter.
    mistakes : mapping
        By the sentence that explains it, what each usual mistake leads to: a function or a value,
        as `right`. For a letter: by the wrong letters, why not. For `examine`: as it needs them.
    inputs : tuple
        What functions are called with.
    cases : sequence of tuple
        Instead of `inputs`, if one call is not enough: the answers to all are judged together.
    tolerance : float
        As for `judge`.
    examine : callable, optional
        Judges the answer by itself, for exercises with more than one right answer.
    hints : tuple of str
        From a nudge to nearly the answer.
    """

    number: str
    level: int
    task: str
    right: Any = None
    mistakes: Mapping[str, Any] = field(default_factory=dict)
    inputs: tuple[Any, ...] = ()
    cases: Sequence[tuple[Any, ...]] = ()
    tolerance: float = 1e-4
    examine: Callable[[Any], str] | None = None
    hints: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "__doc__", repr(self))

    def __repr__(self) -> str:
        return f"Exercise {self.number}: {self.task}"

    def __call__(self, answer: Any) -> str:
        """Judge an answer.

        Returns
        -------
        str
            A short confirmation, or that there is no answer yet: a lesson that nobody has touched
            runs from top to bottom.

        Raises
        ------
        AnswerError
            With the explanation of the mistake, where it is a known one.
        """
        try:
            return self._judged(answer)
        except NoAnswer:
            return NOT_ANSWERED

    def _judged(self, answer: Any) -> str:
        if self.examine:
            return self.examine(answer)
        if isinstance(self.right, str):
            return judge_choice(answer, self.right, self.mistakes)
        if not callable(self.right):
            return judge(answer, self.right, self.mistakes, self.tolerance)
        if not self.cases:
            return judge_function(answer, self.inputs, self.right, self.mistakes, self.tolerance)
        return self._by_cases(answer)

    def _by_cases(self, answer: Any) -> str:
        """Judge the answers to all cases together; if no mistake is known, name the first case."""
        rights = [as_numbers(call(self.right, *case)) for case in self.cases]
        given = []
        for case, right in zip(self.cases, rights, strict=True):
            given.append(one := as_numbers(call(answer, *case)))
            if one.shape != right.shape or not np.isfinite(one).all():
                raise AnswerError(f"{difference(one, right)[:-1]} ({_called(case)}).")
        wrong = {
            sentence: [call(mistake, *case) for case in self.cases]
            for sentence, mistake in self.mistakes.items()
        }
        if is_right(given, rights, wrong, self.tolerance):
            return CORRECT
        margin = self.tolerance * max(np.abs(right).max() for right in rights)
        for case, one, right in zip(self.cases, given, rights, strict=True):
            if np.any(np.abs(one - right) > margin):
                raise AnswerError(f"{difference(one, right)[:-1]} ({_called(case)}).")
        raise AssertionError("One case is wrong.")

    def hint(self, number: int = 1) -> str:
        """Return a hint; the first says least, and each names the next.

        Raises
        ------
        AnswerError
            If there is no such hint.
        """
        if not 1 <= number <= len(self.hints):
            raise AnswerError(f"Hints have the numbers 1 to {len(self.hints)}.")
        more = "" if number == len(self.hints) else f" [More: .hint({number + 1})]"
        return self.hints[number - 1] + more


def _called(case: tuple[Any, ...]) -> str:
    def short(value: Any) -> str:
        is_array = isinstance(value, np.ndarray)
        return np.array2string(value, precision=3, separator=", ") if is_array else repr(value)

    return "called with " + ", ".join(map(short, case))
