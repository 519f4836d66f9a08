"""Checks for the exercises of lesson 01, images as tensors."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import AnswerError
from .judge import call, judge_function

Array = NDArray[np.float64]
Function = Callable[..., Any]

_MEAN = np.array([103.939, 116.779, 123.68])  # B, G, R
_STEPS = ((0.1, 1.0), (0.4, 0.7), (0.02, 0.3), (1.7, 0.9))  # eta and largest error


def mean_color(function: Function) -> str:
    """Exercise 01.1: the mean color of a picture as BGR in 0-255.

    Parameters
    ----------
    function : callable
        ``mean_color(image)``, which takes RGB in [0, 1] of shape (H, W, 3) and returns shape (3,).

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        With the likely mistake.
    """
    mistakes: dict[str, Function] = {
        "The values are right, but in the order R, G, B; VGG's mean is B, G, R: turn them with "
        "[::-1].": lambda x: _mean(x)[::-1],
        "The colors are those of 0 to 1; VGG's mean is on the scale 0 to 255: multiply by 255.": (
            lambda x: _mean(x) / 255
        ),
        "The order is R, G, B and the scale 0 to 1; VGG's mean is B, G, R on the scale 0 to 255.": (
            lambda x: _mean(x)[::-1] / 255
        ),
        "This is one number for all channels together; keep the channels apart: "
        "image.mean(axis=(0, 1)).": lambda x: x.mean() * 255,
        "This is one number for all channels together, and on the scale 0 to 1; keep the channels "
        "apart: image.mean(axis=(0, 1)).": lambda x: x.mean(),
        "Only the rows were averaged; average over rows and columns: axis=(0, 1).": (
            lambda x: x.mean(axis=0)[:, ::-1] * 255
        ),
        "Only the columns were averaged; average over rows and columns: axis=(0, 1).": (
            lambda x: x.mean(axis=1)[:, ::-1] * 255
        ),
        "The channels were averaged away; they are the last axis, average over the first two: "
        "axis=(0, 1).": lambda x: x.mean(axis=(1, 2)) * 255,
        "This is the sum over the pixels; divide it by their number, or use mean.": (
            lambda x: x.sum(axis=(0, 1))[::-1] * 255
        ),
    }
    return judge_function(function, (_picture(4, 5),), _mean, mistakes)


def deprocess(function: Function) -> str:
    """Exercise 01.2: from VGG's input back to a picture.

    Parameters
    ----------
    function : callable
        ``deprocess(tensor)``, which takes BGR, 0-255 minus the mean, of shape (..., 3), and
        returns RGB in [0, 1] of the same shape, not clipped.

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        With the likely mistake.
    """
    mistakes: dict[str, Function] = {
        "Red and blue are still exchanged; the network's order is B, G, R: turn the channels with "
        "[..., ::-1].": lambda z: (z + _MEAN) / 255,
        "The means went to the wrong channels; they are in the order B, G, R: add them first, turn "
        "the channels after.": lambda z: (z[..., ::-1] + _MEAN) / 255,
        "The mean color is missing; add it before you divide by 255.": lambda z: z[..., ::-1] / 255,
        "The mean color was subtracted once more; going back, it has to be added.": lambda z: (
            (z - _MEAN)[..., ::-1] / 255
        ),
        "The result is on the scale 0 to 255; divide by 255.": lambda z: (z + _MEAN)[..., ::-1],
        "The mean is in units of 0 to 255; add it before you divide, not after.": lambda z: (
            z / 255 + _MEAN
        )[..., ::-1],
        "This is the way forward once more; undo its steps in the opposite order: add the mean, "
        "divide by 255, turn the channels.": lambda z: z[..., ::-1] * 255 - _MEAN,
        "The picture is upside down: [::-1] turns the rows; the channels are turned by "
        "[..., ::-1].": lambda z: ((z + _MEAN) / 255)[::-1],
        "The result was clipped; do not clip here, because what was cut off cannot come back and "
        "the function is then no inverse.": lambda z: np.clip(_deprocess(z), 0, 1),
    }
    judge_function(function, (_network_input(4, 5),), _deprocess, mistakes)
    batched: dict[str, Function] = {
        "A single picture is right, a batch is not: its channels are the fourth axis, not the "
        "third; [..., ::-1] turns the last axis, however many there are.": (
            lambda z: ((z + _MEAN) / 255)[:, :, ::-1]
        ),
    }
    return judge_function(function, (_network_input(2, 4, 5),), _deprocess, batched)


def to_bytes(function: Function) -> str:
    """Exercise 01.3: a picture as the whole numbers that a file stores.

    Parameters
    ----------
    function : callable
        ``to_bytes(image)``, which takes floats of shape (H, W, 3), nominally in [0, 1], and returns
        uint8 of the same shape: clipped, and rounded to the nearest.

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        With the likely mistake.
    """
    mistakes: dict[str, Function] = {
        "The fractions were cut off, not rounded, so that the picture gets darker; use np.rint "
        "before astype.": lambda x: np.floor(np.clip(x, 0, 1) * 255),
        "Values outside 0 to 255 wrapped around; clip before you change the type.": lambda x: (
            np.rint(x * 255) % 256
        ),
        "Values outside 0 to 255 wrapped around, and fractions were cut off; clip and round before "
        "you change the type.": lambda x: np.trunc(x * 255) % 256,
        "Values outside 0 to 255 are still there; clip them.": lambda x: np.rint(x * 255),
        "Almost everything became 0 or 1; multiply by 255 before you round.": lambda x: np.rint(
            np.clip(x, 0, 1)
        ),
        "Everything that was not black became 1; clip to 0 to 1 before you multiply by 255, or to "
        "0 to 255 after.": lambda x: np.rint(np.clip(x * 255, 0, 1)),
        "White is stored as 255, not 256; multiply by 255.": lambda x: np.minimum(
            np.rint(np.clip(x, 0, 1) * 256), 255
        ),
    }
    image = 1.4 * _picture(6, 5) - 0.2
    verdict = judge_function(function, (image,), _to_bytes, mistakes)
    if np.asarray(call(function, image)).dtype != np.uint8:
        raise AnswerError("The values are right, the type is not; end with .astype(np.uint8).")
    return verdict


def steps_needed(function: Function) -> str:
    """Exercise 01.4: how many steps of gradient descent until nobody sees a difference.

    Parameters
    ----------
    function : callable
        ``steps_needed(eta, error)``, which returns the smallest whole t with
        ``abs(1 - eta) ** t * error <= 1 / 255``.

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        With the likely mistake.
    """
    mistakes: dict[str, Function] = {
        "These are the steps for the loss, which falls with the square of the factor; here the "
        "error itself counts, and its factor is abs(1 - eta).": lambda eta, error: math.ceil(
            _exact(eta, error) / 2
        ),
        "This is not the whole number that is needed: one step less than enough; round up, with "
        "math.ceil.": lambda eta, error: math.floor(_exact(eta, error)),
        "Rounding to the nearest can give a step too few; round up, with math.ceil.": (
            lambda eta, error: round(_exact(eta, error))
        ),
        "That is a fraction; a step is done or not: round up, with math.ceil.": _exact,
        "One step too many; the start itself is step 0.": lambda eta, error: (
            _steps_needed(eta, error) + 1
        ),
        "The error to begin with is missing; it is `error`, not 1.": lambda eta, error: (
            _steps_needed(eta, 1.0)
        ),
        "The error shrinks by abs(1 - eta) in a step, not by eta.": lambda eta, error: math.ceil(
            -math.log(255 * error) / math.log(eta)
        ),
    }
    return judge_function(
        lambda: _for_each_case(function),
        (),
        lambda: _for_each_case(_steps_needed),
        {explanation: _later(mistake) for explanation, mistake in mistakes.items()},
    )


def blend(function: Function) -> str:
    """Exercise 01.5: the picture that two pixel losses agree on.

    Parameters
    ----------
    function : callable
        ``blend(content, style, alpha, beta)``, which returns the minimum of
        ``alpha / 2 * sum((x - content) ** 2) + beta / 2 * sum((x - style) ** 2)``.

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        With the likely mistake.
    """
    mistakes: dict[str, Function] = {
        "alpha and beta are exchanged; alpha pulls towards the content picture.": (
            lambda p, a, alpha, beta: (beta * p + alpha * a) / (alpha + beta)
        ),
        "The division by alpha + beta is missing; set the gradient to zero and solve for x.": (
            lambda p, a, alpha, beta: alpha * p + beta * a
        ),
        "This is the middle of the two pictures, whatever alpha and beta are; weight them.": (
            lambda p, a, alpha, beta: (p + a) / 2
        ),
        "Divide by alpha + beta, not by 2.": lambda p, a, alpha, beta: (alpha * p + beta * a) / 2,
        "The weights enter the minimum as they are, not squared.": lambda p, a, alpha, beta: (
            (alpha**2 * p + beta**2 * a) / (alpha**2 + beta**2)
        ),
        "This is the gradient at some picture, or a difference; the sum of the two pulls is zero "
        "where (alpha + beta) x = alpha p + beta a.": lambda p, a, alpha, beta: (
            (alpha * p - beta * a) / (alpha + beta)
        ),
    }
    inputs = (_picture(4, 5), _picture(4, 5, seed=1), 3.0, 0.5)
    return judge_function(function, inputs, _blend, mistakes)


def input_gradient(function: Function) -> str:
    """Exercise 01.6: a gradient through the preprocessing.

    Parameters
    ----------
    function : callable
        ``input_gradient(image, target)``, which returns the gradient, with respect to `image`, of
        ``1/2 sum (preprocess(image) - preprocess(target)) ** 2``; all shapes are (H, W, 3).

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        With the likely mistake.
    """
    mistakes: dict[str, Function] = {
        "This is the gradient with respect to the network's input; go on to the picture: one more "
        "factor 255, and the channels turned back.": lambda x, p: 255 * (x - p)[..., ::-1],
        "A factor 255 is missing: one comes from the difference, one from the chain rule.": (
            lambda x, p: 255 * (x - p)
        ),
        "Both factors 255 are missing: one comes from the difference, one from the chain rule.": (
            lambda x, p: x - p
        ),
        "The gradient of red stands where blue belongs; the chain rule turns the channels back: "
        "[..., ::-1].": lambda x, p: 255**2 * (x - p)[..., ::-1],
        "The sign is turned around; the gradient points away from the target.": lambda x, p: (
            255**2 * (p - x)
        ),
        "A factor 2 too much; the 1/2 in front of the sum cancels it.": lambda x, p: (
            2 * 255**2 * (x - p)
        ),
        "The mean color has no place in the result; it cancels in the difference.": lambda x, p: (
            255 * (255 * x - _MEAN[::-1] - 255 * p)
        ),
        "This is the loss; its gradient has the shape of the picture.": lambda x, p: (
            0.5 * 255**2 * ((x - p) ** 2).sum()
        ),
    }
    inputs = (_picture(4, 5), _picture(4, 5, seed=1))
    return judge_function(function, inputs, lambda x, p: 255**2 * (x - p), mistakes)


def _picture(*shape: int, seed: int = 0) -> Array:
    """Return random RGB whose channels differ in their means."""
    channels = np.array([1.0, 0.6, 0.3])
    return np.random.default_rng(seed).random((*shape, 3)) * channels


def _network_input(*shape: int) -> Array:
    """Return random input for VGG; some of it is outside [0, 1] as a picture."""
    return np.random.default_rng(2).normal(0, 90, (*shape, 3))


def _mean(image: Array) -> Array:
    return image.mean(axis=(0, 1))[::-1] * 255


def _deprocess(tensor: Array) -> Array:
    return (tensor + _MEAN)[..., ::-1] / 255


def _to_bytes(image: Array) -> Array:
    return np.rint(np.clip(image, 0, 1) * 255)


def _exact(eta: float, error: float) -> float:
    return -math.log(255 * error) / math.log(abs(1 - eta))


def _steps_needed(eta: float, error: float) -> int:
    return math.ceil(_exact(eta, error))


def _for_each_case(function: Function) -> list[Any] | None:
    answers = [call(function, eta, error) for eta, error in _STEPS]
    return None if any(answer is None or answer is ... for answer in answers) else answers


def _later(function: Function) -> Function:
    return lambda: _for_each_case(function)


def _blend(content: Array, style: Array, alpha: float, beta: float) -> Array:
    return (alpha * content + beta * style) / (alpha + beta)
