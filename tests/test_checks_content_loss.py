"""The feedback of lesson 04: right answers pass, and each usual mistake is named."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from lesson_cells import shown

from nst_helpers.course.checks import content_loss as check
from nst_helpers.errors import AnswerError

Function = Callable[..., Any]

PADDING = ((1, 1), (1, 1), (0, 0))


def relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(0, x)


def conv(maps: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    height, width, _ = maps.shape
    padded = np.pad(maps, PADDING)
    out = np.zeros((height, width, kernel.shape[-1]))
    for y, x, n in np.ndindex(out.shape):
        out[y, x, n] = np.sum(padded[y : y + 3, x : x + 3] * kernel[..., n])
    return out


def conv_backward(slope: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    height, width, _ = slope.shape
    back = np.zeros((height + 2, width + 2, kernel.shape[2]))
    for y, x, n in np.ndindex(slope.shape):
        back[y : y + 3, x : x + 3] += slope[y, x, n] * kernel[..., n]
    return back[1:-1, 1:-1]


def unflipped(slope: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    return conv(slope, kernel.transpose(0, 1, 3, 2))


def pool(maps: np.ndarray) -> np.ndarray:
    return (maps[::2, ::2] + maps[1::2, ::2] + maps[::2, 1::2] + maps[1::2, 1::2]) / 4


def spread(maps: np.ndarray) -> np.ndarray:
    return np.kron(maps, np.ones((2, 2, 1)))


def mean_gradient(before: np.ndarray, target: np.ndarray) -> np.ndarray:
    return 2 * (relu(before) - target) * (before > 0) / before.size


def weight_for_mean(alpha: float, channels: int, height: int, width: int) -> float:
    return alpha * channels * (height // 8) * (width // 8) / 2


def directional_slope(f: Function, x: np.ndarray, v: np.ndarray, h: float) -> float:
    return (f(x + h * v) - f(x - h * v)) / (2 * h)


def pixel_gradient(
    image: np.ndarray,
    kernels: tuple[np.ndarray, np.ndarray],
    target: np.ndarray,
    *,
    inner: bool = True,
    outer: bool = True,
    quarter: float = 0.25,
    backward: Function = conv_backward,
    rectify: Function = relu,
) -> np.ndarray:
    first = conv(image, kernels[0])
    second = conv(pool(relu(first)), kernels[1])
    slope = rectify(second) - target
    if outer:
        slope = slope * (second > 0)
    slope = spread(backward(slope, kernels[1])) * quarter
    if inner:
        slope = slope * (first > 0)
    return backward(slope, kernels[0])


def is_slope(function: Function) -> bool:
    before, target = np.array([2.0, -3.0, 1.0, -1.0, 2.0]), np.array([1.0, 1.0, 3.0, 0.0, 0.0])
    return np.allclose(function(before, target), [1, 0, -2, 0, 2])


RIGHT: dict[str, Function] = {
    "is_slope": is_slope,
    "mean_gradient": mean_gradient,
    "weight_for_mean": weight_for_mean,
    "pixel_gradient": pixel_gradient,
}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda z, p: 2 * (relu(z) - p) / z.size, "mask is missing"),
        (lambda z, p: 2 * (z - p) / z.size, "ReLU first, and mask"),
        (lambda z, p: (relu(z) - p) * (z > 0) / z.size, "factor 2 is missing"),
        (lambda z, p: (relu(z) - p) * (z > 0), "eq. 2"),
        (lambda z, p: 2 * (relu(z) - p) * (z > 0), "gradient of the sum"),
        (lambda z, p: 2 * (relu(z) - p) * (z > 0) / np.prod(z.shape[:2]), "positions alone"),
        (lambda z, p: 2 * (relu(z) - p) * (z > 0) / z.shape[-1], "channels alone"),
        (lambda z, p: 2 * (relu(z) - p) * (p > 0) / z.size, "not P"),
        (lambda z, p: 2 * relu(relu(z) - p) / z.size, "not where F - P"),
        (lambda z, p: 2 * (p - relu(z)) * (z > 0) / z.size, "sign"),
        (lambda z, p: np.mean((relu(z) - p) ** 2), "one number"),
        (lambda z, p: mean_gradient(z, p).T, "shape"),
        (lambda z, p: mean_gradient(z, p) + 1, "values are not"),
    ],
)
def test_mean_gradient(wrong: Function, message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        check.mean_gradient(wrong)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda a, n, h, w: 2 * a / (n * (h // 8) * (w // 8)), "Upside down"),
        (lambda a, n, h, w: a * n * (h // 8) * (w // 8), "1/2 of eq. 1 is missing"),
        (lambda a, n, h, w: 2 * a * n * (h // 8) * (w // 8), "wrong side"),
        (lambda a, n, h, w: a * n * h * w / 2, "not the pixels"),
        (lambda a, n, h, w: a * n * (h // 16) * (w // 16) / 2, "not four"),
        (lambda a, n, h, w: a * n * (h * w // 8) / 2, "by 64"),
        (lambda a, n, h, w: a * n * (h / 8) * (w / 8) / 2, "whole numbers"),
        (lambda a, n, h, w: n * (h // 8) * (w // 8) / 2, "alpha is missing"),
        (lambda a, n, h, w: a * (h // 8) * (w // 8) / 2, "channels are missing"),
        (lambda a, n, h, w: a * n / 2, "positions are missing"),
        (lambda a, n, h, w: 1.0, "not right yet"),
    ],
)
def test_weight_for_mean(wrong: Function, message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        check.weight_for_mean(wrong)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"outer": False}, "second ReLU is missing"),
        ({"inner": False}, "first ReLU is missing"),
        ({"inner": False, "outer": False}, "Both"),
        ({"quarter": 1.0}, "1/4 of the average pooling"),
        ({"quarter": 0.5}, "factor 2 too much"),
        ({"quarter": -0.25}, "sign"),
        ({"backward": unflipped}, "flipped"),
        ({"outer": False, "rectify": lambda z: z}, "compared Z of the second"),
        ({"outer": False, "quarter": 1.0}, "values are not"),
    ],
)
def test_pixel_gradient(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        check.pixel_gradient(lambda *inputs: pixel_gradient(*inputs, **settings))


# The bug hunt: the function that the lesson shows, and tests that are too lazy


def content_loss(features: np.ndarray, target: np.ndarray) -> float:
    return 0.5 * float(np.sum((features - target) ** 2))


def loss(before: np.ndarray, target: np.ndarray) -> float:
    return content_loss(relu(before), target)


def fits(slope: np.ndarray, f: Function, x: np.ndarray) -> bool:
    nudges = np.eye(x.size).reshape(-1, *x.shape)
    right = [directional_slope(f, x, nudge, 1e-5) for nudge in nudges]
    return np.allclose(slope.ravel(), right, atol=1e-6)


def check_gradient(slope: np.ndarray, f: Function, x: np.ndarray) -> None:
    assert fits(slope, f, x)


MIXED = np.random.default_rng(2).normal(size=8)


def the_three_tests(function: Function) -> bool:
    pairs = [(MIXED, 0 * MIXED), (abs(MIXED), abs(MIXED)[::-1])]
    return not function(MIXED, relu(MIXED)).any() and all(
        fits(function(z, p), lambda x, p=p: loss(x, p), z) for z, p in pairs
    )


def agrees(before: list[float], target: list[float], slope: list[float]) -> Function:
    return lambda f: np.allclose(f(np.array(before), np.array(target)), slope)


def test_the_shown_function_is_wrong_and_passes_the_shown_tests() -> None:
    wrong = shown("04", "to_the_letter", check_gradient=check_gradient, content_loss=content_loss)
    assert the_three_tests(wrong)
    assert not is_slope(wrong)


@pytest.mark.parametrize(
    ("lazy", "message"),
    [
        (lambda f: True, "`to_the_letter` slipped through"),
        (the_three_tests, "`to_the_letter` slipped through"),
        (agrees([1, 2, -1], [3, 1, 0], [-2, 1, 0]), "`to_the_letter` slipped through"),
        (lambda f: f(np.ones(1), np.ones(1) * 0) == 1 and the_three_tests(f), "to_the_letter"),
        (lambda f: f(np.array([-1.0]), np.array([1.0])) == 0, "asks for F > P"),
        (agrees([2, -3, 1, -1], [1, 1, 3, 0], [1, 0, -2, 0]), "asks for P > 0 besides"),
        (
            lambda f: np.all(
                np.sign(f(np.array([-1.0, 2, 1, 1]), np.array([1.0, 1, 0, 3]))) == [0, 1, 1, -1]
            ),
            "twice as large",
        ),
        (lambda f: f(np.zeros(1), np.ones(1)) == -1, "refuses a right function"),
        (lambda f: f(np.zeros(1), np.ones(1)) == 0, "refuses a right function"),
    ],
)
def test_a_lazy_test_is_refused(lazy: Function, message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        check.is_slope(lazy)


def test_a_mask_of_the_target_is_named() -> None:
    """It gives what `to_the_letter` gives, but where P is 0 and F is not."""
    with pytest.raises(AnswerError, match="P > 0 in the place of Z > 0"):
        check.is_slope(lambda f: is_slope(f) or f(np.ones(1), np.zeros(1)) == 0)
