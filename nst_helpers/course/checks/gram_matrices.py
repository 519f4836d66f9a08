"""Checks of lesson 05: Gram matrices, eq. 3 of Gatys, Ecker and Bethge, CVPR 2016."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import AnswerError
from .exercise import Exercise
from .hunt import hunt
from .judge import CORRECT, as_numbers, call, judge, judge_function

_TOLERANCE = 1e-4  # answers may have been computed in float32


def _rows(features: np.ndarray) -> np.ndarray:
    return features.reshape(-1, features.shape[-1])


def _outer(rows: np.ndarray) -> np.ndarray:
    return rows @ rows.T


def _gram(features: np.ndarray) -> np.ndarray:
    return _outer(_rows(features).T)


def _mean_gram(features: np.ndarray) -> np.ndarray:
    return _gram(features) / len(_rows(features))


def _put(features: np.ndarray, *moves: tuple[int, int]) -> np.ndarray:
    """Give zeros, but for each (i, j) the map of channel j added in channel i."""
    slopes = np.zeros_like(features)
    for to, origin in moves:
        slopes[..., to] += features[..., origin]
    return slopes


def _entry_gradient(features: np.ndarray, i: int, j: int) -> np.ndarray:
    return _put(features, (i, j), (j, i))


_ONE = np.random.default_rng(0).normal(0.5, 1.0, (4, 5, 3))  # no two sizes are equal

gram_by_matmul = Exercise(
    "05.1",
    level=2,
    task="Takes features of shape (H, W, N); returns G of shape (N, N), not divided by anything.",
    right=_gram,
    inputs=(_ONE,),
    mistakes={
        "This is the reshape trap: the array is (H, W, N), so reshape(N, H * W) cuts it into "
        "strips of the picture. Reshape to (H * W, N) first, then transpose.": lambda f: _outer(
            f.reshape(f.shape[-1], -1)
        ),
        "This matrix compares positions, not channels: with rows of shape (M, N) the product is "
        "rows.T @ rows.": lambda f: _outer(_rows(f)),
        "Eq. 3 is a sum, not a mean: leave out the division by the number of "
        "positions.": _mean_gram,
        "Eq. 3 divides by nothing: leave out the division by N * M.": lambda f: _gram(f) / f.size,
        "You took the channels' means off first (a covariance); eq. 3 takes the features as they "
        "are.": lambda f: _gram(f - f.mean((0, 1))),
    },
    hints=(
        "Reshape first, so that each row is one position; then each column is one channel.",
        "A product of two matrices sums over one axis: it must be that of the positions.",
    ),
)


def _unit_power(features: np.ndarray) -> np.ndarray:
    energies = np.maximum(np.diag(_gram(features)), 1e-12)
    return _gram(features) / np.sqrt(np.outer(energies, energies))


is_mean_gram = Exercise(
    "05.2",
    level=2,
    task="Takes a function of features, (H, W, N); returns whether it gives G / M, shape (N, N).",
    examine=hunt(
        [
            _mean_gram,
            lambda f: np.einsum("hwi,hwj->ij", f, f) / f[..., 0].size,
            lambda f: np.mean(_rows(f)[:, :, None] * _rows(f)[:, None], axis=0),
        ],
        {
            "The covariance slipped through, which is what suspect returns. Compare values, on "
            "features whose means are not 0.": lambda f: np.cov(_rows(f).T, bias=True),
            "A function that divides each channel by its root mean square slipped through. Its "
            "diagonal is 1 always; take features with another mean square.": _unit_power,
            "A function that divides by nothing slipped through. Take more than one "
            "position.": _gram,
            "A function that divides by the squared width slipped through. It is right for square "
            "pictures; take another one.": lambda f: _gram(f) / f.shape[1] ** 2,
            "The reshape trap slipped through, divided by M. Take several channels, with "
            "different values.": lambda f: _outer(f.reshape(f.shape[-1], -1)) / f[..., 0].size,
            "A function whose entries beside the diagonal are 0 slipped through. Compare them, "
            "too, on channels that have something in common.": lambda f: (
                _mean_gram(f) * np.eye(f.shape[-1])
            ),
        },
    ),
    hints=(
        "Run your test on suspect. What do the three tests not ask of the numbers themselves?",
        "Look back at two channels that have nothing to do with each other: G / M and covariance.",
        "Compare with a G / M of your own, on features that are not square and have means above 0.",
    ),
)


def _disguised(function: Any) -> str:
    features = _ONE
    answer = as_numbers(call(function, features, np.random.default_rng(4)))
    if answer.shape != features.shape:
        raise AnswerError(
            f"The answer has the shape {answer.shape}; expected is {features.shape}, "
            "that of the features."
        )
    if not np.isfinite(answer).all():
        judge(answer, features, {})  # which says so
    if not np.allclose(_gram(answer), _gram(features), atol=_TOLERANCE):
        raise AnswerError(_why_the_gram_differs(answer, features))
    distances = np.abs(_rows(answer)[:, None] - _rows(features)).max(-1)
    if (distances.min(1) < _TOLERANCE).all():
        raise AnswerError(
            "The Gram matrix is the same, but so are the positions, in this order or another; "
            "change the features of a position instead."
        )
    return CORRECT


def _why_the_gram_differs(answer: np.ndarray, features: np.ndarray) -> str:
    if np.allclose(_outer(_rows(answer)), _outer(_rows(features)), atol=_TOLERANCE):
        return (
            "You mixed the channels, F' = Q F; that turns G into Q G Q^T. Mix the positions: "
            "with rows of shape (M, N) it is Q @ rows, and Q is M x M."
        )
    ratios = _gram(answer) / _gram(features)
    if ratios.any() and np.allclose(ratios, ratios[0, 0], rtol=_TOLERANCE):
        return (
            f"The Gram matrix is {ratios[0, 0]:.3g} times the right one. Divide your features by "
            "the root of that number."
        )
    return (
        "The Gram matrix is another one. G sums up products of two features of one position: what "
        "can you do to all features of a position that no such product notices?"
    )


disguise = Exercise(
    "05.3",
    level=2,
    task="Takes (features, rng): features of shape (H, W, N) and a numpy.random.Generator; returns "
    "features of the same shape and Gram matrix, which do not consist of the same positions.",
    examine=_disguised,
    hints=(
        "Every term of G is a product of two features of one position. Which change of both does "
        "such a product not notice?",
        "Two minus signs cancel: which features of a position have to change their sign together?",
        "Draw a sign for each position with rng.choice([-1, 1], ...), of the shape (H, W, 1).",
    ),
)

_OFF_DIAGONAL: dict[str, Any] = {
    "The two maps are swapped: what multiplies F_ik in the sum is F_jk, so channel i gets the "
    "map of channel j.": lambda f, i, j: _put(f, (i, i), (j, j)),
    "Only channel i has a slope here; G_ij contains the map of channel j as "
    "well.": lambda f, i, j: _put(f, (i, j)),
    "Only channel j has a slope here; G_ij contains the map of channel i as "
    "well.": lambda f, i, j: _put(f, (j, i)),
    "Eq. 3 is a sum over positions: leave out the division by M.": lambda f, i, j: (
        _entry_gradient(f, i, j) / len(_rows(f))
    ),
    "There is a factor 2 too many: it belongs to the diagonal, i = j, only.": lambda f, i, j: (
        2 * _entry_gradient(f, i, j)
    ),
}
_ON_DIAGONAL: dict[str, Any] = {
    "For i = j the factor 2 is missing: both factors of F_ik F_ik change. Add to the gradient "
    "with += instead of overwriting it.": lambda f, i, j: _put(f, (i, j)),
    "For i = j this is four times the map; the two factors give it twice.": lambda f, i, j: (
        4 * _put(f, (i, j))
    ),
}


def _both_entries(function: Any) -> str:
    judge_function(function, (_ONE, 0, 2), _entry_gradient, _OFF_DIAGONAL)
    return judge_function(function, (_ONE, 1, 1), _entry_gradient, _ON_DIAGONAL)


gram_entry_gradient = Exercise(
    "05.4",
    level=2,
    task="Takes (features, i, j): features of shape (H, W, N) and two channels, which may be the "
    "same; returns dG_ij / dF, shape (H, W, N), for G of eq. 3.",
    examine=_both_entries,
    hints=(
        "F_ik stands in G_ij once, multiplied by F_jk: what is the slope with respect to it?",
        "Only two channels of the answer are not 0: channel i and channel j.",
        "Add to an array of zeros with +=; for i = j both additions meet.",
    ),
)
