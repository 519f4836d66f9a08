"""The slot for a statistic: how a style is measured, averaged over pictures, and compared."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .._tensorflow import tf
from ..errors import RecipeError
from ..options import StyleNormalization, StyleStatistic
from . import distances
from .parts import float32
from .statistics import gram_matrix, shifted_grams, sorted_projections, with_ones
from .terms import style_loss

#: Statistics that are sums over positions, and can be computed by tiles.
SUMS = "gram", "mean_covariance", "wasserstein"
#: Statistics of all layers together; several styles are one set of positions.
TOGETHER = "transport", "neighbors"

Measure = Callable[[tf.Tensor], tf.Tensor]


def _both(measured: tf.Tensor, target: Any) -> tuple[tf.Tensor, Any]:
    return measured, target


class Statistic(NamedTuple):
    """One way to measure the style of a layer.

    Attributes
    ----------
    measure : callable
        From features, shape (B, H, W, N), to a tensor, shape (B, ...).
    compare : callable
        From what was measured, and the target, to a loss, shape (B,).
    match : callable
        Brings two tensors to one shape, where it depends on the size of the picture.
    prepare : callable
        From the tensor of the style, or the average of several, to the target.
    extend : callable
        For `SUMS`: from features to those whose Gram matrix is what is measured.
    """

    measure: Measure
    compare: Callable[[tf.Tensor, Any], tf.Tensor]
    match: Callable[[tf.Tensor, Any], tuple[tf.Tensor, Any]] = _both
    prepare: Callable[[tf.Tensor], Any] = tf.identity
    extend: Measure = tf.identity

    def average(self, measured: Sequence[tf.Tensor], shares: Sequence[float]) -> tf.Tensor:
        """Return the weighted mean of several pictures' tensors."""
        first = functools.reduce(lambda one, other: self.match(one, other)[0], measured)
        alike = [self.match(first, one)[1] for one in measured]
        weights = np.divide(shares, sum(shares))
        return tf.add_n([w * one for w, one in zip(weights, alike, strict=True)])

    def loss(self, measured: tf.Tensor, target: Any) -> tf.Tensor:
        """Return the loss of what was measured, shape (B,)."""
        return self.compare(*self.match(measured, target))


def statistic_of(name: StyleStatistic, normalization: StyleNormalization) -> Statistic:
    """Return the statistic that a recipe names.

    The normalization is that of products of features; Wasserstein distances are divided by N.

    Raises
    ------
    RecipeError
        If it is not measured layer by layer.
    """
    by = {"normalization": normalization}
    by_name = {
        "gram": _of_products(tf.identity, functools.partial(style_loss, **by)),
        "mean_covariance": _of_products(
            with_ones, functools.partial(distances.mean_covariance_loss, **by)
        ),
        "wasserstein": _of_products(
            with_ones, distances.gaussian_wasserstein, prepare=distances.gaussian
        ),
        "sliced": Statistic(sorted_projections, distances.sliced_wasserstein, _same_count),
        "shifted_gram": Statistic(
            shifted_grams, functools.partial(distances.shifted_gram_loss, **by), _same_shifts
        ),
    }
    if name not in by_name:
        raise RecipeError(
            f"The statistic {name!r} is not measured layer by layer; choose from "
            f"{', '.join(by_name)}, or name it in a recipe."
        )
    return by_name[name]


def own_statistic(measure: Measure) -> Statistic:
    """Return a reader's own measure, compared by the mean of squared differences."""
    return Statistic(measure, _mean_square)


def _of_products(extend: Measure, compare: Callable[..., tf.Tensor], **more: Any) -> Statistic:
    return Statistic(lambda features: gram_matrix(extend(features)), compare, extend=extend, **more)


def _same_count(projections: tf.Tensor, target: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Take from sorted numbers as many, evenly, as the others are."""
    wanted, given = (int(x.shape[-1]) for x in (projections, target))
    nearest = (np.arange(wanted) + 0.5) * given / wanted
    return projections, tf.gather(target, nearest.astype(np.int32), axis=-1)


def _same_shifts(grams: tf.Tensor, target: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Leave out the distances that only the larger of two maps has."""
    shifts = min(int(grams.shape[-3]), int(target.shape[-3]))
    return grams[..., :shifts, :, :], target[..., :shifts, :, :]


def _mean_square(measured: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    difference = float32(measured) - float32(target)
    return tf.reduce_mean(difference**2, axis=tuple(range(1, difference.shape.rank)))
