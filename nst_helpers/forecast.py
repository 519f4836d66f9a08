"""Memory and time of a run before it starts, and the largest size that fits (lesson 07).

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
import psutil

from . import memory
from .errors import RecipeError
from .images import target_shape
from .objective import Objective
from .precision import resolve_precision
from .recipes import Recipe, check_seconds
from .scales import Scale, cell, framed_shape, measured, plan
from .tiling import Tiles
from .transfer import make_extractor, make_optimizer, optimize
from .vgg19 import CHANNELS, LAYERS, VGG19, check_layers
from .weights import ARCHITECTURE, load_weights

Shape = Sequence[int]

# Fitted to peaks of resident memory in both precisions, TensorFlow 2.21 on Linux;
# `benchmarks/forecast.py` repeats the comparison.
_BASE = 0.72e9  # Python, TensorFlow and its threads
_WORKSPACE = 1  # float32 maps as large as the largest, which the convolutions use meanwhile
_IMAGES = 8  # float32 images alive in a step: pictures, gradients, the best so far, ...
_IMAGES_OF_LBFGS = 20  # more of them in its update: steps, changes, transforms, ...
_TILED = 1.3  # by tiles: what one window leaves free is not all used again by the next
_WEIGHTS_TO_NORMALIZE = 4  # float32 copies of all weights: one of them rescaled in float64

_RESERVE = 0.1  # of the free memory, left to the rest of the machine
_LEAST_SIZE = 128  # of a picture for a given time; below it rather fewer steps
_MOST_STEPS = 4  # times the recipe's own; more hardly change the picture

_PROBE_SIDES, _PROBE_RUNS, _PROBE_STEPS = (128, 256), 4, 2  # the first run compiles

# How many numbers of a layer's features one pixel of the image stands for.
_MAPS = {name: CHANNELS[name] / 4 ** (int(name[5]) - 1) for name in LAYERS}


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
    """Tell memory and time of a run before it starts.

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
    for content, styles, steps in _scales(recipe, content_shape, style_shapes):
        computed = [count * pixels for count, pixels in _windows(recipe, content, styles)]
        passes = 3 / 2 if max(map(max, [content, *styles])) > recipe.tile else 1  # forward twice
        work = operations * (steps * passes * computed[0] + sum(computed) / 2)  # targets: forward
        seconds = speed.seconds_to_compile + steps * speed.seconds_per_step
        seconds += work / speed.operations_per_second
        rows.append(ScaleForecast(*content, steps, seconds, _bytes(recipe, content, styles)))
    return Forecast(tuple(rows))


def peak_bytes(recipe: Recipe, content_shape: Shape, style_shapes: Sequence[Shape]) -> float:
    """Return the peak resident memory of a run in bytes: `Forecast.bytes`, without the probe."""
    scales = _scales(recipe, content_shape, style_shapes)
    return max(_bytes(recipe, content, styles) for content, styles, _ in scales)


def largest_size(
    recipe: Recipe,
    content_shape: Shape,
    style_shapes: Sequence[Shape],
    available_bytes: float | None = None,
) -> int:
    """Return the largest ``size`` whose forecast fits into the memory.

    Parameters
    ----------
    recipe : Recipe
    content_shape, style_shapes
        As in `forecast`. The size is never more than the content picture has.
    available_bytes : float, optional
        What the process may use; by default `available_memory`.

    Raises
    ------
    RecipeError
        If no size fits.
    """
    available = available_memory() if available_bytes is None else available_bytes

    def need(size: int) -> float:
        return peak_bytes(dataclasses.replace(recipe, size=size), content_shape, style_shapes)

    # No bisection: a larger size can need less, because beyond `recipe.tile` tiles are used.
    most = max(16, measured(content_shape, recipe.size_rule))
    for coarse in (*range(most, 16, -32), 16):
        if need(coarse) <= available:
            sizes = range(min(coarse + 31, most), 15, -1)
            return next(size for size in sizes if need(size) <= available)
    raise RecipeError(
        f"Even size 16 needs about {need(16) / 1e9:.1f} GB and {available / 1e9:.1f} GB are free; "
        "close other programs."
    )


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
        As in `forecast`. The size is never more than the content picture has.
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


def available_memory() -> float:
    """Return the bytes that this process may come to use: its own, and nine tenths of the free.

    Of the main memory, within the limits of a container or a hub; that of a GPU is not looked at.
    """
    return (1 - _RESERVE) * memory.available_memory() + psutil.Process().memory_info().rss


def operations_per_pixel(recipe: Recipe) -> float:
    """Return the additions and multiplications of the loss and its gradient, per pixel.

    Convolutions up to the deepest layer, and Gram matrices; what is left out is small in comparison
    or, as the history of L-BFGS, grows with the pixels too and so is part of the measured speed.

    Examples
    --------
    >>> operations_per_pixel(Recipe(content_layers=("block1_conv1",), style_layers=()))
    6912.0
    """
    convolutions = sum(2 * 9 * n * _MAPS[name] for name, n, _ in _path(recipe))
    # Forward F^T F; backward F times the gradient of G.
    grams = sum(2 * CHANNELS[name] * _MAPS[name] for name in set(recipe.style_layers))
    return 2 * convolutions + 2 * grams


def is_long(recipe: Recipe, content_shape: Shape, style_shapes: Sequence[Shape]) -> bool:
    """Tell whether the probe of `forecast` is about a twelfth of this run or less."""
    scales = _scales(recipe, content_shape, style_shapes)
    probe = _PROBE_RUNS * _PROBE_STEPS * sum(side**2 for side in _PROBE_SIDES)
    return sum(steps * _pixels(content) for content, _, steps in scales) > 12 * probe


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
    objective = Objective(extractor, recipe, content, [style])
    seconds = []
    for _ in range(_PROBE_RUNS):
        began = time.perf_counter()
        for _ in optimize(objective, start, _PROBE_STEPS, make_optimizer(recipe), recipe.clip):
            pass
        seconds.append(time.perf_counter() - began)
    least = min(seconds[1:])  # other programs only ever add
    return max(seconds[0] - least, 0.0), least / _PROBE_STEPS


def _bytes(recipe: Recipe, content: Shape, styles: Sequence[Shape]) -> float:
    """Count what is held at the fullest moment of one scale."""
    width = 2 if resolve_precision(recipe.precision) == "bfloat16" else 4
    counts, windows = zip(*_windows(recipe, content, styles), strict=True)
    workspace = 4 * _WORKSPACE * max(_MAPS[name] for name, _, _ in _path(recipe))
    features = width * sum(_MAPS[name] for name in set(recipe.layers))
    targets = (features + workspace) * max(windows)
    gradient = (_kept_bytes_per_pixel(recipe, width) + workspace) * windows[0]
    gradient *= _TILED if max(counts) > 1 else 1
    optimizer = (2 * recipe.history + _IMAGES_OF_LBFGS) * (recipe.optimizer == "lbfgs")
    content_targets = width * sum(_MAPS[name] for name in set(recipe.content_layers))
    held = ((_IMAGES + optimizer) * 3 * 4 + content_targets) * _pixels(
        framed_shape(content, cell(recipe))
    )
    return _BASE + _weight_bytes(recipe, width) + held + max(targets, gradient)


def _kept_bytes_per_pixel(recipe: Recipe, width: int) -> float:
    """Count what the forward pass keeps for the gradient, in numbers of `width` bytes."""
    kept = width * sum(_MAPS[name] for name, _, _ in _path(recipe))
    return kept + width * sum(_MAPS[name] for name in set(recipe.layers))  # their gradients


def _weight_bytes(recipe: Recipe, width: int) -> float:
    """Count all weights as loaded, and two copies in use of those up to the deepest layer."""
    everything = 4 * sum(9 * n * m for _, n, m in ARCHITECTURE)
    used = width * sum(9 * n * m for _, n, m in _path(recipe))
    return (1 + _WEIGHTS_TO_NORMALIZE * recipe.normalize_network) * everything + 2 * used


def _path(recipe: Recipe) -> Sequence[tuple[str, int, int]]:
    return ARCHITECTURE[: LAYERS.index(check_layers(recipe.layers)[-1]) + 1]


def _windows(recipe: Recipe, content: Shape, styles: Sequence[Shape]) -> list[tuple[int, int]]:
    """Return how many windows each picture is computed in, and the pixels of one."""
    pictures = [framed_shape(picture, cell(recipe)) for picture in (content, *styles)]
    if max(map(max, pictures)) <= recipe.tile:
        return [(1, _pixels(picture)) for picture in pictures]
    tiles = [Tiles(picture, recipe.tile, _path(recipe)[-1][0]) for picture in pictures]
    return [(len(tile.boxes), _pixels(tile.size)) for tile in tiles]


def _scales(
    recipe: Recipe, content_shape: Shape, style_shapes: Sequence[Shape]
) -> tuple[Scale, ...]:
    content = _resized(recipe, content_shape, recipe.size)
    style_size = max(1, round(recipe.size * recipe.style_scale))
    return plan(recipe, content, [_resized(recipe, shape, style_size) for shape in style_shapes])


def _resized(recipe: Recipe, shape: Shape, size: int) -> tuple[int, int]:
    here = shape[0], shape[1]
    return min(
        target_shape(here, size, recipe.size_rule), here, key=max
    )  # pictures are never enlarged


def _pixels(shape: Shape) -> int:
    return shape[0] * shape[1]
