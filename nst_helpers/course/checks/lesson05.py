"""Checks of lesson 05: the style loss, eqs. 4 to 6 of Gatys, Ecker and Bethge, CVPR 2016."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .judge import call, judge_function

_NORMALIZATIONS = ("paper", "mean", "mean_per_channel")
_CHANNELS = 64


def layer_loss(function: Callable[..., Any]) -> str:
    """Exercise 05.1: E_l from the feature maps of two pictures whose sizes differ.

    Parameters
    ----------
    function : callable
        Takes (features, style_features) of shapes (H, W, N) and (H', W', N). Returns E_l with
        each Gram matrix divided by its own number of positions.

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        If the number is another one; the message names the likely mistake.
    """
    mistakes: dict[str, Callable[..., Any]] = {
        "The Gram matrices are sums over different numbers of positions; divide each by its "
        "own.": lambda f, s: _entries(_sums(f), _sums(s)),
        "You divided both Gram matrices by the same number of positions; each needs its "
        "own.": lambda f, s: _entries(_sums(f), _sums(s)) / _positions(f) ** 2,
        "The factor 1/4 is missing.": lambda f, s: 4 * _layer_loss(f, s),
        "The factor 1/N^2 is missing.": lambda f, s: f.shape[-1] ** 2 * _layer_loss(f, s),
        "You divided by N; eq. 4 divides by N^2, the number of entries of G.": lambda f, s: (
            f.shape[-1] * _layer_loss(f, s)
        ),
        "You divided by N once more than eq. 4: a Gram matrix divided by N M makes the loss 1/N^2 "
        "times as large.": lambda f, s: _layer_loss(f, s) / f.shape[-1] ** 2,
        "The square is missing: add up (G - A)**2, not |G - A|.": lambda f, s: (
            np.abs(_gram(f) - _gram(s)).sum() / (4 * f.shape[-1] ** 2)
        ),
        "You took the root at the end; eq. 4 has none.": lambda f, s: _layer_loss(f, s) ** 0.5,
        "This is the reshape trap of lesson 04: reshape to (H * W, N) first, then "
        "transpose.": lambda f, s: _entries(_trapped(f), _trapped(s)),
    }
    inputs = (_maps(3, 4, seed=0), _maps(5, 2, seed=1))
    return judge_function(function, inputs, _layer_loss, mistakes)


def style_gradient(function: Callable[..., Any]) -> str:
    """Exercise 05.2: the gradient of E_l with Gram matrices per position, and the ReLU's mask.

    Parameters
    ----------
    function : callable
        Takes (F, A): features after the ReLU, shape (N, M), and the Gram matrix of the style,
        shape (N, N), divided by the positions of its own picture. Returns the gradient of
        sum (G / M - A)^2 / (4 N^2), masked as in eq. 6, shape (N, M).

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        If the gradient is another one; the message names the likely mistake.
    """
    mistakes: dict[str, Callable[..., Any]] = {
        "The ReLU mask is missing: the gradient is 0 where F is 0.": _gradient,
        "This is eq. 6 to the letter, for sums. A is a mean over positions here: divide G by M "
        "before you compare them.": lambda f, a: (f > 0) * ((f @ f.T - a) @ f) / f.size**2,
        "A is a mean over positions; divide G by M, too, before you compare them.": lambda f, a: (
            (f > 0) * ((f @ f.T - a) @ f) / (len(f) * f.size)
        ),
        "One M too many: of the two in eq. 6, one is in G / M already.": lambda f, a: (
            _masked(f, a) / f.shape[1]
        ),
        "One M is missing: the derivative of G / M brings a factor 1/M.": lambda f, a: (
            _masked(f, a) * f.shape[1]
        ),
        "The 1/4 is still there; the square gives a 2 and the product rule another, which cancel "
        "it.": lambda f, a: _masked(f, a) / 4,
        "Half of it is missing: F stands in G twice, so the product rule gives two equal "
        "terms.": lambda f, a: _masked(f, a) / 2,
        "The 1/4 of eq. 4 is missing: it cancels the 2 of the square and the 2 of the product "
        "rule.": lambda f, a: 4 * _masked(f, a),
        "You divided by N; the loss divides by N^2.": lambda f, a: len(f) * _masked(f, a),
        "The division by N^2 is missing.": lambda f, a: len(f) ** 2 * _masked(f, a),
        "The sign is wrong: the gradient points uphill, it has G - A, not A - G.": lambda f, a: (
            -_masked(f, a)
        ),
        "F^T (G - A) has the shape (M, N), and eq. 6 reads it at (j, i): transpose it, or "
        "compute (G - A) F.": lambda f, a: _masked(f, a).T,
    }
    target = np.random.default_rng(1).uniform(0, 2, (3, 8))
    return judge_function(function, (_rectified(), target @ target.T / 8), _masked, mistakes)


def scaling(function: Callable[..., Any]) -> str:
    """Exercise 05.3: what happens to E_l and its gradient when all features are c times as large.

    Parameters
    ----------
    function : callable
        Takes c. Returns a pair: the factor of E_l, and the factor of its gradient by F.

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        If the factors are others; the message names the likely mistake.
    """
    mistakes: dict[str, Callable[..., Any]] = {
        "c^2 is the factor of the Gram matrices; E_l squares their difference.": lambda c: (
            c**2,
            c,
        ),
        "The factor of E_l is right. The gradient divides by a feature once: one power "
        "less.": lambda c: (c**4, c**4),
        "The factor of E_l is right. The gradient is (G - A) F: two powers from G - A, and one "
        "from F.": lambda c: (c**4, c**2),
        "The gradient's factor is right. E_l holds (G - A)^2, and G holds products of two "
        "features.": lambda c: (c**2, c**3),
        "The pair is swapped: first the factor of E_l, then that of its gradient.": lambda c: (
            c**3,
            c**4,
        ),
        "These are factors for one Gram entry that grows like c; it grows like c^2.": lambda c: (
            c,
            1.0,
        ),
    }
    return judge_function(function, (3.0,), lambda c: (c**4, c**3), mistakes)


def mmd(function: Callable[..., Any]) -> str:
    """Exercise 05.4: maximum mean discrepancy of two sets, with the kernel (x . y)^2.

    Parameters
    ----------
    function : callable
        Takes (X, Y) of shapes (M, N) and (M', N): one vector per row. Returns the squared
        discrepancy.

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        If the number is another one; the message names the likely mistake.
    """
    mistakes: dict[str, Callable[..., Any]] = {
        "The kernel is (x . y)^2: square the dot products before you average.": lambda x, y: (
            _linear(x, x) + _linear(y, y) - 2 * _linear(x, y)
        ),
        "These are sums over pairs; divide each by its own number of pairs.": lambda x, y: (
            ((x @ x.T) ** 2).sum() + ((y @ y.T) ** 2).sum() - 2 * ((x @ y.T) ** 2).sum()
        ),
        "The pairs across the sets count twice: - 2 times their mean.": lambda x, y: (
            _quadratic(x, x) + _quadratic(y, y) - _quadratic(x, y)
        ),
        "The pairs across the sets are taken off, not added.": lambda x, y: (
            _quadratic(x, x) + _quadratic(y, y) + 2 * _quadratic(x, y)
        ),
        "You took the root; the square of the discrepancy is asked for.": lambda x, y: (
            _mmd(x, y) ** 0.5
        ),
        "You left out the pairs of a vector with itself; here all pairs count.": lambda x, y: (
            _unbiased(x) + _unbiased(y) - 2 * _quadratic(x, y)
        ),
        "This is E_l already; the discrepancy is 4 N^2 times as large.": lambda x, y: (
            _mmd(x, y) / (4 * x.shape[1] ** 2)
        ),
    }
    rng = np.random.default_rng(0)
    inputs = (rng.uniform(0, 2, (4, 3)), rng.uniform(0, 2, (6, 3)))
    return judge_function(function, inputs, _mmd, mistakes)


def paper_weight(function: Callable[..., Any]) -> str:
    """Exercise 05.5: the weight on the paper's E_l that is worth a published weight.

    Parameters
    ----------
    function : callable
        Takes (weight, normalization, channels), with one of the normalizations of
        `nst_helpers.losses.style_loss`. Returns the weight of the paper's E_l that gives the same
        loss.

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        If a weight is another one; the message names the likely mistake.
    """
    n = float(_CHANNELS)
    mistakes: dict[str, Callable[..., Any]] = {
        "You converted the other way round: the loss of the code is so many times E_l, and its "
        "weight is multiplied by that.": lambda w: (w, w / 4, w / (4 / n**2)),
        "The 4 is missing: the code has no 1/4.": lambda w: (w, w, w / n**2),
        "mean is right. For mean_per_channel both Gram matrices are divided by N, and the "
        "difference is then squared.": lambda w: (w, 4 * w, 4 * w / n),
        "mean is right. mean_per_channel is 1/N^4 in all, beside the 1/N^2 of eq. 4: only 1/N^2 "
        "is left over.": lambda w: (w, 4 * w, 4 * w / n**4),
        "The paper's weight needs no conversion: return it unchanged.": lambda w: (
            4 * w,
            4 * w,
            4 * w / n**2,
        ),
    }

    def all_names(weight: float) -> Any:
        answers = [call(function, weight, name, _CHANNELS) for name in _NORMALIZATIONS]
        return None if any(answer is None or answer is ... for answer in answers) else answers

    # The third weight is 1 / 4096 of the second: beside 1e-4 of that, any like it would pass.
    return judge_function(
        all_names, (3.0,), lambda w: (w, 4 * w, 4 * w / n**2), mistakes, tolerance=1e-7
    )


def authors_style_loss(function: Callable[..., Any]) -> str:
    """Exercise 05.6: L_style as in the authors' code, over several layers.

    Parameters
    ----------
    function : callable
        Takes (grams, targets): two dicts of Gram matrices per position, by layer, each of shape
        (N_l, N_l). Returns the sum over layers of 1 / N_l^2 times the mean of (G - A)^2.

    Returns
    -------
    str
        A short confirmation.

    Raises
    ------
    AnswerError
        If the number is another one; the message names the likely mistake.
    """
    mistakes: dict[str, Callable[..., Any]] = {
        "N_l^2 divides once, but it must twice: once for the mean of the entries, once as the "
        "layer's weight.": lambda g, a: _layers(g, a, lambda n: 1),
        "All layers have the same weight, one by the number of layers; the authors' code takes "
        "1 / N_l^2.": lambda g, a: _layers(g, a, lambda n: 1 / len(g)),
        "The weight is 1 / N_l^2, not 1 / N_l.": lambda g, a: _layers(g, a, lambda n: 1 / n),
        "You added up (G - A)^2 and divided by nothing: take the mean of the entries, then the "
        "weight 1 / N_l^2.": lambda g, a: _layers(g, a, lambda n: n**2),
        "The factor 1/4 is the paper's; the authors' code takes the plain mean.": lambda g, a: (
            _authors(g, a) / 4
        ),
        "The layers are added, not averaged.": lambda g, a: _authors(g, a) / len(g),
        "The square is missing: average (G - A)**2, not |G - A|.": lambda g, a: sum(
            np.abs(g[name] - a[name]).mean() / len(a[name]) ** 2 for name in g
        ),
        "Only the first layer was counted; add up all of them.": lambda g, a: _authors(
            dict([next(iter(g.items()))]), a
        ),
    }
    channels = {"block1_conv1": 2, "block2_conv1": 3, "block3_conv1": 5}
    grams, targets = (
        {name: _gram(_maps(3, 4, seed + n, n)) for name, n in channels.items()} for seed in (0, 10)
    )
    return judge_function(function, (grams, targets), _authors, mistakes)


def _maps(height: int, width: int, seed: int, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 2, (height, width, channels))


def _rectified() -> np.ndarray:
    values = np.random.default_rng(0).uniform(-2, 2, (3, 6))
    return np.where(values > 0, values, 0.0)


def _positions(features: np.ndarray) -> int:
    return int(features.shape[0] * features.shape[1])


def _sums(features: np.ndarray) -> np.ndarray:
    rows = features.reshape(-1, features.shape[-1])
    return np.asarray(rows.T @ rows)


def _gram(features: np.ndarray) -> np.ndarray:
    return _sums(features) / _positions(features)


def _trapped(features: np.ndarray) -> np.ndarray:
    strips = features.reshape(features.shape[-1], -1)
    return np.asarray(strips @ strips.T) / _positions(features)


def _entries(gram: np.ndarray, target: np.ndarray) -> float:
    return float(((gram - target) ** 2).sum()) / (4 * len(gram) ** 2)


def _layer_loss(features: np.ndarray, style_features: np.ndarray) -> float:
    return _entries(_gram(features), _gram(style_features))


def _gradient(features: np.ndarray, target: np.ndarray) -> np.ndarray:
    n, m = features.shape
    return np.asarray((features @ features.T / m - target) @ features) / (n**2 * m)


def _masked(features: np.ndarray, target: np.ndarray) -> np.ndarray:
    return (features > 0) * _gradient(features, target)


def _linear(x: np.ndarray, y: np.ndarray) -> float:
    return float((x @ y.T).mean())


def _quadratic(x: np.ndarray, y: np.ndarray) -> float:
    return float(((x @ y.T) ** 2).mean())


def _unbiased(x: np.ndarray) -> float:
    pairs = (x @ x.T) ** 2
    return float((pairs.sum() - np.trace(pairs)) / (len(x) * (len(x) - 1)))


def _mmd(x: np.ndarray, y: np.ndarray) -> float:
    return _quadratic(x, x) + _quadratic(y, y) - 2 * _quadratic(x, y)


def _layers(
    grams: Mapping[str, np.ndarray],
    targets: Mapping[str, np.ndarray],
    weight: Callable[[int], float],
) -> float:
    """Return the weighted sum of the mean squared differences."""
    return sum(
        weight(len(gram)) * float(((gram - targets[name]) ** 2).mean())
        for name, gram in grams.items()
    )


def _authors(grams: Mapping[str, np.ndarray], targets: Mapping[str, np.ndarray]) -> float:
    return _layers(grams, targets, lambda n: 1 / n**2)
