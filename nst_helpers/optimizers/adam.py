"""Adam as a pure function of tensors (lesson 08)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from .._tensorflow import tf
from .protocol import project


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
        """Return the state before the first step from x, shape (H, W, C) or (P,)."""
        return AdamState(tf.constant(0.0), tf.zeros_like(x), tf.zeros_like(x))

    def update(
        self, state: AdamState, x: tf.Tensor, gradient: tf.Tensor, clip: bool = False
    ) -> tuple[AdamState, tf.Tensor]:
        """Take one step from x with its gradient, and return the new state and the new x."""
        step = state.step + 1
        mean = self.beta_1 * state.mean + (1 - self.beta_1) * gradient
        square = self.beta_2 * state.square + (1 - self.beta_2) * gradient**2
        rate = self.learning_rate / 255 / (1 - self.beta_1**step)
        root = tf.sqrt(square / (1 - self.beta_2**step))
        moved = x - rate * mean / (root + self.epsilon)
        return AdamState(step, mean, square), project(moved, clip)

    def gentler(self) -> Adam:
        """Return the same optimizer with steps a quarter as large."""
        return replace(self, learning_rate=self.learning_rate / 4)
