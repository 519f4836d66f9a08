"""Affine maps between means and covariances: what they reach, and how far they move."""

from typing import get_args

import numpy as np
import pytest

from nst_helpers.moments import matching_matrix, moments
from nst_helpers.options import Matching

WHOLE = [method for method in get_args(Matching) if method != "mean_std"]


def covariances(rng: np.random.Generator, size: int = 7) -> tuple[np.ndarray, np.ndarray]:
    one, other = (rng.normal(size=(40, size)) @ rng.normal(size=(size, size)) for _ in range(2))
    return moments(one)[1], moments(other)[1]


def test_moments_are_those_of_numpy(rng: np.random.Generator) -> None:
    vectors = rng.normal(size=(30, 4))
    mean, covariance = moments(vectors.astype(np.float32))
    np.testing.assert_allclose(mean, vectors.mean(0), atol=1e-6)  # float32 has seven digits
    np.testing.assert_allclose(covariance, np.cov(vectors.T, bias=True), atol=1e-6)


@pytest.mark.parametrize("method", WHOLE)
def test_the_covariance_becomes_the_wanted_one(method: Matching, rng: np.random.Generator) -> None:
    given, wanted = covariances(rng)
    matrix = matching_matrix(given, wanted, method, least=1e-9)
    np.testing.assert_allclose(matrix @ given @ matrix.T, wanted, atol=1e-9 * np.abs(wanted).max())


def test_mean_std_gives_the_variances(rng: np.random.Generator) -> None:
    given, wanted = covariances(rng)
    matrix = matching_matrix(given, wanted, "mean_std", least=1e-9)
    np.testing.assert_allclose(np.diag(matrix @ given @ matrix.T), np.diag(wanted))
    assert np.count_nonzero(matrix) == len(given)


def test_optimal_transport_moves_least(rng: np.random.Generator) -> None:
    """Among maps with that result; its mean square has the closed form of Bures."""
    given, wanted = covariances(rng)
    moved = {}
    for method in WHOLE:
        away = matching_matrix(given, wanted, method, least=1e-9) - np.eye(len(given))
        moved[method] = np.trace(away @ given @ away.T)
    assert moved["optimal_transport"] < min(moved["cholesky"], moved["symmetric"])
    overlap = np.sqrt(np.linalg.eigvals(given @ wanted).real).sum()
    bures = np.trace(given) + np.trace(wanted) - 2 * overlap
    np.testing.assert_allclose(moved["optimal_transport"], bures, rtol=1e-6)


@pytest.mark.parametrize("method", WHOLE)
def test_nothing_is_stretched_where_nothing_varies(
    method: Matching, rng: np.random.Generator
) -> None:
    given, wanted = covariances(rng)
    direction = np.linalg.qr(rng.normal(size=(7, 7)))[0][:, 0]
    flat = np.eye(7) - np.outer(direction, direction)
    matrix = matching_matrix(flat @ given @ flat, wanted, method, least=1e-6)
    np.testing.assert_allclose(matrix @ direction, 0, atol=1e-6)
