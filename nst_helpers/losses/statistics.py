"""What a style is measured by: the Gram matrix (lesson 05), and what it forgets (lesson 12).

Features have the shape (..., H, W, N); see `losses.terms` for the symbols. Every function here
takes any leading batch axes and returns float32, whatever the features' precision.
"""

from __future__ import annotations

import numpy as np

from .._tensorflow import tf
from ..options import GramNormalization
from .fast_gram import correlate
from .parts import channels, choose, float32, positions


def gram_matrix(features: tf.Tensor, normalization: GramNormalization = "positions") -> tf.Tensor:
    """Correlate every pair of channels over all positions: G_ij = sum_k F_ik F_jk.

    Parameters
    ----------
    features : tensor, shape (..., H, W, N)
    normalization : {"positions", "sum"}
        ``"sum"`` is eq. 3 to the letter. ``"positions"`` divides by M = H W, so that images of
        different sizes can be compared; this is what `style_loss` takes.

    Returns
    -------
    tensor, float32, shape (..., N, N)
        Symmetric and positive semi-definite; unchanged when positions are shuffled.

    Raises
    ------
    RecipeError
        For a normalization outside the set.

    References
    ----------
    Gatys, Ecker, Bethge, CVPR 2016, eq. 3.

    Examples
    --------
    >>> import numpy as np
    >>> gram_matrix(np.ones((2, 2, 1)), "sum").numpy()
    array([[4.]], dtype=float32)
    """
    features = tf.convert_to_tensor(features)
    n, m = channels(features), positions(features)
    factor = choose(normalization, positions=1 / m, sum=1.0)
    return factor * correlate(tf.reshape(features, features.shape[:-3] + (m, n)))


def with_ones(features: tf.Tensor) -> tf.Tensor:
    """Return the features with one more channel that is 1 everywhere, shape (..., H, W, N + 1).

    The Gram matrix of these holds the means too, in its last row and column.
    """
    return tf.concat([features, tf.ones_like(features[..., :1])], axis=-1)


def mean_and_covariance(gram: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the mean mu and the covariance Sigma of a layer's features.

    G / M = Sigma + mu mu^T: a Gram matrix alone cannot tell the two apart.

    Parameters
    ----------
    gram : tensor, float32, shape (..., N + 1, N + 1)
        ``gram_matrix(with_ones(features))``.

    Returns
    -------
    mean : tensor, shape (..., N)
    covariance : tensor, shape (..., N, N)
        Of the population: divided by M.

    References
    ----------
    Risser, Wilmot, Barnes, arXiv:1701.08893 (2017), section 3: the ambiguity.
    """
    mean = gram[..., -1, :-1]
    return mean, gram[..., :-1, :-1] - mean[..., :, None] * mean[..., None, :]


def shifted_grams(features: tf.Tensor) -> tf.Tensor:
    """Correlate channels with channels a distance away, along rows and along columns.

    A_ij(d) = 1/M_d sum_p F_i(p) F_j(p + d) over the M_d positions p for which p + d is in the map:
    d = 0, then 1, 2, 4, ... positions to the right and down, as far as half the shorter side.

    Parameters
    ----------
    features : tensor, shape (..., H, W, N)

    Returns
    -------
    tensor, float32, shape (..., S, N, N)
        The Gram matrix first, then right and down for each distance. Maps of another size have
        another S.

    References
    ----------
    Berger, Memisevic, ICLR 2017, arXiv:1606.01286.
    """
    maps = float32(features)
    height, width = maps.shape[-3:-1]
    distances = [2**k for k in range(min(height, width).bit_length() - 1)]
    pairs = [(maps, maps)]
    for d in distances:
        pairs.append((maps[..., :, :-d, :], maps[..., :, d:, :]))
        pairs.append((maps[..., :-d, :, :], maps[..., d:, :, :]))
    return tf.stack([_mean_product(*pair) for pair in pairs], axis=-3)


def _mean_product(here: tf.Tensor, there: tf.Tensor) -> tf.Tensor:
    return tf.einsum("...hwi,...hwj->...ij", here, there) / positions(here)


def sorted_projections(features: tf.Tensor) -> tf.Tensor:
    """Project the features of all positions onto N directions, and sort each projection.

    The directions are the same at every call: orthonormal, in a random orientation, so that sums
    of squares over all of them are those over all channels.

    Parameters
    ----------
    features : tensor, shape (..., H, W, N)

    Returns
    -------
    tensor, float32, shape (..., N, M)
        Ascending along the last axis.

    References
    ----------
    Heitz, Vanhoey, Chambon, Belcour, CVPR 2021, arXiv:2006.07229. They draw new directions at every
    evaluation; fixed ones make a fixed loss, which L-BFGS needs.
    """
    n, m = channels(features), positions(features)
    rows = tf.reshape(float32(features), features.shape[:-3] + (m, n))
    return tf.sort(tf.linalg.matrix_transpose(rows @ float32(directions(n))), axis=-1)


def directions(n: int) -> tf.Tensor:
    """Return n orthonormal directions, float64, in the columns of a matrix; the same for each n."""
    return tf.constant(np.linalg.qr(np.random.default_rng(n).normal(size=(n, n)))[0])
