"""The two loops of L-BFGS with the usual mistakes, for the checks of lesson 08."""

from collections.abc import Callable
from typing import Any

import numpy as np

UP, DOWN = slice(None), slice(None, None, -1)


def product(
    first: slice = DOWN,
    second: slice = UP,
    guess: Callable[[float], float] = lambda gamma: gamma,
    sign: int = -1,
) -> Callable[..., Any]:
    """Return B g by the two loops, for a gamma of the caller's; the arguments make the mistakes."""

    def product_of(g: Any, steps: Any, changes: Any, gamma: float) -> Any:
        q, a = g, np.zeros(len(steps))
        for i in range(len(steps))[first]:
            a[i] = steps[i] @ q / (steps[i] @ changes[i])
            q = q - a[i] * changes[i]
        r = guess(gamma) * q
        for i in range(len(steps))[second]:
            r = r + (a[i] + sign * (changes[i] @ r) / (steps[i] @ changes[i])) * steps[i]
        return r

    return product_of


def dense(g: Any, steps: Any, changes: Any, gamma: float) -> Any:
    """Return B g by the matrix B, updated pair by pair."""
    B = gamma * np.eye(len(g))
    for s, y in zip(steps, changes, strict=True):
        left = np.eye(len(g)) - np.outer(s, y) / (s @ y)
        B = left @ B @ left.T + np.outer(s, s) / (s @ y)
    return B @ g
