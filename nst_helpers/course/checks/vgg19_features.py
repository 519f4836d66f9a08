"""Checks of lesson 03, VGG19's features."""

from collections.abc import Callable
from operator import floordiv, truediv
from typing import Any

import numpy as np

from ...architecture import ARCHITECTURE, LAYERS
from .exercise import Exercise
from .hunt import hunt

_EXACT = 1e-9  # of whole numbers, which no processor rounds
_IN = {name: before for name, before, _ in ARCHITECTURE}
_OUT = {name: after for name, _, after in ARCHITECTURE}


def _sum(numbers: Callable[[int, int], int]) -> Callable[[Any], int]:
    return lambda rows: sum(numbers(n, m) for _, n, m in rows)


_count = _sum(lambda n, m: 9 * n * m + m)


def _by(layer: str) -> int:
    return 2 ** (int(layer[5]) - 1)


def _sides(by: Callable[[str], int], divide: Any = floordiv) -> Callable[[int, int, str], Any]:
    return lambda h, w, layer: (divide(h, by(layer)), divide(w, by(layer)), _OUT[layer])


_shape = _sides(_by)


parameters = Exercise(
    "03.1",
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
        "This counts the layers of VGG19, whatever is handed over; sum over `rows`.": lambda _: (
            _count(ARCHITECTURE)
        ),
        "Only the first layer is counted; sum over all rows, and return after "
        "the loop.": lambda rows: _count(rows[:1]),
    },
    hints=(
        "Count first what a single output channel has for itself; the layers come last.",
        "One output channel has a stencil of nine numbers for each input channel, and one bias.",
    ),
)

feature_shape = Exercise(
    "03.2",
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
        "The channels do not double in block 5; `CHANNELS` has them.": lambda h, w, layer: (
            *_shape(h, w, layer)[:2],
            64 * _by(layer),
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
    hints=(
        "How many poolings lie before the block, and what does one make of an odd side?",
        "Block b comes after b - 1 poolings, and each takes side // 2.",
    ),
)


def _number(convolutions: int = 2, poolings: int = 1, start: int = 1) -> Callable[[str], int]:
    """Count what lies before a layer's ReLU, with so many numbers for each part."""
    return lambda layer: start + convolutions * LAYERS.index(layer) + poolings * (int(layer[5]) - 1)


torch_number = Exercise(
    "03.3",
    level=2,
    task="Takes a layer's name; returns the number of its ReLU in PyTorch's list.",
    right=_number(),
    cases=[(layer,) for layer in ("block1_conv1", "block2_conv2", "block3_conv4", "block5_conv1")],
    tolerance=_EXACT,
    mistakes={
        "This is the number of the convolution; its ReLU is the next one.": _number(start=0),
        "One too many: the list begins with 0, and block b comes after b - 1 poolings.": _number(
            start=2
        ),
        "The four poolings have numbers of their own.": _number(poolings=0),
        "The list begins with 0, and the poolings have numbers of their own.": _number(
            poolings=0, start=2
        ),
        "There is one pooling per block, not one per convolution.": _number(3, 0),
        "Each convolution takes two numbers, one of them for its ReLU.": _number(1),
        "This numbers the convolutions alone, from 0; ReLUs and poolings count, too.": _number(
            1, 0, 0
        ),
        "This numbers the convolutions alone, from 1; ReLUs and poolings count, too.": _number(
            1, 0
        ),
    },
    hints=(
        "How many convolutions lie before the layer, and how many numbers does each take?",
        "Then add the poolings on the way, and remember that the list begins with 0.",
        "LAYERS.index(layer) convolutions lie before it, and int(layer[5]) - 1 poolings.",
    ),
)


def _place(order: Any, width: int) -> tuple[int, int]:
    row, column = divmod(int(order), width)
    return row, column


def _strongest(maps: Any, channel: int) -> tuple[int, int]:
    return _place(maps[:, :, channel].argmax(), maps.shape[1])


def _walked(maps: Any, channel: int) -> tuple[int, int]:
    places = list(np.ndindex(*maps.shape[:2]))
    return max(places, key=lambda place: maps[place][channel])


def _without_border(maps: Any, channel: int) -> tuple[int, int]:
    inner = np.full(maps.shape, -np.inf)
    inner[1:-1, 1:-1] = maps[1:-1, 1:-1]
    return _strongest(inner, channel)


def _loudest_lines(maps: Any, channel: int) -> tuple[int, int]:
    return int(maps[..., channel].sum(1).argmax()), int(maps[..., channel].sum(0).argmax())


def _channels_first(maps: Any, channel: int) -> tuple[int, int]:
    return _place(maps.reshape(maps.shape[2], -1)[channel].argmax(), maps.shape[1])


is_strongest = Exercise(
    "03.4",
    level=2,
    task="Takes a function of maps (H, W, N) and a channel; returns True if the function finds the "
    "(row, column) of the channel's largest number, and False if not.",
    examine=hunt(
        [_strongest, _walked],
        {
            "`hasty` slipped through: it cuts the list of places into rows that are as long as the "
            "map is high. Try a map that is not square.": lambda maps, channel: _place(
                maps[:, :, channel].argmax(), len(maps)
            ),
            "A function slipped through that looks for the largest number of all channels. Make "
            "another channel louder.": lambda maps, _: _place(
                maps.max(axis=2).argmax(), maps.shape[1]
            ),
            "A function slipped through that returns (column, row). Put the largest number off the "
            "diagonal.": lambda maps, channel: _strongest(maps, channel)[::-1],
            "A function slipped through that never looks at the border. Put the largest number "
            "there.": _without_border,
            "A function slipped through that reads the channels as if they came first. Fill "
            "all channels with numbers that differ.": _channels_first,
            "A function slipped through that takes the row and the column with the largest sums. "
            "Put the largest number among small ones.": _loudest_lines,
        },
    ),
    hints=(
        "Which of the three tests could tell a row from a column?",
        "Take random maps that are not square, with a louder channel beside the one you ask for.",
        "Put the largest number into the last row, not in its middle, and compare two places.",
    ),
)
