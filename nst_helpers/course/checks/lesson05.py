"""Checks of lesson 05: the style loss, eqs. 4 to 6 of Gatys, Ecker and Bethge, CVPR 2016."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .exercise import Exercise
from .hunt import hunt

_N, _M = 3, 6  # channels of most inputs, and positions of the features in 05.2
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


def _grows(loss: int, slope: int) -> Callable[..., Any]:
    return lambda c: (c**loss, c**slope)


def _mmd(
    mean: Any = np.mean, own: Any = None, across: int = -2, dot: int = 2, root: float = 1
) -> Callable[..., Any]:
    def squared(x: Any, y: Any) -> Any:
        inside = [(own or mean)((z @ z.T) ** dot) for z in (x, y)]
        return (sum(inside) + across * mean((x @ y.T) ** dot)) ** root

    return squared


def _worth(*factors: float) -> Callable[..., Any]:
    return lambda weight, name, n: weight * factors[_NAMES.index(name)]


def _style(n: int = -2, times: float = 1, power: int = 2, last: Any = None) -> Callable[..., Any]:
    return lambda g, a: sum(
        times * len(a[x]) ** n * (abs(g[x] - a[x]) ** power).mean() for x in [*g][:last]
    )


def _grams(seed: int) -> dict[str, Any]:
    channels = {"block1_conv1": 2, "block2_conv1": 3, "block3_conv1": 5}
    return {name: _gram(_uniform(seed + n, 3, 4, n)) for name, n in channels.items()}


layer_loss = Exercise(
    "05.1",
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
        "You divided by N once more than eq. 4: a Gram matrix divided by N M makes the loss 1/N^2 "
        "times as large.": _layer(times=_N**-2),
        "The square is missing: add up (G - A)**2, not |G - A|.": _layer(power=1),
        "You took the root at the end; eq. 4 has none.": lambda f, s: _layer()(f, s) ** 0.5,
        "This is the reshape trap of lesson 04: reshape to (H * W, N) first, then "
        "transpose.": _layer(lambda maps: _gram(maps.reshape(_N, -1).T[None])),
    },
    hints=("Each Gram matrix comes from rows, one for each position; how many rows are there?",),
)

style_gradient = Exercise(
    "05.2",
    level=3,
    task="Takes F, (N, M), after the ReLU, and the style's Gram matrix A, (N, N), per position; "
    "returns the gradient of sum (G / M - A)^2 / (4 N^2), masked as in eq. 6, (N, M).",
    right=_slope(),
    inputs=(_uniform(0, _N, _M, low=-2).clip(0), _gram(_uniform(1, _N, 8).T[None])),
    mistakes={
        "The ReLU mask is missing: the gradient is 0 where F is 0.": _slope(above=-1),
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
        "The division by N^2 is missing.": _slope(_N**2),
        "The sign is wrong: the gradient points uphill, it has G - A, not A - G.": _slope(-1),
        "F^T (G - A) has the shape (M, N), and eq. 6 reads it at (j, i): transpose it, or "
        "compute (G - A) F.": lambda F, A: _slope()(F, A).T,
    },
    hints=("One 1/M stays inside, with G; what does the derivative of G / M bring in front?",),
)


def _masked(
    n: int = 2, m: int = 1, below: float = 0, difference: Any = lambda G, A, M: G / M - A
) -> Callable[..., Any]:
    def gradient(F: Any, A: Any) -> Any:
        N, M = F.shape
        return (below < F) * (difference(F @ F.T, A, M) @ F) / (N**n * M**m)

    return gradient


is_gradient = Exercise(
    "05.3",
    level=2,
    task="Takes a function of F, (N, M), and A, (N, N), as in 05.2; returns whether it gives the "
    "gradient that 05.2 asks for, (N, M).",
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
        "Compare with finite_differences of E_per_position(relu(Z), S), Z of both signs, N not M.",
    ),
)

scaling = Exercise(
    "05.4",
    level=1,
    task="Takes c, by which all features grow; returns the factors of E_l and of its gradient.",
    right=_grows(4, 3),
    inputs=(3.0,),
    mistakes={
        "c^2 is the factor of the Gram matrices; E_l squares their difference.": _grows(2, 1),
        "The factor of E_l is right. The gradient divides by a feature once: one power "
        "less.": _grows(4, 4),
        "The factor of E_l is right. The gradient is (G - A) F: two powers from G - A, and one "
        "from F.": _grows(4, 2),
        "The gradient's factor is right. E_l holds (G - A)^2, and G holds products of two "
        "features.": _grows(2, 3),
        "The pair is swapped: first the factor of E_l, then that of its gradient.": _grows(3, 4),
        "These are factors for one Gram entry that grows like c; it grows like c^2.": _grows(1, 0),
    },
    hints=("How many features are multiplied with each other in one entry of a Gram matrix?",),
)

mmd = Exercise(
    "05.5",
    level=2,
    task="Takes two sets of vectors, one per row, (M, N) and (M', N); returns the squared maximum "
    "mean discrepancy with the kernel (x . y)^2, a number; all pairs count.",
    right=_mmd(),
    inputs=(_uniform(0, 10, _N)[:4], _uniform(0, 10, _N)[4:]),
    mistakes={
        "The kernel is (x . y)^2: square the dot products before you average.": _mmd(dot=1),
        "These are sums over pairs; divide each by its own number of pairs.": _mmd(np.sum),
        "The pairs across the sets count twice: - 2 times their mean.": _mmd(across=-1),
        "The pairs across the sets are taken off, not added.": _mmd(across=2),
        "You took the root; the square of the discrepancy is asked for.": _mmd(root=1 / 2),
        "You left out the pairs of a vector with itself; here all pairs count.": _mmd(
            own=lambda pairs: pairs.mean(where=~np.eye(len(pairs), dtype=bool))
        ),
        "This is E_l already; the discrepancy is 4 N^2 times as large.": lambda x, y: (
            _mmd()(x, y) / (4 * _N**2)
        ),
    },
    hints=("Which matrix product holds the dot product of every row of X with every row of Y?",),
)

paper_weight = Exercise(
    "05.6",
    level=2,
    task="Takes weight, normalization and channels; returns the weight of E_l for the same loss.",
    right=_worth(1, 4, 4 / 64**2),
    cases=[(3.0, name, 64) for name in _NAMES],
    mistakes={
        "You converted the other way round: the loss of the code is so many times E_l, and its "
        "weight is multiplied by that.": _worth(1, 1 / 4, 64**2 / 4),
        "The 4 is missing: the code has no 1/4.": _worth(1, 1, 1 / 64**2),
        "mean is right. For mean_per_channel both Gram matrices are divided by N, and the "
        "difference is then squared.": _worth(1, 4, 4 / 64),
        "mean is right. mean_per_channel is 1/N^4 in all, beside the 1/N^2 of eq. 4: only 1/N^2 "
        "is left over.": _worth(1, 4, 4 / 64**4),
        "The paper's weight needs no conversion: return it unchanged.": _worth(4, 4, 4 / 64**2),
    },
    # The third weight is 1 / 4096 of the second: beside 1e-4 of that, any like it would pass.
    tolerance=1e-7,
    hints=("Write each loss as a number times E_l, with the table; the weight multiplies both.",),
)

authors_style_loss = Exercise(
    "05.7",
    level=2,
    task="Takes two dicts of Gram matrices per position by layer, (N_l, N_l) each; returns the sum "
    "over layers of 1 / N_l^2 times the mean of (G - A)^2.",
    right=_style(),
    inputs=(_grams(0), _grams(10)),
    mistakes={
        "N_l^2 divides once, but it must twice: once for the mean of the entries, once as the "
        "layer's weight.": _style(0),
        "All layers have the same weight, one by the number of layers; the authors' code takes "
        "1 / N_l^2.": _style(0, 1 / 3),
        "The weight is 1 / N_l^2, not 1 / N_l.": _style(-1),
        "You added up (G - A)^2 and divided by nothing: take the mean of the entries, then the "
        "weight 1 / N_l^2.": _style(2),
        "The factor 1/4 is the paper's; the authors' code takes the plain mean.": _style(-2, 1 / 4),
        "The layers are added, not averaged.": _style(-2, 1 / 3),
        "The square is missing: average (G - A)**2, not |G - A|.": _style(power=1),
        "Only the first layer was counted; add up all of them.": _style(last=1),
    },
    hints=("Go through the names; how many rows has the Gram matrix of each layer?",),
)
