"""The memory of a run, counted before it starts (lesson 09)."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import psutil

from ..architecture import ARCHITECTURE, CHANNELS, LAYERS, check_layers, smallest_side
from ..errors import RecipeError
from ..losses.tiles import Tiles, needs_tiles
from ..network.precision import resolve_precision
from ..pictures.sizes import without_upsizing
from ..recipe import Recipe
from . import memory
from .scales import Scale, cell, framed_shape, measured, plan

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

# How many numbers of a layer's features one pixel of the image stands for.
MAPS = {name: CHANNELS[name] / smallest_side(name) ** 2 for name in LAYERS}


def peak_bytes(recipe: Recipe, content_shape: Shape, style_shapes: Sequence[Shape]) -> float:
    """Return the peak resident memory of a run in bytes: `Forecast.bytes`, without the probe."""
    scales = planned_scales(recipe, content_shape, style_shapes)
    return max(bytes_of_scale(recipe, content, styles) for content, styles, _ in scales)


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


def available_memory() -> float:
    """Return the bytes that this process may come to use: its own, and nine tenths of the free.

    Of the main memory, within the limits of a container or a hub; that of a GPU is not looked at.
    """
    return (1 - _RESERVE) * memory.available_memory() + psutil.Process().memory_info().rss


def bytes_of_scale(recipe: Recipe, content: Shape, styles: Sequence[Shape]) -> float:
    """Count what is held at the fullest moment of one scale."""
    width = 2 if resolve_precision(recipe.precision) == "bfloat16" else 4
    counts, windows = zip(*windows_of(recipe, content, styles), strict=True)
    workspace = 4 * _WORKSPACE * max(MAPS[name] for name, _, _ in path_to_deepest(recipe))
    features = width * sum(MAPS[name] for name in set(recipe.layers))
    targets = (features + workspace) * max(windows)
    gradient = (_kept_bytes_per_pixel(recipe, width) + workspace) * windows[0]
    gradient *= _TILED if max(counts) > 1 else 1
    optimizer = (2 * recipe.history + _IMAGES_OF_LBFGS) * (recipe.optimizer == "lbfgs")
    content_targets = width * sum(MAPS[name] for name in set(recipe.content_layers))
    held = ((_IMAGES + optimizer) * 3 * 4 + content_targets) * pixel_count(
        framed_shape(content, cell(recipe))
    )
    return _BASE + _weight_bytes(recipe, width) + held + max(targets, gradient)


def _kept_bytes_per_pixel(recipe: Recipe, width: int) -> float:
    """Count what the forward pass keeps for the gradient, in numbers of `width` bytes."""
    kept = width * sum(MAPS[name] for name, _, _ in path_to_deepest(recipe))
    return kept + width * sum(MAPS[name] for name in set(recipe.layers))  # their gradients


def _weight_bytes(recipe: Recipe, width: int) -> float:
    """Count all weights as loaded, and two copies in use of those up to the deepest layer."""
    everything = 4 * sum(9 * n * m for _, n, m in ARCHITECTURE)
    used = width * sum(9 * n * m for _, n, m in path_to_deepest(recipe))
    return (1 + _WEIGHTS_TO_NORMALIZE * recipe.normalize_network) * everything + 2 * used


def path_to_deepest(recipe: Recipe) -> Sequence[tuple[str, int, int]]:
    """Return the part of `ARCHITECTURE` that a recipe computes."""
    return ARCHITECTURE[: LAYERS.index(check_layers(recipe.layers)[-1]) + 1]


def is_tiled(recipe: Recipe, content: Shape, styles: Sequence[Shape]) -> bool:
    """Tell whether one scale is computed by tiles."""
    return needs_tiles(_framed(recipe, content, styles), recipe.tile)


def windows_of(recipe: Recipe, content: Shape, styles: Sequence[Shape]) -> list[tuple[int, int]]:
    """Return how many windows each picture is computed in, and the pixels of one."""
    pictures = _framed(recipe, content, styles)
    if not is_tiled(recipe, content, styles):
        return [(1, pixel_count(picture)) for picture in pictures]
    tiles = [Tiles(picture, recipe.tile, path_to_deepest(recipe)[-1][0]) for picture in pictures]
    return [(len(tile.boxes), pixel_count(tile.size)) for tile in tiles]


def _framed(recipe: Recipe, content: Shape, styles: Sequence[Shape]) -> list[tuple[int, int]]:
    return [framed_shape(picture, cell(recipe)) for picture in (content, *styles)]


def planned_scales(
    recipe: Recipe, content_shape: Shape, style_shapes: Sequence[Shape]
) -> tuple[Scale, ...]:
    """Return the scales of pictures that are given as they are in their files."""
    content = _resized(recipe, content_shape, recipe.size)
    style_size = max(1, round(recipe.size * recipe.style_scale))
    return plan(recipe, content, [_resized(recipe, shape, style_size) for shape in style_shapes])


def _resized(recipe: Recipe, shape: Shape, size: int) -> tuple[int, int]:
    return without_upsizing((shape[0], shape[1]), size, recipe.size_rule)


def pixel_count(shape: Shape) -> int:
    """Return height times width."""
    return shape[0] * shape[1]
