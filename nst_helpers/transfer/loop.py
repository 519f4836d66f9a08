"""The compiled loop: all of an optimization stays on the device (lesson 09).

The host sees the loss terms and decides, about once a second, whether to go on; that is where
progress, Ctrl-C and the guard against NaN have their place.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np

from .._tensorflow import tf
from ..errors import DivergedError
from ..optimizers.protocol import Optimizer
from .place import Kept, Place, Run, begun, put, restored, start, take

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
    loop = Loop(objective, optimizer, clip)
    return loop.run(loop.begin(image), steps)


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

    def begin(self, image: np.ndarray, saved: list[np.ndarray] | None = None) -> Place:
        """Return the place before the first step from an image, or one whose arrays were saved.

        The list of arrays is emptied.
        """
        x, counters = tf.constant(image, tf.float32), _counters(self.objective)
        if saved:
            return restored(saved, x, self.optimizer, counters)
        return start(x, self.optimizer, counters, len(self.objective.names))

    def run(self, place: Place, steps: int) -> Iterator[tuple[tf.Tensor, np.ndarray]]:
        """Take steps until there are so many, as `optimize` does; yield first what was taken."""
        per_call = 1
        if place.steps:
            yield place.best, place.rows(0)
        while (done := place.steps) < steps:
            if not place.kept.finite:
                _recover(place)
            advance, began = self._steps_of(place), time.perf_counter()
            if taken := int(advance(place.kept, tf.constant(min(per_call, steps - done)))):
                rate = taken / (time.perf_counter() - began)
                per_call = int(np.clip(rate * _SECONDS_PER_CALL, 1, _MOST_STEPS_PER_CALL))
                yield place.best, place.rows(done)

    def _steps_of(self, place: Place) -> Callable[..., tf.Tensor]:
        key = place.optimizer, tuple(place.best.shape)
        if key not in self._compiled:
            self._compiled[key] = _compile(self.objective, place, self.clip)
        return self._compiled[key]


def _counters(objective: Minimized) -> tuple[tf.Variable, ...]:
    return tuple(getattr(objective, "counters", ()))


def _compile(objective: Minimized, place: Place, clip: bool) -> Callable[..., tf.Tensor]:
    """Return a compiled function that takes several steps, or stops before a non-finite one.

    It returns how many. One that returned nothing would be simplified less by TensorFlow: its steps
    would take longer and have other last digits.
    """
    optimizer, shape = place.optimizer, place.best.shape

    def update(run: Run, total: tf.Tensor, gradient: tf.Tensor) -> Run:
        best = tf.where(total < run.best_total, run.x, run.best)
        state, x = optimizer.update(run.optimizer, run.x, gradient, clip)
        return Run(x, state, best, tf.minimum(total, run.best_total))

    def step(
        taken: tf.Tensor, finite: tf.Tensor, run: Run, rows: tf.TensorArray
    ) -> tuple[tf.Tensor, tf.Tensor, Run, tf.TensorArray]:
        terms, gradient = objective.terms_and_gradient(run.x[None])
        total, gradient = tf.reduce_sum(terms), gradient[0]
        finite = tf.reduce_all(tf.math.is_finite(gradient)) & tf.math.is_finite(total)
        run = tf.cond(finite, lambda: update(run, total, gradient), lambda: run)
        return taken + tf.cast(finite, tf.int32), finite, run, rows.write(taken, terms[0])

    @tf.function(autograph=False)
    def advance(kept: Kept, steps: tf.Tensor) -> tf.Tensor:
        run = take(kept.run, begun(tf.zeros(shape), optimizer))
        rows = tf.TensorArray(tf.float32, size=steps, element_shape=(len(objective.names),))
        taken, finite, run, rows = tf.while_loop(
            lambda taken, finite, run, rows: finite & (taken < steps),
            step,
            (tf.constant(0), tf.constant(True), run, rows),
        )
        trace = tf.concat([kept.trace, rows.stack()[:taken]], axis=0)
        counters = tuple(counter.read_value() for counter in _counters(objective))
        put(kept, Kept(run, trace, finite, counters))
        return taken

    # Traced here, once: TensorFlow counts the traces of all runs together, and would warn.
    return advance.get_concrete_function(place.kept, tf.TensorSpec((), tf.int32))


def _recover(place: Place) -> None:
    """Go back to the best image, with smaller steps."""
    reached = float(place.kept.run.best_total)
    recoveries = 1 if reached < place.lowest else place.recoveries + 1
    if not np.isfinite(reached):
        raise DivergedError(
            "The loss or its gradient is not finite at the start image; lower the recipe's weights."
        )
    if recoveries > _MOST_RECOVERIES:
        raise DivergedError(
            f"The loss stopped being finite {recoveries} times in spite of smaller steps; "
            "lower the learning_rate or the recipe's weights, or use precision='float32'."
        )
    _log.warning("The loss was not finite; went back to the best image, with smaller steps.")
    place.recover(place.optimizer.gentler(), recoveries)
