"""Checks of lesson 02, a network by hand."""

from collections.abc import Callable
from itertools import accumulate
from math import prod
from operator import mul
from typing import Any

import numpy as np

from .exercise import Exercise
from .hunt import hunt
from .layers import conv, spread

_EXACT = 1e-9  # of whole numbers, which no processor rounds
_ONE, _TWO = (np.random.default_rng(seed) for seed in (21, 22))


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


def _walked_back(steps: Any, seen: int = 1, gaps: int = 1) -> int:
    for size, stride in reversed(steps):
        seen = stride * (seen - gaps) + size
    return seen


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
        "Only the last product counts: each replaces the one before, and the bias; add to out with "
        "+=, not =.": lambda x, k, b: (
            np.pad(x[1:, 1:, -1:], ((0, 1), (0, 1), (0, 0))) * k[2, 2, -1]
        ),
        "The border of the result is 0: with a frame of zeros around maps, every place has nine "
        "neighbors, and gets its sum.": lambda x, k, b: np.pad(
            _framed(0, 0)(x, k, b), ((1, 1), (1, 1), (0, 0))
        ),
        "Only the last input channel counts: each channel replaces the one before; sum over m with "
        "+=.": lambda x, k, b: _convolve(x[..., -1:], k[:, :, -1:], b),
        "Only the first input channel is read; sum over all m.": lambda x, k, b: _convolve(
            x[..., :1], k[:, :, :1], b
        ),
        "A ReLU is applied already; return the negative numbers as they are.": lambda x, k, b: (
            np.maximum(_convolve(x, k, b), 0)
        ),
    },
    hints=(
        "Take a single output first: a sum over nine places and C channels, and one bias.",
        "Pad rows and columns only, once, before the loops; then no index leaves the array.",
        "Loop over r, c and n, begin with bias[n], and add kernel[i, j, m, n] times "
        "padded[r + i, c + j, m] for all i, j and m.",
    ),
)

# What slips through, by the beginning of its sentence above, which speaks of the reader's own code
_SLIPS = {
    "The stencil is": "`stamped` slipped through: it turns the stencil by 180 degrees. Take a "
    "stencil that looks different then.",
    "The bias is added nine": "A function slipped through that adds the bias nine times. Take a "
    "bias that is not 0.",
    "The frame repeats": "A function slipped through whose frame repeats the border pixels. Look "
    "at a place at the border.",
    "Rows": "A function slipped through that swaps rows and columns of the stencil. Take one that "
    "is not symmetric.",
    "Only the last input": "A function slipped through that reads the last input channel alone. "
    "Take more than one.",
}
is_convolution = Exercise(
    "02.2",
    level=2,
    task="Takes a function of maps, kernel and bias; returns True if it is right, False if not.",
    examine=hunt(
        [_convolve, lambda x, k, b: conv(x, k) + b],
        {
            slips: function
            for start, slips in _SLIPS.items()
            for mistake, function in convolution.mistakes.items()
            if mistake.startswith(start)
        },
    ),
    hints=(
        "A sum of ones, or a stencil that is 0 but in its middle, tells no side from another.",
        "Work out one corner by the formula, from random maps, kernels and biases.",
        "At the upper left corner, kernel[1:, 1:] lies on maps[:2, :2]; the rest lies on zeros.",
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
        "The right pixels receive a quarter of g: back_average divides by 4, as average pooling "
        "does; max pooling gives all of it.": lambda x, g: _back(x, g) / 4,
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
    hints=(
        "Which pixels could change a little without any change in the pooled map?",
        "Repeat each maximum in its window; a pixel that equals it is the winner.",
        "Spread g in the same way, and np.where keeps it at the winners only.",
    ),
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
        "Begin with 1, not with 0: a feature is one number, after the last step.": lambda s: (
            _walked_back(s, 0)
        ),
        "Between n neighbors there are n - 1 gaps of one stride, not n.": lambda s: _walked_back(
            s, gaps=0
        ),
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
