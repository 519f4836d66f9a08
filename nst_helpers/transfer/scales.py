"""From coarse to fine: the sizes of a run's pictures, and the frame that is painted and cut off.

Pooling drops the last row and column of an odd map. Below the fourth pooling up to 15 rows of
pixels are then seen by fewer layers than the others, and stay nearly as they were. So every picture
is continued by its reflection to a multiple of the deepest layer's cell, half on either side, and
the result is cut back (lesson 08).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..architecture import check_layers, smallest_side
from ..options import SizeRule
from ..recipe import Recipe

Shape = tuple[int, int]


class Scale(NamedTuple):
    """One scale of a run: (height, width) of the content and of every style, and the steps."""

    content: Shape
    styles: tuple[Shape, ...]
    steps: int


def plan(
    recipe: Recipe, content: Sequence[int], styles: Sequence[Sequence[int]], finest: bool = False
) -> tuple[Scale, ...]:
    """Return the scales that a recipe's pyramid leaves for pictures of these sizes.

    A scale falls away, and hands its steps on to the next, if the content has fewer than
    `recipe.coarsest` pixels there or if any picture is smaller than a cell of the deepest layer.
    The last one always stays.

    Parameters
    ----------
    recipe : Recipe
    content : (height, width)
        Of the content picture at its full size in this run; more axes do no harm.
    styles : sequence of (height, width)
        The same of every style.
    finest : bool
        Only the last scale, with no steps but its own.

    Returns
    -------
    tuple of Scale
    """
    kept, steps = [], 0
    for index, (share, more) in enumerate(recipe.pyramid[-1:] if finest else recipe.pyramid):
        shapes = [scaled(shape, share) for shape in (content, *styles)]
        steps += more
        large = measured(shapes[0], recipe.size_rule) >= recipe.coarsest
        sees = min(map(min, shapes)) >= cell(recipe)
        if (large and sees) or finest or index == len(recipe.pyramid) - 1:
            kept.append(Scale(shapes[0], tuple(shapes[1:]), steps))
            steps = 0
    return tuple(kept)


def measured(shape: Sequence[int], rule: SizeRule) -> int:
    """Return the size of a picture as the rule measures it.

    Examples
    --------
    >>> measured((400, 900), "area")
    600
    """
    area = math.isqrt(shape[0] * shape[1])
    return {"longest": max(shape[:2]), "shortest": min(shape[:2]), "area": area}[rule]


def scaled(shape: Sequence[int], share: float) -> Shape:
    """Return the (height, width) of a share of each side, at least 1 pixel."""
    return max(1, round(shape[0] * share)), max(1, round(shape[1] * share))


def cell(recipe: Recipe) -> int:
    """Return how many pixels, along one side, a feature of the deepest layer stands for."""
    return smallest_side(check_layers(recipe.layers)[-1])


def framed_shape(shape: Sequence[int], multiple: int) -> Shape:
    """Return (height, width) rounded up to a multiple, and to two: one row has no reflection."""
    height, width = (max(2, -(-side // multiple)) * multiple for side in shape[:2])
    return height, width


def frame(image: np.ndarray, multiple: int) -> np.ndarray:
    """Continue a picture by its reflection until both sides are multiples.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3)
    multiple : int
        Pixels.

    Returns
    -------
    ndarray, shape (H', W', 3)
        The picture lies in the middle, half a pixel up and left of it if the frame is odd.
    """
    target = framed_shape(image.shape, multiple)
    more = [whole - side for whole, side in zip(target, image.shape, strict=False)]
    return np.pad(image, [*((n // 2, n - n // 2) for n in more), (0, 0)], "symmetric")


def unframed(image: np.ndarray, shape: Shape) -> np.ndarray:
    """Return what `frame` was given, of this (height, width), out of what it made of it.

    Examples
    --------
    >>> picture = np.random.default_rng(0).random((5, 7, 3))
    >>> np.array_equal(unframed(frame(picture, 16), (5, 7)), picture)
    True
    """
    top, left = ((whole - side) // 2 for whole, side in zip(image.shape, shape, strict=False))
    return image[top : top + shape[0], left : left + shape[1]]
