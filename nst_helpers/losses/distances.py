"""How far two measurements of a style are apart, beyond `style_loss` (lesson 12).

Gram matrices, shifted or not, and mean with covariance hold products of features: their squares
grow with the fourth power of the features. Wasserstein distances grow with the square.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from .._tensorflow import tf
from ..options import StyleNormalization
from .parts import channels, float32
from .statistics import mean_and_covariance
from .terms import style_factor, style_loss

_RIDGE = 1e-4  # of the mean variance: small maps have fewer positions than channels


def mean_covariance_loss(
    gram: tf.Tensor, target: tf.Tensor, normalization: StyleNormalization = "mean"
) -> tf.Tensor:
    """Compare means and covariances: |mu - mu_s|^2 + |Sigma - Sigma_s|_F^2.

    Parameters
    ----------
    gram, target : tensor, float32, shape (..., N + 1, N + 1)
        ``gram_matrix(with_ones(features))``.
    normalization : {"paper", "mean", "mean_per_channel"}
        What the sum is multiplied by: as in `style_loss`.

    Returns
    -------
    tensor, float32, shape (...)
        At least 0; 0 exactly where both mean and covariance agree.

    References
    ----------
    Risser, Wilmot, Barnes, arXiv:1701.08893 (2017), section 3: why a Gram matrix is not enough.
    """
    (mean, covariance), (mean_s, covariance_s) = map(mean_and_covariance, (gram, target))
    moved = tf.reduce_sum((mean - mean_s) ** 2, axis=-1)
    return style_factor(normalization, channels(mean)) * moved + style_loss(
        covariance, covariance_s, normalization
    )


def shifted_gram_loss(
    grams: tf.Tensor, target: tf.Tensor, normalization: StyleNormalization = "mean"
) -> tf.Tensor:
    """Return the mean of `style_loss` over all shifts.

    Parameters
    ----------
    grams, target : tensor, float32, shape (..., S, N, N)
        Of `shifted_grams`, with the same S.
    normalization : {"paper", "mean", "mean_per_channel"}

    Returns
    -------
    tensor, float32, shape (...)
    """
    return tf.reduce_mean(style_loss(grams, target, normalization), axis=-1)


class Gaussian(NamedTuple):
    """A style's mean, shape (..., N), its covariance, and the square root of that."""

    mean: tf.Tensor
    covariance: tf.Tensor
    root: tf.Tensor


def gaussian(gram: tf.Tensor) -> Gaussian:
    """Return mean and covariance of a style, ready for `gaussian_wasserstein`.

    Parameters
    ----------
    gram : tensor, float32, shape (..., N + 1, N + 1)
        ``gram_matrix(with_ones(features))``. A ten thousandth of the mean variance is added to all
        variances: a map with fewer positions than channels has a singular covariance.
    """
    mean, covariance = mean_and_covariance(gram)
    covariance += _ridge(covariance)
    return Gaussian(mean, covariance, _power(*_eigen(covariance), 0.5))


def gaussian_wasserstein(gram: tf.Tensor, target: Gaussian) -> tf.Tensor:
    """Return the squared 2-Wasserstein distance of two Gaussians, divided by N.

    W^2 = |mu - mu_s|^2 + tr(Sigma + Sigma_s - 2 (R Sigma R)^(1/2)) with R^2 = Sigma_s. Its slope in
    Sigma is I - T, where T = R (R Sigma R)^(-1/2) R is the optimal map from one to the other.

    Parameters
    ----------
    gram : tensor, float32, shape (..., N + 1, N + 1)
        ``gram_matrix(with_ones(features))``.
    target : Gaussian
        What `gaussian` made of the style's.

    Returns
    -------
    tensor, float32, shape (...)
        At least 0 but for rounding.

    References
    ----------
    Olkin, Pukelsheim, Linear Algebra and its Applications 48 (1982).
    """
    mean, covariance = mean_and_covariance(gram)
    # The same ridge on both sides: else a picture of the style itself would not have distance 0.
    covariance += _ridge(target.covariance)
    moved = tf.reduce_sum((mean - target.mean) ** 2, axis=-1)
    spread = tf.linalg.trace(covariance) + tf.linalg.trace(target.covariance)
    return (moved + spread - 2 * _fidelity(covariance, target.root)) / channels(mean)


@tf.custom_gradient
def _fidelity(
    covariance: tf.Tensor, root: tf.Tensor
) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple[tf.Tensor, None]]]:
    """Return tr (R Sigma R)^(1/2), whose slope is T / 2: that of eigenvectors is not stable."""
    values, vectors = _eigen(root @ covariance @ root)

    def gradient(slope: tf.Tensor) -> tuple[tf.Tensor, None]:
        transport = root @ _power(values, vectors, -0.5) @ root
        return slope[..., None, None] * transport / 2, None

    return float32(tf.reduce_sum(values**0.5, axis=-1)), gradient


def _ridge(covariance: tf.Tensor) -> tf.Tensor:
    n = channels(covariance)
    return _RIDGE * tf.linalg.trace(covariance)[..., None, None] / n * tf.eye(n)


def _eigen(matrix: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return positive eigenvalues and the eigenvectors; float32 would lose the small ones."""
    values, vectors = tf.linalg.eigh(tf.cast(matrix, tf.float64))
    return tf.maximum(values, 1e-12 * values[..., -1:]), vectors


def _power(values: tf.Tensor, vectors: tf.Tensor, exponent: float) -> tf.Tensor:
    return float32(tf.matmul(vectors * values[..., None, :] ** exponent, vectors, transpose_b=True))


def sliced_wasserstein(projections: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """Return the squared 2-Wasserstein distance, averaged over directions.

    Along a direction the best way to move one set of numbers onto another keeps their order, so
    the distance is the mean squared difference of sorted numbers.

    Parameters
    ----------
    projections, target : tensor, float32, shape (..., N, M)
        Of `sorted_projections`, with the same M.

    Returns
    -------
    tensor, float32, shape (...)
        |mu - mu_s|^2 / N for two sets that differ by a shift, as `gaussian_wasserstein`.

    References
    ----------
    Heitz, Vanhoey, Chambon, Belcour, CVPR 2021, arXiv:2006.07229, eq. 5.
    """
    return tf.reduce_mean((projections - target) ** 2, axis=(-2, -1))
