"""Checks of lesson 06: the style loss, eqs. 4 to 6 of Gatys, Ecker and Bethge, CVPR 2016."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .exercise import Exercise
from .hunt import hunt

_N, _M = 3, 7  # channels of most inputs, and positions of the features in 06.2
_NAMES = ("paper", "mean", "mean_per_channel")


def _uniform(seed: int, *shape: int, low: float = 0) -> Any:
    return np.random.default_rng(seed).uniform(low, 2, shape)


def _sums(maps: Any) -> Any:
    return np.tensordot(maps, maps, ((0, 1), (0, 1)))


def _gram(maps: Any) -> Any:
    return _sums(maps) / maps[..., 0].size


def _layer(gram: Any = _gram, times: float = 1, power: int = 2) -> Callable[..., Any]:
    return lambda f, s: times / 4 * (abs(gram(f) - gram(s)) ** power).mean()


def _slope(times: float = 1, positions: int = _M, above: float = 0) -> Callable[..., Any]:
    scale = times / (_N**2 * _M)
    return lambda F, A: scale * (above < F) * ((F @ F.T / positions - A) @ F)


def _worth(
    paper: float = 1, mean: float = 4, per_channel: float = 4, power: int = -2
) -> Callable[..., Any]:
    """Return the conversion by three numbers, the last one times a power of N."""
    return lambda weight, name, n: (
        weight * (paper, mean, per_channel * float(n) ** power)[_NAMES.index(name)]
    )


layer_loss = Exercise(
    "06.1",
    level=1,
    task="Takes features, (H, W, N) and (H', W', N); returns E_l of Gram matrices per position.",
    right=_layer(),
    inputs=(_uniform(0, 3, 4, _N), _uniform(1, 5, 2, _N)),
    mistakes={
        "The Gram matrices are sums over different numbers of positions; divide each by its "
        "own.": _layer(_sums),
        "You divided both Gram matrices by the same number of positions; each needs its "
        "own.": lambda f, s: _layer(_sums)(f, s) / f[..., 0].size ** 2,
        "The factor 1/4 is missing.": _layer(times=4),
        "The factor 1/N^2 is missing.": _layer(times=_N**2),
        "You divided by N; eq. 4 divides by N^2, the number of entries of G.": _layer(times=_N),
        "This is 1/N^2 times the right loss: np.mean divides by N^2 already, or a Gram matrix was "
        "divided by N M, not by M.": _layer(times=_N**-2),
        "The square is missing: add up (G - A)**2, not |G - A|.": _layer(power=1),
        "You took the root at the end; eq. 4 has none.": lambda f, s: _layer()(f, s) ** 0.5,
        "This is the reshape trap of lesson 05: reshape to (H * W, N) first, then "
        "transpose.": _layer(lambda maps: _gram(maps.reshape(_N, -1).T[None])),
    },
    hints=(
        "Each Gram matrix comes from rows, one for each position; how many rows are there?",
        "rows = maps.reshape(-1, N), and rows.T @ rows / len(rows) is a Gram matrix per position.",
        "np.mean of the squared differences divides by N^2 already; 1/4 is left.",
    ),
)

style_gradient = Exercise(
    "06.2",
    level=3,
    task="Takes F, (N, M), after the ReLU, and the style's Gram matrix A, (N, N), per position; "
    "returns the gradient of sum (G / M - A)^2 / (4 N^2), masked as in eq. 6, (N, M).",
    right=_slope(),
    inputs=(_uniform(0, _N, _M, low=-2).clip(0), _gram(_uniform(1, _N, 8).T[None])),
    mistakes={
        "The ReLU mask is missing, or lets a 0 through: the gradient is 0 where F is 0.": _slope(
            above=-1
        ),
        "This is eq. 6 to the letter, for sums. A is a mean over positions here: divide G by M "
        "before you compare them.": _slope(1 / _M, 1),
        "A is a mean over positions; divide G by M, too, before you compare them.": _slope(1, 1),
        "One M too many: of the two in eq. 6, one is in G / M already.": _slope(1 / _M),
        "One M is missing: the derivative of G / M brings a factor 1/M.": _slope(_M),
        "The 1/4 is still there; the square gives a 2 and the product rule another, which cancel "
        "it.": _slope(1 / 4),
        "Half of it is missing: F stands in G twice, so the product rule gives two equal "
        "terms.": _slope(1 / 2),
        "The 1/4 of eq. 4 is missing: it cancels the 2 of the square and the 2 of the product "
        "rule.": _slope(4),
        "You divided by N; the loss divides by N^2.": _slope(_N),
        "N and M are exchanged: it is N^2 M, not N M^2.": _slope(_N / _M),
        "The division by N^2 is missing.": _slope(_N**2),
        "The sign is wrong: the gradient points uphill, it has G - A, not A - G.": _slope(-1),
        "F^T (G - A) has the shape (M, N), and eq. 6 reads it at (j, i): transpose it, or "
        "compute (G - A) F.": lambda F, A: _slope()(F, A).T,
    },
    hints=(
        "One 1/M stays inside, with G; what does the derivative of G / M bring in front?",
        "So the difference is G / M - A, and 1 / (N^2 M) stands before the product with F.",
        "np.where(F > 0, ..., 0) is the mask.",
    ),
)


def _masked(
    n: int = 2, m: int = 1, below: float = 0, difference: Any = lambda G, A, M: G / M - A
) -> Callable[..., Any]:
    def gradient(F: Any, A: Any) -> Any:
        N, M = F.shape
        return (below < F) * (difference(F @ F.T, A, M) @ F) / (N**n * M**m)

    return gradient


is_gradient = Exercise(
    "06.3",
    level=2,
    task="Takes a function of F, (N, M), and A, (N, N), as in 06.2; returns whether it gives the "
    "gradient that 06.2 asks for, (N, M).",
    examine=hunt(
        [_masked(), _masked(m=2, difference=lambda G, A, M: G - M * A)],
        {
            "The factor 1/M^2 of eq. 6 slipped through, which is what suspect has. The direction "
            "is right, the size is not: compare it with slopes of E itself.": _masked(m=2),
            "A gradient of the diagonals alone slipped through. Take at least two channels that "
            "fire together.": _masked(difference=lambda G, A, M: (G / M - A) * np.eye(len(A))),
            "A gradient without the mask slipped through. Let some features be 0.": _masked(
                below=-np.inf
            ),
            "A gradient divided by N M^2, not N^2 M, slipped through. They are the same where N = "
            "M; take other numbers.": _masked(1, 2),
            "A gradient that divides A by M once more slipped through. With A = 0 it is right; "
            "take another one.": _masked(difference=lambda G, A, M: (G - A) / M),
        },
    ),
    hints=(
        "The three tests ask where the gradient points. What do they not ask?",
        "The lesson has a function that gives the slopes of any function of one array.",
        "Compare with central_difference of E_per_position(relu(Z), S), Z of both signs, N not M.",
    ),
)

paper_weight = Exercise(
    "06.4",
    level=2,
    task="Takes weight, normalization and channels; returns the weight of E_l for the same loss.",
    right=_worth(),
    cases=[(3.0, name, n) for n in (64, 16) for name in _NAMES],
    mistakes={
        "You converted the other way round: the loss of the code is so many times E_l, and its "
        "weight is multiplied by that.": _worth(1, 1 / 4, 1 / 4, 2),
        "The 4 is missing: the code has no 1/4.": _worth(1, 1, 1),
        "mean is right. For mean_per_channel both Gram matrices are divided by N, and the "
        "difference is then squared.": _worth(power=-1),
        "mean is right. mean_per_channel is 1/N^4 in all, beside the 1/N^2 of eq. 4: only 1/N^2 "
        "is left over.": _worth(power=-4),
        "The paper's weight needs no conversion: return it unchanged.": _worth(4),
        "The factor alone is no weight: multiply `weight` by it.": lambda _, name, n: _worth()(
            1, name, n
        ),
        "The 1/N^2 of eq. 4 is in the code's mean, too: it does not stay in the factor.": (
            lambda weight, name, n: _worth()(weight, name, n) / (1 if name == "paper" else n**2)
        ),
    },
    # The third weight is 1 / 4096 of the second: beside 1e-4 of that, any like it would pass.
    tolerance=1e-7,
    hints=(
        "Write each loss as a number times E_l, with the table; the weight multiplies both.",
        "mean has 1/N^2 as eq. 4 has it, and no 1/4: how many times E_l is that?",
        "In mean_per_channel both Gram matrices are divided by N: what does the square make of it?",
    ),
)
