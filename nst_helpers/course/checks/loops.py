"""The two loops of L-BFGS with the usual mistakes, for the checks of lesson 07."""

from collections.abc import Callable
from typing import Any

import numpy as np

UP, DOWN, NONE = slice(None), slice(None, None, -1), slice(0)


def newest(S: Any, Y: Any) -> float:
    """Return gamma of the newest pair."""
    return S[-1] @ Y[-1] / (Y[-1] @ Y[-1])


def loops(
    first: slice = DOWN,
    second: slice = UP,
    gamma: Callable[..., float] = newest,
    sign: int = -1,
    rho: Callable[..., float] = lambda s, y: 1 / (s @ y),
    turn: int = 1,
) -> Callable[..., Any]:
    """Return the two-loop recursion; the arguments make the mistakes."""

    def direction(g: Any, S: Any, Y: Any) -> Any:
        q, a = g, np.zeros(len(S))
        for i in range(len(S))[first]:
            a[i] = rho(S[i], Y[i]) * (S[i] @ q)
            q = q - a[i] * Y[i]
        r = gamma(S, Y) * q
        for i in range(len(S))[second]:
            r = r + (a[::turn][i] + sign * rho(S[i], Y[i]) * (Y[i] @ r)) * S[i]
        return -r

    return direction


def product(**mistake: Any) -> Callable[..., Any]:
    """Return the two loops as the lesson writes them: B g, for a gamma of the caller's."""
    return lambda g, S, Y, gamma: -loops(**{"gamma": lambda *_: gamma} | mistake)(g, S, Y)


def dense(g: Any, S: Any, Y: Any, gamma: float) -> Any:
    """Return B g by the matrix B, updated pair by pair."""
    B = gamma * np.eye(len(g))
    for s, y in zip(S, Y, strict=True):
        left = np.eye(len(g)) - np.outer(s, y) / (s @ y)
        B = left @ B @ left.T + np.outer(s, s) / (s @ y)
    return B @ g
