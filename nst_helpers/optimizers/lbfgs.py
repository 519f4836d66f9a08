"""L-BFGS as a pure function of tensors: a whole run stays on the device (lesson 08)."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import NamedTuple

from .._tensorflow import tf
from .bands import Bands
from .protocol import project

_REMEMBERED = 0.9  # of the spectra, at every new pair
_FLATTEST = 0.01  # least curvature of a band, as a share of the largest


class LBFGSState(NamedTuple):
    """History of L-BFGS, and the first guess of the inverse Hessian.

    `steps` and `changes` hold s_i and y_i in their rows, shape (m, P); `products` holds
    s_i^T y_j, of use where s_i is not newer than y_j. `count` is how many pairs were ever stored;
    the row of the newest is (count - 1) mod m. `spectra`, shape (2, K), says which share of the
    recent steps and of the recent changes lies in each frequency band, and `guess` is what H_0
    multiplies the bands with. `last_x` and `last_gradient` are those of the step before; `fresh`
    says that there was none.
    """

    steps: tf.Tensor
    changes: tf.Tensor
    products: tf.Tensor
    count: tf.Tensor
    spectra: tf.Tensor
    guess: tf.Tensor
    last_x: tf.Tensor
    last_gradient: tf.Tensor
    fresh: tf.Tensor


@dataclass(frozen=True)
class LBFGS:
    """L-BFGS without a line search, as products of thin matrices.

    With the steps s_k = x_(k+1) - x_k and the gradient changes y_k in the columns of S and Y, the
    approximate inverse Hessian H applied to g is

        q = g - Y u,             u = R^-1 S^T g
        H g = H_0 q + S v,       v = R^-T (D u - Y^T H_0 q)

    where R is the upper triangle of S^T Y and D its diagonal. The history is read twice a step:
    that memory traffic is the cost. A line search is left out because bfloat16 gradients do not
    satisfy its conditions; instead no step moves a pixel further than `largest_step`, and pairs
    whose curvature is not clearly positive are not stored.

    The first guess H_0 of an image has one number for every band of spatial frequencies: gamma /
    c_k, where c_k compares how much of the recent y and of the recent s lies in band k. Waves of a
    size that bends the loss little then take longer steps. For a plain vector there is one band,
    and H_0 is the usual gamma = s^T y / y^T y of the newest pair.

    Parameters
    ----------
    history : int
        m, the number of pairs remembered.
    first_step : float
        Largest change of the first step, in gray values of 255. After one that is too small the
        change of a bfloat16 gradient is mostly rounding, and the first pair says little.
    largest_step : float
        Largest change of any later step, in gray values.
    least_curvature : float
        A pair is stored only if s^T y is at least this times |s| |y|.

    References
    ----------
    Nocedal, Mathematics of Computation 35 (1980): the two loops that these products are.
    Byrd, Nocedal, Schnabel, Mathematical Programming 63 (1994), theorem 2.2. The H_0 is ours.
    """

    history: int = 20
    first_step: float = 20.0
    largest_step: float = 100.0
    least_curvature: float = 1e-3

    def init(self, x: tf.Tensor) -> LBFGSState:
        """Return the state before the first step from x, shape (H, W, C) or (P,)."""
        m, size, bands = self.history, x.shape.num_elements(), _bands(x)
        return LBFGSState(
            steps=tf.zeros((m, size)),
            changes=tf.zeros((m, size)),
            products=tf.zeros((m, m)),
            count=tf.constant(0),
            spectra=tf.zeros((2, bands.count)),
            guess=tf.zeros(bands.count),
            last_x=x,
            last_gradient=tf.zeros_like(x),
            fresh=tf.constant(True),
        )

    def update(
        self, state: LBFGSState, x: tf.Tensor, gradient: tf.Tensor, clip: bool = False
    ) -> tuple[LBFGSState, tf.Tensor]:
        """Take one step from x with its gradient, and return the new state and the new x."""
        s, y = _flat(x - state.last_x), _flat(gradient - state.last_gradient)
        useful = _dot(s, y) > self.least_curvature * tf.norm(s) * tf.norm(y)
        state = state._replace(last_x=x, last_gradient=gradient)
        state, along = tf.cond(
            tf.logical_and(useful, tf.logical_not(state.fresh)),
            lambda: self._store(state, s, y),
            lambda: (state, tf.linalg.matvec(state.steps, _flat(gradient))),
        )
        moved = project(x + self._direction(state, along), clip)
        return state._replace(fresh=tf.constant(False)), moved

    def gentler(self) -> LBFGS:
        """Return the same optimizer with bounds on its steps a quarter as large."""
        return replace(self, first_step=self.first_step / 4, largest_step=self.largest_step / 4)

    def _store(self, state: LBFGSState, s: tf.Tensor, y: tf.Tensor) -> tuple[LBFGSState, tf.Tensor]:
        """Return the state with one more pair, and S^T g."""
        row = state.count % self.history
        steps = _replace_row(state.steps, row, s)
        changes = _replace_row(state.changes, row, y)
        # One pass over the steps gives their products with both new vectors.
        newest = tf.stack([y, _flat(state.last_gradient)])
        column, along = tf.unstack(tf.matmul(newest, steps, transpose_b=True))
        columns = _replace_row(tf.transpose(state.products), row, column)
        spectra, guess = _learn(state, s, y)
        return state._replace(
            steps=steps,
            changes=changes,
            products=tf.transpose(columns),
            count=state.count + 1,
            spectra=spectra,
            guess=guess,
        ), along

    def _direction(self, state: LBFGSState, along: tf.Tensor) -> tf.Tensor:
        gradient = state.last_gradient
        newton = -tf.reshape(self._inverse_hessian(state, along), gradient.shape)
        descends = tf.logical_and(state.count > 0, _dot(newton, gradient) < 0)
        direction = tf.where(descends, newton, -gradient)
        limit = tf.where(descends, float(self.largest_step), float(self.first_step)) / 255
        largest = tf.reduce_max(tf.abs(direction))
        shrink = tf.math.divide_no_nan(limit, largest)
        return direction * tf.where(descends, tf.minimum(1.0, shrink), shrink)

    def _inverse_hessian(self, state: LBFGSState, along: tf.Tensor) -> tf.Tensor:
        """Return H g, where `along` is S^T g."""
        gradient = state.last_gradient
        order, r = self._triangle(state)
        u = _solve(r, _ordered(along, order))
        q = _flat(gradient) - _combine(state.changes, u, order)
        guess = _bands(gradient).scale(q, state.guess)
        change = _ordered(tf.linalg.matvec(state.changes, guess), order)
        v = _solve(r, tf.linalg.diag_part(r) * u - change, adjoint=True)
        return guess + _combine(state.steps, v, order)

    def _triangle(self, state: LBFGSState) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the rows from the oldest pair to the newest, empty ones last, and R in that order.

        R is tiny and its entries span many orders of magnitude: float64 costs nothing here.
        """
        m = self.history
        stored = tf.minimum(state.count, m)
        order = (state.count - stored + tf.range(m)) % m
        filled = tf.range(m) < stored
        products = tf.gather(tf.gather(state.products, order), order, axis=1)
        both = tf.logical_and(filled[:, None], filled[None, :])
        r = tf.where(both, tf.cast(products, tf.float64), tf.eye(m, dtype=tf.float64))
        return order, tf.linalg.band_part(r, 0, -1)


def _learn(state: LBFGSState, s: tf.Tensor, y: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the spectra with those of one more pair, and the guess that follows."""
    bands, norms = _bands(state.last_x), tf.stack([tf.norm(s), tf.norm(y)])
    shares = tf.stack([bands.energies(s / norms[0]), bands.energies(y / norms[1])])
    spectra = _REMEMBERED * state.spectra + shares
    curvatures = tf.sqrt(tf.math.divide_no_nan(spectra[1], spectra[0]))
    guess = 1 / tf.maximum(curvatures, _FLATTEST * tf.reduce_max(curvatures))
    gamma = _dot(s / norms[1], y / norms[1]) / _dot(shares[1], guess)  # s^T y / y^T H_0 y
    return spectra, gamma * guess


@functools.lru_cache(maxsize=4)
def _bands_of(shape: tuple[int, ...]) -> Bands:
    return Bands(shape)


def _bands(x: tf.Tensor) -> Bands:
    return _bands_of(tuple(x.shape))


def _replace_row(matrix: tf.Tensor, row: tf.Tensor, value: tf.Tensor) -> tf.Tensor:
    """Return the matrix with one row replaced, in place where nothing else needs the old one.

    `tensor_scatter_nd_update` copies the matrix at every pass of a loop.
    """
    return tf.raw_ops.TensorStridedSliceUpdate(
        input=matrix, begin=[row], end=[row + 1], strides=[1], value=value[None]
    )


def _combine(rows: tf.Tensor, weights: tf.Tensor, order: tf.Tensor) -> tf.Tensor:
    """Return the sum of the rows, each times its weight; `order` says whose weight is where."""
    weights = tf.scatter_nd(order[:, None], tf.cast(weights, tf.float32), order.shape)
    return tf.linalg.matvec(rows, weights, transpose_a=True)


def _ordered(x: tf.Tensor, order: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.gather(x, order), tf.float64)


def _solve(r: tf.Tensor, right: tf.Tensor, adjoint: bool = False) -> tf.Tensor:
    return tf.linalg.triangular_solve(r, right[:, None], lower=False, adjoint=adjoint)[:, 0]


def _flat(x: tf.Tensor) -> tf.Tensor:
    return tf.reshape(x, [-1])


def _dot(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(a * b)
