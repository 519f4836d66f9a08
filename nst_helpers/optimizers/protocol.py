"""What the loop asks of an optimizer."""

from __future__ import annotations

from typing import Any, Protocol

from .._tensorflow import tf


class Optimizer(Protocol):
    """What `transfer.loop` asks of an optimizer."""

    def init(self, x: tf.Tensor) -> Any:
        """Return the state before the first step from x, shape (H, W, C) or (P,)."""

    def update(
        self, state: Any, x: tf.Tensor, gradient: tf.Tensor, clip: bool = False
    ) -> tuple[Any, tf.Tensor]:
        """Take one step from x with its gradient, and return the new state and the new x."""

    def gentler(self) -> Optimizer:
        """Return the same optimizer with smaller steps."""


def project(x: tf.Tensor, clip: bool) -> tf.Tensor:
    """Return x, clipped to [0, 1] if asked."""
    return tf.clip_by_value(x, 0.0, 1.0) if clip else x
