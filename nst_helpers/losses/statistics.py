"""What a style is measured by: the Gram matrix (lesson 05).

Features have the shape (..., H, W, N); see `losses.terms` for the symbols.
"""

from __future__ import annotations

from .._tensorflow import tf
from ..options import GramNormalization
from .fast_gram import correlate
from .parts import channels, choose, positions


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
