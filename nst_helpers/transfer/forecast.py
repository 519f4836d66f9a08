"""Memory and time of a run before it starts, and the largest size that fits (lesson 09).

Both are counted from the architecture: a convolution from n to m channels takes 2 * 9 * n * m
operations at each of its positions, and the gradient with respect to its input as many again. A
position of block b stands for 4^(b - 1) pixels. What the count cannot know of a machine, its speed,
is measured by a few steps of the real thing on two small pictures.
"""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..architecture import CHANNELS
from ..losses.build import recipe_objective
from ..network.extractor import make_extractor
from ..network.vgg19 import VGG19
from ..network.weights import load_weights
from ..optimizers.choice import make_optimizer
from ..recipe import Recipe, check_seconds
from .footprint import (
    MAPS,
    Shape,
    available_memory,
    bytes_of_scale,
    is_tiled,
    path_to_deepest,
    peak_bytes,
    pixel_count,
    planned_scales,
    windows_of,
)
from .loop import Loop
from .scales import measured

_LEAST_SIZE = 192  # for a given time rather fewer steps than less: small, the photo is painted over
_MOST_STEPS = 4  # times the recipe's own; more hardly change the picture
_PROBE_SIDES, _PROBE_RUNS, _PROBE_STEPS = (128, 256), 4, 2  # the first run compiles


class ScaleForecast(NamedTuple):
    """One scale of the pyramid; `seconds` and `bytes` as in `Forecast`."""

    height: int
    width: int
    steps: int
    seconds: float
    bytes: float


@dataclasses.dataclass(frozen=True)
class Forecast:
    """What a run will take on this machine.

    Attributes
    ----------
    per_scale : tuple of ScaleForecast
        In the order of the pyramid.
    """

    per_scale: tuple[ScaleForecast, ...]

    @property
    def seconds(self) -> float:
        """Of the optimization, with compilation; compare `Result.seconds`."""
        return sum(scale.seconds for scale in self.per_scale)

    @property
    def bytes(self) -> float:
        """Peak resident memory of the process."""
        return max(scale.bytes for scale in self.per_scale)

    def __str__(self) -> str:
        long = self.seconds >= 120
        seconds = f"{self.seconds / 60:.0f} min" if long else f"{self.seconds:.0f} s"
        return f"about {self.bytes / 1e9:.1f} GB and {seconds} here"


class Speed(NamedTuple):
    """How fast this machine takes the steps of one recipe."""

    operations_per_second: float
    seconds_per_step: float  # what a step costs however small the picture
    seconds_to_compile: float  # for every scale


def forecast(recipe: Recipe, content_shape: Shape, style_shapes: Sequence[Shape]) -> Forecast:
    """Estimate the memory and the time of a run before it starts.

    The first call for a recipe measures the speed of its steps, which takes a few seconds.

    Parameters
    ----------
    recipe : Recipe
    content_shape : (height, width)
        Of the picture as it is, before it is scaled to ``recipe.size``. More axes do no harm.
    style_shapes : sequence of (height, width)

    Returns
    -------
    Forecast

    Raises
    ------
    ImageError
        If a side would have no pixels at this size.
    """
    speed = _speed(recipe)
    operations = operations_per_pixel(recipe)
    rows = []
    for content, styles, steps in planned_scales(recipe, content_shape, style_shapes):
        computed = [count * pixels for count, pixels in windows_of(recipe, content, styles)]
        passes = 3 / 2 if is_tiled(recipe, content, styles) else 1  # forward twice
        work = operations * (steps * passes * computed[0] + sum(computed) / 2)  # targets: forward
        seconds = speed.seconds_to_compile + steps * speed.seconds_per_step
        seconds += work / speed.operations_per_second
        rows.append(
            ScaleForecast(*content, steps, seconds, bytes_of_scale(recipe, content, styles))
        )
    return Forecast(tuple(rows))


def within(
    recipe: Recipe,
    content_shape: Shape,
    style_shapes: Sequence[Shape],
    seconds: float,
    *,
    resize: bool = True,
) -> Recipe:
    """Return the recipe with the size and the steps that take about this long here.

    The largest size for which the time and the memory suffice is taken, with the recipe's own
    steps; what is missing or left at the ends of the range is made up by fewer or more steps, up
    to four times as many.

    Parameters
    ----------
    recipe : Recipe
    content_shape, style_shapes
        As in `forecast`. The size is at least 192, and else never
        more than the content picture has.
    seconds : float
        Of the optimization, as `Forecast.seconds` counts.
    resize : bool
        Whether to choose the size too, or the steps only.

    Raises
    ------
    RecipeError
        If the time is not a positive number.
    """
    check_seconds(seconds)

    def fits(candidate: Recipe) -> bool:
        if peak_bytes(candidate, content_shape, style_shapes) > available_memory():
            return False
        return forecast(candidate, content_shape, style_shapes).seconds <= seconds

    if resize:
        most = max(_LEAST_SIZE, measured(content_shape, recipe.size_rule))
        sizes = (dataclasses.replace(recipe, size=size) for size in range(most, _LEAST_SIZE, -8))
        least = dataclasses.replace(recipe, size=_LEAST_SIZE)
        recipe = next(filter(fits, sizes), least)
    whole = forecast(recipe, content_shape, style_shapes)
    fixed = len(whole.per_scale) * _speed(recipe).seconds_to_compile
    share = max(0.0, seconds - fixed) / (whole.seconds - fixed)
    return dataclasses.replace(recipe, pyramid=_stretched(recipe, min(share, _MOST_STEPS)))


def _stretched(recipe: Recipe, share: float) -> tuple[tuple[float, int], ...]:
    return tuple((size, max(1, round(share * steps))) for size, steps in recipe.pyramid)


def operations_per_pixel(recipe: Recipe) -> float:
    """Return the additions and multiplications of the loss and its gradient, per pixel.

    Convolutions up to the deepest layer, and Gram matrices; what is left out is small in comparison
    or, as the history of L-BFGS, grows with the pixels too and so is part of the measured speed.

    Examples
    --------
    >>> operations_per_pixel(Recipe(content_layers=("block1_conv1",), style_layers=()))
    6912.0
    """
    convolutions = sum(2 * 9 * n * MAPS[name] for name, n, _ in path_to_deepest(recipe))
    # Forward F^T F; backward F times the gradient of G.
    grams = sum(2 * CHANNELS[name] * MAPS[name] for name in set(recipe.style_layers))
    return 2 * convolutions + 2 * grams


def is_long(recipe: Recipe, content_shape: Shape, style_shapes: Sequence[Shape]) -> bool:
    """Tell whether the probe of `forecast` is about a twelfth of this run or less."""
    scales = planned_scales(recipe, content_shape, style_shapes)
    probe = _PROBE_RUNS * _PROBE_STEPS * sum(side**2 for side in _PROBE_SIDES)
    return sum(steps * pixel_count(content) for content, _, steps in scales) > 12 * probe


def _speed(recipe: Recipe) -> Speed:
    return measure_speed(dataclasses.replace(recipe, size=Recipe.size, pyramid=((1.0, 1),)))


@functools.cache
def measure_speed(recipe: Recipe) -> Speed:
    """Measure a recipe's steps on two small pictures, in a few seconds; kept per process.

    The network's numbers do not matter for that, so it takes random ones.
    """
    plain = dataclasses.replace(recipe, normalize_network=False)
    extractor = make_extractor(plain, load_weights("random"))
    (_, small), (compile_seconds, large) = (_probe(extractor, recipe, n) for n in _PROBE_SIDES)
    pixels = [side**2 for side in _PROBE_SIDES]
    slope = max(large - small, large / 10) / (pixels[1] - pixels[0])  # noise must not turn it round
    per_step = max(large - slope * pixels[1], 0.0)
    return Speed(operations_per_pixel(recipe) / slope, per_step, compile_seconds)


def _probe(extractor: VGG19, recipe: Recipe, side: int) -> tuple[float, float]:
    """Return the seconds of compiling and of a step on a square of noise."""
    content, style, start = np.random.default_rng(0).random((3, side, side, 3), np.float32)
    objective = recipe_objective(extractor, recipe, content, [style])
    loop, seconds = Loop(objective, make_optimizer(recipe), recipe.clip), []
    for _ in range(_PROBE_RUNS):
        began = time.perf_counter()
        for _ in loop.run(loop.begin(start), _PROBE_STEPS):
            pass
        seconds.append(time.perf_counter() - began)
    least = min(seconds[1:])  # other programs only ever add
    return max(seconds[0] - least, 0.0), least / _PROBE_STEPS
