"""How far apart two distributions of features are: the sliced Wasserstein distance."""

from __future__ import annotations

import numpy as np


def sliced_distance(one: np.ndarray, other: np.ndarray, directions: np.ndarray) -> float:
    """Return the sliced Wasserstein-2 distance of two sets of features.

    The square root of the mean, over the directions and over the quantiles, of the squared
    difference of what is projected and sorted. Between two sets of unequal size the sorted values
    of the smaller are interpolated.

    Parameters
    ----------
    one, other : ndarray, shape (..., N)
        N channels at any positions, the order of which does not count.
    directions : ndarray, shape (N, V)
        Unit vectors, such as `losses.statistics.directions`.

    Returns
    -------
    float
        In units of the features: 0 for the same set, less is better. For sets that differ by a
        shift v it is |v| / sqrt(N), on average over directions.

    References
    ----------
    Bonneel, Rabin, Peyré, Pfister, Journal of Mathematical Imaging and Vision 51 (2015). As a loss
    on VGG19's features: Heitz, Vanhoey, Chambon, Belcour, CVPR 2021 (arXiv 2006.07229).

    Examples
    --------
    >>> sliced_distance(np.array([[1.0], [3.0]]), np.array([[4.0], [2.0]]), np.eye(1))
    1.0
    """
    rows = [features.reshape(-1, features.shape[-1]) for features in (one, other)]
    count = max(map(len, rows))
    first, second = (_quantiles(np.sort(row @ directions, axis=0), count) for row in rows)
    return float(np.sqrt(np.mean(np.square(first - second))))


def _quantiles(values: np.ndarray, count: int) -> np.ndarray:
    """Interpolate sorted columns at the middles of so many equal shares."""
    places = (np.arange(count) + 0.5) * len(values) / count - 0.5
    places = np.clip(places, 0, len(values) - 1)
    below = places.astype(int)
    above = np.minimum(below + 1, len(values) - 1)
    share = (places - below).astype(values.dtype)[:, None]
    return (1 - share) * values[below] + share * values[above]
