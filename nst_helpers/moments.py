"""Affine maps that give one set of vectors the mean and the covariance of another.

Three numbers a vector are colors (`pictures.color`), 256 are features (`feedforward.latent`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .options import Matching


def moments(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean, shape (N,), and the covariance, shape (N, N), of vectors, shape (M, N)."""
    vectors = np.asarray(vectors, np.float64)
    mean = vectors.mean(axis=0)
    return mean, (vectors - mean).T @ (vectors - mean) / len(vectors)


def matching_matrix(
    given: np.ndarray, wanted: np.ndarray, method: Matching, least: float
) -> np.ndarray:
    """Return the matrix T of a linear map that turns one covariance into another.

    Parameters
    ----------
    given, wanted : ndarray, float64, shape (N, N)
        The covariances S and R; T S T^T = R, and with "mean_std" only the diagonals agree.
    method : {"mean_std", "cholesky", "symmetric", "optimal_transport"}
        The ratio of deviations, number by number; L_R L_S^-1 with Cholesky factors, which depends
        on the order of the numbers; R^1/2 S^-1/2; or S^-1/2 (S^1/2 R S^1/2)^1/2 S^-1/2, which of
        all maps with that result moves the vectors least, by the mean square.
    least : float
        Along a direction with a smaller standard deviation there is nothing to stretch but
        rounding: T is 0 there (a pseudo-inverse), where a regularized inverse would make loud noise
        of it.

    Returns
    -------
    ndarray, float64, shape (N, N)
    """
    if method == "optimal_transport":
        root = _root(given)
        inverse = _inverse(root, least)
        return inverse @ _root(root @ wanted @ root) @ inverse
    factor = {"mean_std": _deviations, "cholesky": _lower, "symmetric": _root}[method]
    return factor(wanted) @ _inverse(factor(given), least)


def reciprocal(deviations: Any, least: float) -> Any:
    """Return 1 over each, and 0 where it is no more than `least`."""
    seen = deviations > least
    return seen / np.where(seen, deviations, 1)


def _deviations(covariance: np.ndarray) -> np.ndarray:
    return np.diag(np.sqrt(np.diag(covariance)))


def _root(covariance: np.ndarray) -> np.ndarray:
    """Return the symmetric square root; rounding may have left eigenvalues below 0."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


def _lower(covariance: np.ndarray) -> np.ndarray:
    """Return the Cholesky factor L, L L^T = S, also where S is singular: S^1/2 is Q L^T."""
    _, upper = np.linalg.qr(_root(covariance))
    return upper.T * np.where(np.diag(upper) < 0, -1, 1)


def _inverse(factor: np.ndarray, least: float) -> np.ndarray:
    left, deviations, right = np.linalg.svd(factor)
    return (right.T * reciprocal(deviations, least)) @ left.T
