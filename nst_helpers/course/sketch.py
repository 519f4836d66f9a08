"""The one visual language of the drawings: a sheet in inches, boxes, arrows, words (`drawings`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

#: Content, style and what is pointed at, in colors of Okabe and Ito, which color-blind readers tell
#: apart; and the two for all the rest.
BLUE, VERMILLION, ORANGE, DARK, PALE = "#0072B2", "#D55E00", "#E69F00", "#404040", "#B8B8B8"
#: What a box with such an edge is filled with, and one that is pointed at.
FILLS = {BLUE: "#E5F1F8", VERMILLION: "#FBEBE0", DARK: "#F4F4F4"}
MARKED = "#FDD98C"
#: For what lies inside each other, so that neighbors differ.
NESTED = ("#D55E00", "#56B4E9", "#E69F00", "#0072B2", "#CC79A7", "#009E73")
LINE, CORNER = 1.6, 0.1

Point = tuple[float, float]


def sheet(height: float, width: float = 9.0) -> tuple[Figure, Axes]:
    """Return a white figure, and axes whose coordinates are inches from its lower left corner."""
    figure = Figure(figsize=(width, height), dpi=100, facecolor="white")
    axis = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(0, height))
    axis.set_axis_off()
    return figure, axis


def write(axis: Axes, at: Point, text: str, color: str = DARK, **options: Any) -> None:
    """Write words, centered unless `options` say otherwise."""
    looks = {"fontsize": 11, "math_fontfamily": "dejavuserif", "linespacing": 1.4, "zorder": 4}
    axis.text(*at, text, **{"ha": "center", "va": "center", "color": color, **looks, **options})


def box(
    axis: Axes,
    center: Point,
    size: Point,
    text: str = "",
    color: str = DARK,
    *,
    marked: bool = False,
) -> None:
    """Draw a box with round corners and words in it."""
    corner = (center[0] - size[0] / 2, center[1] - size[1] / 2)
    style = f"round,pad=0,rounding_size={min(CORNER, *(side / 3 for side in size))}"
    fill = MARKED if marked else FILLS.get(color, "white")
    looks: dict[str, Any] = {"edgecolor": color, "facecolor": fill, "linewidth": LINE}
    axis.add_patch(FancyBboxPatch(corner, *size, boxstyle=style, zorder=2, **looks))
    write(axis, center, text)


def arrow(axis: Axes, points: Sequence[Point], color: str = DARK, *, dashed: bool = False) -> None:
    """Draw an arrow along `points`, round where it turns; dashed is the way back."""
    stops = np.asarray(points, float)
    vertices, codes = [stops[0]], [Path.MOVETO]
    for before, at, after in zip(stops, stops[1:], stops[2:], strict=False):
        come, go = (at + 2 * CORNER * (p - at) / np.hypot(*(p - at)) for p in (before, after))
        vertices += [come, at, go]
        codes += [Path.LINETO, Path.CURVE3, Path.CURVE3]
    path = Path([*vertices, stops[-1]], [*codes, Path.LINETO])
    looks: dict[str, Any] = {
        "color": color,
        "linewidth": LINE,
        "linestyle": (0, (3, 1.5)) if dashed else "-",
    }
    looks |= {"arrowstyle": "-|>", "mutation_scale": 12, "zorder": 3}
    axis.add_patch(FancyArrowPatch(path=path, **looks))


def tag(axis: Axes, at: Point, text: str, *, marked: bool = False, ha: str = "center") -> None:
    """Write a label onto the edge of a box."""
    fill, ink = (ORANGE, "black") if marked else (DARK, "white")
    looks = {"boxstyle": "round,pad=0.25", "facecolor": fill, "edgecolor": "white"}
    write(axis, at, text, ink, ha=ha, weight="bold", fontsize=10, bbox=looks)
