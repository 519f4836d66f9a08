"""Lesson 07: step sizes, Adam, the two-loop recursion, the curvature test, number formats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import AnswerError
from .judge import CORRECT, call, judge_function, require_answer

Array = NDArray[np.float64]


def largest_rate(function: Callable[..., Any]) -> str:
    """Exercise 07.1: the rate at which gradient descent in a bowl begins to run away.

    Parameters
    ----------
    function : callable
        Takes the Hessian, shape (P, P), symmetric and positive definite; returns a number.

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        If what it returns is not right; the message names the likely mistake.
    """
    return judge_function(function, (_bowl(71, 4),), _largest_rate, _RATE_MISTAKES)


def adam_step(function: Callable[..., Any]) -> str:
    """Exercise 07.2: what Adam adds to x after it has seen some gradients.

    Parameters
    ----------
    function : callable
        Takes the gradients so far, shape (K, P), the latest last, the rate, beta_1, beta_2 and
        epsilon; returns the latest step, shape (P,).

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        If what it returns is not right; the message names the likely mistake.
    """
    gradients = np.random.default_rng(72).standard_normal((3, 5))
    return judge_function(function, (gradients, 0.1, 0.9, 0.99, 0.2), _adam_step, _ADAM_MISTAKES)


def newton_direction(function: Callable[..., Any]) -> str:
    """Exercise 07.3: the direction of L-BFGS, -B g, by the two-loop recursion.

    Parameters
    ----------
    function : callable
        Takes the gradient g, shape (P,), and the steps S and gradient changes Y, shape (m, P)
        each, the oldest pair first; returns -B g, shape (P,), with gamma of the newest pair.

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        If what it returns is not right; the message names the likely mistake.
    """
    rng = np.random.default_rng(73)
    steps = rng.standard_normal((3, 6))
    inputs = (rng.standard_normal(6), steps, steps @ _bowl(74, 6))
    return judge_function(function, inputs, _direction, _DIRECTION_MISTAKES)


def is_useful(function: Callable[..., Any]) -> str:
    """Exercise 07.4: whether a pair has clearly positive curvature.

    Parameters
    ----------
    function : callable
        Takes s and y, shape (P,) each, and the least cosine between them; returns a bool.

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        If an answer is not right; the message names the likely mistake.
    """

    def ask(decide: Callable[..., Any]) -> list[Any]:
        return [_decision(call(decide, s, y, 0.1)) for s, y in _PAIRS]

    mistakes = {
        text: (lambda wrong=wrong: ask(wrong)) for text, wrong in _CURVATURE_MISTAKES.items()
    }
    return judge_function(lambda: ask(function), (), lambda: ask(_is_useful), mistakes)


def smallest_format(function: Callable[..., Any]) -> str:
    """Exercise 07.5: the cheapest number format for numbers of some size and accuracy.

    Parameters
    ----------
    function : callable
        Takes the largest magnitude and the largest relative rounding that is allowed; returns
        "float16", "bfloat16" or "float32".

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        If an answer is not right; the message names the likely mistake.
    """
    for largest, rounding, right, explanation in _FORMAT_CASES:
        answer = call(function, largest, rounding)
        require_answer(answer)
        if not isinstance(answer, str):
            found = type(answer).__name__
            raise AnswerError(f"Return one of {', '.join(_FORMATS)} as a string, not {found}.")
        if answer not in _FORMATS:
            raise AnswerError(f"Return one of {', '.join(_FORMATS)}, not {answer[:40]!r}.")
        if answer != right:
            case = f"magnitudes up to {largest:g}, rounding up to {rounding:g}"
            raise AnswerError(f"For {case}, {answer} is not right: {explanation}")
    return CORRECT


def first_step(function: Callable[..., Any]) -> str:
    """Exercise 07.6: the first step of L-BFGS, its largest change given in gray values.

    Parameters
    ----------
    function : callable
        Takes the gradient, shape (H, W, 3), and the largest change in gray values of 255; returns
        the step, shape (H, W, 3), for a picture in [0, 1].

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        If what it returns is not right; the message names the likely mistake.
    """
    gradient = 1e6 * np.random.default_rng(76).standard_normal((3, 4, 3))
    gradient[0, 0, 0] = -4e6  # the largest change is of a negative entry
    return judge_function(function, (gradient, 20.0), _first_step, _FIRST_MISTAKES)


def _bowl(seed: int, size: int) -> Array:
    factor = np.random.default_rng(seed).standard_normal((size, size))
    return factor @ factor.T + np.eye(size)


def _largest_rate(hessian: Array) -> float:
    return float(2 / np.linalg.eigvalsh(hessian)[-1])


_RATE_MISTAKES: dict[str, Callable[[Array], Any]] = {
    "With 1 / lambda_max the steepest direction is there in one step; the limit is twice that.": (
        lambda hessian: 1 / np.linalg.eigvalsh(hessian)[-1]
    ),
    "That is the limit of the flattest direction; the steepest one breaks first.": (
        lambda hessian: 2 / np.linalg.eigvalsh(hessian)[0]
    ),
    "Upside down: the larger the curvature, the smaller the rate must be.": (
        lambda hessian: np.linalg.eigvalsh(hessian)[-1] / 2
    ),
    "2 / (smallest + largest) is the fastest rate, not the largest.": (
        lambda hessian: 2 / (np.linalg.eigvalsh(hessian)[0] + np.linalg.eigvalsh(hessian)[-1])
    ),
    "The trace adds all curvatures; the largest eigenvalue alone decides.": (
        lambda hessian: 2 / np.trace(hessian)
    ),
    "The largest entry is not the largest eigenvalue: the axes need not be the eigenvectors.": (
        lambda hessian: 2 / hessian.max()
    ),
    "np.linalg.norm of a matrix is the root of its summed squares; take the largest eigenvalue.": (
        lambda hessian: 2 / np.linalg.norm(hessian)
    ),
    "That is one rate for every direction; the steepest one decides for all.": (
        lambda hessian: 2 / np.linalg.eigvalsh(hessian)
    ),
}


def _means(gradients: Array, beta_1: float, beta_2: float) -> tuple[Array, Array]:
    """Return Adam's two running means, not corrected."""
    mean = square = np.zeros(gradients.shape[1])
    for gradient in gradients:
        mean = beta_1 * mean + (1 - beta_1) * gradient
        square = beta_2 * square + (1 - beta_2) * gradient**2
    return mean, square


def _adam_step(
    gradients: Array, rate: float, beta_1: float, beta_2: float, epsilon: float
) -> Array:
    mean, square = _means(gradients, beta_1, beta_2)
    k = len(gradients)
    return -rate * (mean / (1 - beta_1**k)) / (np.sqrt(square / (1 - beta_2**k)) + epsilon)


def _adam_variant(
    first: Callable[[Array, float], Array] = lambda mean, weight: mean / weight,
    root: Callable[[Array, float, float], Array] = lambda q, w, eps: np.sqrt(q / w) + eps,
    power: Callable[[int], int] = lambda k: k,
) -> Callable[..., Array]:
    def step(gradients: Array, rate: float, beta_1: float, beta_2: float, epsilon: float) -> Array:
        mean, square = _means(gradients, beta_1, beta_2)
        k = power(len(gradients))
        return -rate * first(mean, 1 - beta_1**k) / root(square, 1 - beta_2**k, epsilon)

    return step


def _adam_of_mean_squared(
    gradients: Array, rate: float, beta_1: float, beta_2: float, epsilon: float
) -> Array:
    mean, _ = _means(gradients, beta_1, beta_2)
    other, _ = _means(gradients, beta_2, beta_2)
    k = len(gradients)
    root = np.abs(other) / (1 - beta_2**k)
    return -rate * mean / (1 - beta_1**k) / (root + epsilon)


_ADAM_MISTAKES: dict[str, Callable[..., Any]] = {
    "The bias correction is missing: divide the means by 1 - beta_1^k and 1 - beta_2^k.": (
        _adam_variant(lambda mean, weight: mean, lambda q, w, eps: np.sqrt(q) + eps)
    ),
    "The bias correction of the mean is missing: divide m by 1 - beta_1^k.": (
        _adam_variant(lambda mean, weight: mean)
    ),
    "The bias correction of the squares is missing: divide q by 1 - beta_2^k.": (
        _adam_variant(root=lambda q, w, eps: np.sqrt(q) + eps)
    ),
    "The bias correction is a product here; divide by 1 - beta^k.": (
        _adam_variant(lambda mean, weight: mean * weight, lambda q, w, eps: np.sqrt(q * w) + eps)
    ),
    "The correction always uses k = 1; k counts the gradients seen.": (
        _adam_variant(power=lambda k: 1)
    ),
    "The correction counts one gradient too few; after the first one k is 1.": (
        _adam_variant(power=lambda k: k - 1)
    ),
    "The correction counts one gradient too many; after the first one k is 1.": (
        _adam_variant(power=lambda k: k + 1)
    ),
    "The sign is wrong: a step goes against the gradient.": (lambda *inputs: -_adam_step(*inputs)),
    "The square root is missing in the denominator.": (
        _adam_variant(root=lambda q, w, eps: q / w + eps)
    ),
    "epsilon belongs outside of the square root.": (
        _adam_variant(root=lambda q, w, eps: np.sqrt(q / w + eps))
    ),
    "epsilon is missing in the denominator.": (
        _adam_variant(root=lambda q, w, eps: np.sqrt(q / w))
    ),
    "The rate is missing.": lambda *inputs: _adam_step(*inputs) / inputs[1],
    "beta_1 and beta_2 are swapped: beta_1 belongs to the mean of the gradient.": (
        lambda g, rate, beta_1, beta_2, epsilon: _adam_step(g, rate, beta_2, beta_1, epsilon)
    ),
    "That is the square of the mean; take the mean of the squares.": _adam_of_mean_squared,
    "Only the latest gradient was used; the running means need all of them.": (
        lambda g, *inputs: _adam_step(g[-1:], *inputs)
    ),
    "The gradients were taken in the wrong order; the latest is in the last row.": (
        lambda g, *inputs: _adam_step(g[::-1], *inputs)
    ),
    "That is the sum of all steps; return the latest one.": (
        lambda g, *inputs: sum(_adam_step(g[:k], *inputs) for k in range(1, len(g) + 1))
    ),
}


def _newest(S: Array, Y: Array) -> float:
    return float(S[-1] @ Y[-1] / (Y[-1] @ Y[-1]))


def _two_loops(
    g: Array,
    S: Array,
    Y: Array,
    gamma: float,
    *,
    first: int = -1,
    second: int = 1,
    sign: float = 1.0,
    scaled: bool = True,
) -> Array:
    """Return B g; the keywords make the mistakes."""
    pairs = [(s, y, 1 / (s @ y) if scaled else 1.0) for s, y in zip(S, Y, strict=True)]
    q, kept = np.array(g), []
    for s, y, rho in pairs[::first]:
        kept.append(rho * (s @ q))
        q = q - kept[-1] * y
    r = gamma * q
    by_pair = kept[::first]
    for (s, y, rho), a in list(zip(pairs, by_pair, strict=True))[::second]:
        r = r + (a - sign * rho * (y @ r)) * s
    return r


def _direction(g: Array, S: Array, Y: Array) -> Array:
    return -_two_loops(g, S, Y, _newest(S, Y))


def _mispaired(g: Array, S: Array, Y: Array) -> Array:
    """Keep the a of the first loop in its order and use them in the second without turning."""
    q, kept = np.array(g), []
    for s, y in zip(S[::-1], Y[::-1], strict=True):
        kept.append(s @ q / (s @ y))
        q = q - kept[-1] * y
    r = _newest(S, Y) * q
    for s, y, a in zip(S, Y, kept, strict=True):
        r = r + (a - y @ r / (s @ y)) * s
    return -r


_DIRECTION_MISTAKES: dict[str, Callable[..., Any]] = {
    "The sign is missing: the direction is -B g, downhill.": (lambda g, S, Y: -_direction(g, S, Y)),
    "gamma is forgotten: between the loops r is gamma times q.": (
        lambda g, S, Y: -_two_loops(g, S, Y, 1.0)
    ),
    "gamma is taken from the oldest pair; the newest one is in the last row.": (
        lambda g, S, Y: -_two_loops(g, S, Y, float(S[0] @ Y[0] / (Y[0] @ Y[0])))
    ),
    "gamma is upside down: it is s^T y / y^T y, an inverse curvature.": (
        lambda g, S, Y: -_two_loops(g, S, Y, 1 / _newest(S, Y))
    ),
    "gamma is s^T s / s^T y here; this lesson takes s^T y / y^T y.": (
        lambda g, S, Y: -_two_loops(g, S, Y, float(S[-1] @ S[-1] / (S[-1] @ Y[-1])))
    ),
    "s and y are swapped: a comes from s and takes away y, the second loop adds s.": (
        lambda g, S, Y: _direction(g, Y, S)
    ),
    "The order of both loops is turned round: first the newest pair, then the oldest.": (
        lambda g, S, Y: -_two_loops(g, S, Y, _newest(S, Y), first=1, second=-1)
    ),
    "The first loop must begin with the newest pair, which is in the last row.": (
        lambda g, S, Y: -_two_loops(g, S, Y, _newest(S, Y), first=1)
    ),
    "The second loop must begin with the oldest pair, in the first row.": (
        lambda g, S, Y: -_two_loops(g, S, Y, _newest(S, Y), second=-1)
    ),
    "The a of one pair meet another: the first loop kept them newest first, so turn them round.": (
        _mispaired
    ),
    "In the second loop it is a minus rho y^T r, not plus.": (
        lambda g, S, Y: -_two_loops(g, S, Y, _newest(S, Y), sign=-1.0)
    ),
    "rho is missing: divide both inner products by s^T y.": (
        lambda g, S, Y: -_two_loops(g, S, Y, _newest(S, Y), scaled=False)
    ),
    "The second loop is missing: r is only gamma times q.": (lambda g, S, Y: -_first_loop(g, S, Y)),
    "That is -gamma g, without any pair.": lambda g, S, Y: -_newest(S, Y) * g,
}


def _first_loop(g: Array, S: Array, Y: Array) -> Array:
    q = np.array(g)
    for s, y in zip(S[::-1], Y[::-1], strict=True):
        q = q - s @ q / (s @ y) * y
    return _newest(S, Y) * q


def _pair(cosine: float, s: float, y: float) -> tuple[Array, Array]:
    """Return vectors of the lengths s and y with this cosine between them."""
    return np.array([s, 0.0]), y * np.array([cosine, np.sqrt(1 - cosine**2)])


# The lengths are such that each wrong test decides at least one of them wrongly, and no two alike.
_PAIRS: tuple[tuple[Array, Array], ...] = (
    *(_pair(0.6, s, y) for s, y in ((0.01, 100), (100, 0.01), (1, 100), (100, 1), (0.1, 0.1))),
    *(_pair(cosine, 1, 1) for cosine in (0.05, 0.2, -0.6)),
    (np.zeros(2), np.array([1.0, 2.0])),
)


def _decision(answer: Any) -> float:
    require_answer(answer)
    try:
        value = np.asarray(answer)
    except Exception:  # a ragged list, a stranger's type
        value = np.array("")
    if value.size != 1 or value.dtype.kind not in "biuf":
        raise AnswerError(f"True or False was expected, not {type(answer).__name__}.")
    return float(bool(value.item()))


def _is_useful(s: Array, y: Array, least: float) -> bool:
    return bool(s @ y > least * np.linalg.norm(s) * np.linalg.norm(y))


_CURVATURE_MISTAKES: dict[str, Callable[..., bool]] = {
    "Positive is not enough: s^T y must be at least `least` times |s| |y|.": (
        lambda s, y, least: bool(s @ y > 0)
    ),
    "The lengths are missing: compare s^T y with least times |s| |y|.": (
        lambda s, y, least: bool(s @ y > least)
    ),
    "The absolute value lets negative curvature pass; it must be refused.": (
        lambda s, y, least: bool(abs(s @ y) > least * np.linalg.norm(s) * np.linalg.norm(y))
    ),
    "The lengths are squared here; take the square roots.": (
        lambda s, y, least: bool(s @ y > least * (s @ s) * (y @ y))
    ),
    "The length of y is missing.": lambda s, y, least: bool(s @ y > least * np.linalg.norm(s)),
    "The length of s is missing.": lambda s, y, least: bool(s @ y > least * np.linalg.norm(y)),
    "Compare with |s| |y|, not with the square of |s|.": (
        lambda s, y, least: bool(s @ y > least * (s @ s))
    ),
    "Compare with |s| |y|, not with the square of |y|.": (
        lambda s, y, least: bool(s @ y > least * (y @ y))
    ),
    "The answer is turned round: True means that the pair is stored.": (
        lambda s, y, least: not _is_useful(s, y, least)
    ),
    "A step of length 0 teaches nothing: with >= it would be stored.": (
        lambda s, y, least: bool(s @ y >= least * np.linalg.norm(s) * np.linalg.norm(y))
    ),
}

_FORMATS = ("float16", "bfloat16", "float32")
_HALF = "float16 holds numbers up to 65,504 and rounds by up to 2^-11 = 0.0005."
_BRAIN = "bfloat16 holds numbers up to 3e38 and rounds by up to 2^-8 = 0.004, not 2^-7."

# largest magnitude, allowed rounding, answer, what to say if it is another one
_FORMAT_CASES: Sequence[tuple[float, float, str, str]] = (
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


def _first_step(gradient: Array, gray: float) -> Array:
    return -gradient * gray / 255 / np.abs(gradient).max()


_FIRST_MISTAKES: dict[str, Callable[..., Any]] = {
    "The sign is wrong: a step goes against the gradient.": (
        lambda gradient, gray: -_first_step(gradient, gray)
    ),
    "A picture in [0, 1] counts 255 gray values as 1: divide by 255.": (
        lambda gradient, gray: 255 * _first_step(gradient, gray)
    ),
    "Multiplied by 255 where it must be divided: 255 gray values are 1.": (
        lambda gradient, gray: 255**2 * _first_step(gradient, gray)
    ),
    "The gradient is divided by its length; divide by its largest magnitude.": (
        lambda gradient, gray: -gradient * gray / 255 / np.linalg.norm(gradient)
    ),
    "The gradient is divided by its mean magnitude; divide by its largest.": (
        lambda gradient, gray: -gradient * gray / 255 / np.abs(gradient).mean()
    ),
    "The largest entry is not the largest magnitude: take absolute values first.": (
        lambda gradient, gray: -gradient * gray / 255 / gradient.max()
    ),
    "Only the signs are left: that is Adam's first step. Scale the whole gradient instead.": (
        lambda gradient, gray: -np.sign(gradient) * gray / 255
    ),
    "Each color has a largest magnitude of its own here; take one for the whole picture.": (
        lambda gradient, gray: -gradient * gray / 255 / np.abs(gradient).max(axis=(0, 1))
    ),
    "The gradient is not scaled at all; its largest magnitude must become the step's.": (
        lambda gradient, gray: -gradient * gray / 255
    ),
}
