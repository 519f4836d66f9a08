"""The losses as pure functions of tensors (lessons 03, 04 and 05).

Symbols follow Gatys, Ecker and Bethge, CVPR 2016. A layer l has N_l channels and M_l positions
(height times width). F holds the features of the generated image, P those of the content image;
G and A are the Gram matrices of the generated and of the style image. Features have the shape
(..., H, W, N), so that the paper's F (N x M) is `reshape(features, (M, N))` transposed. Every
function takes any leading batch axes and returns one float32 number for each of them, whatever the
features' precision.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ._tensorflow import tf
from .errors import RecipeError
from .options import (
    ContentNormalization,
    GramNormalization,
    StyleNormalization,
    VariationNormalization,
)
from .precision import has_bfloat16

T = TypeVar("T")

_PARTS = 32  # of a bfloat16 Gram matrix, which leaves an error of 0.0003
_LEAST_ROWS = 512  # in a part; maps with fewer cost little anyway


def content_loss(
    features: tf.Tensor, target: tf.Tensor, normalization: ContentNormalization = "paper"
) -> tf.Tensor:
    """Compare features position by position.

    ======== =====================================  ===========================================
    name     formula                                used by
    ======== =====================================  ===========================================
    paper    1/2 sum (F - P)^2                      eq. 1
    sum      sum (F - P)^2                          keras.io
    mean     1/(N M) sum (F - P)^2                  the authors' code, TensorFlow, PyTorch, d2l
    ======== =====================================  ===========================================

    Parameters
    ----------
    features, target : tensor, shape (..., H, W, N)
        F and P.
    normalization : {"paper", "sum", "mean"}

    Returns
    -------
    tensor, float32, shape (...)
        At least 0; 0 exactly where F equals P.

    Raises
    ------
    RecipeError
        For a normalization outside the table.

    References
    ----------
    Gatys, Ecker, Bethge, CVPR 2016, eq. 1; its gradient is eq. 2.

    Examples
    --------
    >>> import numpy as np
    >>> float(content_loss(np.ones((2, 2, 3)), np.zeros((2, 2, 3))))
    6.0
    """
    difference = _float32(features) - _float32(target)
    n, m = _channels(difference), _positions(difference)
    factor = _choose(normalization, paper=0.5, sum=1.0, mean=1 / (n * m))
    return factor * tf.reduce_sum(difference**2, axis=(-3, -2, -1))


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
    n, m = _channels(features), _positions(features)
    factor = _choose(normalization, positions=1 / m, sum=1.0)
    return factor * _correlate(tf.reshape(features, features.shape[:-3] + (m, n)))


def style_loss(
    gram: tf.Tensor, target: tf.Tensor, normalization: StyleNormalization = "paper"
) -> tf.Tensor:
    """Compare two Gram matrices of one layer: the paper's E_l.

    ================  ==============================  =========================================
    name              formula (G, A per position)     used by
    ================  ==============================  =========================================
    paper             1/(4 N^2) sum (G - A)^2         eq. 4 (equal sizes)
    mean              1/N^2 sum (G - A)^2             the authors' code, TensorFlow
    mean_per_channel  1/N^4 sum (G - A)^2             PyTorch, d2l: Grams divided by N M
    ================  ==============================  =========================================

    Parameters
    ----------
    gram, target : tensor, float32, shape (..., N, N)
        G and A, each divided by its own number of positions, as `gram_matrix` returns them. Where
        both images have the same size, that is the 1/M^2 of eq. 4.
    normalization : {"paper", "mean", "mean_per_channel"}

    Returns
    -------
    tensor, float32, shape (...)
        At least 0.

    Raises
    ------
    RecipeError
        For a normalization outside the table.

    References
    ----------
    Gatys, Ecker, Bethge, CVPR 2016, eq. 4; its gradient is eq. 6.

    Examples
    --------
    >>> import numpy as np
    >>> float(style_loss(np.eye(2), np.zeros((2, 2))))
    0.125
    """
    difference = _float32(gram) - _float32(target)
    n = _channels(difference)
    factor = _choose(normalization, paper=1 / (4 * n**2), mean=1 / n**2, mean_per_channel=1 / n**4)
    return factor * tf.reduce_sum(difference**2, axis=(-2, -1))


def total_variation(
    image: tf.Tensor, normalization: VariationNormalization = "squared_mean"
) -> tf.Tensor:
    """Measure how much neighboring pixels differ. Not part of the paper.

    Parameters
    ----------
    image : tensor, float32, shape (..., H, W, 3)
        RGB in [0, 1].
    normalization : {"squared_mean", "absolute_sum"}
        The mean squared difference of neighbors, which does not depend on the size; or the sum of
        absolute differences of the TensorFlow tutorial, which does.

    Returns
    -------
    tensor, float32, shape (...)

    Raises
    ------
    RecipeError
        For a normalization outside the set.
    """
    image = _float32(image)
    down = image[..., 1:, :, :] - image[..., :-1, :, :]
    right = image[..., :, 1:, :] - image[..., :, :-1, :]
    measure = _choose(normalization, squared_mean=_squared_mean, absolute_sum=_absolute_sum)
    return measure(down) + measure(right)


def total_loss(content: tf.Tensor, style: tf.Tensor, alpha: float, beta: float) -> tf.Tensor:
    """Weigh content against style: alpha * content + beta * style (CVPR 2016, eq. 7)."""
    return alpha * content + beta * style


@tf.custom_gradient
def _correlate(rows: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    """Return rows^T rows in float32; its gradient is one product in the precision of the rows.

    Automatic differentiation does not see that both factors are the same. It takes two float32
    products, adds two maps and keeps a float32 copy: a sixth of a step's time in bfloat16.
    """

    def gradient(slope: tf.Tensor) -> tf.Tensor:
        symmetric = slope + tf.linalg.matrix_transpose(slope)
        if _emulates(rows):
            return tf.cast(tf.matmul(_float32(rows), symmetric), rows.dtype)
        return tf.matmul(rows, tf.cast(symmetric, rows.dtype))

    return _product(rows), gradient


def _product(rows: tf.Tensor) -> tf.Tensor:
    """Return rows^T rows in float32.

    A bfloat16 product rounds its result to two or three digits. The products of several parts of
    the rows are rounded each in its own way, and their float32 sum has a digit more: in half the
    time of a float32 product, and without a float32 copy of the rows. That holds where a processor
    or GPU multiplies bfloat16; what emulates it rounds within each part too, and the error stays
    about 0.3 %.
    """
    *batch, positions, channels = rows.shape
    small = positions % _PARTS or positions < _PARTS * _LEAST_ROWS
    if rows.dtype == tf.float32 or small or _emulates(rows):
        exact = _float32(rows)
        return tf.matmul(exact, exact, transpose_a=True)
    parts = tf.reshape(rows, (*batch, _PARTS, positions // _PARTS, channels))
    return tf.reduce_sum(_float32(tf.matmul(parts, parts, transpose_a=True)), axis=-3)


def _emulates(x: tf.Tensor) -> bool:
    """Say whether products of such numbers are to be taken in float32 instead."""
    return x.dtype == tf.bfloat16 and not has_bfloat16()


def _float32(x: tf.Tensor) -> tf.Tensor:
    return tf.cast(x, tf.float32)


def _channels(x: tf.Tensor) -> int:
    return int(x.shape[-1])


def _positions(features: tf.Tensor) -> int:
    return int(features.shape[-3] * features.shape[-2])


def _squared_mean(x: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(x**2, axis=(-3, -2, -1))


def _absolute_sum(x: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.abs(x), axis=(-3, -2, -1))


def _choose(name: str, **choices: T) -> T:
    if name not in choices:
        raise RecipeError(f"Unknown normalization {name!r}; choose from {', '.join(choices)}.")
    return choices[name]
