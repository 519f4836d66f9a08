"""Predictions that count: commit to one, then see what comes out (every lesson).

The truth is computed in the cell that compares: the question's cell does not give it away. Without
a commitment, as in Run All and nbval, nothing is printed. A notebook stores no widget (tag its cell
`prediction`): for readers without a kernel, the text above has the question and its choices, too.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

import numpy as np
from IPython.display import display
from ipywidgets import HTML, Button, RadioButtons, VBox
from matplotlib.axes import Axes

from ..errors import AnswerError
from .sliders import Sliders, slider


class Prediction:
    """What a reader expects: displayed as a question, then committed once."""

    def __init__(self, question: str, control: Any, fits: Callable[..., bool], wanted: str) -> None:
        self.answer: Any = None
        self.right: bool | None = None  # from the first comparison on
        self._control, self._fits, self._wanted = control, fits, wanted
        self._button, self._note = Button(description="Commit", disabled=True), HTML()
        control.observe(self._moved, "value")
        self._button.on_click(self._clicked)
        title = HTML(html.escape(question))  # a Label would cut off a long one
        display(VBox([title, control, self._button, self._note]))

    def commit(self, answer: Any) -> None:
        """Do what the Commit button does.

        Parameters
        ----------
        answer : str or float
            One of the choices, or a number within the slider's range.

        Raises
        ------
        AnswerError
            If it is none of these, or if something has been committed already.
        """
        if self.answer is not None:
            raise AnswerError(f"You have already committed: {_text(self.answer)}.")
        if not self._fits(answer):
            raise AnswerError(f"Commit {self._wanted}.")
        self._keep(answer)

    def _moved(self, _: Any) -> None:
        self._button.disabled = self.answer is not None or self._control.value is None

    def _clicked(self, _: Any) -> None:
        if not self._button.disabled:  # the second half of a double click comes here, too
            self._keep(self._control.value)

    def _keep(self, answer: Any) -> None:
        self.answer = self._control.value = answer
        self._control.disabled = self._button.disabled = True
        self._note.value = html.escape(f"Committed: {_text(answer)}")


class Choice(Prediction):
    """A prediction out of a few; `Predictions.ask` makes it."""

    def __init__(self, question: str, choices: tuple[str, ...]) -> None:
        wide = {"width": "max-content"}  # the usual one cuts off long choices
        radio = RadioButtons(options=choices, index=None, layout=wide)
        wanted = "one of " + ", ".join(f'"{choice}"' for choice in choices)
        super().__init__(question, radio, choices.__contains__, wanted)

    def compare(self, truth: str) -> None:
        """Print what was committed beside what came out, or nothing without a commitment.

        Parameters
        ----------
        truth : str
            One of the choices.

        Raises
        ------
        ValueError
            If it is none of them.
        """
        if not self._fits(truth):  # the lesson's mistake, found without a commitment, too
            raise ValueError(f'"{truth}" came out; the lesson expects {self._wanted}.')
        if self.answer is not None:
            self.right = bool(self.answer == truth)
            end = ", and so it is." if self.right else f". It is {truth}."
            print(f"You said {self.answer}{end}")


class Estimate(Prediction):
    """A prediction of a number; `Predictions.estimate` makes it."""

    def __init__(self, question: str, low: float, high: float) -> None:
        def fits(answer: Any) -> bool:
            return isinstance(answer, Real) and low <= float(answer) <= high

        wanted = f"a number from {_text(low)} to {_text(high)}"
        super().__init__(question, slider(low, high), fits, wanted)

    def compare(self, value: float, factor: float = 2.0) -> None:
        """Print whether the estimate is near enough, or nothing without a commitment.

        Parameters
        ----------
        value : float
            What came out.
        factor : float
            How far above or below it an estimate is still right; 1 or more.
        """
        if self.answer is not None:
            low, high = sorted([float(self.answer), float(value)], key=abs)
            self.right = low == high or (low * high > 0 and high / low <= factor)
            within = f"{'' if self.right else 'not '}within a factor of {factor:g}"
            print(f"You said {_text(self.answer)}; it is {_text(value)}: {within}.")


class Sketch(Prediction):
    """A prediction of a curve; `Predictions.sketch` makes it."""

    def __init__(self, question: str, places: Sequence[str], low: float, high: float) -> None:
        def fits(answer: Any) -> bool:
            return np.shape(answer) == (len(places),) and all(
                isinstance(one, Real) and low <= float(one) <= high for one in answer
            )

        wanted = f"{len(places)} numbers from {_text(low)} to {_text(high)}"
        super().__init__(question, Sliders(places, low, high), fits, wanted)
        self._places = list(places)

    def _keep(self, answer: Any) -> None:
        super()._keep(tuple(float(one) for one in answer))

    def compare(self, values: Any, within: float) -> None:
        """Print at how many places the sketch is near enough, or nothing without a commitment.

        Parameters
        ----------
        values : array_like of float
            What came out, a number for each place.
        within : float
            How far from it a point of the sketch is still right. The sketch is, if most are.
        """
        if self.answer is not None:
            near = np.abs(np.subtract(self.answer, values)) <= within
            self.right = bool(near.mean() > 0.5)
            print(f"Your sketch is within {within:g} at {near.sum()} of {near.size} places.")

    def draw(self, axis: Axes) -> None:
        """Draw the sketch into the figure of what came out, or nothing without a commitment.

        Parameters
        ----------
        axis : matplotlib.axes.Axes
            With the places by name.
        """
        if self.answer is not None:
            axis.plot(self._places, self.answer, "D", color="0.2", mfc="none", label="your sketch")


class Predictions:
    """The predictions of one lesson; the same question asked again replaces the earlier one."""

    def __init__(self) -> None:
        self._made: dict[str, Prediction] = {}

    def ask(self, question: str, *choices: str) -> Choice:
        """Display a question with radio buttons, none chosen, and a Commit button.

        Parameters
        ----------
        question, *choices : str

        Returns
        -------
        Choice
            For `Choice.compare`, in the cell that finds the truth.
        """
        self._made[question] = choice = Choice(question, choices)
        return choice

    def estimate(self, question: str, low: float, high: float) -> Estimate:
        """Display a question with a slider, logarithmic if it spans a factor of 100.

        Parameters
        ----------
        question : str
        low, high : float
            Ends of the slider.

        Returns
        -------
        Estimate
            For `Estimate.compare`, in the cell that finds the truth.
        """
        self._made[question] = estimate = Estimate(question, low, high)
        return estimate

    def sketch(self, question: str, places: Sequence[str], low: float, high: float) -> Sketch:
        """Display a question with a slider for each point of a curve.

        Parameters
        ----------
        question : str
        places : sequence of str
            Names along the axis, as in the figure of what comes out.
        low, high : float
            Ends of the sliders.

        Returns
        -------
        Sketch
            For `Sketch.compare` and `Sketch.draw`, in the cells that find and show the truth.
        """
        self._made[question] = sketch = Sketch(question, places, low, high)
        return sketch

    def count(self) -> None:
        """Print how many of those committed and compared were right; nothing if there are none."""
        rights = [one.right for one in self._made.values() if one.right is not None]
        if rights:
            noun = "prediction" if len(rights) == 1 else "predictions"
            verb = "was" if 1 in (sum(rights), len(rights)) else "were"
            print(f"{sum(rights)} of {len(rights)} {noun} {verb} right.")


def _text(answer: Any) -> str:
    if isinstance(answer, str):
        return answer
    if np.ndim(answer):
        return ", ".join(map(_text, answer))
    return f"{float(f'{float(answer):.4g}'):,g}"
