"""Predictions of the lessons: committed once, compared with what came out, counted."""

from collections.abc import Callable
from typing import Any

import ipywidgets
import numpy as np
import pytest
from matplotlib.figure import Figure

from nst_helpers.course import predictions as module
from nst_helpers.course.predictions import Predictions
from nst_helpers.errors import AnswerError

CHOICES = ("the losses", "the pictures", "both", "neither")


@pytest.fixture(autouse=True)
def shown(monkeypatch: pytest.MonkeyPatch) -> list[ipywidgets.VBox]:
    """Return the list of what was displayed; nothing is."""
    boxes: list[ipywidgets.VBox] = []
    monkeypatch.setattr(module, "display", boxes.append)
    return boxes


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """Return a function that returns what was printed since it was called last."""

    def read() -> str:
        printed = capsys.readouterr()
        assert not printed.err
        return printed.out

    return read


def ask(predictions: Predictions, question: str = "Which differ?") -> Any:
    return predictions.ask(question, *CHOICES)


def test_a_question_shows_its_choices_and_suggests_none(shown) -> None:
    ask(Predictions(), "Is a < b?")
    title, radio, button, note = shown[0].children
    assert title.value == "Is a &lt; b?"
    assert radio.options == CHOICES
    assert (radio.index, radio.value, radio.disabled) == (None, None, False)
    assert (button.description, button.disabled, note.value) == ("Commit", True, "")


def test_the_button_commits_what_was_chosen_once(shown, said) -> None:
    guess = ask(Predictions())
    _, radio, button, note = shown[0].children
    button.click()
    assert guess.answer is None, "nothing is chosen yet"
    radio.value = "neither"
    radio.index = 2  # as a front end does, after a change of mind
    assert guess.answer is None, "chosen is not committed"
    assert not button.disabled
    button.click()
    assert guess.answer == "both"
    assert note.value == "Committed: both"
    assert radio.disabled
    assert button.disabled
    radio.value = "neither"
    button.click()
    assert button.disabled
    assert guess.answer == "both"
    assert said() == ""


def test_a_choice_taken_back_cannot_be_committed(shown) -> None:
    ask(Predictions())
    _, radio, button, _ = shown[0].children
    radio.value = "both"
    radio.value = None
    assert button.disabled


def test_code_commits_as_the_button_does(shown) -> None:
    guess = ask(Predictions())
    guess.commit("both")
    _, radio, button, note = shown[0].children
    assert (radio.value, radio.disabled, button.disabled) == ("both", True, True)
    assert (guess.answer, note.value) == ("both", "Committed: both")


def test_code_commits_only_a_choice_and_only_once() -> None:
    guess = ask(Predictions())
    listed = 'Commit one of "the losses", "the pictures", "both", "neither".'
    for wrong in ("b", "", None, 2):
        with pytest.raises(AnswerError) as error:
            guess.commit(wrong)
        assert str(error.value) == listed
    guess.commit("both")
    for again in ("both", "neither", "b"):
        with pytest.raises(AnswerError, match=r"^You have already committed: both\.$"):
            guess.commit(again)
    assert guess.answer == "both"


def test_without_a_commitment_nothing_is_said(shown, said) -> None:
    predictions = Predictions()
    choice, estimate = ask(predictions), predictions.estimate("How many?", 1, 1000)
    shown[0].children[1].value = "both"  # chosen, but not committed
    shown[1].children[1].value = 30
    assert choice.compare("both") is None
    assert estimate.compare(47) is None
    assert predictions.count() is None
    assert said() == ""


@pytest.mark.parametrize(
    ("truth", "sentence"),
    [
        ("the pictures", "You said both. It is the pictures.\n"),
        ("both", "You said both, and so it is.\n"),
        (np.array(CHOICES)[2], "You said both, and so it is.\n"),
    ],
)
def test_a_choice_is_compared_in_one_line(truth, sentence, said) -> None:
    guess = ask(Predictions())
    guess.commit("both")
    assert guess.compare(truth) is None
    assert said() == sentence


def test_a_truth_that_is_no_choice_is_found_without_a_commitment() -> None:
    with pytest.raises(
        ValueError, match=r'^"all" came out; the lesson expects one of "the losses"'
    ):
        ask(Predictions()).compare("all")


def test_a_slider_that_spans_a_factor_of_100_is_logarithmic(shown) -> None:
    predictions = Predictions()
    for low, high in [(1, 100), (2e-5, 3e4), (1, 99), (0, 100), (-5, 5), (200, 300)]:
        predictions.estimate(f"{low} to {high}?", low, high)
    sliders = [box.children[1] for box in shown]
    assert [type(one).__name__ for one in sliders] == ["FloatLogSlider"] * 2 + ["FloatSlider"] * 4
    assert [one.value for one in sliders] == pytest.approx([1, 2e-5, 1, 0, -5, 200])
    assert (10 ** sliders[1].min, 10 ** sliders[1].max) == pytest.approx((2e-5, 3e4))
    assert (sliders[3].min, sliders[3].max, sliders[3].step) == (0, 100, 1)


@pytest.mark.parametrize("low", [1, 0])
def test_the_button_commits_where_the_slider_was_moved_to(low, shown) -> None:
    guess = Predictions().estimate("How many?", low, 1000)
    _, slider, button, note = shown[0].children
    button.click()
    assert guess.answer is None, "where the slider starts is nobody's estimate"
    assert button.disabled
    slider.value = 1000
    button.click()
    assert guess.answer == pytest.approx(1000)
    assert note.value == "Committed: 1,000"
    assert slider.disabled
    slider.value = 30
    button.click()
    assert button.disabled
    assert guess.answer == pytest.approx(1000)


def test_code_commits_only_a_number_of_the_range(shown) -> None:
    guess = Predictions().estimate("How many?", 1, 1000)
    for wrong in (0, 1001, float("nan"), "30", None):
        with pytest.raises(AnswerError, match=r"^Commit a number from 1 to 1,000\.$"):
            guess.commit(wrong)
    guess.commit(np.float32(30))
    _, slider, button, note = shown[0].children
    assert (slider.value, slider.disabled, button.disabled) == (30, True, True)
    assert note.value == "Committed: 30"
    with pytest.raises(AnswerError, match=r"^You have already committed: 30\.$"):
        guess.commit(40)


@pytest.mark.parametrize(
    ("answer", "value", "factor", "sentence"),
    [
        (30, 47, 2, "You said 30; it is 47: within a factor of 2.\n"),
        (30, 15, 2, "You said 30; it is 15: within a factor of 2.\n"),
        (30, 61, 2, "You said 30; it is 61: not within a factor of 2.\n"),
        (30, 14.9, 2, "You said 30; it is 14.9: not within a factor of 2.\n"),
        (30, np.float32(33.123), 1.1, "You said 30; it is 33.12: not within a factor of 1.1.\n"),
        (30, 12345.6, 1000, "You said 30; it is 12,350: within a factor of 1000.\n"),
        (30, 0, 2, "You said 30; it is 0: not within a factor of 2.\n"),
        (0, 0, 2, "You said 0; it is 0: within a factor of 2.\n"),
        (-30, 47, 2, "You said -30; it is 47: not within a factor of 2.\n"),
        (-30, -47, 2, "You said -30; it is -47: within a factor of 2.\n"),
        (30, float("nan"), 2, "You said 30; it is nan: not within a factor of 2.\n"),
    ],
)
def test_an_estimate_is_right_within_a_factor(answer, value, factor, sentence, said) -> None:
    guess = Predictions().estimate("How many?", -100, 100)
    guess.commit(answer)
    assert guess.compare(value, factor=factor) is None
    assert said() == sentence


def test_the_factor_is_2_if_none_is_given(said) -> None:
    guess = Predictions().estimate("How many?", 1, 1000)
    guess.commit(30)
    guess.compare(60)
    assert said().endswith("within a factor of 2.\n")
    assert guess.right


PLACES = ("pixels", "block 1", "block 2")


def sketch(predictions: Predictions | None = None) -> Any:
    return (predictions or Predictions()).sketch("How far?", PLACES, 0, 1.5)


def test_a_sketch_has_a_slider_for_each_place(shown) -> None:
    guess = sketch()
    _, control, button, note = shown[0].children
    assert [one.description for one in control.children] == list(PLACES)
    assert {(one.min, one.max, one.value) for one in control.children} == {(0, 1.5, 0)}
    button.click()
    assert guess.answer is None, "where the sliders start is nobody's sketch"
    control.children[1].value = 1.2
    button.click()
    assert guess.answer == (0, 1.2, 0)
    assert note.value == "Committed: 0, 1.2, 0"
    assert button.disabled
    assert all(one.disabled for one in control.children)


def test_code_commits_only_a_number_of_the_range_for_each_place(shown) -> None:
    guess = sketch()
    for wrong in (None, 1, "abc", [0.1, 0.2], [0.1, 0.2, 1.6], [0.1, 0.2, float("nan")], ["a"] * 3):
        with pytest.raises(AnswerError, match=r"^Commit 3 numbers from 0 to 1\.5\.$"):
            guess.commit(wrong)
    guess.commit(np.float32([0.25, 0.5, 1.5]))
    assert [one.value for one in shown[0].children[1].children] == [0.25, 0.5, 1.5]
    with pytest.raises(AnswerError, match=r"^You have already committed: 0\.25, 0\.5, 1\.5\.$"):
        guess.commit([0, 0, 0])


@pytest.mark.parametrize(
    ("values", "right", "sentence"),
    [
        ([0.25, 0.5, 1.0], True, "Your sketch is within 0.1 at 3 of 3 places.\n"),
        ([0.3, 0.45, 0.8], True, "Your sketch is within 0.1 at 2 of 3 places.\n"),
        ([0.4, 0.45, 0.8], False, "Your sketch is within 0.1 at 1 of 3 places.\n"),
        ([float("nan")] * 3, False, "Your sketch is within 0.1 at 0 of 3 places.\n"),
    ],
)
def test_a_sketch_is_right_if_most_of_it_is_near(values, right, sentence, said) -> None:
    guess = sketch()
    guess.compare(values, within=0.1)
    assert said() == "", "nothing is committed"
    guess.commit([0.25, 0.5, 1.0])
    guess.compare(np.array(values), within=0.1)
    assert said() == sentence
    assert guess.right is right


def test_a_sketch_is_drawn_into_the_figure_if_there_is_one() -> None:
    guess = sketch()
    figure = Figure()
    axis = figure.subplots()
    guess.draw(axis)
    assert not axis.lines
    guess.commit([0.25, 0.5, 1.0])
    guess.draw(axis)
    (line,) = axis.lines
    assert list(line.get_ydata()) == [0.25, 0.5, 1.0]
    assert list(line.get_xdata()) == list(PLACES)
    assert line.get_label() == "your sketch"


def test_those_committed_and_compared_are_counted_once(said) -> None:
    predictions = Predictions()
    one, two = ask(predictions, "One?"), ask(predictions, "Two?")
    three = predictions.estimate("Three?", 1, 1000)
    ask(predictions, "Not committed?").compare("both")
    ask(predictions, "Not compared?").commit("both")
    one.commit("both")
    two.commit("both")
    three.commit(30)
    predictions.count()
    assert said() == "", "none is compared yet"
    for _ in range(2):  # a cell that is run again
        one.compare("both")
        two.compare("neither")
        three.compare(47)
    said()
    predictions.count()
    assert said() == "2 of 3 predictions were right.\n"


@pytest.mark.parametrize(
    ("truths", "sentence"),
    [
        (["both"], "1 of 1 prediction was right.\n"),
        (["neither"], "0 of 1 prediction was right.\n"),
        (["neither", "neither"], "0 of 2 predictions were right.\n"),
        (["both", "neither"], "1 of 2 predictions was right.\n"),
        (["both", "both"], "2 of 2 predictions were right.\n"),
    ],
)
def test_the_count_is_a_sentence(truths, sentence, said) -> None:
    predictions = Predictions()
    for number, truth in enumerate(truths):
        guess = ask(predictions, f"Question {number}?")
        guess.commit("both")
        guess.compare(truth)
    said()
    predictions.count()
    assert said() == sentence


def test_a_question_asked_again_is_open_again_and_counts_once(said) -> None:
    predictions = Predictions()
    for choice in ("neither", "both"):
        guess = ask(predictions)
        guess.compare("both")
        assert said() == "", "asked again, it is not committed"
        predictions.count()
        assert said() == ""
        guess.commit(choice)
        guess.compare("both")
        said()
    predictions.count()
    assert said() == "1 of 1 prediction was right.\n"
