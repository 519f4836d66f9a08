"""Checks of lesson 01, images as tensors."""

from typing import Any

import numpy as np

from .exercise import Exercise
from .hunt import hunt
from .judge import CORRECT, judge_function

_MEAN = np.array([103.939, 116.779, 123.68])  # B, G, R
_SINGLE = _MEAN.astype(np.float32)  # tests may ask for the type of the picture


def _picture(seed: int = 0) -> Any:
    return np.random.default_rng(seed).random((4, 5, 3)) * [1.0, 0.6, 0.3]  # unequal means


def _picture_and_batch(answer: Any) -> str:
    for shape in [(4, 5, 3), (2, 4, 5, 3)]:
        inputs = (np.random.default_rng(2).normal(0, 90, shape),)  # as RGB, partly outside [0, 1]
        judge_function(answer, inputs, deprocess.right, deprocess.mistakes)
    return CORRECT


deprocess = Exercise(
    "01.1",
    level=1,
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
    hints=(
        "Three steps led to the network's input. Undo the last one first.",
        "The means are in the order B, G, R: add them before the channels are turned back.",
        "The channels are the last axis, with or without a batch: [..., ::-1].",
    ),
)

is_preprocessing = Exercise(
    "01.2",
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

blend = Exercise(
    "01.3",
    level=2,
    task="Takes content, style (one shape), alpha, beta; returns the x with the least "
    "alpha / 2 * sum((x - content)**2) + beta / 2 * sum((x - style)**2).",
    right=lambda p, a, alpha, beta: (alpha * p + beta * a) / (alpha + beta),
    inputs=(_picture(), _picture(1), 3.0, 0.7),
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
        "One of the two pictures enters with a minus sign; at the minimum both pull, in opposite "
        "directions, and x lies between them.": lambda p, a, alpha, beta: (
            (alpha * p - beta * a) / (alpha + beta)
        ),
    },
    hints=(
        "The gradient is a sum of two weighted differences. For which x do they cancel?",
        "Sort alpha (x - p) + beta (x - a) = 0 by x.",
    ),
)

input_gradient = Exercise(
    "01.4",
    level=3,
    task="Takes image and target, (H, W, 3); returns the gradient, with respect to image, of "
    "1/2 sum((preprocess(image) - preprocess(target))**2).",
    right=lambda x, p: 255**2 * (x - p),
    inputs=(_picture(), _picture(1)),
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
