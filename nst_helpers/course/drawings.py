"""Drawings that explain: the map of the method, VGG19, both losses (every lesson).

Content is blue and style vermillion, in all of them. Each function displays its drawing, with a
description for readers who do not see it, as `figures.show` does.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from ..architecture import CHANNELS, LAYERS, check_layers, smallest_side
from ..losses.tiles import receptive_radius
from . import figures
from .map import method as method
from .sketch import BLUE, LINE, NESTED, VERMILLION, Point, arrow, box, sheet, write

_VGG_NOTE = (
    "Each box is a convolution with its ReLU:\nas high as its maps, wider for more channels.\n"
    "A pooling halves height and width."
)
_VGG_ALT = (
    "VGG19 from left to right: sixteen convolutions, conv1_1 to conv5_4, as boxes in five blocks, "
    "with a pooling between each two. From block to block the boxes become half as high, H to "
    "H/16, and wider, 64 to 512 channels."
)


def vgg19(layers: Iterable[str] = ()) -> None:
    """Display VGG19: heights to the scale of the maps, wider boxes for more channels.

    Parameters
    ----------
    layers : iterable of str
        Keras' names of layers to mark.

    Raises
    ------
    LayerError
        If VGG19 has no such layer.
    """
    named = tuple(layers)
    marked = check_layers(named) if named else ()
    figure, axis = sheet(4.75)
    write(axis, (4.6, 3.7), _VGG_NOTE, ha="left")
    x = _layer(axis, 0.25, "picture", 3.0, 0.08, marked=False)
    _shape(axis, (0.25, x), 3, 1)
    for side, names in groupby(LAYERS, smallest_side):
        arrow(axis, [(x + 0.06, 0.85), (x + 0.46, 0.85)])
        if side > 1:
            write(axis, (x + 0.25, 1.02), "pool")
        start = x = x + 0.52
        for name in names:
            width = 0.21 + 0.00034 * CHANNELS[name]
            x = 0.05 + _layer(axis, x, _short(name), 3 / side, width, marked=name in marked)
        x -= 0.05
        _shape(axis, (start, x), CHANNELS[name], side)
    figures.show(figure, _VGG_ALT + (f" Marked: {', '.join(map(_short, marked))}." * bool(marked)))


def _short(layer: str) -> str:
    """Return the paper's name of a layer."""
    return f"conv{layer[5]}_{layer[-1]}"


def _layer(
    axis: Axes, left: float, name: str, height: float, width: float, *, marked: bool
) -> float:
    """Draw a layer and return its right edge."""
    box(axis, (left + width / 2, 0.7 + height / 2), (width, height), marked=marked)
    at, weight = (left + width / 2, 0.78 + height), "bold" if marked else "normal"
    write(axis, at, name, rotation=90, va="bottom", weight=weight)
    return left + width


def _shape(axis: Axes, ends: Point, channels: int, side: int) -> None:
    part = f"/{side}" if side > 1 else ""
    write(axis, (sum(ends) / 2, 0.33), f"$N$ = {channels}\n$H${part} × $W${part}")


def two_roads() -> None:
    """Display how each loss goes from pixels to one number, and its gradient back."""
    figure, axis = sheet(5.9)
    box(axis, (0.5, 2.95), (0.8, 0.95), "pixels\nof $\\vec x$")
    box(axis, (2.43, 2.95), (1.1, 0.95), "features $F$\nby VGG19")
    arrow(axis, [(0.9, 3.1), (1.88, 3.1)])
    arrow(axis, [(1.88, 2.8), (0.9, 2.8)], dashed=True)
    for y in (3.3, 2.6):
        write(axis, (1.38, y), "$H$ × $W$ × 3")
    box(axis, (4.03, 1.4), (1.34, 0.95), _GRAM, VERMILLION)
    n_by_m, n_by_n = "$N$ × $M$", "$N$ × $N$"
    _road(axis, 1, BLUE, {5.34: n_by_m, 7.44: n_by_m})
    _road(axis, -1, VERMILLION, {3.36: n_by_m, 5.34: n_by_n, 7.44: n_by_n})
    for side, color, words in zip((1, -1), (BLUE, VERMILLION), _ROADS, strict=True):
        _road_signs(axis, side, color, *words)
    figures.show(figure, _ROADS_ALT)


_GRAM = "$G = F F^\\mathsf{T}$:\npositions are\nsummed away"
_ROADS = (  # comparison, with what, loss, gradient
    ("$F - P$\nat every position", "$P$ of the photo", "content", "$F - P$"),
    (
        "$G - A$\nfor every pair\nof channels",
        "$A$ of the painting",
        "style",
        "$(G - A)\\,F = (F^\\mathsf{T}(G - A))^\\mathsf{T}$",
    ),
)
_ROADS_ALT = (
    "A flow chart with two roads from pixels over VGG19's features F, N by M. Content: F minus P "
    "at every position, N by M, then the sum of squares, one number. Style: the Gram matrix, N by "
    "N, in which positions are summed away, minus that of the painting, then the sum of squares. "
    "Dashed arrows lead back: gradients in proportion to F minus P and to (G minus A) times F."
)


def _road(axis: Axes, side: int, color: str, shapes: dict[float, str]) -> None:
    """Draw the arrows of a road above (1) or below (-1), with the shapes of what goes along."""
    y, edge, back = (2.95 + side * far for far in (1.55, 0.475, 2.4))
    for x, shape in shapes.items():
        first = x == min(shapes)
        arrow(axis, [(2.71, edge), (2.71, y), (x, y)] if first else [(x - 0.64, y), (x, y)], color)
        write(axis, (3.05 if first else x - 0.32, y + 0.2), shape)
    arrow(axis, [(6.07, 2.95 + 0.57 * side), (6.07, y - 0.475 * side)], color)
    way = [(8.18, y + 0.475 * side), (8.18, back), (2.15, back), (2.15, edge)]
    arrow(axis, way, color, dashed=True)


def _road_signs(
    axis: Axes, side: int, color: str, difference: str, target: str, loss: str, gradient: str
) -> None:
    y = 2.95 + 1.55 * side
    box(axis, (6.07, y), (1.46, 0.95), difference, color)
    box(axis, (6.07, 2.95 + 0.36 * side), (1.7, 0.42), target, color)
    box(axis, (8.18, y), (1.48, 0.95), f"{loss} loss:\nsum of squares,\n1 number", color)
    write(axis, (5.16, 2.95 + 2.62 * side), f"gradient ∝ {gradient}:  $N$ × $M$")


def gram_entry(maps: np.ndarray, i: int, j: int) -> None:
    """Display what an entry of a Gram matrix is: two maps, their product, its sum (eq. 3).

    Parameters
    ----------
    maps : ndarray, shape (H, W, N)
        Features of one layer.
    i, j : int
        The two channels.
    """
    first, second = (np.asarray(maps, float)[..., channel] for channel in (i, j))
    product = first * second
    height = 1.8 * len(product) / product.shape[1]
    figure, axis = sheet(height + 0.6)
    middle = 0.1 + height / 2
    titles = (f"channel $i$ = {i}", f"channel $j$ = {j}", "product")
    for x, title, values in zip((0.1, 2.25, 4.4), titles, (first, second, product), strict=True):
        looks = {"cmap": "cividis", "vmin": min(0, values.min()), "aspect": "auto"}
        axis.imshow(values, extent=(x, x + 1.8, 0.1, 0.1 + height), **looks)
        write(axis, (x + 0.9, height + 0.32), title)
    for x, sign in ((2.075, "×"), (4.225, "=")):
        write(axis, (x, middle), sign, fontsize=15)
    arrow(axis, [(6.25, middle), (6.85, middle)], VERMILLION)
    write(axis, (6.53, middle + 0.2), "sum")
    words = f"$G_{{ij}}$ = {_number(product.sum())}\nmean: {_number(product.mean())}"
    box(axis, (7.9, middle), (2.0, 0.9), words, VERMILLION)
    alt = (
        f"Three maps and two numbers. Channel {i} times channel {j} gives, at every position, a "
        "product: bright only where both are. An arrow leads from it to the entry of the Gram "
        "matrix, the sum of all products, with their mean below."
    )
    figures.show(figure, alt)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def receptive_fields(image: np.ndarray, layers: Iterable[str]) -> None:
    """Display which part of a picture one position of each layer sees, at the picture's center.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3)
        RGB in [0, 1].
    layers : iterable of str
        Keras' names.

    Raises
    ------
    LayerError
        If VGG19 has no such layer, or none is named.
    """
    names = check_layers(layers)
    tall, wide = image.shape[:2]
    inch = min(5.8 / wide, 4.6 / tall)  # of a pixel
    height = max(tall * inch, 0.3 * len(names)) + 0.2
    figure, axis = sheet(height, wide * inch + 3.0)
    top, right = (height + tall * inch) / 2, 0.1 + wide * inch
    axis.imshow(image, extent=(0.1, right, top - tall * inch, top), aspect="auto")
    words = []
    for k, name in enumerate(names):  # the deepest, so the largest, at the top
        rows, columns = _seen(name, tall), _seen(name, wide)
        up, down = top - inch * np.clip(rows, 0, tall)
        square = (*(0.1 + inch * np.clip(columns, 0, wide)), down, up)
        words.append(f"{_short(name)} sees {rows[1] - rows[0]} × {rows[1] - rows[0]} pixels")
        at = (right + 0.45, height * (k + 0.5) / len(names))
        write(axis, at, words[-1], ha="left")
        _square(axis, square, at, NESTED[k % len(NESTED)])
    alt = f"A picture, and around its middle what one position depends on: {', '.join(words)}."
    figures.show(figure, alt)


def _seen(layer: str, side: int) -> tuple[int, int]:
    """Return what the middle position depends on: the first pixel, and that past the last."""
    cell, reach = smallest_side(layer), receptive_radius(layer)
    start = side // 2 // cell * cell
    return start - reach, start + cell + reach


def _square(axis: Axes, edges: tuple[float, ...], label: Point, color: str) -> None:
    """Draw a square and a line to its label, with white rims that make them visible on photos."""
    left, right, down, up = edges
    square = Rectangle((left, down), right - left, up - down, fill=False, zorder=3)
    rims = [[withStroke(linewidth=width + 1.4, foreground="white")] for width in (LINE, 1)]
    square.set(edgecolor=color, linewidth=LINE, path_effects=rims[0])
    axis.add_patch(square)
    axis.plot([right, label[0] - 0.08], [up, label[1]], color, linewidth=1, path_effects=rims[1])
