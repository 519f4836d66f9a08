"""How the usual mistakes are painted, for `failures`: the right picture beside the wrong one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .._tensorflow import tf
from ..losses.build import content, style
from ..losses.slot import Measure
from ..losses.statistics import gram_matrix
from ..network.vgg19 import VGG19
from ..optimizers.lbfgs import LBFGS
from ..recipe import FIRST_OF_EACH_BLOCK, Recipe
from ..transfer.loop import optimize
from ..transfer.stylize import stylize

Images = dict[str, np.ndarray]

_CONTENT = "block4_conv2"


class Scene(NamedTuple):
    """What a failure is painted with: RGB in [0, 1], shape (H, W, 3), and a number of steps."""

    photo: np.ndarray
    painting: np.ndarray
    steps: int


Painter = Callable[[Scene], Images]


def settings(**wrong: Any) -> Painter:
    """Return what paints the default recipe, and the same with some settings changed."""

    def paint(scene: Scene) -> Images:
        right = Recipe(size=max(scene.photo.shape), pyramid=((1.0, scene.steps),))
        both = {"right": right, "wrong": dataclasses.replace(right, **wrong)}
        pair = scene.photo, scene.painting
        return {title: stylize(*pair, recipe).image for title, recipe in both.items()}

    return paint


def statistic(wrong: Measure) -> Painter:
    """Return what paints with Gram matrices, and with what somebody took for them."""
    return lambda scene: {
        "right": _painted(scene, _network()),
        "wrong": _painted(scene, _network(), statistic=wrong),
    }


def reshaped(features: tf.Tensor) -> tf.Tensor:
    """Correlate rows of numbers that belong to no channel: a reshape is no transpose."""
    batch, height, width, n = features.shape
    rows = tf.reshape(features, (batch, n, height * width))
    return tf.matmul(rows, rows, transpose_b=True) / (height * width)


def collapsed(features: tf.Tensor) -> tf.Tensor:
    """Return one number, the mean square of all features, where a matrix is meant."""
    rows = tf.reshape(features, (features.shape[0], 1, -1))
    return tf.matmul(rows, rows, transpose_b=True) / int(rows.shape[-1])


def swapped(scene: Scene) -> Images:
    """Paint with a network that takes blue for red."""
    return {"right": _painted(scene, _network()), "wrong": _painted(scene, _network(_Swapped))}


def half(scene: Scene) -> Images:
    """Draw the Gram matrix of conv4_1 on a logarithmic scale: white is 100,000 and more."""
    features = _network()(scene.painting[None])["block4_conv1"]
    rows = tf.cast(tf.reshape(features, (-1, features.shape[-1])), tf.float16)
    grams = {
        "right": gram_matrix(features, "sum")[0],
        "wrong": tf.cast(tf.matmul(rows, rows, transpose_a=True), tf.float32),
    }
    return {title: _drawn(gram.numpy()) for title, gram in grams.items()}


def _drawn(gram: np.ndarray) -> np.ndarray:
    low, high = 3.0, 7.0  # powers of ten
    gray = (np.log10(np.maximum(gram, 1.0)) - low) / (high - low)
    return np.repeat(np.clip(gray, 0, 1)[..., None], 3, axis=-1).astype(np.float32)


class _Swapped(VGG19):
    """VGG19 that takes blue for red."""

    def __call__(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        return super().__call__(images[..., ::-1])


def _network(kind: type[VGG19] = VGG19) -> VGG19:
    return kind([*FIRST_OF_EACH_BLOCK, _CONTENT], pooling="average", padding="reflect")


def _painted(scene: Scene, network: VGG19, statistic: Any = "gram") -> np.ndarray:
    how = {"normalization": "mean", "layer_weights": "inverse_square", "statistic": statistic}
    matched = style(network, [scene.painting], **how)
    objective = content(network, scene.photo, [_CONTENT], "mean") + 1e2 * matched
    runs = optimize(objective, scene.photo, scene.steps, LBFGS(), clip=True)
    *_, (best, _) = runs
    return best.numpy()
