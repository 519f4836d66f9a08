"""Checks of lesson 04: the content loss, its gradient, and the way to the pixels, in float64."""

from __future__ import annotations

from functools import partial

import numpy as np

from .exercise import Exercise
from .hunt import hunt
from .layers import Array, conv, conv_backward, pool, relu, spread


def _weight(alpha: float, n: int, h: float, w: float) -> float:
    return alpha * n * (h // 8) * (w // 8) / 2


weight_for_mean = Exercise(
    "04.1",
    level=2,
    task="Takes alpha, the number of channels in block 4, and the picture's height and width in "
    "pixels; returns the weight of the mean that equals alpha times eq. 1.",
    right=_weight,
    cases=((3.0, 5, 24, 24), (0.25, 5, 29, 37), (7.0, 3, 23, 16)),
    mistakes={
        "Upside down: the mean is the smaller number, so its weight must be the larger "
        "one.": lambda a, n, h, w: 2 * a / (n * (h // 8) * (w // 8)),
        "The 1/2 of eq. 1 is missing.": lambda *case: 2 * _weight(*case),
        "The 1/2 of eq. 1 is on the wrong side: divide by 2.": lambda *case: 4 * _weight(*case),
        "M counts the positions of the layer, not the pixels: three poolings stand before block 4, "
        "so a side is 8 times shorter there.": lambda a, n, h, w: a * n * h * w / 2,
        "Three poolings stand before block 4, not four: a side shrinks by 8.": lambda a, n, h, w: (
            a * n * (h // 16) * (w // 16) / 2
        ),
        "A side shrinks by 8, so the area by 64.": lambda a, n, h, w: a * n * (h * w // 8) / 2,
        "Sizes are whole numbers: pooling drops an odd last row, so divide with "
        "//.": lambda a, n, h, w: a * n * (h / 8) * (w / 8) / 2,
        "Each side loses its last odd row by itself: divide both by 8 with //, then multiply.": (
            lambda a, n, h, w: a * n * (h * w // 64) / 2
        ),
        "The weight itself need not be whole: divide by 2 with /, not //.": (
            lambda a, n, h, w: a * n * (h // 8) * (w // 8) // 2
        ),
        "alpha is missing.": lambda a, n, h, w: _weight(1, n, h, w),
        "The channels are missing: the mean is over N M numbers.": lambda a, n, h, w: _weight(
            a, 1, h, w
        ),
        "The positions are missing: the mean is over N M numbers.": lambda a, n, h, w: a * n / 2,
    },
    hints=(
        "How many numbers N M does the layer have, after three poolings?",
        "Write the mean as a factor times eq. 1, then take that factor to the other side.",
    ),
)


is_slope = Exercise(
    "04.2",
    level=2,
    task="Takes a function of Z and P, arrays of one shape; returns True if it gives the slope of "
    "eq. 1 with respect to Z, and False if not.",
    examine=hunt(
        [
            lambda z, p: (relu(z) - p) * np.greater(z, 0),
            lambda z, p: np.where(np.less(z, 0), 0.0, z - p),  # the other slope at Z = 0
        ],
        {
            "`to_the_letter` slipped through: after a ReLU no F is below 0, so that its mask is "
            "never used. Try a Z below 0 where P is above 0.": lambda z, p: relu(z) - p,
            "A function slipped through whose mask asks for P > 0 in the place of Z > 0. Try a Z "
            "below 0 where P is above 0.": lambda z, p: (relu(z) - p) * np.greater(p, 0),
            "A function slipped through whose mask asks for F > P. Try a Z above 0 that is smaller "
            "than P.": lambda z, p: relu(relu(z) - p),
            "A function slipped through whose mask asks for P > 0 besides Z > 0. Try a Z above 0 "
            "where P is 0.": lambda z, p: (relu(z) - p) * np.greater(z, 0) * np.greater(p, 0),
            "A function slipped through whose slopes are twice as large. Ask for the numbers, not "
            "for zeros and signs.": lambda z, p: 2 * (relu(z) - p) * np.greater(z, 0),
        },
    ),
    hints=(
        "Each test has Z above 0, or P = 0, or F = P. Which case of eq. 2 is missing?",
        "Z is above or below 0; P is 0, below F or above it. Which slope has each case?",
        "Random Z with both signs, and P = max(0, other random numbers): central_difference knows.",
    ),
)


def _mean_slope(z: Array, p: Array, times: float = 2) -> Array:
    return times / z.size * (relu(z) - p) * (z > 0)


_RNG = np.random.default_rng(3)
mean_gradient = Exercise(
    "04.3",
    level=2,
    task="Takes Z and P, both of shape (H, W, N); returns the gradient of the mean of (F - P)^2 "
    "with respect to Z, of that shape.",
    right=_mean_slope,
    inputs=(_RNG.normal(size=(3, 4, 5)), relu(_RNG.normal(size=(3, 4, 5)))),
    mistakes={
        "The mask is missing: multiply by (before > 0), because a unit below 0 does not react to a "
        "small change.": lambda z, p: 2 / z.size * (relu(z) - p),
        "You compared Z with P; apply the ReLU first, and mask.": lambda z, p: 2 / z.size * (z - p),
        "A factor 2 is missing: the square brings it down, and the mean has no 1/2 that would "
        "cancel it.": partial(_mean_slope, times=1),
        "That is eq. 2, the gradient of half the sum; the mean divides by N M, and has no "
        "1/2.": lambda z, p: _mean_slope(z, p, z.size),
        "That is the gradient of the sum; the mean also divides by N M.": lambda z, p: _mean_slope(
            z, p, 2 * z.size
        ),
        "You divided by the positions alone; the mean is over N M numbers.": lambda z, p: (
            _mean_slope(z, p, 2 * z.shape[-1])
        ),
        "You divided by the channels alone; the mean is over N M numbers.": lambda z, p: (
            _mean_slope(z, p, 2 * z.size / z.shape[-1])
        ),
        "The mask must ask where Z (or F) is positive, not P.": lambda z, p: (
            2 / z.size * (relu(z) - p) * (p > 0)
        ),
        "The mask must ask where Z is positive, not where F - P is.": lambda z, p: (
            2 / z.size * relu(relu(z) - p)
        ),
        "The sign is turned: the gradient is F - P times something, not P - F.": partial(
            _mean_slope, times=-2
        ),
        "That is the loss, one number; asked is its slope for each entry of Z.": lambda z, p: (
            np.mean((relu(z) - p) ** 2)
        ),
    },
    hints=(
        "Take one entry: the mean holds (F - P)^2 / (N M), and F depends on Z by the ReLU.",
        "Three factors: one from the mean and the square, one from F - P, one from the ReLU.",
    ),
)


def _pixel_gradient(
    image: Array,
    kernels: tuple[Array, Array],
    target: Array,
    *,
    inner: bool = True,
    outer: bool = True,
    flip: bool = True,
    rectify: bool = True,
) -> Array:
    """Return the gradient of eq. 1 after conv, ReLU, average pooling, conv, ReLU."""
    first = conv(image, kernels[0])
    second = conv(pool(relu(first)), kernels[1])
    slope = (relu(second) if rectify else second) - target
    slope = slope * (second > 0 if outer else 1.0)
    slope = spread(conv_backward(slope, kernels[1], flip)) / 4
    return conv_backward(slope * (first > 0 if inner else 1.0), kernels[0], flip)


_RNG = np.random.default_rng(6)
_IMAGE, _TARGET = _RNG.normal(size=(4, 6, 3)), relu(_RNG.normal(size=(2, 3, 5)))
_KERNELS = _RNG.normal(size=(3, 3, 3, 4)), _RNG.normal(size=(3, 3, 4, 5))
pixel_gradient = Exercise(
    "04.4",
    level=3,
    task="Takes the image (H, W, 3), a pair of kernels (3, 3, 3, C) and (3, 3, C, N), and the "
    "target P (H / 2, W / 2, N); returns the gradient of eq. 1 with respect to the image.",
    right=_pixel_gradient,
    inputs=(_IMAGE, _KERNELS, _TARGET),
    mistakes={
        "The mask of the second ReLU is missing: (F - P) counts only where Z of the second layer "
        "is positive.": partial(_pixel_gradient, outer=False),
        "The mask of the first ReLU is missing: what comes back through the pooling passes only "
        "where Z of the first layer is positive.": partial(_pixel_gradient, inner=False),
        "Both ReLU masks are missing.": partial(_pixel_gradient, inner=False, outer=False),
        "The 1/4 of the average pooling is missing on the way back.": lambda *given: (
            4 * _pixel_gradient(*given)
        ),
        "A factor 2 too much: the 1/2 of eq. 1 cancels that of the square, and average pooling "
        "hands back a quarter, not a half.": lambda *given: 2 * _pixel_gradient(*given),
        "The sign is turned: that is the way down; the gradient points up.": lambda *given: (
            -_pixel_gradient(*given)
        ),
        "On the way back the kernel is flipped in height and width; conv_backward does "
        "it.": partial(_pixel_gradient, flip=False),
        "You compared Z of the second layer with P; the loss compares F = max(0, Z), and the mask "
        "is missing.": partial(_pixel_gradient, outer=False, rectify=False),
    },
    hints=(
        "Go forward first and keep Z of both layers; then come back through the same five steps.",
        "On the way back: mask, conv_backward, the pooling, mask, conv_backward.",
        "Back through average pooling, a slope is repeated in its 2 x 2 square, and divided by 4.",
    ),
)
