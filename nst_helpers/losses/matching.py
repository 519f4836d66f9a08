"""Features of all layers at one place, and how sets of them are matched (lesson 12).

A hypercolumn holds, for one position, the features of every layer there: D numbers. Sets of
hypercolumns have the shape (..., P, D). Everything is float32.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .._tensorflow import tf
from .parts import channels, float32, positions

Distance = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]

_ROWS = 4096  # of a distance matrix at a time: bounded memory for pictures of any size


def hypercolumns(maps: Sequence[tf.Tensor], height: int, width: int) -> tf.Tensor:
    """Stack the layers' features on one grid.

    Parameters
    ----------
    maps : sequence of tensor, shape (B, H_l, W_l, N_l)
    height, width : int
        Of the grid; each map is brought to it by bilinear interpolation.

    Returns
    -------
    tensor, float32, shape (B, height * width, D)
        D is the sum of all N_l; each map is divided by its N_l.

    References
    ----------
    Kolkin, Kucera, Paris, Sykora, Shechtman, Shakhnarovich, arXiv:2203.13215 (2022).
    """
    grids = [tf.image.resize(float32(m), (height, width)) / channels(m) for m in maps]
    return as_rows(tf.concat(grids, axis=-1))


def as_rows(maps: tf.Tensor) -> tf.Tensor:
    """Return features, shape (B, H, W, N), as rows, shape (B, M, N)."""
    return tf.reshape(maps, (-1, positions(maps), channels(maps)))


def unit(rows: tf.Tensor) -> tf.Tensor:
    """Return rows of length 1; a row of zeros stays."""
    return rows * tf.math.rsqrt(tf.reduce_sum(rows**2, axis=-1, keepdims=True) + 1e-12)


def centered(rows: tf.Tensor) -> tf.Tensor:
    """Return rows minus their mean, each scaled to length 1."""
    return unit(rows - tf.reduce_mean(rows, axis=-2, keepdims=True))


def cosine_distances(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """Return 1 - cos of the angle between every row of x and every row of y.

    Parameters
    ----------
    x : tensor, float32, shape (..., P, D)
    y : tensor, float32, shape (..., Q, D)
        Rows of length 1, as `unit` makes them.

    Returns
    -------
    tensor, float32, shape (..., P, Q)
        From 0, the same direction, to 2.
    """
    return 1 - tf.matmul(x, y, transpose_b=True)


def relaxed_emd(x: tf.Tensor, y: tf.Tensor, distances: tf.Tensor, each: Distance) -> tf.Tensor:
    """Bound the earth mover's distance of two sets from below.

    The earth mover's distance asks for a plan that serves every x and every y in equal shares. If
    only the x, or only the y, must be served, everybody goes to the nearest; the larger of both
    means is the bound.

    Parameters
    ----------
    x : tensor, float32, shape (..., P, D)
    y : tensor, float32, shape (..., Q, D)
    distances : tensor, float32, shape (..., P, Q)
        Of all pairs; it only says who is nearest, and needs no gradient.
    each : callable
        From two tensors, shape (..., D), to their distances, shape (...).

    Returns
    -------
    tensor, float32, shape (...)

    References
    ----------
    Kolkin, Salavon, Shakhnarovich, CVPR 2019, arXiv:1904.12785, eq. 5.
    """
    batch = len(distances.shape) - 2
    to_y, to_x = tf.argmin(distances, axis=-1), tf.argmin(distances, axis=-2)
    y = tf.broadcast_to(y, (*x.shape[:-2], *y.shape[-2:]))
    each_x = tf.reduce_mean(each(x, tf.gather(y, to_y, batch_dims=batch, axis=-2)), axis=-1)
    each_y = tf.reduce_mean(each(tf.gather(x, to_x, batch_dims=batch, axis=-2), y), axis=-1)
    return tf.maximum(each_x, each_y)


def moments(rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the mean, shape (..., D), and the covariance, shape (..., D, D), of a set."""
    mean = tf.reduce_mean(rows, axis=-2)
    away = rows - mean[..., None, :]
    return mean, tf.matmul(away, away, transpose_a=True) / int(rows.shape[-2])


def moment_loss(
    moments: tuple[tf.Tensor, tf.Tensor], target: tuple[tf.Tensor, tf.Tensor]
) -> tf.Tensor:
    """Compare means and covariances by absolute differences.

    Parameters
    ----------
    moments, target : pair of tensor
        What `moments` returns of each set.

    Returns
    -------
    tensor, float32, shape (...)
        Mean over the D means, plus mean over the D x D covariances.

    References
    ----------
    Kolkin, Salavon, Shakhnarovich, CVPR 2019, arXiv:1904.12785, eq. 7.
    """
    mean, covariance = (tf.abs(one - other) for one, other in zip(moments, target, strict=True))
    return tf.reduce_mean(mean, axis=-1) + tf.reduce_mean(covariance, axis=(-2, -1))


def self_similarity_loss(x: tf.Tensor, content: tf.Tensor) -> tf.Tensor:
    """Compare how similar the positions of each picture are to one another.

    Parameters
    ----------
    x, content : tensor, float32, shape (..., P, D)
        The same positions of both pictures, as rows of length 1.

    Returns
    -------
    tensor, float32, shape (...)
        Mean absolute difference of the two P x P matrices of cosine distances, each with columns
        that sum to 1, times P.

    References
    ----------
    Kolkin, Salavon, Shakhnarovich, CVPR 2019, arXiv:1904.12785, eq. 8.
    """
    one, other = (_shares(cosine_distances(rows, rows)) for rows in (x, content))
    return int(x.shape[-2]) * tf.reduce_mean(tf.abs(one - other), axis=(-2, -1))


def _shares(distances: tf.Tensor) -> tf.Tensor:
    return distances / (tf.reduce_sum(distances, axis=-2, keepdims=True) + 1e-12)


def nearest(query: tf.Tensor, bank: tf.Tensor) -> tf.Tensor:
    """Find for each row of the query the nearest row of the bank.

    By cosine distance, after each set's own mean was subtracted: what all of a picture has in
    common, its light and its contrast, does not count.

    Parameters
    ----------
    query : tensor, float32, shape (P, D)
    bank : tensor, float32, shape (Q, D)

    Returns
    -------
    tensor, int64, shape (P,)

    References
    ----------
    Kolkin et al., arXiv:2203.13215 (2022): Neural Neighbor Style Transfer.
    """
    rows, columns = centered(query), centered(bank)
    blocks = [rows[first : first + _ROWS] for first in range(0, int(rows.shape[0]), _ROWS)]
    scores = (tf.matmul(block, columns, transpose_b=True) for block in blocks)
    return tf.concat([tf.argmax(score, axis=1) for score in scores], axis=0)
