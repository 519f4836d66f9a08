"""What the losses share: shapes of features, and a choice by name."""

from __future__ import annotations

from typing import TypeVar

from .._tensorflow import tf
from ..errors import RecipeError

T = TypeVar("T")


def float32(x: tf.Tensor) -> tf.Tensor:
    """Return the same numbers in float32."""
    return tf.cast(x, tf.float32)


def channels(x: tf.Tensor) -> int:
    """Return N of features or of a Gram matrix."""
    return int(x.shape[-1])


def positions(features: tf.Tensor) -> int:
    """Return M, height times width."""
    return int(features.shape[-3] * features.shape[-2])


def choose(name: str, **choices: T) -> T:
    """Return the choice of this name, or say which there are."""
    if name not in choices:
        raise RecipeError(f"Unknown normalization {name!r}; choose from {', '.join(choices)}.")
    return choices[name]
