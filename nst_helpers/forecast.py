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

from .errors import RecipeError
from .images import _target
from .objective import Objective
from .precision import resolve_precision
from .recipes import Recipe
from .transfer import _optimizer, _scaled, optimize
from .vgg19 import LAYERS, VGG19, check_layers
from .weights import ARCHITECTURE, load_weights

Shape = Sequence[int]

# Fitted to peaks of resident memory, sides of 128 to 2048 pixels, TensorFlow 2.21 on Linux;
# `benchmarks/forecast.py` repeats the comparison.
_BASE = 0.72e9  # Python, TensorFlow and its threads
_WORKSPACE = 2  # float32 maps as large as the largest, which the convolutions use meanwhile
_IMAGES = 8  # float32 images alive in a step: pictures, gradients, the best so far, ...
# A compiled call gets one history and works on another; the update holds two more for a moment.
_HISTORIES, _HISTORIES_IN_UPDATE = 2, 4
_WEIGHTS_TO_NORMALIZE = 4  # float32 copies of all weights: one of them rescaled in float64

_RESERVE = 0.1  # of the free memory, left to the rest of the machine
_PROBE_SIDES, _PROBE_STEPS = (128, 256), 3
_BYTES = {"float32": 4, "bfloat16": 2}


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
        return f"about {self.bytes / 1e9:.1f} GB and {self.seconds:.0f} s here"


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
    speed = measure_speed(dataclasses.replace(recipe, size=Recipe.size, pyramid=((1.0, 1),)))
    operations = operations_per_pixel(recipe)
    rows = []
    for content, styles, steps in _scales(recipe, content_shape, style_shapes):
        targets = (_pixels(content) + sum(map(_pixels, styles))) / 2  # forward only
        work = operations * (steps * _pixels(content) + targets)
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

    fits, too_large = 15, max(16, _full_size(recipe, content_shape)) + 1
    while too_large - fits > 1:
        middle = (fits + too_large) // 2
        fits, too_large = (middle, too_large) if need(middle) <= available else (fits, middle)
    if fits < 16:
        raise RecipeError(
            f"Even size 16 needs about {need(16) / 1e9:.1f} GB and {available / 1e9:.1f} GB are "
            "free; close other programs."
        )
    return fits


def available_memory() -> float:
    """Return the bytes that this process may come to use: free ones but a tenth, and its own."""
    return (1 - _RESERVE) * psutil.virtual_memory().available + psutil.Process().memory_info().rss


def operations_per_pixel(recipe: Recipe) -> float:
    """Return the additions and multiplications of the loss and its gradient, per pixel.

    Convolutions up to the deepest layer, and Gram matrices; what is left out is small in comparison
    or, as the history of L-BFGS, grows with the pixels too and so is part of the measured speed.

    Examples
    --------
    >>> operations_per_pixel(Recipe(content_layers=("block1_conv1",), style_layers=()))
    6912.0
    """
    convolutions = sum(2 * 9 * n * m / _shrink(name) for name, n, m in _path(recipe))
    # Forward F^T F; backward F times the gradient of G and of its transpose.
    grams = sum(2 * _channels(name) * _maps(name) for name in set(recipe.style_layers))
    return 2 * convolutions + 3 * grams


def is_long(recipe: Recipe, content_shape: Shape, style_shapes: Sequence[Shape]) -> bool:
    """Tell whether the probe of `forecast` is about a twentieth of this run or less."""
    scales = _scales(recipe, content_shape, style_shapes)
    probe = (1 + _PROBE_STEPS) * sum(side**2 for side in _PROBE_SIDES)
    return sum(steps * _pixels(content) for content, _, steps in scales) > 60 * probe


@functools.cache
def measure_speed(recipe: Recipe) -> Speed:
    """Measure a recipe's steps on two small pictures, in about two seconds; kept per process.

    The network's numbers do not matter for that, so it takes random ones.
    """
    extractor = VGG19(
        recipe.layers,
        load_weights("random"),
        pooling=recipe.pooling,
        activation=recipe.activation,
        precision=resolve_precision(recipe.precision),
    )
    (_, small), (compile_seconds, large) = (_probe(extractor, recipe, n) for n in _PROBE_SIDES)
    pixels = [side**2 for side in _PROBE_SIDES]
    slope = max(large - small, large / 2) / (pixels[1] - pixels[0])  # noise must not turn it round
    per_step = max(large - slope * pixels[1], 0.0)
    return Speed(operations_per_pixel(recipe) / slope, per_step, compile_seconds)


def _probe(extractor: VGG19, recipe: Recipe, side: int) -> tuple[float, float]:
    """Return the seconds of compiling and of a step on a square of noise."""
    content, style, start = np.random.default_rng(0).random((3, side, side, 3), np.float32)
    objective = Objective(extractor, recipe, content, [style])
    clock = [time.perf_counter()]
    for _ in optimize(objective, start, 1 + _PROBE_STEPS, _optimizer(recipe), recipe.clip):
        clock.append(time.perf_counter())
    step = (clock[-1] - clock[1]) / _PROBE_STEPS
    return max(clock[1] - clock[0] - step, 0.0), step


def _bytes(recipe: Recipe, content: Shape, styles: Sequence[Shape]) -> float:
    steps = _pixels(content) * _step_bytes_per_pixel(recipe)
    return _BASE + _weight_bytes(recipe) + max(steps, _target_bytes(recipe, content, styles))


def _step_bytes_per_pixel(recipe: Recipe) -> float:
    """Count what the gradient and the optimizer hold at their fullest moments."""
    width = _BYTES[resolve_precision(recipe.precision)]
    kept = width * sum(_maps(name) for name, _, _ in _path(recipe))
    # Of every feature map a float32 gradient, and a float32 copy if it is not float32 itself.
    copies = 4 if width == 4 else 8
    kept += copies * sum(map(_maps, {*recipe.style_layers}))
    kept += (copies + width) * sum(map(_maps, {*recipe.content_layers}))  # with its target
    history = 2 * recipe.history * 3 * 4 if recipe.optimizer == "lbfgs" else 0
    network = kept + _workspace(recipe) + _HISTORIES * history
    return _IMAGES * 3 * 4 + max(network, _HISTORIES_IN_UPDATE * history)


def _target_bytes(recipe: Recipe, content: Shape, styles: Sequence[Shape]) -> float:
    """Count the features of all pictures, which are held together to compute the targets."""
    width = _BYTES[resolve_precision(recipe.precision)]
    pictures = [_pixels(content), *map(_pixels, styles)]
    features = width * sum(map(_maps, set(recipe.layers)))
    return features * sum(pictures) + _workspace(recipe) * max(pictures)


def _weight_bytes(recipe: Recipe) -> float:
    """Count all weights as loaded, and two copies in use of those up to the deepest layer."""
    width = _BYTES[resolve_precision(recipe.precision)]
    everything = 4 * sum(9 * n * m for _, n, m in ARCHITECTURE)
    used = width * sum(9 * n * m for _, n, m in _path(recipe))
    return (1 + _WEIGHTS_TO_NORMALIZE * recipe.normalize_network) * everything + 2 * used


def _workspace(recipe: Recipe) -> float:
    return 4 * _WORKSPACE * max(_maps(name) for name, _, _ in _path(recipe))


def _path(recipe: Recipe) -> Sequence[tuple[str, int, int]]:
    deepest = check_layers(recipe.layers)[-1]
    return ARCHITECTURE[: LAYERS.index(deepest) + 1]


def _maps(name: str) -> float:
    """Return how many numbers of a layer's features one pixel of the image stands for."""
    return _channels(name) / _shrink(name)


def _channels(name: str) -> int:
    return ARCHITECTURE[LAYERS.index(name)][2]


def _shrink(name: str) -> int:
    return int(4 ** (int(name[5]) - 1))


def _scales(
    recipe: Recipe, content_shape: Shape, style_shapes: Sequence[Shape]
) -> list[tuple[tuple[int, int], list[tuple[int, int]], int]]:
    """Return the shapes of the content and of the styles, and the steps, of every scale."""
    content = _resized(recipe, content_shape, recipe.size)
    style_size = max(1, round(recipe.size * recipe.style_scale))
    styles = [_resized(recipe, shape, style_size) for shape in style_shapes]
    return [
        (_scaled(content, share), [_scaled(style, share) for style in styles], steps)
        for share, steps in recipe.pyramid
    ]


def _resized(recipe: Recipe, shape: Shape, size: int) -> Shape:
    height, width = shape[:2]
    target = _target((height, width), size, recipe.size_rule)
    return min(target, (height, width), key=max)  # pictures are never enlarged


def _full_size(recipe: Recipe, shape: Shape) -> int:
    """Return the size, as the recipe measures it, at which a picture stays as it is."""
    height, width = shape[:2]
    sizes = {"longest": max(height, width), "shortest": min(height, width)}
    return sizes.get(recipe.size_rule, int((height * width) ** 0.5))


def _pixels(shape: Shape) -> int:
    return shape[0] * shape[1]
