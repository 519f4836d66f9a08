"""The E statistic: how near a result's features are to the style's, as far as Gaussians tell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from .._tensorflow import tf

#: Layers of the calibrated sum, each with its rank (the principal axes kept) and its weight.
E_LAYERS = {
    "block1_conv1": (32, 0.7468),
    "block2_conv1": (48, 0.2557),
    "block3_conv1": (128, 2.3768),
}

_RIDGE = 1e-4  # of a photo's variance: a flat picture has none along most axes
_LEAST_DIVERGENCE = 1e-6  # what is below is rounding


@dataclass(frozen=True)
class Gaussian:
    """The mean, shape (N,), and the covariance, shape (N, N), of features; both float64."""

    mean: np.ndarray
    covariance: np.ndarray

    def along(self, axes: np.ndarray) -> Gaussian:
        """Return what it is along axes, the columns of an array of shape (N, k)."""
        return Gaussian(self.mean @ axes, axes.T @ self.covariance @ axes)


def gaussian(features: np.ndarray) -> Gaussian:
    """Return the mean and the covariance, divided by M, of features of shape (..., N)."""
    features = features.reshape(-1, features.shape[-1])
    mean = features.mean(axis=0, dtype=np.float64)
    centered = features - mean
    products = tf.matmul(centered, centered, transpose_a=True)  # NumPy's took ten times as long
    return Gaussian(mean, products.numpy() / len(features))


def principal_axes(covariances: Iterable[np.ndarray], rank: int) -> np.ndarray:
    """Return the first axes of the mean covariance, in units of the deviation along each.

    No divergence depends on the units; they say what the ridge of `e_statistic` is small against.

    Parameters
    ----------
    covariances : iterable of ndarray, shape (N, N)
        One for each photo.
    rank : int
        How many axes are kept.

    Returns
    -------
    numpy.ndarray
        Shape (N, rank), float64: columns that make the mean covariance the unit matrix.
    """
    variances, axes = np.linalg.eigh(np.mean(list(covariances), axis=0))
    return np.asarray(axes[:, -rank:] / np.sqrt(variances[-rank:]))


def divergence(result: Gaussian, style: Gaussian) -> float:
    """Return the Kullback-Leibler divergence KL(result || style) of two Gaussians.

        2 KL = tr(C_s^-1 C) + (m_s - m)^T C_s^-1 (m_s - m) - k + ln det C_s - ln det C

    Returns
    -------
    float
        At least 0, up to rounding; 0 if both are the same. Not symmetric.
    """
    apart = style.mean - result.mean
    twice = (
        np.trace(np.linalg.solve(style.covariance, result.covariance))
        + apart @ np.linalg.solve(style.covariance, apart)
        - len(apart)
        + np.linalg.slogdet(style.covariance).logabsdet
        - np.linalg.slogdet(result.covariance).logabsdet
    )
    return float(twice) / 2


def e_statistic(result: Gaussian, style: Gaussian) -> float:
    """Return E_l = -ln KL of one layer, for Gaussians along `principal_axes`.

    Both covariances get a ridge of 1e-4 photos' variance, so that a flat picture has a finite E,
    and a divergence below 1e-6 counts as 1e-6, so that the style itself has one: 13.8.

    Returns
    -------
    float
        Up to 13.8; more is nearer to the style.

    References
    ----------
    Yeh, Tang, Bhattad, Zou, Forsyth, WACV 2020 (arXiv 1910.09447).
    """
    ridge = _RIDGE * np.eye(len(style.mean))
    firm = [Gaussian(one.mean, one.covariance + ridge) for one in (result, style)]
    return float(-np.log(max(divergence(*firm), _LEAST_DIVERGENCE)))
