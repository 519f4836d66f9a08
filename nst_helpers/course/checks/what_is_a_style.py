"""Checks of lesson 12: covariance, a test for sliced distances, shifted Gram matrices, matching."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .exercise import Exercise
from .hunt import hunt
from .judge import judge_function


def _random(seed: int, *shape: int) -> Any:
    return np.random.default_rng(seed).normal(0.5, 1.0, shape)


def _covariance(gram: Any) -> Any:
    return gram[:-1, :-1] - np.outer(gram[-1, :-1], gram[-1, :-1])


def _correlation(gram: Any) -> Any:
    deviations = np.sqrt(np.maximum(np.diag(_covariance(gram)), 1e-12))
    return _covariance(gram) / np.outer(deviations, deviations)


_ROWS = np.concatenate([_random(0, 8, 3), np.ones((8, 1))], axis=1)

covariance_of = Exercise(
    "12.1",
    level=1,
    task="Takes the Gram matrix per position, (N + 1, N + 1), of features whose last channel is 1 "
    "everywhere; returns the covariance of the others, (N, N).",
    right=_covariance,
    inputs=(_ROWS.T @ _ROWS / len(_ROWS),),
    mistakes={
        "The means are still in it: G / M is the covariance plus mu mu^T.": lambda g: g[:-1, :-1],
        "The channel of ones is still there; leave its row and its column out.": lambda g: (
            g - np.outer(g[-1], g[-1])
        ),
        "The channel of ones is the last one, not the first.": lambda g: (
            g[1:, 1:] - np.outer(g[0, 1:], g[0, 1:])
        ),
        "You subtracted the means; subtract their products, mu_i mu_j in row i and column "
        "j.": lambda g: g[:-1, :-1] - g[-1, :-1],
        "Off the diagonal the products mu_i mu_j are still there.": lambda g: (
            g[:-1, :-1] - np.diag(g[-1, :-1] ** 2)
        ),
        "You subtracted mu_i^2 from the whole row or column i; it is mu_i mu_j.": lambda g: (
            g[:-1, :-1] - g[-1, :-1] ** 2
        ),
        "You subtracted one number, mu^T mu, everywhere; mu mu^T is a matrix.": lambda g: (
            g[:-1, :-1] - g[-1, :-1] @ g[-1, :-1]
        ),
        "You added mu mu^T; it is in G / M already, take it away.": lambda g: (
            g[:-1, :-1] + np.outer(g[-1, :-1], g[-1, :-1])
        ),
        "These are correlations; leave out the division by the deviations.": _correlation,
        "These are the means; they are half of the way.": lambda g: g[-1, :-1],
    },
    hints=(
        "The last row holds the means of 1 times each channel. What are these?",
        "np.outer(mean, mean) is the matrix of all products mu_i mu_j.",
        "gram[:-1, :-1] has the channels only, gram[-1, :-1] their means.",
    ),
)


def _sliced(rows: Any, style: Any, lines: Any) -> Any:
    return np.mean((np.sort(rows @ lines, axis=0) - np.sort(style @ lines, axis=0)) ** 2)


def _line_by_line(rows: Any, style: Any, lines: Any) -> Any:
    ways = [np.sort(rows @ line) - np.sort(style @ line) for line in lines.T]
    return sum((way**2).mean() for way in ways) / len(ways)


def _compared(prepare: Callable[[Any], Any], power: int = 2) -> Callable[..., Any]:
    """Return a distance that projects, prepares, and takes differences."""
    return lambda rows, style, lines: np.mean(
        abs(prepare(rows @ lines) - prepare(style @ lines)) ** power
    )


is_sliced = Exercise(
    "12.2",
    level=2,
    task="Takes a function of rows and style, (M, N), and lines, (N, V), the directions in its "
    "columns; returns whether it gives the sliced Wasserstein distance.",
    examine=hunt(
        [_sliced, _line_by_line],
        {
            "One that sorts every channel and then projects slipped through, which is what suspect "
            "does: let the channels of the two sets be related in different ways.": (
                lambda rows, style, lines: np.mean(
                    ((np.sort(rows, axis=0) - np.sort(style, axis=0)) @ lines) ** 2
                )
            ),
            "One that does not sort slipped through: give the positions in different "
            "orders.": _compared(lambda x: x),
            "One that sorts the directions of each position slipped through: a position's numbers "
            "stay in their columns.": _compared(lambda x: np.sort(x, axis=1)),
            "One that sorts all numbers of all directions together slipped through: take more than "
            "one direction.": _compared(lambda x: np.sort(x, axis=None)),
            "One without squares slipped through. A difference of 1 is its own square; take "
            "others.": _compared(lambda x: np.sort(x, axis=0), power=1),
            "One that adds the directions up slipped through; the distance is their mean. Take "
            "more than one direction.": lambda rows, style, lines: (
                lines.shape[1] * _sliced(rows, style, lines)
            ),
            "One that takes the root slipped through: the distance of this lesson is a mean "
            "square.": lambda rows, style, lines: np.sqrt(_sliced(rows, style, lines)),
            "One that looks along the first direction only slipped through: take more than one "
            "direction.": lambda rows, style, lines: _sliced(rows, style, lines[:, :1]),
        },
    ),
    hints=(
        "The three tests take a set and itself, shuffled or shifted. What if the two sets differ?",
        "Two sets of two channels with equal numbers in each channel, but paired in other ways: "
        "does suspect see it?",
        "Random rows, style and directions, and a comparison with the lesson's sliced.",
    ),
)


_MAPS = _random(2, 5, 6, 3)


def _pairs(features: Any, down: int, right: int) -> tuple[Any, Any]:
    height, width, channels = features.shape
    here, there = features[: height - down, : width - right], features[down:, right:]
    return here.reshape(-1, channels), there.reshape(-1, channels)


def _shifted(features: Any, down: int, right: int) -> Any:
    here, there = _pairs(features, down, right)
    return here.T @ there / len(here)


def _wrapped(features: Any, down: int, right: int) -> Any:
    there = np.roll(features, (-down, -right), (0, 1))
    return np.einsum("hwi,hwj->ij", features, there) / features[..., 0].size


_AT_A_DISTANCE: dict[str, Callable[..., Any]] = {
    "Your shift wraps around at the border, as np.roll does; leave those pairs out.": _wrapped,
    "You divided by all H W positions; there are fewer pairs.": lambda f, down, right: (
        _shifted(f, down, right) * len(_pairs(f, down, right)[0]) / f[..., 0].size
    ),
    "This is a sum; divide it by the number of pairs.": lambda f, down, right: (
        _shifted(f, down, right) * len(_pairs(f, down, right)[0])
    ),
    "Rows and columns are exchanged: i belongs to p, and j to p + d.": lambda *given: (
        _shifted(*given).T
    ),
    "down and right are exchanged: down is along the first axis.": lambda f, down, right: _shifted(
        f, right, down
    ),
    "This is the plain Gram matrix, for d = 0: the shift changes nothing.": lambda f, *_: _shifted(
        f, 0, 0
    ),
    "You took the mean of A(d) and its transpose; A(d) is not symmetric.": lambda *given: (
        (_shifted(*given) + _shifted(*given).T) / 2
    ),
}


def _at_all_distances(function: Any) -> str:
    for down, right in ((2, 1), (0, 1), (2, 0)):
        judge_function(function, (_MAPS, down, right), _shifted, _AT_A_DISTANCE)
    return judge_function(function, (_MAPS, 0, 0), _shifted, _AT_A_DISTANCE)


shifted_gram = Exercise(
    "12.3",
    level=2,
    task="Takes features, (H, W, N), and down and right, 0 or more; returns A(d) for "
    "d = (down, right), (N, N): a mean over the positions p with p + d in the map.",
    right=_shifted,
    mistakes=_AT_A_DISTANCE,
    examine=_at_all_distances,
    hints=(
        "Cut two maps out of the features, of the same shape: one of all p, one of all p + d.",
        "p + d is features[down:, right:]. For p, features[:-down] is empty where down is 0.",
        "features[: H - down, : W - right] are the p; then reshape both, as in lesson 05.",
    ),
)


def _unit(rows: Any) -> Any:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def _centered(rows: Any) -> Any:
    return _unit(rows - rows.mean(axis=0))


def _found(scores: Any, bank: Any) -> Any:
    return bank[scores.argmax(axis=1)]


def _assembled(query: Any, bank: Any) -> Any:
    return _found(_centered(query) @ _centered(bank).T, bank)


assemble = Exercise(
    "12.4",
    level=2,
    task="Takes query, (P, D), and bank, (Q, D); returns for each row of the query the row of the "
    "bank with the largest cosine, after each set's own mean was taken off, (P, D).",
    right=_assembled,
    # With most other rows a wrong answer finds the same: a bank left as it is, for one.
    inputs=(
        _random(49, 8, 4) * [1, 2, 1, 1] + [0, 3, 0, 0],
        _random(50, 12, 4) * [1, 1, 3, 1] - 1,
    ),
    mistakes={
        "The means are still there: take each set's own mean off first.": lambda q, b: _found(
            _unit(q) @ _unit(b).T, b
        ),
        "The bank's mean is still there: take each set's own mean off.": lambda q, b: _found(
            _centered(q) @ _unit(b).T, b
        ),
        "The query's mean is still there: take each set's own mean off.": lambda q, b: _found(
            _unit(q) @ _centered(b).T, b
        ),
        "Divide by the length of the centered row, not of the row as it was.": lambda q, b: _found(
            _centered(q) @ ((b - b.mean(axis=0)) / np.linalg.norm(b, axis=1, keepdims=True)).T, b
        ),
        "You took one set's mean off both; each set has its own.": lambda q, b: _found(
            _unit(q - b.mean(axis=0)) @ _unit(b - b.mean(axis=0)).T, b
        ),
        "You took the query's mean off both; each set has its own.": lambda q, b: _found(
            _unit(q - q.mean(axis=0)) @ _unit(b - q.mean(axis=0)).T, b
        ),
        "You took each row's own mean off; take the mean over the rows.": lambda q, b: _found(
            _unit(q - q.mean(axis=1, keepdims=True)) @ _unit(b - b.mean(axis=1, keepdims=True)).T, b
        ),
        "These are products, not cosines: divide each row of the bank by its "
        "length.": lambda q, b: _found(_centered(q) @ (b - b.mean(axis=0)).T, b),
        "That is the nearest by distance; the cosine asks for the direction only.": lambda q, b: (
            _found(-((q[:, None] - b) ** 2).sum(axis=-1), b)
        ),
        "That is the nearest by distance, after the means; the cosine asks for the direction "
        "only.": lambda q, b: _found(
            -(((q - q.mean(axis=0))[:, None] - (b - b.mean(axis=0))) ** 2).sum(axis=-1), b
        ),
        "These are the rows with the smallest cosine; take the largest.": lambda q, b: _found(
            -_centered(q) @ _centered(b).T, b
        ),
        "You looked for the best row of the query for each row of the bank; it is the other way "
        "round: argmax along the bank.": lambda q, b: _found(_centered(b) @ _centered(q).T, q),
        "These are the places in the bank; return the rows there.": lambda q, b: (
            _centered(q) @ _centered(b).T
        ).argmax(axis=1),
        "Return the rows of the bank as they are, not centered and scaled.": lambda q, b: _found(
            _centered(q) @ _centered(b).T, _centered(b)
        ),
    },
    hints=(
        "Make both sets comparable first: rows minus their mean over the rows, then length 1.",
        "A product of two matrices gives all cosines, shape (P, Q); argmax along which axis?",
        "bank[cosines.argmax(axis=1)] takes the rows.",
    ),
)
