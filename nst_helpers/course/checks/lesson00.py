"""Checks of lesson 00, which shows how exercises work."""

from __future__ import annotations

from typing import Any

from .judge import judge, judge_choice, judge_function


def count_numbers(function: Any) -> str:
    """Exercise 00.1: how many numbers a picture holds.

    Parameters
    ----------
    function : callable
        Takes height and width in pixels, returns how many numbers a color picture has.

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        If the answer is not right; the message names the likely mistake.
    """
    mistakes = {
        "These are the pixels; each has three numbers: multiply by 3.": lambda h, w: h * w,
        "Height and width are multiplied, not added.": lambda h, w: 3 * (h + w),
        "Only the shape was returned; multiply its parts.": lambda h, w: (h, w, 3),
    }
    return judge_function(function, (170, 256), lambda h, w: h * w * 3, mistakes)


def bytes_of_picture(answer: Any) -> str:
    """Exercise 00.2: the size of a picture in memory.

    Parameters
    ----------
    answer : int
        Bytes of a float32 color picture of 1000 x 500 pixels.

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        If the answer is not right; the message names the likely mistake.
    """
    mistakes = {
        "This counts numbers; each float32 takes 4 bytes.": 1_500_000,
        "This counts pixels; each holds three numbers of 4 bytes.": 500_000,
        "float32 means 32 bits, which are 4 bytes, not 32.": 48_000_000,
        "float32 takes 4 bytes; 8 would be float64.": 12_000_000,
        "Each pixel holds three numbers: red, green and blue.": 2_000_000,
    }
    return judge(answer, 6_000_000, mistakes)


def what_changes(answer: Any) -> str:
    """Exercise 00.3: what the optimization changes.

    Parameters
    ----------
    answer : {"a", "b", "c"}
        (a) the weights of VGG19, (b) the pixels of the image, (c) both.

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        If the answer is not right.
    """
    why_not = {
        "a": "The network is never trained here: its weights stay as they are.",
        "c": "Only one of the two changes; the network is never trained here.",
    }
    return judge_choice(answer, "b", why_not)
