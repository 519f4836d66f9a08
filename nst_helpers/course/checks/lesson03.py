"""Feedback for the exercises of lesson 03: the content loss, its gradient, the way to the pixels.

Everything is computed in float64 with NumPy alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import AnswerError
from .judge import CORRECT, call, judge

Array = NDArray[np.float64]
Function = Callable[..., Any]


def by_hand(function: Function) -> str:
    """Check exercise 03.1: eqs. 1 and 2 for four numbers, on paper.

    Parameters
    ----------
    function : callable
        Without arguments; returns the loss and its 2 x 2 gradient with respect to Z.

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        If one of the two is wrong.
    """
    before, target = np.array([[3.0, -1.0], [0.0, 2.0]]), np.array([[1.0, 2.0], [0.0, 2.0]])
    answer = call(function)
    if answer is None or answer is ...:
        raise AnswerError("There is no answer yet; return the loss and the gradient.")
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise AnswerError("Return two things: the loss, then the gradient as two rows of two.")
    difference = _relu(before) - target
    half_sum = 0.5 * np.sum(difference**2)
    judge(
        answer[0],
        half_sum,
        {
            "That is the sum of squares; eq. 1 takes half of it.": 2 * half_sum,
            "That is the mean of squares; eq. 1 takes half their sum.": np.mean(difference**2),
            "You compared Z with P; the loss compares F = max(0, Z).": 0.5
            * np.sum((before - target) ** 2),
        },
    )
    judge(
        answer[1],
        difference * (before > 0),
        {
            "The mask is missing: where Z is negative, a small change of Z changes nothing, so "
            "the gradient there is 0.": difference,
            "You used Z where F = max(0, Z) belongs, and no mask.": before - target,
            "The 1/2 of eq. 1 cancels the 2 of the square.": 2 * difference * (before > 0),
            "The sign is turned: the gradient is F - P, not P - F.": -difference * (before > 0),
        },
    )
    return CORRECT


def mean_gradient(function: Function) -> str:
    """Check exercise 03.2: the gradient of the mean of squares with respect to Z.

    Parameters
    ----------
    function : callable
        Takes Z and P, both of shape (H, W, N), and returns an array of that shape.

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        Naming the likely mistake.
    """
    rng = np.random.default_rng(3)
    before, target = rng.normal(size=(3, 4, 5)), _relu(rng.normal(size=(3, 4, 5)))
    difference, mask, size = _relu(before) - target, before > 0, before.size
    right = 2 / size * difference * mask
    return judge(
        call(function, before, target),
        right,
        {
            "The mask is missing: multiply by (before > 0), because a unit below 0 does not "
            "react to a small change.": 2 / size * difference,
            "You compared Z with P; apply the ReLU first, and mask.": 2 / size * (before - target),
            "A factor 2 is missing: the square brings it down, and the mean has no 1/2 that "
            "would cancel it.": difference * mask / size,
            "That is eq. 2, the gradient of half the sum; the mean divides by N M, and has no "
            "1/2.": difference * mask,
            "That is the gradient of the sum; the mean also divides by N M.": 2 * difference * mask,
            "You divided by the positions alone; the mean is over N M numbers.": right
            * before.shape[-1],
            "You divided by the channels alone; the mean is over N M numbers.": right * size / 5,
            "The mask must ask where Z (or F) is positive, not P.": 2
            / size
            * difference
            * (target > 0),
            "The mask must ask where Z is positive, not where F - P is.": 2
            / size
            * _relu(difference),
            "The sign is turned: the gradient is F - P times something, not P - F.": -right,
            "That is the loss, one number; asked is its slope for each entry of Z.": np.mean(
                difference**2
            ),
        },
    )


def weight_for_mean(function: Function) -> str:
    """Check exercise 03.3: which weight of the mean equals alpha times eq. 1 in block 4.

    Parameters
    ----------
    function : callable
        Takes alpha, the number of channels, and the picture's height and width in pixels; returns
        a number.

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        Naming the likely mistake.
    """
    cases = ((3.0, 512, 128, 128), (0.25, 512, 340, 509), (7.0, 256, 95, 64))
    answers = [call(function, *case) for case in cases]

    def all_cases(formula: Callable[[float, int, int, int], float]) -> list[float]:
        return [formula(*case) for case in cases]

    def right(alpha: float, channels: int, height: int, width: int) -> float:
        return alpha * channels * (height // 8) * (width // 8) / 2

    return judge(
        None if any(answer is None or answer is ... for answer in answers) else answers,
        all_cases(right),
        {
            "Upside down: the mean is the smaller number, so its weight must be the larger "
            "one.": all_cases(lambda a, n, h, w: 2 * a / (n * (h // 8) * (w // 8))),
            "The 1/2 of eq. 1 is missing.": all_cases(lambda *case: 2 * right(*case)),
            "The 1/2 of eq. 1 is on the wrong side: divide by 2.": all_cases(
                lambda *case: 4 * right(*case)
            ),
            "M counts the positions of the layer, not the pixels: three poolings stand before "
            "block 4, so a side is 8 times shorter there.": all_cases(
                lambda a, n, h, w: a * n * h * w / 2
            ),
            "Three poolings stand before block 4, not four: a side shrinks by 8.": all_cases(
                lambda a, n, h, w: a * n * (h // 16) * (w // 16) / 2
            ),
            "A side shrinks by 8, so the area by 64.": all_cases(
                lambda a, n, h, w: a * n * (h * w // 8) / 2
            ),
            "Sizes are whole numbers: pooling drops an odd last row, so divide with //.": all_cases(
                lambda a, n, h, w: a * n * (h / 8) * (w / 8) / 2
            ),
            "alpha is missing.": all_cases(lambda a, n, h, w: right(1, n, h, w)),
            "The channels are missing: the mean is over N M numbers.": all_cases(
                lambda a, n, h, w: right(a, 1, h, w)
            ),
            "The positions are missing: the mean is over N M numbers.": all_cases(
                lambda a, n, h, w: a * n / 2
            ),
        },
    )


def directional_slope(function: Function) -> str:
    """Check exercise 03.4: the slope of a function of many numbers along one direction.

    Parameters
    ----------
    function : callable
        Takes f, x, v and h, where f maps an array to a number; returns the central difference.

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        Naming the likely mistake.
    """
    rng = np.random.default_rng(4)
    x, v, h = rng.normal(size=(2, 3, 3)), 2 * rng.normal(size=(2, 3, 3)), 0.1

    def f(y: Any) -> float:
        return float(np.sum(np.asarray(y) ** 3) + np.sum(np.asarray(y)[0, 0] ** 2))

    up, middle, down = f(x + h * v), f(x), f(x - h * v)
    length = float(np.linalg.norm(v))
    unit = f(x + h * v / length) - f(x - h * v / length)
    return judge(
        call(function, f, x, v, h),
        (up - down) / (2 * h),
        {
            "That is one-sided; the central difference goes h to both sides, and is far more "
            "accurate.": (up - middle) / h,
            "That is one-sided, backwards; go h to both sides.": (middle - down) / h,
            "The two points are 2 h apart, not h.": (up - down) / h,
            "The difference of the two values must still be divided by 2 h.": up - down,
            "Half the difference must still be divided by h.": (up - down) / 2,
            "The sign is turned: f(x + h v) comes first.": (down - up) / (2 * h),
            "Divide by 2 h: / 2 * h divides by 2 and multiplies by h.": (up - down) / 2 * h,
            "Do not scale v to length 1: the slope is compared with sum(gradient * v).": unit
            / (2 * h),
            "Add h v, not h alone: all directions but (1, 1, ...) would be lost.": (
                f(x + h) - f(x - h)
            )
            / (2 * h),
        },
    )


def average_pool_backward(function: Function) -> str:
    """Check exercise 03.5: the way back through 2 x 2 average pooling.

    Parameters
    ----------
    function : callable
        Takes the gradient with respect to the pooled maps, shape (H, W, N), and returns the one
        with respect to the maps before, shape (2 H, 2 W, N).

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        Naming the likely mistake.
    """
    upstream = np.random.default_rng(5).normal(size=(2, 3, 4))
    spread = _spread(upstream)
    corner = np.zeros_like(spread)
    corner[::2, ::2] = upstream
    return judge(
        call(function, upstream),
        spread / 4,
        {
            "The 1/4 is missing: each of the four shares a quarter of the mean.": spread,
            "The factor is 1/4, not 1/2: four numbers share one mean.": spread / 2,
            "The factor is 1/4, once; you divided by 4 twice.": spread / 16,
            "np.tile repeats the whole map; here each number must fill its own 2 x 2 square "
            "(np.repeat along both axes).": np.tile(upstream, (2, 2, 1)) / 4,
            "np.tile repeats the whole map, and the 1/4 is missing; use np.repeat along both "
            "axes.": np.tile(upstream, (2, 2, 1)),
            "All four numbers of a square get a share; only max pooling sends everything to "
            "one.": corner,
            "All four numbers of a square get a share, not the upper left one alone.": corner / 4,
        },
    )


def pixel_gradient(function: Function) -> str:
    """Check exercise 03.6: from the content loss of a second layer down to the pixels.

    Parameters
    ----------
    function : callable
        Takes the image (H, W, 3), a pair of kernels (3, 3, 3, C) and (3, 3, C, N), and the target
        P (H / 2, W / 2, N); returns the gradient of eq. 1 with respect to the image.

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        Naming the likely mistake.
    """
    rng = np.random.default_rng(6)
    image, target = rng.normal(size=(4, 6, 3)), _relu(rng.normal(size=(2, 3, 5)))
    kernels = rng.normal(size=(3, 3, 3, 4)), rng.normal(size=(3, 3, 4, 5))
    right = _pixel_gradient(image, kernels, target)
    return judge(
        call(function, image, kernels, target),
        right,
        {
            "The mask of the second ReLU is missing: (F - P) counts only where Z of the second "
            "layer is positive.": _pixel_gradient(image, kernels, target, outer=False),
            "The mask of the first ReLU is missing: what comes back through the pooling passes "
            "only where Z of the first layer is positive.": _pixel_gradient(
                image, kernels, target, inner=False
            ),
            "Both ReLU masks are missing.": _pixel_gradient(
                image, kernels, target, inner=False, outer=False
            ),
            "The 1/4 of the average pooling is missing on the way back.": 4 * right,
            "A factor 2 too much: the 1/2 of eq. 1 cancels it.": 2 * right,
            "The sign is turned: that is the way down; the gradient points up.": -right,
            "On the way back the kernel is flipped in height and width; conv_backward does "
            "it.": _pixel_gradient(image, kernels, target, flip=False),
            "You compared Z of the second layer with P; the loss compares F = max(0, Z), and the "
            "mask is missing.": _pixel_gradient(image, kernels, target, outer=False, rectify=False),
        },
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
    first = _conv(image, kernels[0])
    second = _conv(_pool(_relu(first)), kernels[1])
    slope = (_relu(second) if rectify else second) - target
    slope = slope * (second > 0 if outer else 1.0)
    slope = _spread(_conv_backward(slope, kernels[1], flip)) / 4
    return _conv_backward(slope * (first > 0 if inner else 1.0), kernels[0], flip)


def _conv(maps: Array, kernel: Array) -> Array:
    """Return the 3 x 3 convolution of (H, W, C) with (3, 3, C, N), zeros around the border."""
    height, width, _ = maps.shape
    padded = np.pad(maps, ((1, 1), (1, 1), (0, 0)))
    shifted = [padded[i : i + height, j : j + width] for i in range(3) for j in range(3)]
    rows = np.concatenate(shifted, axis=-1).reshape(height * width, -1)
    product: Array = rows @ kernel.reshape(-1, kernel.shape[-1])
    return product.reshape(height, width, -1)


def _conv_backward(slope: Array, kernel: Array, flip: bool = True) -> Array:
    """Return the convolution with the flipped kernel and its channels exchanged."""
    return _conv(slope, (kernel[::-1, ::-1] if flip else kernel).transpose(0, 1, 3, 2))


def _pool(maps: Array) -> Array:
    height, width, channels = maps.shape
    pooled: Array = maps.reshape(height // 2, 2, width // 2, 2, channels).mean((1, 3))
    return pooled


def _spread(maps: Array) -> Array:
    return maps.repeat(2, axis=0).repeat(2, axis=1)


def _relu(x: Array) -> Array:
    return np.maximum(0.0, x)
