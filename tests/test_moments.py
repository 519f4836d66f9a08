"""Affine maps between means and covariances of any size; `test_color` has more on three."""

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


@pytest.mark.parametrize("method", WHOLE)
def test_nothing_is_stretched_where_nothing_varies(
    method: Matching, rng: np.random.Generator
) -> None:
    given, wanted = covariances(rng)
    direction = np.linalg.qr(rng.normal(size=(7, 7)))[0][:, 0]
    flat = np.eye(7) - np.outer(direction, direction)
    matrix = matching_matrix(flat @ given @ flat, wanted, method, least=1e-6)
    np.testing.assert_allclose(matrix @ direction, 0, atol=1e-6)
