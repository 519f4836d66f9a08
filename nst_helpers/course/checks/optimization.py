"""Checks of lesson 08: rates, the two loops, step sizes, curvature."""

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
from .judge import call, require_answer
from .loops import DOWN, UP, dense, product


def _bowl(seed: int, size: int) -> Any:
    factor = np.random.default_rng(seed).standard_normal((size, size))
    return factor @ factor.T + np.eye(size)


def _rate(of_ends: Callable[[Any], float]) -> Callable[[Any], float]:
    """Return a function of a Hessian that takes its smallest and its largest eigenvalue."""
    return lambda H: of_ends(eigvalsh(H)[[0, -1]])


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


_GRADIENT = 1e6 * np.random.default_rng(76).standard_normal((3, 4, 3))
_GRADIENT[0, 0, 0] = -4e6  # the largest change is of a negative entry


def _by(size: Any = lambda g: abs(g).max(), unit: float = 1 / 255) -> Callable[..., Any]:
    return lambda g, gray: -g / size(g) * gray * unit


best_rate = Exercise(
    "08.1",
    level=2,
    task="Takes a bowl's Hessian, (d, d); returns the rate of gradient descent for which the "
    "slowest direction shrinks fastest.",
    right=_rate(lambda ends: 2 / ends.sum()),
    inputs=(_bowl(71, 4),),
    mistakes={
        "Above 2 / lambda_max it runs away, and there the steepest direction does not shrink at "
        "all; a smaller rate is better.": _rate(lambda ends: 2 / ends[1]),
        "With 1 / lambda_max the steepest direction is there in one step; a larger rate helps the "
        "flattest one.": _rate(lambda ends: 1 / ends[1]),
        "With 1 / lambda_min the flattest direction is there in one step, and the steepest one "
        "runs away.": _rate(lambda ends: 1 / ends[0]),
        "Half as much as it should be: solve 1 - rate * smallest = rate * largest - 1.": _rate(
            lambda ends: 1 / ends.sum()
        ),
        "Upside down: the larger the curvatures, the smaller the rate must be.": _rate(
            lambda ends: ends.sum() / 2
        ),
        "The geometric mean balances quotients; here two differences from 1 must be equal.": _rate(
            lambda ends: 1 / np.sqrt(ends.prod())
        ),
        "The mean of all curvatures does not matter: only the smallest and the largest do.": (
            lambda H: len(H) / np.trace(H)
        ),
        "The numbers on the diagonal are not the eigenvalues: the axes need not be the "
        "eigenvectors.": lambda H: 2 / (np.diag(H).min() + np.diag(H).max()),
        "That is a rate for each direction; gradient descent has one for all.": lambda H: (
            1 / eigvalsh(H)
        ),
    },
    hints=(
        "A direction of curvature c is multiplied by 1 - rate * c in every step. Which two "
        "directions can be the slowest?",
        "Draw |1 - rate * c| against the rate for c = 1 and for c = 40. Where is the larger of "
        "both lines lowest?",
        "There the flattest direction and the steepest one shrink equally fast, with opposite "
        "signs: 1 - rate * smallest = -(1 - rate * largest).",
    ),
)

is_recursion = Exercise(
    "08.2",
    level=2,
    task="Takes a function of g, steps, changes and gamma; returns True if it gives B g as "
    "two_loops does, otherwise False.",
    examine=hunt(
        [product(), dense],
        {
            "A second loop from the newest pair to the oldest slipped through: take two pairs that "
            "do not lie along the axes of the bowl.": product(second=DOWN),
            "Loops that take the newest pair for the oldest slipped through: the newest must meet "
            "the secant equation.": product(first=UP, second=DOWN),
            "One that forgets gamma slipped through: take a gamma that is not 1, and a g that "
            "leaves some q after the first loop.": product(guess=lambda _: 1.0),
            "A plus where the second loop takes rho y^T r away slipped through: some q must be "
            "left after the first loop.": product(sign=1),
        },
    ),
    hints=(
        "With one pair there is no order, and along the axes of a bowl the order is no matter.",
        "The dense matrix gives the right answer: bfgs_update, pair by pair, from gamma I.",
        "Two pairs in the plane, changes = steps H with a Hessian that is not diagonal, gamma 0.5, "
        "any g.",
    ),
)

first_step = Exercise(
    "08.3",
    level=1,
    task="Takes the gradient, (H, W, 3), and the largest change in gray values of 255; returns the "
    "step, (H, W, 3), for a picture in [0, 1].",
    right=_by(),
    inputs=(_GRADIENT, 12.0),
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
    hints=(
        "First scale the gradient so that its largest magnitude is 1; then mind the unit.",
        "In [0, 1] one gray value of 255 is 1 / 255. And which way is downhill?",
    ),
)
is_useful = Exercise(
    "08.4",
    level=1,
    task="Takes s and y, (d,) each, and a number, the least cosine between them; returns True if "
    "the curvature is clearly positive, otherwise False.",
    right=_above(),
    # The lengths are such that each wrong test decides at least one wrongly, and no two alike.
    cases=[
        *(_pair(0.6, s, y) for s, y in ((0.01, 100), (100, 0.01), (1, 100), (100, 1), (0.1, 0.1))),
        *(_pair(cosine, 1, 1) for cosine in (0.05, 0.2, -0.6, 5e-4)),
        (np.zeros(2), np.array([1.0, 2.0]), 0.1),
    ],
    mistakes={
        "Positive is not enough: s^T y must be greater than `least` times "
        "|s| |y|.": lambda s, y, least: s @ y > 0,
        "`least` is handed over: compare with it, not with 0.001.": lambda s, y, least: _above()(
            s, y, 1e-3
        ),
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
    hints=(
        "s^T y is both lengths times the cosine between them. Think of a length of 0, too.",
        "One comparison: s @ y with `least` times both lengths, by np.linalg.norm.",
    ),
)
