"""Checks of lesson 13: adaptive instance normalization, a test for its plain form, what is seen."""

from __future__ import annotations

from typing import Any

import numpy as np

from .exercise import Exercise
from .hunt import hunt

_PLACES = (0, 1)


def _random(seed: int, *shape: int) -> Any:
    rng = np.random.default_rng(seed)
    return rng.normal(0.5, 1.0, shape) * rng.uniform(0.5, 3, shape[-1]) + rng.normal(
        0, 2, shape[-1]
    )


def _plain(maps: Any) -> Any:
    return (maps - maps.mean(_PLACES)) / maps.std(_PLACES)


def _adain(features: Any, style: Any) -> Any:
    return _plain(features) * style.std(_PLACES) + style.mean(_PLACES)


adain = Exercise(
    "13.1",
    level=1,
    task="Takes features and style, (H, W, N), H and W may differ; returns the features with the "
    "style's mean and standard deviation in every channel, (H, W, N).",
    right=_adain,
    inputs=(_random(0, 6, 5, 3), _random(1, 4, 7, 3)),
    mistakes={
        "This is one mean and deviation for all channels; keep the last axis.": lambda f, s: (
            (f - f.mean()) / f.std() * s.std() + s.mean()
        ),
        "The means are taken over the channels of each position; take them over the "
        "positions.": lambda f, s: (
            (f - f.mean(-1, keepdims=True)) / f.std(-1, keepdims=True) * s.std(_PLACES)
            + s.mean(_PLACES)
        ),
        "The style's mean is missing: add it.": lambda f, s: _plain(f) * s.std(_PLACES),
        "The features' mean is still there: subtract it first.": lambda f, s: (
            f / f.std(_PLACES) * s.std(_PLACES) + s.mean(_PLACES)
        ),
        "The features' own deviation is still there: divide by it.": lambda f, s: (
            (f - f.mean(_PLACES)) * s.std(_PLACES) + s.mean(_PLACES)
        ),
        "The style's deviation is missing: multiply by it.": lambda f, s: (
            _plain(f) + s.mean(_PLACES)
        ),
        "These are variances; take the roots, the standard deviations.": lambda f, s: (
            (f - f.mean(_PLACES)) / f.var(_PLACES) * s.var(_PLACES) + s.mean(_PLACES)
        ),
        "The mean is added before the deviation is multiplied; it is the other way "
        "round.": lambda f, s: (_plain(f) + s.mean(_PLACES)) * s.std(_PLACES),
        "Features and style are exchanged.": lambda f, s: (
            (f - s.mean(_PLACES)) / s.std(_PLACES) * f.std(_PLACES) + f.mean(_PLACES)
        ),
        "Only the means were exchanged.": lambda f, s: f - f.mean(_PLACES) + s.mean(_PLACES),
        "This is the plain normalization; give it the style's deviation and mean.": lambda f, s: (
            _plain(f)
        ),
    },
    hints=(
        "First make every channel plain, with mean 0 and deviation 1. Over which axes?",
        "features.mean((0, 1)) has a number for each channel, and so has features.std((0, 1)).",
        "Then multiply by the style's deviations and add its means.",
    ),
)


def _instance(maps: Any, axes: tuple[int, ...] = (1, 2), least: float = 1e-5) -> Any:
    maps = np.asarray(maps, float)
    mean, variance = maps.mean(axes, keepdims=True), maps.var(axes, keepdims=True)
    return (maps - mean) / np.sqrt(variance + least)


def _one_by_one(maps: Any) -> Any:
    return np.concatenate([_instance(maps[n : n + 1], (0, 1, 2), 1e-12) for n in range(len(maps))])


is_instance_norm = Exercise(
    "13.2",
    level=2,
    task="Takes a function of maps, (B, H, W, N); returns whether it gives every channel of every "
    "picture mean 0 and standard deviation 1, by a shift and a factor.",
    examine=hunt(
        [_instance, _one_by_one, lambda maps: _instance(maps, least=1e-8)],
        {
            "One that normalizes over the batch slipped through, which is what suspect does: give "
            "it two pictures that differ.": lambda maps: _instance(maps, (0, 1, 2)),
            "One with one mean for all channels of a picture slipped through: let the channels "
            "differ.": lambda maps: _instance(maps, (1, 2, 3)),
            "One that normalizes each position over its channels slipped through.": lambda maps: (
                _instance(maps, (3,))
            ),
            "One that only takes the mean off slipped through: let the deviations "
            "differ from 1.": lambda maps: maps - np.mean(maps, (1, 2), keepdims=True),
            "One that divides but leaves the mean slipped through.": lambda maps: (
                maps / np.std(maps, (1, 2), keepdims=True)
            ),
            "One that divides by the variance slipped through: let the deviations differ from "
            "1.": lambda maps: (
                (maps - np.mean(maps, (1, 2), keepdims=True)) / np.var(maps, (1, 2), keepdims=True)
            ),
            "One that normalizes rows by themselves slipped through: mean 0 and deviation 1 are "
            "not all; compare the values.": lambda maps: _instance(maps, (2,)),
            "One that returns its maps unchanged slipped through.": lambda maps: maps,
            "One that turns the sign around slipped through: mean 0 and deviation 1 are not all; "
            "compare the values.": lambda maps: -_instance(maps),
            "One that mixes up the positions slipped through: mean 0 and deviation 1 are not all; "
            "compare the values.": lambda maps: _instance(maps)[:, ::-1],
        },
    ),
    hints=(
        "The tests' batch holds one picture. What does suspect do with two?",
        "Maps with other means and deviations in every channel and picture, and a comparison with "
        "the formula.",
        "(maps - maps.mean((1, 2), keepdims=True)) / maps.std((1, 2), keepdims=True), and "
        "np.allclose with atol=1e-3.",
    ),
)

field = Exercise(
    "13.3",
    level=1,
    task="How many pixels wide is the square that one number of the critic sees? Layers: conv, "
    "pool, conv, pool, conv, pool, conv.",
    right=38,
    mistakes={
        "You left out the poolings' own widening: each adds its distance of inputs once.": 31,
        "You counted every layer at full size; behind each pooling a step is twice as many "
        "pixels.": 12,
        "You left out the last convolution.": 22,
        "Every layer adds its size less 1, not its size: start with 1 and add 2 for the first "
        "convolution.": 60,
        "That is what one step of the last layer is in pixels; how wide is what it sees?": 8,
    },
    hints=(
        "Start with 1 pixel, and a step of 1. A convolution of 3 x 3 adds 2 steps.",
        "A pooling of 2 x 2 adds 1 step, and from then on a step is twice as many pixels.",
        "1 + 2 + 1 = 4, the step is now 2; 4 + 4 + 2 = 10, the step is 4; and so on.",
    ),
)
