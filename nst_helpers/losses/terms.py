"""The losses as pure functions of tensors (lessons 04, 05 and 06).

Symbols follow Gatys, Ecker and Bethge, CVPR 2016. A layer l has N_l channels and M_l positions
(height times width). F holds the features of the generated image, P those of the content image;
G and A are the Gram matrices of the generated and of the style image. Features have the shape
(..., H, W, N), so that the paper's F (N x M) is `reshape(features, (M, N))` transposed. Every
function takes any leading batch axes and returns one float32 number for each of them, whatever the
features' precision.
"""

from __future__ import annotations

from .._tensorflow import tf
from ..options import ContentNormalization, StyleNormalization, VariationNormalization
from .parts import channels, choose, float32, positions


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
    difference = float32(features) - float32(target)
    factor = content_factor(normalization, channels(difference) * positions(difference))
    return factor * tf.reduce_sum(difference**2, axis=(-3, -2, -1))


def content_factor(normalization: ContentNormalization, numbers: int) -> float:
    """Return what the sum of squares over so many features, N M, is multiplied by."""
    return choose(normalization, paper=0.5, sum=1.0, mean=1 / numbers)


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
    difference = float32(gram) - float32(target)
    factor = style_factor(normalization, channels(difference))
    return factor * tf.reduce_sum(difference**2, axis=(-2, -1))


def style_factor(normalization: StyleNormalization, n: int) -> float:
    """Return what the sum of squares over N x N numbers is multiplied by."""
    return choose(normalization, paper=1 / (4 * n**2), mean=1 / n**2, mean_per_channel=1 / n**4)


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
    image = float32(image)
    down = image[..., 1:, :, :] - image[..., :-1, :, :]
    right = image[..., :, 1:, :] - image[..., :, :-1, :]
    measure = choose(normalization, squared_mean=_squared_mean, absolute_sum=_absolute_sum)
    return measure(down) + measure(right)


def total_loss(content: tf.Tensor, style: tf.Tensor, alpha: float, beta: float) -> tf.Tensor:
    """Weigh content against style: alpha * content + beta * style (CVPR 2016, eq. 7)."""
    return alpha * content + beta * style


def _squared_mean(x: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(x**2, axis=(-3, -2, -1))


def _absolute_sum(x: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.abs(x), axis=(-3, -2, -1))
