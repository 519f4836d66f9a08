"""Adam and L-BFGS as pure functions of tensors: a whole run stays on the device (lesson 07).

Both see the image as one flat vector x of P numbers in [0, 1] units. `init` makes the state and
`update` takes one step; neither reads a Python number, so both can be traced into one compiled
loop. Steps are sized in gray values of 255, whatever the scale of the loss.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

from ._tensorflow import tf


class Optimizer(Protocol):
    """What `transfer.optimize` asks of an optimizer."""

    def init(self, x: tf.Tensor) -> Any:
        """Return the state before the first step, for x of shape (P,)."""

    def update(
        self, state: Any, x: tf.Tensor, gradient: tf.Tensor, clip: bool = False
    ) -> tuple[Any, tf.Tensor]:
        """Take one step from x, shape (P,), and return the new state and the new x."""

    def gentler(self) -> Optimizer:
        """Return the same optimizer with smaller steps."""


class AdamState(NamedTuple):
    """Steps taken, and the running means of the gradient and of its square."""

    step: tf.Tensor
    mean: tf.Tensor
    square: tf.Tensor


@dataclass(frozen=True)
class Adam:
    """Adam with bias correction.

    Parameters
    ----------
    learning_rate : float
        Size of a step in gray values of 255.
    beta_1, beta_2 : float
        Averaging factors of the gradient and of its square, in [0, 1).
    epsilon : float
        Floor of the denominator, in units of the gradient.

    References
    ----------
    Kingma, Ba, ICLR 2015, algorithm 1.
    """

    learning_rate: float = 4.0
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

    def init(self, x: tf.Tensor) -> AdamState:
        """Return the state before the first step, for x of shape (P,)."""
        return AdamState(tf.constant(0.0), tf.zeros_like(x), tf.zeros_like(x))

    def update(
        self, state: AdamState, x: tf.Tensor, gradient: tf.Tensor, clip: bool = False
    ) -> tuple[AdamState, tf.Tensor]:
        """Take one step from x, shape (P,), and return the new state and the new x."""
        step = state.step + 1
        mean = self.beta_1 * state.mean + (1 - self.beta_1) * gradient
        square = self.beta_2 * state.square + (1 - self.beta_2) * gradient**2
        rate = self.learning_rate / 255 / (1 - self.beta_1**step)
        root = tf.sqrt(square / (1 - self.beta_2**step))
        moved = x - rate * mean / (root + self.epsilon)
        return AdamState(step, mean, square), _project(moved, clip)

    def gentler(self) -> Adam:
        """Return the same optimizer with steps a quarter as large."""
        return replace(self, learning_rate=self.learning_rate / 4)


class LBFGSState(NamedTuple):
    """History of L-BFGS: rows of S above rows of Y, and all their inner products.

    `pairs` holds S and Y, shape (2 m, P); `products` is pairs times its transpose. `count` is how
    many pairs were ever stored; `slot` of the newest is (count - 1) mod m. `last_x` and
    `last_gradient` are those of the step before; `fresh` says that there was none.
    """

    pairs: tf.Tensor
    products: tf.Tensor
    count: tf.Tensor
    last_x: tf.Tensor
    last_gradient: tf.Tensor
    fresh: tf.Tensor


@dataclass(frozen=True)
class LBFGS:
    """L-BFGS without a line search, in the compact matrix form.

    With the steps s_k = x_(k+1) - x_k and the gradient changes y_k in the columns of S and Y, the
    approximate inverse Hessian applied to g is

        H g = gamma g + S v - gamma Y u
        u = R^-1 S^T g,    v = R^-T ((D + gamma Y^T Y) u - gamma Y^T g)

    where R is the upper triangle of S^T Y, D its diagonal and gamma = s^T y / y^T y of the newest
    pair. The history is read twice a step, once for the products with the newest vectors and once
    for S v - gamma Y u: that memory traffic is the cost. A line search is left out because
    bfloat16 gradients do not satisfy its conditions; instead no step moves a pixel further than
    `largest_step`, and pairs whose curvature is not clearly positive are not stored.

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
    Byrd, Nocedal, Schnabel, Mathematical Programming 63 (1994), theorem 2.2 and eq. 3.1.
    """

    history: int = 20
    first_step: float = 20.0
    largest_step: float = 100.0
    least_curvature: float = 1e-3

    def init(self, x: tf.Tensor) -> LBFGSState:
        """Return the state before the first step, for x of shape (P,)."""
        rows = 2 * self.history
        return LBFGSState(
            pairs=tf.zeros((rows, x.shape[0])),
            products=tf.zeros((rows, rows)),
            count=tf.constant(0),
            last_x=x,
            last_gradient=tf.zeros_like(x),
            fresh=tf.constant(True),
        )

    def update(
        self, state: LBFGSState, x: tf.Tensor, gradient: tf.Tensor, clip: bool = False
    ) -> tuple[LBFGSState, tf.Tensor]:
        """Take one step from x, shape (P,), and return the new state and the new x."""
        s, y = x - state.last_x, gradient - state.last_gradient
        useful = _dot(s, y) > self.least_curvature * tf.norm(s) * tf.norm(y)
        pairs, products, count, g_products = tf.cond(
            tf.logical_and(useful, tf.logical_not(state.fresh)),
            lambda: self._store(state, s, y, gradient),
            lambda: (state.pairs, state.products, state.count, _rows(state.pairs, gradient)),
        )
        direction = self._direction(pairs, products, count, g_products, gradient)
        moved = _project(x + direction, clip)
        return LBFGSState(pairs, products, count, x, gradient, tf.constant(False)), moved

    def gentler(self) -> LBFGS:
        """Return the same optimizer with bounds on its steps a quarter as large."""
        return replace(self, first_step=self.first_step / 4, largest_step=self.largest_step / 4)

    def _store(
        self, state: LBFGSState, s: tf.Tensor, y: tf.Tensor, gradient: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        slot = state.count % self.history
        slots = tf.stack([[slot], [self.history + slot]])
        newest = tf.stack([s, y])
        pairs = tf.tensor_scatter_nd_update(state.pairs, slots, newest)
        # One pass over the history gives its products with all three new vectors.
        rows = tf.matmul(tf.concat([newest, gradient[None]], 0), pairs, transpose_b=True)
        products = tf.tensor_scatter_nd_update(state.products, slots, rows[:2])
        columns = tf.tensor_scatter_nd_update(tf.transpose(products), slots, rows[:2])
        return pairs, tf.transpose(columns), state.count + 1, rows[2]

    def _direction(
        self,
        pairs: tf.Tensor,
        products: tf.Tensor,
        count: tf.Tensor,
        g_products: tf.Tensor,
        gradient: tf.Tensor,
    ) -> tf.Tensor:
        gamma, coefficients = self._coefficients(products, count, g_products)
        gamma, coefficients = tf.cast(gamma, tf.float32), tf.cast(coefficients, tf.float32)
        newton = -gamma * gradient - tf.linalg.matvec(pairs, coefficients, transpose_a=True)
        descends = tf.logical_and(count > 0, _dot(newton, gradient) < 0)
        direction = tf.where(descends, newton, -gradient)
        limit = tf.where(descends, float(self.largest_step), float(self.first_step)) / 255
        largest = tf.reduce_max(tf.abs(direction))
        shrink = tf.math.divide_no_nan(limit, largest)
        return direction * tf.where(descends, tf.minimum(1.0, shrink), shrink)

    def _coefficients(
        self, products: tf.Tensor, count: tf.Tensor, g_products: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Return gamma, and the weights of the rows of `pairs` in H g - gamma g."""
        m = self.history
        stored = tf.minimum(count, m)
        order = (count - stored + tf.range(m)) % m  # oldest pair first; empty slots last
        both = tf.concat([order, m + order], 0)
        filled = tf.range(m) < stored
        # Tiny matrices whose entries span many orders of magnitude: float64 costs nothing here.
        b = tf.cast(tf.gather(tf.gather(products, both), both, axis=1), tf.float64)
        sy, yy = b[:m, m:], b[m:, m:]
        p = tf.cast(tf.gather(g_products, both), tf.float64)
        sg, yg = tf.where(filled, p[:m], 0), tf.where(filled, p[m:], 0)
        diagonal = tf.where(filled, tf.linalg.diag_part(sy), 1)
        r = tf.linalg.set_diag(
            tf.linalg.band_part(tf.where(_square(filled), sy, 0), 0, -1), diagonal
        )
        newest = tf.maximum(stored - 1, 0)
        gamma = tf.math.divide_no_nan(sy[newest, newest], yy[newest, newest])
        u = tf.linalg.triangular_solve(r, sg[:, None], lower=False)
        right = diagonal[:, None] * u + gamma * (tf.matmul(yy, u) - yg[:, None])
        v = tf.linalg.triangular_solve(r, right, lower=False, adjoint=True)
        weights = tf.concat([v[:, 0], -gamma * u[:, 0]], 0)
        return gamma, tf.scatter_nd(both[:, None], weights, [2 * m])


def _project(x: tf.Tensor, clip: bool) -> tf.Tensor:
    return tf.clip_by_value(x, 0.0, 1.0) if clip else x


def _dot(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    return tf.tensordot(a, b, 1)


def _rows(matrix: tf.Tensor, vector: tf.Tensor) -> tf.Tensor:
    return tf.linalg.matvec(matrix, vector)


def _square(filled: tf.Tensor) -> tf.Tensor:
    return tf.logical_and(filled[:, None], filled[None, :])
