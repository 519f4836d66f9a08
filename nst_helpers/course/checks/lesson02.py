"""Lesson 02: convolution, parameters, shapes, receptive fields, pooling, mean activations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...architecture import ARCHITECTURE
from ...errors import AnswerError
from .judge import call, judge_function

Array = NDArray[np.float64]
Rows = Sequence[tuple[str, int, int]]
Steps = Sequence[tuple[int, int]]
Shape = tuple[int, int, int]

_EXACT = 1e-9  # of whole numbers, which no processor rounds
_NAMES = [name for name, _, _ in ARCHITECTURE]
# 250 and 171 are odd after one halving and at once, so that every way to round differs.
_SHAPE_CASES = [
    (250, 171, "block1_conv2"),
    (250, 171, "block3_conv1"),
    (250, 171, "block5_conv4"),
]
_STEP_CASES: list[Steps] = [
    [(5, 1)],
    [(3, 1), (3, 1), (2, 2), (3, 1)],
    [(7, 2), (3, 2), (3, 1), (2, 2), (5, 1)],
]


def convolution(function: Callable[..., Any]) -> str:
    """Exercise 02.1: a 3 x 3 convolution of several channels, with padding and bias.

    Parameters
    ----------
    function : callable
        Takes maps (H, W, C), kernel (3, 3, C, N) and bias (N,); returns an array (H, W, N).

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        If what it returns is not right; the message names the likely mistake.
    """
    rng = np.random.default_rng(21)
    inputs = (
        rng.standard_normal((4, 5, 3)),
        rng.standard_normal((3, 3, 3, 2)),
        rng.standard_normal(2) + 2,
    )
    return judge_function(function, inputs, _convolve, _CONVOLUTION_MISTAKES)


def parameters(function: Callable[..., Any]) -> str:
    """Exercise 02.4: how many numbers a stack of 3 x 3 convolutions learns.

    Parameters
    ----------
    function : callable
        Takes rows (name, channels in, channels out), as in `ARCHITECTURE`; returns an int.

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        If what it returns is not right; the message names the likely mistake.
    """
    rows = [("first", 3, 10), ("second", 10, 4), ("third", 4, 7)]
    return judge_function(function, (rows,), _count, _PARAMETER_MISTAKES, tolerance=_EXACT)


def feature_shape(function: Callable[..., Any]) -> str:
    """Exercise 02.5: the shape of a layer's features for a picture of any size.

    Parameters
    ----------
    function : callable
        Takes the picture's height and width in pixels and a layer's name; returns the tuple
        (height, width, channels) of its features.

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        If what it returns is not right; the message names the likely mistake.
    """
    cases = (_SHAPE_CASES,)
    mistakes = {text: _each(wrong) for text, wrong in _SHAPE_MISTAKES.items()}
    return judge_function(_each(function), cases, _each(_shape), mistakes, tolerance=_EXACT)


def receptive_field(function: Callable[..., Any]) -> str:
    """Exercise 02.3: how many pixels one feature sees, along one axis.

    Parameters
    ----------
    function : callable
        Takes the steps from the pixels on, a list of (window size, stride); returns an int.

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        If what it returns is not right; the message names the likely mistake.
    """
    cases = ([(steps,) for steps in _STEP_CASES],)
    mistakes = {text: _each(wrong) for text, wrong in _FIELD_MISTAKES.items()}
    return judge_function(_each(function), cases, _each(_field), mistakes, tolerance=_EXACT)


def max_pool_gradient(function: Callable[..., Any]) -> str:
    """Exercise 02.2: the gradient of 2 x 2 max pooling.

    Parameters
    ----------
    function : callable
        Takes a map x (H, W) with even sides and g (H/2, W/2), the gradient of the loss with
        respect to the pooled map; returns the gradient with respect to x, (H, W).

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        If what it returns is not right; the message names the likely mistake.
    """
    rng = np.random.default_rng(22)
    inputs = (rng.standard_normal((6, 8)), rng.standard_normal((3, 4)))
    return judge_function(function, inputs, _max_back, _POOL_MISTAKES)


def normalize_layer(function: Callable[..., Any]) -> str:
    """Exercise 02.6: one layer's kernel and bias, rescaled to mean activation 1.

    Parameters
    ----------
    function : callable
        Takes kernel (3, 3, C, N), bias (N,), the old mean activations `before` (C,) of the layer
        below and `means` (N,) of this one; returns the new kernel and the new bias.

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        If what it returns is not right; the message names the likely mistake.
    """
    rng = np.random.default_rng(23)
    kernel, bias = rng.standard_normal((3, 3, 4, 4)), rng.standard_normal(4)
    before, means = rng.uniform(0.2, 5, 4), rng.uniform(0.2, 5, 4)
    inputs = (kernel, bias, before, means)
    judge_function(_part(function, 0), inputs, _new_kernel, _KERNEL_MISTAKES)
    return judge_function(_part(function, 1), inputs, _new_bias, _BIAS_MISTAKES)


# Several cases, or several results


def _each(function: Callable[..., Any]) -> Callable[[Sequence[tuple[Any, ...]]], Any]:
    """Return a function that collects the answers to several cases, and None if one is missing."""

    def answers(cases: Sequence[tuple[Any, ...]]) -> Any:
        found = [call(function, *case) for case in cases]
        return None if any(answer is None or answer is ... for answer in found) else found

    return answers


def _part(function: Callable[..., Any], index: int) -> Callable[..., Any]:
    """Return a function that gives one of the two arrays which `function` returns."""

    def one(*inputs: Any) -> Any:
        both = call(function, *inputs)
        if both is None or both is ...:
            return None
        if not isinstance(both, tuple | list) or len(both) != 2:
            raise AnswerError("It should return two arrays: return new_kernel, new_bias.")
        return both[index]

    return one


# Convolution


def _convolve(maps: Array, kernel: Array, bias: Array) -> Array:
    return _stencil(np.pad(maps, ((1, 1), (1, 1), (0, 0))), kernel) + bias


def _stencil(padded: Array, kernel: Array) -> Array:
    """Slide a stencil over an array that has its frame already."""
    height, width = padded.shape[0] - 2, padded.shape[1] - 2
    out = np.zeros((height, width, kernel.shape[3]))
    for i in range(3):
        for j in range(3):
            out += padded[i : i + height, j : j + width] @ kernel[i, j]
    return out


def _framed(maps: Array, **how: Any) -> Array:
    return np.pad(maps, ((1, 1), (1, 1), (0, 0)), **how)


_CONVOLUTION_MISTAKES: dict[str, Callable[..., Any]] = {
    "The bias is missing; add bias[n] once to each output of channel n.": lambda x, k, b: _convolve(
        x, k, 0 * b
    ),
    "The bias is added nine times, once per entry of the stencil; add it outside the loops over "
    "i and j.": lambda x, k, b: _convolve(x, k, 9 * b),
    "The bias is added once per input channel; add it outside the loop over them.": (
        lambda x, k, b: _convolve(x, k, x.shape[2] * b)
    ),
    "The bias is added once for each product; add it outside the loops over i, j and m.": (
        lambda x, k, b: _convolve(x, k, 9 * x.shape[2] * b)
    ),
    "The stencil is turned by 180 degrees: that is the mathematicians' convolution; multiply "
    "kernel[i, j] with the padded position (r + i, c + j).": lambda x, k, b: _convolve(
        x, k[::-1, ::-1], b
    ),
    "Rows and columns of the stencil are swapped; kernel[i, j] belongs i rows down and j columns "
    "to the right.": lambda x, k, b: _convolve(x, k.transpose(1, 0, 2, 3), b),
    "The result lost its border: the picture was not padded; lay a frame of zeros around the rows "
    "and columns with np.pad(maps, ((1, 1), (1, 1), (0, 0))).": lambda x, k, b: _stencil(x, k) + b,
    "np.pad(maps, 1) frames the channels too, so that each is read in the place of the next; pad "
    "rows and columns only, with ((1, 1), (1, 1), (0, 0)).": lambda x, k, b: _convolve(
        np.pad(x, 1)[1:-1, 1:-1, : x.shape[2]], k, b
    ),
    "The result is larger than the picture; it has as many rows and columns as maps, not as the "
    "padded array.": lambda x, k, b: _convolve(_framed(x), k, b),
    "The frame repeats the border pixels; it should hold zeros.": lambda x, k, b: (
        _stencil(_framed(x, mode="edge"), k) + b
    ),
    "The stencil wraps around: index -1 reads the opposite border; pad with zeros first.": (
        lambda x, k, b: _stencil(_framed(x, mode="wrap"), k) + b
    ),
    "Everything is shifted by one pixel: the frame was laid at the bottom and the right only; it "
    "takes one row or column of zeros on each side.": lambda x, k, b: (
        _stencil(np.pad(x, ((0, 2), (0, 2), (0, 0))), k) + b
    ),
    "Only the last input channel counts: each product replaces the one before; sum them with "
    "+=.": lambda x, k, b: _convolve(x[..., -1:], k[:, :, -1:], b),
    "Only the first input channel is read; sum over all m.": lambda x, k, b: _convolve(
        x[..., :1], k[:, :, :1], b
    ),
    "A ReLU is applied already; return the negative numbers as they are.": lambda x, k, b: (
        np.maximum(_convolve(x, k, b), 0)
    ),
}


# Architecture


def _count(rows: Rows) -> int:
    return sum(9 * before * after + after for _, before, after in rows)


_PARAMETER_MISTAKES: dict[str, Callable[..., Any]] = {
    "The biases are missing: one number per output channel.": lambda rows: sum(
        9 * n * m for _, n, m in rows
    ),
    "The biases are counted per input channel; there is one per output channel.": lambda rows: sum(
        9 * n * m + n for _, n, m in rows
    ),
    "The bias is counted once per layer; there is one per output channel.": lambda rows: sum(
        9 * n * m + 1 for _, n, m in rows
    ),
    "The stencil is 3 x 3: nine numbers, not three.": lambda rows: sum(
        3 * n * m + m for _, n, m in rows
    ),
    "The nine entries of the stencil are forgotten.": lambda rows: sum(
        n * m + m for _, n, m in rows
    ),
    "Each output channel has a stencil of its own for every input channel: multiply by both "
    "numbers of channels.": lambda rows: sum(9 * m + m for _, n, m in rows),
    "Only the last layer is counted; sum over all rows.": lambda rows: _count(rows[-1:]),
    "Only the first layer is counted; sum over all rows, and return after the loop.": (
        lambda rows: _count(rows[:1])
    ),
}


def _shape(height: int, width: int, layer: str, extra: int = 0) -> Shape:
    pools = int(layer[5]) - 1 + extra
    return height // 2**pools, width // 2**pools, _channels(layer)


def _channels(layer: str) -> int:
    return {name: after for name, _, after in ARCHITECTURE}[layer]


def _rounded_up(height: int, width: int, layer: str) -> Shape:
    pools = int(layer[5]) - 1
    return -(-height // 2**pools), -(-width // 2**pools), _channels(layer)


def _halved_per_layer(height: int, width: int, layer: str) -> Shape:
    halvings = _NAMES.index(layer)
    return height // 2**halvings, width // 2**halvings, _channels(layer)


_SHAPE_MISTAKES: dict[str, Callable[..., Any]] = {
    "One pooling too many: block b comes after b - 1 poolings.": lambda h, w, layer: _shape(
        h, w, layer, 1
    ),
    "The sides are rounded up; a last odd row or column falls away.": _rounded_up,
    "The sides are not rounded; halve them with // 2, once per pooling.": lambda h, w, layer: (
        h / 2 ** (int(layer[5]) - 1),
        w / 2 ** (int(layer[5]) - 1),
        _channels(layer),
    ),
    "Height and width are swapped.": lambda h, w, layer: _shape(w, h, layer),
    "The channels come last: (height, width, channels).": lambda h, w, layer: (
        _channels(layer),
        *_shape(h, w, layer)[:2],
    ),
    "These are the channels that go into the layer; take those that come out.": (
        lambda h, w, layer: (
            *_shape(h, w, layer)[:2],
            {name: before for name, before, _ in ARCHITECTURE}[layer],
        )
    ),
    "The convolutions are padded and keep the size; only the poolings halve it.": (
        lambda h, w, layer: _shape(h - 2, w - 2, layer)
    ),
    "The sides are halved after every convolution; there is one pooling per block only.": (
        _halved_per_layer
    ),
    "The sides are not halved at all; each pooling halves them.": lambda h, w, layer: (
        h,
        w,
        _channels(layer),
    ),
    "The sides are divided by 2 (b - 1) instead of 2 to the power of b - 1.": lambda h, w, layer: (
        h // max(1, 2 * (int(layer[5]) - 1)),
        w // max(1, 2 * (int(layer[5]) - 1)),
        _channels(layer),
    ),
}


def _field(steps: Steps) -> int:
    seen = 1
    for size, stride in reversed(steps):
        seen = stride * (seen - 1) + size
    return seen


def _field_in_wrong_order(steps: Steps) -> int:
    return _field(steps[::-1])


def _field_with_own_stride(steps: Steps) -> int:
    seen, jump = 1, 1
    for size, stride in steps:
        jump *= stride
        seen += (size - 1) * jump
    return seen


def _field_with_last_stride_only(steps: Steps) -> int:
    seen, jump = 1, 1
    for size, stride in steps:
        seen += (size - 1) * jump
        jump = stride
    return seen


_FIELD_MISTAKES: dict[str, Callable[..., Any]] = {
    "The steps are walked in the wrong order: go from the feature back to the pixels, "
    "reversed(steps).": _field_in_wrong_order,
    "The strides are ignored: one feature after a pooling covers two before it.": lambda steps: (
        1 + sum(size - 1 for size, _ in steps)
    ),
    "A window's own stride is counted too early: it spreads only the windows that come after it.": (
        _field_with_own_stride
    ),
    "Only the stride just before counts here; the strides of all earlier steps multiply.": (
        _field_with_last_stride_only
    ),
    "The single pixel at the start is missing: begin with 1, not with 0.": lambda steps: (
        _field(steps) - 1
    ),
    "A window of size s adds s - 1, not s, to what is seen.": lambda steps: (
        1
        + sum(
            size * int(np.prod([stride for _, stride in steps[:index]]))
            for index, (size, _) in enumerate(steps)
        )
    ),
    "The sizes are multiplied; windows that overlap see less than that.": lambda steps: int(
        np.prod([size for size, _ in steps])
    ),
    "This is the stride of all steps together: how far apart two neighbors look, not how much one "
    "sees.": lambda steps: int(np.prod([stride for _, stride in steps])),
    "This is an area; give the number of pixels along one side.": lambda steps: _field(steps) ** 2,
    "The last step is missing.": lambda steps: _field(steps[:-1]),
}


# Pooling


def _grown(pooled: Array) -> Array:
    return np.repeat(np.repeat(pooled, 2, axis=0), 2, axis=1)


def _windows(x: Array) -> Array:
    return x.reshape(x.shape[0] // 2, 2, x.shape[1] // 2, 2)


def _winners(x: Array) -> NDArray[np.bool_]:
    return x == _grown(_windows(x).max((1, 3)))


def _max_back(x: Array, g: Array) -> Array:
    return np.where(_winners(x), _grown(g), 0)


_POOL_MISTAKES: dict[str, Callable[..., Any]] = {
    "This is the gradient of average pooling; max pooling gives all of g to the largest of the "
    "four and nothing to the others.": lambda x, g: _grown(g) / 4,
    "All four pixels receive g; only the largest of each window may.": lambda x, g: _grown(g),
    "The winners receive 1; they should receive the g of their window.": lambda x, g: np.where(
        _winners(x), 1, 0
    ),
    "The winners receive their own value; they should receive g.": lambda x, g: np.where(
        _winners(x), x, 0
    ),
    "The winners receive their value times g; the slope of the largest is 1, whatever its value.": (
        lambda x, g: _max_back(x, g) * x
    ),
    "The smallest pixels receive g; it belongs to the largest.": lambda x, g: np.where(
        x == _grown(_windows(x).min((1, 3))), _grown(g), 0
    ),
    "The pixels are compared by magnitude; the largest is meant with its sign.": lambda x, g: (
        np.where(_winners(np.abs(x)), _grown(g), 0)
    ),
    "Only the largest pixel of the whole map receives g; each window has a winner of its own.": (
        lambda x, g: np.where(x == x.max(), _grown(g), 0)
    ),
    "A ReLU's mask is applied as well; a winner below zero receives its g too.": lambda x, g: (
        np.where(x > 0, _max_back(x, g), 0)
    ),
}


# Mean activation 1


def _new_kernel(kernel: Array, bias: Array, before: Array, means: Array) -> Array:
    return kernel * before[:, np.newaxis] / means


def _new_bias(kernel: Array, bias: Array, before: Array, means: Array) -> Array:
    return bias / means


_KERNEL_MISTAKES: dict[str, Callable[..., Any]] = {
    "The kernel makes up for nothing below: its inputs are smaller by `before` now, so multiply "
    "by it along the axis of the input channels.": lambda k, b, before, m: k / m,
    "The kernel is divided by `before`; its inputs shrank by that factor, so multiply.": (
        lambda k, b, before, m: k / before[:, np.newaxis] / m
    ),
    "The kernel is multiplied by `means`; divide, so that the mean becomes 1.": (
        lambda k, b, before, m: k * before[:, np.newaxis] * m
    ),
    "The two factors are the wrong way round: multiply by `before`, divide by `means`.": (
        lambda k, b, before, m: k * m / before[:, np.newaxis]
    ),
    "The kernel is not divided by `means`.": lambda k, b, before, m: k * before[:, np.newaxis],
    "`before` runs along the output channels; the third axis of the kernel is the input: use "
    "before[:, None].": lambda k, b, before, m: k * before / m,
    "`means` runs along the input channels and `before` along the output channels; the kernel's "
    "axes are (row, column, in, out).": lambda k, b, before, m: k * before / m[:, np.newaxis],
    "`means` runs along the input channels; the last axis of the kernel is the output.": (
        lambda k, b, before, m: k * before[:, np.newaxis] / m[:, np.newaxis]
    ),
    "The kernel has not changed.": lambda k, b, before, m: k,
}

_BIAS_MISTAKES: dict[str, Callable[..., Any]] = {
    "The bias has not changed; it shrinks with the output, so divide it by `means`.": (
        lambda k, b, before, m: b
    ),
    "The bias is multiplied by `before`; it does not act on the inputs, so divide it by `means` "
    "only.": lambda k, b, before, m: b * before / m,
    "The bias is multiplied by `means`; divide.": lambda k, b, before, m: b * m,
    "The bias is dropped; divide it by `means`.": lambda k, b, before, m: 0 * b,
}
