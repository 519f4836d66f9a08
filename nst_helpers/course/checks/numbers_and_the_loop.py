"""Checks of lesson 09: number formats, sums, memory."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ...architecture import ARCHITECTURE, LAYERS
from ...errors import AnswerError
from .exercise import Exercise
from .hunt import hunt
from .judge import CORRECT, call, require_answer


def _apart(power: Any = np.floor, more: int = 0) -> Callable[..., Any]:
    return lambda number, bits: 2.0 ** (power(np.log2(abs(number))) - bits + more)


_FORMATS = "float16, bfloat16, float32"
_HALF = "float16 holds numbers up to 65,504 and rounds by up to 2^-11 = 0.0005."
_BRAIN = "bfloat16 holds numbers up to 3e38 and rounds by up to 2^-8 = 0.004, not 2^-7."

# largest magnitude, allowed rounding, answer, what to say if it is another one
_FORMAT_CASES = (
    (1.0, 1e-3, "float16", f"of the 16-bit formats, float16 is fine enough. {_HALF} {_BRAIN}"),
    (1e6, 0.01, "bfloat16", f"16 bits are enough, but not those of float16. {_HALF}"),
    (1e6, 1e-3, "float32", f"neither format of 16 bits will do. {_HALF} {_BRAIN}"),
    (1.0, 1e-5, "float32", f"no format of 16 bits is that fine. {_HALF}"),
    (65504.0, 1e-3, "float16", f"the largest number itself still fits. {_HALF}"),
    (1.0, 0.01, "float16", "both formats of 16 bits will do; take float16, the finer of them."),
    (7e4, 0.005, "bfloat16", f"float16 ends below, and half the spacing counts. {_BRAIN}"),
    (1.0, 3e-4, "float32", f"float16 is not quite fine enough. {_HALF}"),
    (7e4, 0.003, "float32", f"bfloat16 is not quite fine enough. {_BRAIN}"),
    (1.0, 6e-4, "float16", f"half the spacing is the largest rounding. {_HALF}"),
    (65530.0, 0.005, "bfloat16", f"float16 ends at 65,504, not at 65,536. {_HALF}"),
)


def _formats(answer: Any) -> str:
    for largest, rounding, right, explanation in _FORMAT_CASES:
        chosen = call(answer, largest, rounding)
        require_answer(chosen)
        if not isinstance(chosen, str):
            raise AnswerError(f"Return one of {_FORMATS} as a string, not {type(chosen).__name__}.")
        if chosen not in _FORMATS.split(", "):
            raise AnswerError(f"Return one of {_FORMATS}, not {chosen[:40]!r}.")
        if chosen != right:
            case = f"magnitudes up to {largest:g}, rounding up to {rounding:g}"
            raise AnswerError(f"For {case}, {chosen} is not right: {explanation}")
    return CORRECT


def _brain(x: Any) -> Any:
    """Round to bfloat16: to the nearest, and to even where two are equally near."""
    bits = np.asarray(x, np.float32).view(np.uint32)
    return ((bits + np.uint32(0x7FFF) + (bits >> 16 & 1)) & np.uint32(0xFFFF0000)).view(np.float32)


def _added(
    rounded: Callable[[Any], Any], of_product: bool = False, first_as_is: bool = False
) -> Callable[[Any], Any]:
    """Return a Gram matrix whose sums, or else only whose products, are rounded."""

    def gram(F: Any) -> Any:
        total = np.zeros((len(F), len(F)), np.float32)
        for k, f in enumerate(np.asarray(F, np.float32).T):
            product = np.outer(f, f)
            if of_product:
                total = total + rounded(product)
            elif first_as_is and k == 0:
                total = product
            else:
                total = rounded(total + product)
        return total

    return gram


def _gram(F: Any) -> Any:
    F = np.asarray(F, np.float32)
    return F @ F.T


def _half(x: Any) -> Any:
    with np.errstate(over="ignore"):
        return np.asarray(x).astype(np.float16).astype(np.float32)


def _kept(
    share: Callable[[int], float] = lambda block: 4.0 ** (1 - block),
    which: Callable[[int, int], bool] = lambda k, last: k <= last,
    numbers: Callable[[int, int], int] = lambda n, m: m,
    bits: bool = False,
) -> Callable[..., float]:
    """Return the bytes that the gradient needs; other arguments are mistakes."""

    def count(height: int, width: int, deepest: str, each: int) -> float:
        rows = [
            numbers(n, m) * share(int(name[5]))
            for k, (name, n, m) in enumerate(ARCHITECTURE)
            if which(k, LAYERS.index(deepest))
        ]
        return height * width * sum(rows) * (each if not bits else 1)

    return count


_FIRSTS = [LAYERS.index(name) for name in LAYERS if name.endswith("conv1")]

spacing = Exercise(
    "09.1",
    level=2,
    task="Takes a number other than 0 and how many bits the fraction has; returns the distance to "
    "its neighbor farther away from 0.",
    right=_apart(),
    # Of like magnitude, so that each counts; a power of two, one below it, and below 1.
    cases=[(256.0, 7), (255.0, 7), (-300.0, 7), (5.5, 2), (1.0, 2), (0.09375, 3), (-0.75, 4)],
    mistakes={
        "Right for powers of two only: the exponent must be a whole number, rounded down.": _apart(
            lambda power: power
        ),
        "The exponent is rounded up; 255 is 1.99 times 2^7, so its exponent is 7.": _apart(np.ceil),
        "The exponent is rounded to the nearest; round it down, as 1.b1b2... is less than "
        "2.": _apart(np.round),
        "That is the distance next to 1; it doubles with every power of two.": lambda x, bits: (
            2.0**-bits
        ),
        "Half the distance is the largest error of rounding; the distance is asked for.": _apart(
            more=-1
        ),
        "Twice too large: the leading 1 is not among the bits of the fraction.": _apart(more=1),
        "The distance has no sign: take the absolute value.": lambda x, bits: (
            np.sign(x) * _apart()(x, bits)
        ),
        "That is the neighbor itself; return how far away it is.": lambda x, bits: (
            x + np.sign(x) * _apart()(x, bits)
        ),
    },
    hints=(
        "Write the number as 1.b1b2... times 2^e. What is the last bit of the fraction worth?",
        "e is log2 of the absolute value, rounded down; the last of n bits is worth 2^(e - n).",
    ),
)

smallest_format = Exercise(
    "09.2",
    level=2,
    task="Takes the largest magnitude and the largest relative rounding that is allowed; returns "
    '"float16", "bfloat16" or "float32".',
    examine=_formats,
    hints=(
        "A format has two limits, range and accuracy. Begin with the finer one of 16 bits.",
        "Next to 1 neighbors are 2^-10 apart in float16 and 2^-7 in bfloat16; half of that is the "
        "largest relative error.",
    ),
)

is_gram = Exercise(
    "09.3",
    level=3,
    task="Takes a function of features F, (N, M); returns True if it gives F F^T with products and "
    "sums in float32, otherwise False.",
    examine=hunt(
        [_gram, _added(lambda x: x), lambda F: np.einsum("im,jm->ij", F, np.asarray(F, float))],
        {
            "`summed` slipped through: its sum stops growing. Take many positions; bfloat16 counts "
            "to 256.": _added(_brain),
            "A sum in bfloat16 slipped through that begins with the first product as it is: a "
            "single position does not show it. Take many.": _added(_brain, first_as_is=True),
            "A sum in float16 slipped through: it stops growing, too, but only at 2,048 times what "
            "is added.": _added(_half),
            "A sum whose result is rounded to bfloat16 slipped through: take a sum that has more "
            "digits than bfloat16.": lambda F: _brain(_gram(F)),
            "A result in float16 slipped through: make the sum larger than 65,504.": lambda F: (
                _half(_gram(F))
            ),
            "Products rounded to bfloat16 slipped through: take a number whose square has more "
            "digits, and few positions, so that nothing else is rounded.": _added(_brain, True),
        },
    ),
    hints=(
        "Which numbers are exact in bfloat16, but not their sum? The counter of this lesson "
        "knows some.",
        "3,000 positions of 8: the right sum is 192,000, and both 16-bit formats fail.",
        "For the products take a single position with 1 + 2^-7, which bfloat16 holds; its square "
        "needs 14 bits.",
    ),
)

kept_bytes = Exercise(
    "09.4",
    level=2,
    task="Takes height and width, the name of the deepest layer, and the bytes of a number; "
    "returns the bytes of all convolution outputs up to that layer.",
    right=_kept(),
    inputs=(96, 160, "block3_conv3", 2),
    mistakes={
        "The layer `deepest` itself is missing: its output is kept, too.": _kept(
            which=lambda k, last: k < last
        ),
        "Only the last layer was counted: the gradient needs every output on its way back.": _kept(
            which=lambda k, last: k == last
        ),
        "Only the first layer of each block was counted; the gradient goes through all "
        "layers.": _kept(which=lambda k, last: k <= last and k in _FIRSTS),
        "All 16 layers were counted; what lies behind `deepest` is not computed.": _kept(
            which=lambda k, last: True
        ),
        "Every layer was counted at full size: a pooling stands between two blocks.": _kept(
            lambda block: 1.0
        ),
        "A pooling halves the height and the width: a quarter of the positions is left.": _kept(
            lambda block: 2.0 ** (1 - block)
        ),
        "Block 1 has the full size: divide by 4^(b - 1), not by 4^b.": _kept(
            lambda block: 4.0**-block
        ),
        "Those are the channels that come in; an output has those that go out.": _kept(
            numbers=lambda n, m: n
        ),
        "Those are the weights' 9 n m; an output has m numbers at each position.": _kept(
            numbers=lambda n, m: 9 * n * m
        ),
        "These are numbers, not bytes: multiply by the bytes of one.": _kept(bits=True),
    },
    hints=(
        "Go through ARCHITECTURE up to the layer. Its entries are name, channels in, channels out.",
        "The block is int(name[5]); a layer of block b has height * width / 4^(b - 1) positions.",
    ),
)
