"""Checks of lesson 02, VGG19's features."""

from collections.abc import Callable
from itertools import accumulate
from math import prod
from operator import floordiv, mul, truediv
from typing import Any

import numpy as np

from ...architecture import ARCHITECTURE
from ...errors import AnswerError
from .exercise import Exercise
from .hunt import hunt
from .judge import CORRECT, call, judge, require_answer
from .layers import conv, spread

_EXACT = 1e-9  # of whole numbers, which no processor rounds
_IN = {name: before for name, before, _ in ARCHITECTURE}
_OUT = {name: after for name, _, after in ARCHITECTURE}
_ONE, _TWO, _SIX = (np.random.default_rng(seed) for seed in (21, 22, 23))


def _framed(before: int, after: int, mode: Any = "constant") -> Callable[[Any, Any, Any], Any]:
    def convolve(x: Any, k: Any, b: Any) -> Any:
        padded = np.pad(x, ((before, after), (before, after), (0, 0)), mode)
        windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(0, 1))
        return np.einsum("hwcij,ijcn->hwn", windows, k) + b

    return convolve


_convolve = _framed(1, 1)


def _winners(x: Any) -> Any:
    return x == spread(x.reshape(x.shape[0] // 2, 2, x.shape[1] // 2, 2).max((1, 3)))


def _back(x: Any, g: Any) -> Any:
    return _winners(x) * spread(g)


def _strides(steps: Any) -> list[int]:
    """Return how far apart two neighbors look, after each step."""
    return list(accumulate((stride for _, stride in steps), mul))


def _field(steps: Any, apart: Any = None) -> int:
    apart = apart or [1, *_strides(steps)]
    return 1 + sum((size - 1) * jump for (size, _), jump in zip(steps, apart, strict=False))


def _sum(numbers: Callable[[int, int], int]) -> Callable[[Any], int]:
    return lambda rows: sum(numbers(n, m) for _, n, m in rows)


_count = _sum(lambda n, m: 9 * n * m + m)


def _by(layer: str) -> int:
    return 2 ** (int(layer[5]) - 1)


def _sides(by: Callable[[str], int], divide: Any = floordiv) -> Callable[[int, int, str], Any]:
    return lambda h, w, layer: (divide(h, by(layer)), divide(w, by(layer)), _OUT[layer])


_shape = _sides(_by)


def _kernel_and_bias(answer: Any) -> str:
    both = call(answer, *normalize_layer.inputs)
    require_answer(both)
    if not isinstance(both, tuple | list) or len(both) != 2:
        raise AnswerError("It should return two arrays: return new_kernel, new_bias.")
    wrong = {text: slip(*normalize_layer.inputs) for text, slip in normalize_layer.mistakes.items()}
    for given, right in zip(both, normalize_layer.right(*normalize_layer.inputs), strict=True):
        judge(given, right, {text: x for text, x in wrong.items() if x.ndim == right.ndim})
    return CORRECT


convolution = Exercise(
    "02.1",
    level=2,
    task="Takes maps (H, W, C), kernel (3, 3, C, N) and bias (N,); returns (H, W, N).",
    right=_convolve,
    inputs=(_ONE.normal(size=(4, 5, 3)), _ONE.normal(size=(3, 3, 3, 2)), _ONE.normal(2, size=2)),
    mistakes={
        "The bias is missing; add bias[n] once.": lambda x, k, b: _convolve(x, k, 0 * b),
        "The bias is added nine times, once per entry of the stencil; add it outside the loops "
        "over i and j.": lambda x, k, b: _convolve(x, k, 9 * b),
        "The bias is added once per input channel; add it outside "
        "the loop over them.": lambda x, k, b: _convolve(x, k, x.shape[2] * b),
        "The bias is added once for each product; add it outside "
        "the loops over i, j and m.": lambda x, k, b: _convolve(x, k, 9 * x.shape[2] * b),
        "The stencil is turned by 180 degrees: that is the mathematicians' convolution; multiply "
        "kernel[i, j] with the padded position "
        "(r + i, c + j).": lambda x, k, b: _convolve(x, k[::-1, ::-1], b),
        "Rows and columns of the stencil are swapped; kernel[i, j] belongs i rows down and j "
        "columns to the right.": lambda x, k, b: _convolve(x, k.transpose(1, 0, 2, 3), b),
        "The result lost its border: the picture was not padded; lay a frame of zeros around the "
        "rows and columns with np.pad(maps, ((1, 1), (1, 1), (0, 0))).": _framed(0, 0),
        "np.pad(maps, 1) frames the channels too, so that each is read in the place of the next; "
        "pad rows and columns only, with ((1, 1), (1, 1), (0, 0)).": lambda x, k, b: _convolve(
            np.pad(x, 1)[1:-1, 1:-1, : x.shape[2]], k, b
        ),
        "The result is larger than the picture; it has as many rows and columns as maps, not as "
        "the padded array.": _framed(2, 2),
        "The frame repeats the border pixels; it should hold zeros.": _framed(1, 1, "edge"),
        "The stencil wraps around: index -1 reads the opposite border; "
        "pad with zeros first.": _framed(1, 1, "wrap"),
        "Everything is shifted by one pixel: the frame was laid at the bottom and the right only; "
        "it takes one row or column of zeros on each side.": _framed(0, 2),
        "Only the last input channel counts: each product replaces the one before; sum them with "
        "+=.": lambda x, k, b: _convolve(x[..., -1:], k[:, :, -1:], b),
        "Only the first input channel is read; sum over all m.": lambda x, k, b: _convolve(
            x[..., :1], k[:, :, :1], b
        ),
        "A ReLU is applied already; return the negative numbers as they are.": lambda x, k, b: (
            np.maximum(_convolve(x, k, b), 0)
        ),
    },
    hints=("Take a single output first: a sum over nine places and C channels, and one bias.",),
)

_SLIPS = ("The stencil is", "The frame repeats", "Rows", "The bias is added nine", "Only the last")
is_convolution = Exercise(
    "02.2",
    level=2,
    task="Takes a function of maps, kernel and bias; returns True if it is right, False if not.",
    examine=hunt(
        [_convolve, lambda x, k, b: conv(x, k) + b],
        {
            f"A wrong function slipped through. {mistake}": function
            for mistake, function in convolution.mistakes.items()
            if mistake.startswith(_SLIPS)
        },
    ),
    hints=(
        "A sum of ones, or a stencil that is 0 but in its middle, tells no side from another.",
        "Work out one corner by the formula, from random maps, kernels and biases.",
    ),
)

max_pool_gradient = Exercise(
    "02.3",
    level=2,
    task="Takes x (H, W) with even sides and g (H/2, W/2), the loss's gradient with respect to the "
    "pooled map; returns the gradient with respect to x, (H, W).",
    right=_back,
    inputs=(_TWO.normal(size=(6, 8)), _TWO.normal(size=(3, 4))),
    mistakes={
        "This is the gradient of average pooling; max pooling gives all of g to the largest of the "
        "four and nothing to the others.": lambda x, g: spread(g) / 4,
        "All four pixels receive g; only the largest of each window may.": lambda x, g: spread(g),
        "The winners receive 1; they should receive g.": lambda x, g: _winners(x) * 1,
        "The winners receive their own value; they should receive g.": lambda x, g: _winners(x) * x,
        "The winners receive their value times g; the slope of the largest is 1, whatever "
        "its value.": lambda x, g: _back(x, g) * x,
        "The smallest pixels receive g; it belongs to the largest.": lambda x, g: _back(-x, g),
        "Pixels are compared by magnitude; their signs count.": lambda x, g: _back(abs(x), g),
        "Only the largest pixel of the whole map receives g; each window has a winner of its "
        "own.": lambda x, g: (x == x.max()) * spread(g),
        "A ReLU's mask is applied as well; a winner below zero receives its g too.": lambda x, g: (
            _back(x, g) * (x > 0)
        ),
    },
    hints=("Which pixels could change a little without any change in the pooled map?",),
)

receptive_field = Exercise(
    "02.4",
    level=2,
    task="Takes the steps from the pixels on, a list of (window size, stride); returns how many "
    "pixels one feature sees, along one axis.",
    right=_field,
    cases=[
        ([(5, 1)],),
        ([(3, 1), (3, 1), (2, 2), (3, 1)],),
        ([(7, 2), (3, 2), (3, 1), (2, 2), (5, 1)],),
    ],
    tolerance=_EXACT,
    mistakes={
        "The steps are walked in the wrong order: go from the feature back to the pixels, "
        "reversed(steps).": lambda s: _field(s[::-1]),
        "The strides are ignored: one feature after a pooling covers two before it.": lambda s: (
            _field([(size, 1) for size, _ in s])
        ),
        "A window's own stride is counted too early: it spreads only the windows that "
        "come after it.": lambda s: _field(s, _strides(s)),
        "Only the stride just before counts here; the strides of all earlier steps "
        "multiply.": lambda s: _field(s, [1, *(stride for _, stride in s)]),
        "The single pixel at the start is missing: begin with 1.": lambda s: _field(s) - 1,
        "A window of size s adds s - 1, not s, to what is seen.": lambda s: _field(
            [(size + 1, stride) for size, stride in s]
        ),
        "The sizes are multiplied; windows that overlap see less than that.": lambda s: prod(
            size for size, _ in s
        ),
        "This is the stride of all steps together: how far apart two neighbors look, not how much "
        "one sees.": lambda s: _strides(s)[-1],
        "This is an area; give the number of pixels along one side.": lambda s: _field(s) ** 2,
        "The last step is missing.": lambda s: _field(s[:-1]),
    },
    hints=(
        "Begin with one number after the last step, and go back: how many does it see before it?",
        "Windows of neighbors start a stride apart: how far is the last one's end from the start?",
    ),
)

parameters = Exercise(
    "02.5",
    level=1,
    task="Takes rows (name, channels in, channels out) of 3 x 3 convolutions, as `ARCHITECTURE`; "
    "returns how many numbers they learn.",
    right=_count,
    inputs=([("first", 3, 10), ("second", 10, 4), ("third", 4, 7)],),
    tolerance=_EXACT,
    mistakes={
        "The biases are missing: one number per output channel.": _sum(lambda n, m: 9 * n * m),
        "The biases are counted per input channel; there is one per output channel.": _sum(
            lambda n, m: 9 * n * m + n
        ),
        "The bias is counted once per layer; there is one per output channel.": _sum(
            lambda n, m: 9 * n * m + 1
        ),
        "The stencil is 3 x 3: nine numbers, not three.": _sum(lambda n, m: 3 * n * m + m),
        "The nine entries of the stencil are forgotten.": _sum(lambda n, m: n * m + m),
        "Each output channel has a stencil of its own for every input channel: multiply by both "
        "numbers of channels.": _sum(lambda n, m: 9 * m + m),
        "Only the last layer is counted; sum over all rows.": lambda rows: _count(rows[-1:]),
        "Only the first layer is counted; sum over all rows, and return after "
        "the loop.": lambda rows: _count(rows[:1]),
    },
    hints=("Count first what a single output channel has for itself; the layers come last.",),
)

feature_shape = Exercise(
    "02.6",
    level=1,
    task="Takes a picture's height and width and a layer's name; returns the tuple "
    "(height, width, channels) of its features.",
    right=_shape,
    # 250 and 171 are odd after one halving and at once, so that every way to round differs.
    cases=[(250, 171, layer) for layer in ("block1_conv2", "block3_conv1", "block5_conv4")],
    tolerance=_EXACT,
    mistakes={
        "One pooling too many: block b comes after b - 1 poolings.": _sides(lambda n: 2 * _by(n)),
        "The sides are rounded up; a last odd row or column falls away.": _sides(
            _by, lambda side, by: -(-side // by)
        ),
        "The sides are not rounded; halve them with // 2, once per pooling.": _sides(_by, truediv),
        "Height and width are swapped.": lambda h, w, layer: _shape(w, h, layer),
        "The channels come last: (height, width, channels).": lambda h, w, layer: np.roll(
            _shape(h, w, layer), 1
        ),
        "These are the channels that go into the layer; take those that "
        "come out.": lambda h, w, layer: (*_shape(h, w, layer)[:2], _IN[layer]),
        "The convolutions are padded and keep the size; only the poolings "
        "halve it.": lambda h, w, layer: _shape(h - 2, w - 2, layer),
        "The sides are halved after every convolution; there is one pooling per block "
        "only.": _sides(lambda layer: 2 ** list(_OUT).index(layer)),
        "The sides are not halved at all; each pooling halves them.": _sides(lambda _: 1),
        "The sides are divided by 2 (b - 1) instead of 2 to the power of b - 1.": _sides(
            lambda layer: max(1, 2 * (int(layer[5]) - 1))
        ),
    },
    hints=("How many poolings lie before the block, and what does one make of an odd side?",),
)

normalize_layer = Exercise(
    "02.7",
    level=2,
    task="Takes kernel (3, 3, C, N), bias (N,), the old mean activations before (C,) of the layer "
    "below and means (N,) of this one; returns the new kernel and the new bias.",
    examine=_kernel_and_bias,
    right=lambda k, b, old, m: (k * old[:, None] / m, b / m),
    inputs=(_SIX.normal(size=(3, 3, 4, 4)), _SIX.normal(size=4), *_SIX.uniform(0.2, 5, (2, 4))),
    mistakes={
        "The kernel makes up for nothing below: its inputs are smaller by `before` now, so "
        "multiply by it along the axis of the input channels.": lambda k, b, old, m: k / m,
        "The kernel is divided by `before`; its inputs shrank by that factor, "
        "so multiply.": lambda k, b, old, m: k / old[:, None] / m,
        "The kernel is multiplied by `means`; divide, so that the mean "
        "becomes 1.": lambda k, b, old, m: k * old[:, None] * m,
        "The two factors are the wrong way round: multiply by `before`, divide by "
        "`means`.": lambda k, b, old, m: k * m / old[:, None],
        "The kernel is not divided by `means`.": lambda k, b, old, m: k * old[:, None],
        "`before` runs along the output channels; the third axis of the kernel is the input: use "
        "before[:, None].": lambda k, b, old, m: k * old / m,
        "`means` runs along the input channels and `before` along the output channels; the "
        "kernel's axes are (row, column, in, out).": lambda k, b, old, m: k * old / m[:, None],
        "`means` runs along the input channels; the last axis of the kernel is the "
        "output.": lambda k, b, old, m: k * old[:, None] / m[:, None],
        "The kernel has not changed.": lambda k, b, old, m: k,
        "The bias has not changed; it shrinks with the output, so divide it by `means`.": (
            lambda k, b, old, m: b
        ),
        "The bias is multiplied by `before`; it does not act on the inputs, so divide it by "
        "`means` only.": lambda k, b, old, m: b * old / m,
        "The bias is multiplied by `means`; divide.": lambda k, b, old, m: b * m,
        "The bias is dropped; divide it by `means`.": lambda k, b, old, m: 0 * b,
    },
    hints=(
        "The layer's inputs were divided by `before`; its output shall be divided by `means`.",
        "For m > 0, max(0, x / m) is max(0, x) / m: scale what goes into the ReLU, all of it.",
    ),
)
