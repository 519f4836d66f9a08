"""Exercises solved with TensorFlow in float32, whose rounding depends on the processor.

Each answer is within 1e-6 of its largest magnitude; the judge's 1e-4 is a hundred times that.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from nst_helpers.course.checks import (
    content_loss,
    gram_matrices,
    images_as_tensors,
    network_by_hand,
    style_loss,
)
from nst_helpers.course.checks.judge import CORRECT


def slope(loss: Callable[[tf.Tensor], tf.Tensor], at: Any) -> tf.Tensor:
    x = tf.constant(at, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = loss(x)
    return tape.gradient(value, x)


def cast(array: Any) -> tf.Tensor:
    return tf.cast(array, tf.float32)


def conv(maps: tf.Tensor, kernel: Any) -> tf.Tensor:
    return tf.nn.conv2d(maps, cast(kernel), 1, "SAME")


def max_pool_gradient(x: np.ndarray, g: np.ndarray) -> tf.Tensor:
    upstream = cast(g)[None, :, :, None]
    return slope(
        lambda y: tf.reduce_sum(tf.nn.max_pool2d(y[None, :, :, None], 2, 2, "VALID") * upstream), x
    )


def pixel_gradient(image: np.ndarray, kernels: Any, target: np.ndarray) -> tf.Tensor:
    def loss(x: tf.Tensor) -> tf.Tensor:
        pooled = tf.nn.avg_pool2d(tf.nn.relu(conv(x[None], kernels[0])), 2, 2, "VALID")
        return tf.nn.l2_loss(tf.nn.relu(conv(pooled, kernels[1]))[0] - cast(target))

    return slope(loss, image)


def gram(features: Any, mean: bool = False) -> tf.Tensor:
    rows = tf.reshape(cast(features), (-1, features.shape[-1]))
    product = tf.linalg.matmul(rows, rows, transpose_a=True)
    return product / len(rows) if mean else product


def layer_loss(one: np.ndarray, other: np.ndarray) -> tf.Tensor:
    return tf.reduce_mean((gram(one, mean=True) - gram(other, mean=True)) ** 2) / 4


def style_gradient(features: np.ndarray, target: np.ndarray) -> tf.Tensor:
    n, m = features.shape

    def loss(z: tf.Tensor) -> tf.Tensor:
        f = tf.nn.relu(z)
        return tf.reduce_sum((f @ tf.transpose(f) / m - cast(target)) ** 2) / (4 * n**2)

    return slope(loss, features)


def mean_gradient(before: np.ndarray, target: np.ndarray) -> tf.Tensor:
    return slope(lambda z: tf.reduce_mean((tf.nn.relu(z) - cast(target)) ** 2), before)


def input_gradient(image: np.ndarray, target: np.ndarray) -> tf.Tensor:
    return slope(lambda x: tf.nn.l2_loss(255 * (x - cast(target))), image)


@pytest.mark.parametrize(
    ("check", "answer"),
    [
        (images_as_tensors.input_gradient, input_gradient),
        (network_by_hand.convolution, lambda x, k, b: conv(cast(x)[None], k)[0] + cast(b)),
        (network_by_hand.max_pool_gradient, max_pool_gradient),
        (content_loss.mean_gradient, mean_gradient),
        (content_loss.pixel_gradient, pixel_gradient),
        (gram_matrices.gram_by_matmul, gram),
        (style_loss.layer_loss, layer_loss),
        (style_loss.style_gradient, style_gradient),
    ],
)
def test_a_solution_in_tensorflow_passes(check: Callable[[Any], str], answer: Any) -> None:
    assert check(answer) == CORRECT
