"""Where a run is: all that its next steps depend on, in variables that belong together.

Python may be interrupted between any two lines. A compiled call is not, and only such calls change
the variables: all are from before it, or all from after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .._tensorflow import tf
from ..optimizers.protocol import Optimizer


class Run(NamedTuple):
    """What one step hands to the next."""

    x: tf.Tensor
    optimizer: Any
    best: tf.Tensor
    best_total: tf.Tensor


class Kept(NamedTuple):
    """What one compiled call hands to the next, in variables.

    `trace` holds the terms of all steps taken, shape (steps, T); `finite` is false if the loss at x
    is not, and `counters` are the objective's.
    """

    run: Run
    trace: tf.Variable
    finite: tf.Variable
    counters: tuple[tf.Variable, ...]


@dataclass
class Place:
    """Where a run is.

    `softer` is how often the optimizer was made gentler, `recoveries` how often since the loss was
    last lower than `lowest`.
    """

    kept: Kept
    optimizer: Optimizer
    softer: int = 0
    recoveries: int = 0
    lowest: float = np.inf

    @property
    def steps(self) -> int:
        """How many were taken."""
        return len(self.kept.trace.read_value())

    @property
    def best(self) -> tf.Tensor:
        """The image with the lowest total so far, shape (H, W, 3)."""
        return self.kept.run.best.read_value()

    def rows(self, first: int) -> np.ndarray:
        """Return the terms of the steps from this one on, shape (n, T)."""
        return self.kept.trace[first:].numpy()  # a view would hold the whole trace

    def recover(self, optimizer: Optimizer, recoveries: int) -> None:
        """Go back to the best image with a gentler optimizer."""
        total = self.kept.run.best_total.read_value()
        run = keep(begun(self.best, optimizer)._replace(best_total=total))
        vars(self).update(  # at once: Ctrl-C does not come between
            kept=self.kept._replace(run=run, finite=keep(tf.constant(True))),
            optimizer=optimizer,
            softer=self.softer + 1,
            recoveries=recoveries,
            lowest=float(total),
        )

    def arrays(self) -> list[np.ndarray]:
        """Return all numbers, for `restored`.

        They are not copied: let them go before the next step. Their order is part of the format of
        checkpoints, and so is every optimizer's state.
        """
        guard = np.array([self.softer, self.recoveries, self.lowest])
        return [guard, *(np.asarray(kept.read_value()) for kept in tf.nest.flatten(self.kept))]


def begun(x: tf.Tensor, optimizer: Optimizer) -> Run:
    """Return what the first step from x is given."""
    return Run(x, optimizer.init(x), x, tf.constant(np.inf, tf.float32))


def start(x: tf.Tensor, optimizer: Optimizer, counters: tuple[tf.Variable, ...], t: int) -> Place:
    """Return the place before the first step from x, with t terms."""
    counted = tuple(counter.read_value() for counter in counters)
    kept = Kept(begun(x, optimizer), tf.zeros((0, t)), tf.constant(True), counted)
    return Place(keep(kept), optimizer)


def restored(
    saved: list[np.ndarray], x: tf.Tensor, optimizer: Optimizer, counters: tuple[tf.Variable, ...]
) -> Place:
    """Return the place whose `arrays` these are; the list is emptied, not to hold them twice."""
    softer, recoveries, lowest = saved.pop(0)
    for _ in range(int(softer)):
        optimizer = optimizer.gentler()
    like = Kept(begun(x, optimizer), 0, 0, counters)
    kept = tf.nest.pack_sequence_as(like, [tf.constant(saved.pop(0)) for _ in range(len(saved))])
    for counter, value in zip(counters, kept.counters, strict=True):
        counter.assign(value)
    return Place(keep(kept), optimizer, int(softer), int(recoveries), float(lowest))


def keep(state: Any) -> Any:
    """Return variables with the tensors of a state, for `take` and `put`."""
    return tf.nest.map_structure(lambda x: tf.Variable(x, shape=[None] * x.shape.rank), state)


def take(kept: Any, like: Any) -> Any:
    """Return what the variables hold, and leave them empty.

    A tensor that a caller holds as well cannot be changed in place: every call would copy the
    history of L-BFGS.
    """

    def taken(variable: tf.Variable, like: tf.Tensor) -> tf.Tensor:
        value = tf.ensure_shape(variable.read_value(), like.shape)
        variable.assign(tf.zeros([0] * like.shape.rank, like.dtype))
        return value

    return tf.nest.map_structure(taken, kept, like)


def put(kept: Any, state: Any) -> None:
    """Fill the variables."""
    tf.nest.map_structure(lambda variable, x: variable.assign(x), kept, state)
