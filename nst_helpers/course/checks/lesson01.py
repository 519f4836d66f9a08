"""Checks of lesson 01, images as tensors."""

from collections.abc import Callable
from math import ceil, floor, log
from typing import Any

import numpy as np

from ...errors import AnswerError
from .exercise import Exercise
from .hunt import hunt
from .judge import CORRECT, call, judge_function

_MEAN = np.array([103.939, 116.779, 123.68])  # B, G, R
_SINGLE = _MEAN.astype(np.float32)  # tests may ask for the type of the picture


def _picture(height: int = 4, seed: int = 0) -> Any:
    return np.random.default_rng(seed).random((height, 5, 3)) * [1.0, 0.6, 0.3]  # unequal means


def _picture_and_batch(answer: Any) -> str:
    for shape in [(4, 5, 3), (2, 4, 5, 3)]:
        inputs = (np.random.default_rng(2).normal(0, 90, shape),)  # as RGB, partly outside [0, 1]
        judge_function(answer, inputs, deprocess.right, deprocess.mistakes)
    return CORRECT


def _values_and_type(answer: Any) -> str:
    judge_function(answer, to_bytes.inputs, to_bytes.right, to_bytes.mistakes)
    if np.asarray(call(answer, *to_bytes.inputs)).dtype != np.uint8:
        raise AnswerError("The values are right, the type is not; end with .astype(np.uint8).")
    return CORRECT


def _then(rounded: Callable[[float], float]) -> Callable[[float, float], float]:
    return lambda eta, error: rounded(-log(255 * error) / log(abs(1 - eta)))


_steps = _then(ceil)


mean_color = Exercise(
    "01.1",
    level=1,
    task="Takes RGB in [0, 1], (H, W, 3); returns its mean color as BGR in 0-255, shape (3,).",
    right=lambda x: x.mean((0, 1))[::-1] * 255,
    inputs=(_picture(),),
    mistakes={
        "The values are right, but in the order R, G, B; VGG's mean is B, G, R: turn them with "
        "[::-1].": lambda x: x.mean((0, 1)) * 255,
        "The colors are those of 0 to 1; VGG's mean is on the scale 0 to 255: multiply by "
        "255.": lambda x: x.mean((0, 1))[::-1],
        "The order is R, G, B and the scale 0 to 1; VGG's mean is B, G, R on the scale "
        "0 to 255.": lambda x: x.mean((0, 1)),
        "This is one number for all channels together; keep the channels apart: "
        "image.mean(axis=(0, 1)).": lambda x: x.mean() * 255,
        "This is one number for all channels together, and on the scale 0 to 1; keep the channels "
        "apart: image.mean(axis=(0, 1)).": lambda x: x.mean(),
        "Only the rows were averaged; average over rows and columns: axis=(0, 1).": lambda x: (
            x.mean(0)[:, ::-1] * 255
        ),
        "Only the columns were averaged; average over rows and columns: axis=(0, 1).": lambda x: (
            x.mean(1)[:, ::-1] * 255
        ),
        "The channels were averaged away; they are the last axis, average over the first two: "
        "axis=(0, 1).": lambda x: x.mean((1, 2)) * 255,
        "This is the sum over the pixels; divide it by their number, or use mean.": lambda x: (
            x.sum((0, 1))[::-1] * 255
        ),
    },
    hints=("Which axes run over the pixels? Average over those only; order and scale come after.",),
)

deprocess = Exercise(
    "01.2",
    level=2,
    task="Takes (..., 3), BGR in 0-255 minus the mean; returns it as RGB in [0, 1], not clipped.",
    examine=_picture_and_batch,
    right=lambda z: (z + _MEAN)[..., ::-1] / 255,
    mistakes={
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
        "the function is then no inverse.": lambda z: (z + _MEAN)[..., ::-1].clip(0, 255) / 255,
        "A single picture is right, a batch is not: its channels are the fourth axis, not the "
        "third; [..., ::-1] turns the last axis, "
        "however many there are.": lambda z: ((z + _MEAN) / 255)[:, :, ::-1],
    },
    hints=("Undo the last step first. The channels are the last axis, with or without a batch.",),
)

is_preprocessing = Exercise(
    "01.3",
    level=2,
    task="Takes a function of a picture (H, W, 3); returns True if it prepares pictures as VGG19 "
    "needs them, and False if not.",
    examine=hunt(
        [
            lambda x: 255 * x[..., ::-1] - _SINGLE,
            lambda x: (255 * x - _SINGLE[::-1])[..., ::-1],
            lambda x: np.stack([255 * x[..., 2 - c] - _SINGLE[c] for c in range(3)], axis=-1),
        ],
        {
            "`prepared` slipped through: it subtracts the mean before it turns the channels, so "
            "that red loses the mean of blue. Try one color, and work out its three numbers.": (
                lambda x: (255 * x - _SINGLE)[..., ::-1]
            ),
            "A function slipped through that leaves the channels in the order R, G, B. Try a color "
            "whose red and blue differ.": lambda x: 255 * x - _SINGLE,
            "A function slipped through that stays on the scale 0 to 1, the mean included. Try "
            "black or white.": lambda x: x[..., ::-1] - _SINGLE / 255,
            "A function slipped through that reverses rows and columns as well as channels. Try a "
            "picture whose pixels differ.": lambda x: 255 * np.flip(x) - _SINGLE,
        },
    ),
    hints=(
        "The three tests ask for a shape, for a difference and for a mean over all channels. Which "
        "mistakes in the mean color do a difference and a sum not see?",
        "Take a picture of two pixels of different colors. By hand, what must each become?",
        "Compare with np.allclose: 255 times the color, turned, minus (103.939, 116.779, 123.68).",
    ),
)

to_bytes = Exercise(
    "01.4",
    level=1,
    task="Takes floats (H, W, 3), mostly in [0, 1]; returns uint8, clipped and rounded to nearest.",
    examine=_values_and_type,
    right=lambda x: np.rint(x.clip(0, 1) * 255),
    inputs=(1.4 * _picture(6) - 0.2,),
    mistakes={
        "The fractions were cut off, not rounded, so that the picture gets darker; use np.rint "
        "before astype.": lambda x: np.floor(x.clip(0, 1) * 255),
        "Values outside 0 to 255 wrapped around; clip before you change the type.": lambda x: (
            np.rint(x * 255) % 256
        ),
        "Values outside 0 to 255 wrapped around, and fractions were cut off; clip and round before "
        "you change the type.": lambda x: np.trunc(x * 255) % 256,
        "Values outside 0 to 255 are still there; clip them.": lambda x: np.rint(x * 255),
        "Almost everything became 0 or 1; multiply by 255 before you round.": lambda x: np.rint(
            x.clip(0, 1)
        ),
        "Everything that was not black became 1; clip to 0 to 1 before you multiply by 255, or to "
        "0 to 255 after.": lambda x: np.rint((x * 255).clip(0, 1)),
        "White is stored as 255, not 256; multiply by 255.": lambda x: np.rint(
            (x * 256).clip(0, 255)
        ),
    },
    hints=("What does astype do with fractions, and with numbers that do not fit into uint8?",),
)

steps_needed = Exercise(
    "01.5",
    level=2,
    task="Takes eta and error; returns the smallest whole t with abs(1 - eta)**t * error <= 1/255.",
    right=_steps,
    cases=[(0.1, 1.0), (0.4, 0.7), (0.02, 0.3), (1.7, 0.9)],
    mistakes={
        "These are the steps for the loss, which falls with the square of the factor; here the "
        "error itself counts, and its factor is abs(1 - eta).": _then(lambda t: ceil(t / 2)),
        "This is not the whole number that is needed: one step less than enough; round up, with "
        "math.ceil.": _then(floor),
        "Rounding to the nearest can give a step too few; round up, with math.ceil.": _then(round),
        "That is a fraction; a step is done or not: round up, with math.ceil.": _then(float),
        "One step too many; the start itself is step 0.": _then(lambda t: ceil(t) + 1),
        "The error to begin with is missing; it is `error`, not 1.": lambda eta, _: _steps(eta, 1),
        "The error shrinks by abs(1 - eta) in a step, not by eta.": lambda n, e: _steps(1 - n, e),
    },
    hints=("Take logarithms and solve for t. Which sign has log(abs(1 - eta))?",),
)

blend = Exercise(
    "01.6",
    level=2,
    task="Takes content, style (one shape), alpha, beta; returns the x with the least "
    "alpha / 2 * sum((x - content)**2) + beta / 2 * sum((x - style)**2).",
    right=lambda p, a, alpha, beta: (alpha * p + beta * a) / (alpha + beta),
    inputs=(_picture(), _picture(seed=1), 3.0, 0.5),
    mistakes={
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
    },
    hints=("The gradient is a sum of two weighted differences. For which x do they cancel?",),
)

input_gradient = Exercise(
    "01.7",
    level=3,
    task="Takes image and target, (H, W, 3); returns the gradient, with respect to image, of "
    "1/2 sum((preprocess(image) - preprocess(target))**2).",
    right=lambda x, p: 255**2 * (x - p),
    inputs=(_picture(), _picture(seed=1)),
    mistakes={
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
    },
    hints=(
        "First the slope of the loss with respect to z: it is a difference of two tensors.",
        "Which number of z moves when one number of the image does, and how many times as far?",
    ),
)
