"""The compiled loop: all of an optimization stays on the device (lesson 09).

The host sees the loss terms and decides, about once a second, whether to go on; that is where
progress, Ctrl-C and the guard against NaN have their place.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np

from .._tensorflow import tf
from ..errors import DivergedError
from ..optimizers.protocol import Optimizer

_log = logging.getLogger(__name__)

_SECONDS_PER_CALL = 1.0  # often enough for a progress bar, seldom enough to cost nothing
_MOST_STEPS_PER_CALL = 50
_MOST_RECOVERIES = 5  # one after the other, with no lower loss between them


class Minimized(Protocol):
    """What the loop asks of an objective: terms that sum to the loss, and the gradient."""

    names: tuple[str, ...]

    def terms_and_gradient(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return terms, shape (1, T), and the gradient, shape (1, H, W, 3), of one image."""


def optimize(
    objective: Minimized, image: np.ndarray, steps: int, optimizer: Optimizer, clip: bool = False
) -> Iterator[tuple[tf.Tensor, np.ndarray]]:
    """Minimize an objective over the pixels, pausing about once a second.

    Parameters
    ----------
    objective : Objective
        Anything with `names` and `terms_and_gradient`.
    image : ndarray, float32, shape (H, W, 3)
        The start, RGB in [0, 1].
    steps : int
        Evaluations of the objective and its gradient.
    optimizer : Adam or LBFGS
    clip : bool
        Whether to project into [0, 1] after every step.

    Yields
    ------
    best : tensor, float32, shape (H, W, 3)
        The image with the lowest total so far.
    rows : ndarray, float32, shape (n, T)
        The weighted terms of the n steps since the last pause.

    Raises
    ------
    DivergedError
        If the loss is not finite at the start, or still after the step was cut several times.
    """
    return Loop(objective, optimizer, clip).run(image, steps)


class Loop:
    """An objective, an optimizer, and the steps compiled from them, for one image after another.

    Parameters
    ----------
    objective, optimizer, clip
        As for `optimize`.
    """

    def __init__(self, objective: Minimized, optimizer: Optimizer, clip: bool = False) -> None:
        self.objective, self.optimizer, self.clip = objective, optimizer, clip
        self._compiled: dict[Any, Callable[..., Any]] = {}

    def run(self, image: np.ndarray, steps: int) -> Iterator[tuple[tf.Tensor, np.ndarray]]:
        """Take these steps from an image, as `optimize` does."""
        x, optimizer = tf.constant(image, tf.float32), self.optimizer
        run = _Run(x, _keep(optimizer.init(x)), x, tf.constant(np.inf, tf.float32))
        done, per_call, recoveries, lowest = 0, 1, 0, np.inf
        while done < steps:
            advance, began = self._steps_of(optimizer, run), time.perf_counter()
            after, rows, count, finite = advance(run, tf.constant(min(per_call, steps - done)))
            run = after._replace(optimizer=run.optimizer)
            taken = int(count)
            if taken:
                done += taken
                rate = taken / (time.perf_counter() - began)
                per_call = int(np.clip(rate * _SECONDS_PER_CALL, 1, _MOST_STEPS_PER_CALL))
                yield run.best, rows.numpy()[:taken]
            if not finite:
                reached = float(run.best_total)
                recoveries = 1 if reached < lowest else recoveries + 1
                lowest = reached
                optimizer = _gentler(optimizer, run, recoveries)
                run = run._replace(x=run.best, optimizer=_keep(optimizer.init(run.best)))

    def _steps_of(self, optimizer: Optimizer, run: _Run) -> Callable[..., Any]:
        key = optimizer, tuple(run.x.shape)
        if key not in self._compiled:
            self._compiled[key] = _compile(self.objective, optimizer, run, self.clip)
        return self._compiled[key]


class _Run(NamedTuple):
    """What one step hands to the next; between compiled calls, `optimizer` holds variables."""

    x: tf.Tensor
    optimizer: Any
    best: tf.Tensor
    best_total: tf.Tensor


def _keep(state: Any) -> Any:
    """Return variables with the tensors of an optimizer's state, for `_take` and `_put`."""
    return tf.nest.map_structure(lambda x: tf.Variable(x, shape=[None] * x.shape.rank), state)


def _take(kept: Any, like: Any) -> Any:
    """Return what the variables hold, and leave them empty.

    A tensor that a caller holds as well cannot be changed in place: every call would copy the
    history of L-BFGS.
    """

    def take(variable: tf.Variable, like: tf.Tensor) -> tf.Tensor:
        value = tf.ensure_shape(variable.read_value(), like.shape)
        variable.assign(tf.zeros([0] * like.shape.rank, like.dtype))
        return value

    return tf.nest.map_structure(take, kept, like)


def _put(kept: Any, state: Any) -> None:
    tf.nest.map_structure(lambda variable, x: variable.assign(x), kept, state)


def _compile(
    objective: Minimized, optimizer: Optimizer, run: _Run, clip: bool
) -> Callable[..., tuple[_Run, tf.Tensor, tf.Tensor, tf.Tensor]]:
    """Return a compiled function that takes several steps, or stops before a non-finite one."""

    def update(run: _Run, total: tf.Tensor, gradient: tf.Tensor) -> _Run:
        best = tf.where(total < run.best_total, run.x, run.best)
        state, x = optimizer.update(run.optimizer, run.x, gradient, clip)
        return _Run(x, state, best, tf.minimum(total, run.best_total))

    def step(
        taken: tf.Tensor, finite: tf.Tensor, run: _Run, rows: tf.TensorArray
    ) -> tuple[tf.Tensor, tf.Tensor, _Run, tf.TensorArray]:
        terms, gradient = objective.terms_and_gradient(run.x[None])
        total, gradient = tf.reduce_sum(terms), gradient[0]
        finite = tf.reduce_all(tf.math.is_finite(gradient)) & tf.math.is_finite(total)
        run = tf.cond(finite, lambda: update(run, total, gradient), lambda: run)
        return taken + tf.cast(finite, tf.int32), finite, run, rows.write(taken, terms[0])

    @tf.function(autograph=False)
    def advance(run: _Run, steps: tf.Tensor) -> tuple[_Run, tf.Tensor, tf.Tensor, tf.Tensor]:
        kept = run.optimizer
        run = run._replace(optimizer=_take(kept, optimizer.init(run.x)))
        rows = tf.TensorArray(tf.float32, size=steps, element_shape=(len(objective.names),))
        taken, finite, run, rows = tf.while_loop(
            lambda taken, finite, run, rows: finite & (taken < steps),
            step,
            (tf.constant(0), tf.constant(True), run, rows),
        )
        _put(kept, run.optimizer)
        return run._replace(optimizer=()), rows.stack(), taken, finite

    # Traced here, once: TensorFlow counts the traces of all runs together, and would warn.
    return advance.get_concrete_function(run, tf.TensorSpec((), tf.int32))


def _gentler(optimizer: Optimizer, run: _Run, recoveries: int) -> Optimizer:
    if not np.isfinite(float(run.best_total)):
        raise DivergedError(
            "The loss or its gradient is not finite at the start image; lower the recipe's weights."
        )
    if recoveries > _MOST_RECOVERIES:
        raise DivergedError(
            f"The loss stopped being finite {recoveries} times in spite of smaller steps; "
            "lower the learning_rate or the recipe's weights, or use precision='float32'."
        )
    _log.warning("The loss was not finite; went back to the best image, with smaller steps.")
    return optimizer.gentler()
