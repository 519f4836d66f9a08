"""Checks of lesson 07: two loops, step sizes, Adam, curvature, number formats."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from operator import ge, gt, le
from typing import Any

import numpy as np
from numpy.linalg import eigvalsh, norm

from ...errors import AnswerError
from .exercise import Exercise
from .hunt import hunt
from .judge import CORRECT, call, require_answer
from .loops import DOWN, NONE, UP, dense, loops, newest, product


def _bowl(seed: int, size: int) -> Any:
    factor = np.random.default_rng(seed).standard_normal((size, size))
    return factor @ factor.T + np.eye(size)


def _adam(
    mean: int = -1, square: int = -1, k: int = 0, root: Any = lambda q, e: np.sqrt(q) + e
) -> Callable[..., Any]:
    """Return Adam's step; other powers of the corrections, another k or root are mistakes."""

    def step(gradients: Any, rate: float, beta_1: float, beta_2: float, epsilon: float) -> Any:
        m = q = 0.0
        for g in gradients:
            m = beta_1 * m + (1 - beta_1) * g
            q = beta_2 * q + (1 - beta_2) * g**2
        seen = k or len(gradients)
        q = q * (1 - beta_2**seen) ** square
        return -rate * m * (1 - beta_1**seen) ** mean / root(q, epsilon)

    return step


_step, _mean = _adam(), _adam(root=lambda q, e: 1.0)
_RNG = np.random.default_rng(73)
_STEPS = _RNG.standard_normal((3, 6))


def _pair(cosine: float, s: float, y: float) -> tuple[Any, ...]:
    """Return vectors of the lengths s and y with this cosine between them, and the least one."""
    return np.array([s, 0.0]), y * np.array([cosine, np.sqrt(1 - cosine**2)]), 0.1


def _above(power_s: int = 1, power_y: int = 1, test: Any = gt) -> Callable[..., Any]:
    return lambda s, y, least: test(s @ y, least * norm(s) ** power_s * norm(y) ** power_y)


def _decisions(answer: Any) -> str:
    def decide(*case: Any) -> float:
        given = call(answer, *case)
        require_answer(given)
        with suppress(Exception):  # a ragged list, a stranger's type, more than one value
            value = np.asarray(given)
            if value.dtype.kind in "biuf":
                return float(bool(value.item()))
        raise AnswerError(f"True or False was expected, not {type(given).__name__}.")

    return replace(is_useful, examine=None)(decide)


_FORMATS = "float16, bfloat16, float32"
_HALF = "float16 holds numbers up to 65,504 and rounds by up to 2^-11 = 0.0005."
_BRAIN = "bfloat16 holds numbers up to 3e38 and rounds by up to 2^-8 = 0.004, not 2^-7."

# largest magnitude, allowed rounding, answer, what to say if it is another one
_FORMAT_CASES = (
    (1.0, 1e-3, "float16", f"16 bits are enough here. {_HALF} {_BRAIN}"),
    (1e6, 0.01, "bfloat16", f"16 bits are enough, but not those of float16. {_HALF}"),
    (1e6, 1e-3, "float32", f"neither format of 16 bits will do. {_HALF} {_BRAIN}"),
    (1.0, 1e-5, "float32", f"no format of 16 bits is that fine. {_HALF}"),
    (65504.0, 1e-3, "float16", f"the largest number itself still fits. {_HALF}"),
    (1.0, 0.01, "float16", "where both formats of 16 bits will do, take the finer one."),
    (7e4, 0.005, "bfloat16", f"half the spacing is the largest rounding. {_BRAIN}"),
    (1.0, 3e-4, "float32", f"float16 is not quite fine enough. {_HALF}"),
    (7e4, 0.003, "float32", f"bfloat16 is not quite fine enough. {_BRAIN}"),
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


_GRADIENT = 1e6 * np.random.default_rng(76).standard_normal((3, 4, 3))
_GRADIENT[0, 0, 0] = -4e6  # the largest change is of a negative entry


def _by(size: Any = lambda g: abs(g).max(), unit: float = 1 / 255) -> Callable[..., Any]:
    return lambda g, gray: -g / size(g) * gray * unit


is_recursion = Exercise(
    "07.1",
    level=2,
    task="Takes a function of g, S, Y and gamma; returns True if it gives B g by the two loops, as "
    "two_loops does, otherwise False.",
    examine=hunt(
        [product(), dense],
        {
            "A second loop from the newest pair to the oldest slipped through: take two pairs that "
            "do not lie along the axes of the bowl.": product(second=DOWN),
            "Loops that take the newest pair for the oldest slipped through: the newest must meet "
            "the secant equation.": product(first=UP, second=DOWN),
            "One that forgets gamma slipped through: take a gamma that is not 1, and a g that "
            "leaves some q after the first loop.": product(gamma=lambda *_: 1.0),
            "A plus where the second loop takes rho y^T r away slipped through: some q must be "
            "left after the first loop.": product(sign=1),
        },
    ),
    hints=(
        "With one pair there is no order, and along the axes of a bowl the order is no matter.",
        "The dense matrix gives the right answer: bfgs_update, pair by pair, from gamma I.",
        "Two pairs in the plane, Y = S H with a Hessian that is not diagonal, gamma 0.5, any g.",
    ),
)

largest_rate = Exercise(
    "07.2",
    level=1,
    task="Takes a bowl's Hessian, (P, P); returns the rate above which gradient descent runs away.",
    right=lambda H: 2 / eigvalsh(H)[-1],
    inputs=(_bowl(71, 4),),
    mistakes={
        "With 1 / lambda_max the steepest direction is there in one step; the limit is twice "
        "that.": lambda H: 1 / eigvalsh(H)[-1],
        "That is the limit of the flattest direction; the steepest one breaks first.": lambda H: (
            2 / eigvalsh(H)[0]
        ),
        "Upside down: the larger the curvature, the smaller the rate must be.": lambda H: (
            eigvalsh(H)[-1] / 2
        ),
        "2 / (smallest + largest) is the fastest rate, not the largest.": lambda H: (
            2 / (eigvalsh(H)[0] + eigvalsh(H)[-1])
        ),
        "The trace adds all curvatures; the largest eigenvalue alone decides.": lambda H: (
            2 / np.trace(H)
        ),
        "The largest entry is not the largest eigenvalue: the axes need not be the "
        "eigenvectors.": lambda H: 2 / H.max(),
        "np.linalg.norm of a matrix is the root of its summed squares; take the largest "
        "eigenvalue.": lambda H: 2 / norm(H),
        "That is one rate for every direction; the steepest one decides for all.": lambda H: (
            2 / eigvalsh(H)
        ),
    },
    hints=("Each direction shrinks if |1 - rate * eigenvalue| < 1. Which is the first to break?",),
)

adam_step = Exercise(
    "07.3",
    level=2,
    task="Takes the gradients so far, (K, P), the latest last, the rate, beta_1, beta_2 and "
    "epsilon; returns what Adam adds to x in the latest step, (P,).",
    right=_step,
    inputs=(np.random.default_rng(72).standard_normal((3, 5)), 0.1, 0.9, 0.99, 0.2),
    mistakes={
        "The bias correction is missing: divide the means by 1 - beta_1^k and 1 - beta_2^k.": _adam(
            0, 0
        ),
        "The bias correction of the mean is missing: divide m by 1 - beta_1^k.": _adam(0),
        "The bias correction of the squares is missing: divide q by 1 - beta_2^k.": _adam(-1, 0),
        "The bias correction is a product here; divide by 1 - beta^k.": _adam(1, 1),
        "The correction always uses k = 1; k counts the gradients seen.": _adam(k=1),
        "The correction counts one gradient too few; after the first one k is 1.": _adam(k=2),
        "The correction counts one gradient too many; after the first one k is 1.": _adam(k=4),
        "The sign is wrong: a step goes against the gradient.": lambda *all_: -_step(*all_),
        "The square root is missing in the denominator.": _adam(root=lambda q, e: q + e),
        "epsilon belongs outside of the square root.": _adam(root=lambda q, e: np.sqrt(q + e)),
        "epsilon is missing in the denominator.": _adam(root=lambda q, e: np.sqrt(q)),
        "The rate is missing.": lambda g, rate, *betas: _step(g, 1.0, *betas),
        "beta_1 and beta_2 are swapped: beta_1 belongs to the mean of the "
        "gradient.": lambda g, rate, b1, b2, e: _step(g, rate, b2, b1, e),
        "That is the square of the mean; take the mean of the squares.": lambda g, rate, a, b, e: (
            _mean(g, rate, a, b, e) / (abs(_mean(g, 1.0, b, b, e)) + e)
        ),
        "Only the latest gradient was used; the running means need all of them.": lambda g, *rest: (
            _step(g[-1:], *rest)
        ),
        "The gradients were taken in the wrong order; the latest is in the last "
        "row.": lambda g, *rest: _step(g[::-1], *rest),
        "That is the sum of all steps; return the latest one.": lambda g, *rest: sum(
            _step(g[:k], *rest) for k in (1, 2, 3)
        ),
    },
    hints=(
        "Go through the rows with two running means that begin at 0, of g and of its square.",
        "After K rows the weights in a mean add up to 1 - beta^K; each mean has its own beta.",
    ),
)

newton_direction = Exercise(
    "07.4",
    level=3,
    task="Takes the gradient g, (P,), and the steps S and gradient changes Y, (m, P) each, the "
    "oldest pair first; returns -B g, (P,), by the two loops, with gamma of the newest pair.",
    right=loops(),
    inputs=(_RNG.standard_normal(6), _STEPS, _STEPS @ _bowl(74, 6)),
    mistakes={
        "The sign is missing: the direction is -B g, downhill.": lambda g, S, Y: -loops()(g, S, Y),
        "gamma is forgotten: between the loops r is gamma times q.": loops(gamma=lambda S, Y: 1.0),
        "gamma is taken from the oldest pair; the newest one is in the last row.": loops(
            gamma=lambda S, Y: newest(S[:1], Y[:1])
        ),
        "gamma is upside down: it is s^T y / y^T y, an inverse curvature.": loops(
            gamma=lambda S, Y: 1 / newest(S, Y)
        ),
        "gamma is s^T s / s^T y here; this lesson takes s^T y / y^T y.": loops(
            gamma=lambda S, Y: 1 / newest(Y, S)
        ),
        "s and y are swapped: a comes from s and takes away y, the second loop adds "
        "s.": lambda g, S, Y: loops()(g, Y, S),
        "The order of both loops is turned round: first the newest pair, then the oldest.": loops(
            first=UP, second=DOWN
        ),
        "The first loop must begin with the newest pair, which is in the last row.": loops(UP),
        "The second loop must begin with the oldest pair, in the first row.": loops(second=DOWN),
        "The a of one pair meet another: the first loop kept them newest first, so turn them "
        "round.": loops(turn=-1),
        "In the second loop it is a minus rho y^T r, not plus.": loops(sign=1),
        "rho is missing: divide both inner products by s^T y.": loops(rho=lambda s, y: 1.0),
        "The second loop is missing: r is only gamma times q.": loops(second=NONE),
        "That is -gamma g, without any pair.": loops(NONE, NONE),
    },
    hints=(
        "Go through the pairs twice, in opposite orders; keep the numbers of the first loop.",
        "Test it: with the newest y as g, the answer is minus the newest s (secant equation).",
    ),
)

is_useful = Exercise(
    "07.5",
    level=1,
    task="Takes s and y, (P,) each, and a number, the least cosine between them; returns True if "
    "the curvature is clearly positive, otherwise False.",
    right=_above(),
    # The lengths are such that each wrong test decides at least one wrongly, and no two alike.
    cases=[
        *(_pair(0.6, s, y) for s, y in ((0.01, 100), (100, 0.01), (1, 100), (100, 1), (0.1, 0.1))),
        *(_pair(cosine, 1, 1) for cosine in (0.05, 0.2, -0.6)),
        (np.zeros(2), np.array([1.0, 2.0]), 0.1),
    ],
    mistakes={
        "Positive is not enough: s^T y must be at least `least` times |s| "
        "|y|.": lambda s, y, least: s @ y > 0,
        "The lengths are missing: compare s^T y with least times |s| |y|.": _above(0, 0),
        "The absolute value lets negative curvature pass; it must be "
        "refused.": lambda s, y, least: abs(s @ y) > least * norm(s) * norm(y),
        "The lengths are squared here; take the square roots.": _above(2, 2),
        "The length of y is missing.": _above(1, 0),
        "The length of s is missing.": _above(0, 1),
        "Compare with |s| |y|, not with the square of |s|.": _above(2, 0),
        "Compare with |s| |y|, not with the square of |y|.": _above(0, 2),
        "The answer is turned round: True means that the pair is stored.": _above(test=le),
        "A step of length 0 teaches nothing: with >= it would be stored.": _above(test=ge),
    },
    examine=_decisions,
    hints=("s^T y is both lengths times the cosine between them. Think of a length of 0, too.",),
)

smallest_format = Exercise(
    "07.6",
    level=2,
    task="Takes the largest magnitude and the largest relative rounding that is allowed; returns "
    '"float16", "bfloat16" or "float32".',
    examine=_formats,
    hints=("A format has two limits, range and accuracy. Begin with the finer one of 16 bits.",),
)

first_step = Exercise(
    "07.7",
    level=1,
    task="Takes the gradient, (H, W, 3), and the largest change in gray values of 255; returns the "
    "step, (H, W, 3), for a picture in [0, 1].",
    right=_by(),
    inputs=(_GRADIENT, 20.0),
    mistakes={
        "The sign is wrong: a step goes against the gradient.": _by(unit=-1 / 255),
        "A picture in [0, 1] counts 255 gray values as 1: divide by 255.": _by(unit=1),
        "Multiplied by 255 where it must be divided: 255 gray values are 1.": _by(unit=255),
        "The gradient is divided by its length; divide by its largest magnitude.": _by(norm),
        "The gradient is divided by its mean magnitude; divide by its largest.": _by(
            lambda g: abs(g).mean()
        ),
        "The largest entry is not the largest magnitude: take absolute values first.": _by(np.max),
        "Only the signs are left: that is Adam's first step. Scale the whole gradient "
        "instead.": lambda g, gray: -np.sign(g) * gray / 255,
        "Each color has a largest magnitude of its own here; take one for the whole "
        "picture.": lambda g, gray: -g * gray / 255 / abs(g).max((0, 1)),
        "The gradient is not scaled at all; its largest magnitude must become the "
        "step's.": lambda g, gray: -g * gray / 255,
    },
    hints=("First scale the gradient so that its largest magnitude is 1; then mind the unit.",),
)
