"""A bristle brush: strokes that bend, run dry, and leave ridges of paint."""

from dataclasses import dataclass

import numpy as np

from .canvas import Array, Canvas, Field, mix

_KNOTS = np.linspace(-1, 1, 11)  # the bristles, across the stroke


@dataclass(frozen=True)
class Brush:
    """How a brush paints: length and width of its strokes, as fractions of the longest side."""

    length: float
    width: float
    contrast: float = 0.14  # light and dark from bristle to bristle
    ragged: float = 0.35  # how unevenly the bristles lift off
    opacity: float = 1.0
    dry: float = 0.0  # how many bristles run out of paint on the way
    thickness: float = 0.3  # height of the paint, as a fraction of the stroke's width


def paint_strokes(
    canvas: Canvas,
    brush: Brush,
    points: Array,
    angles: Array,
    colors: Array,
    bends: Array | None = None,
    scales: Array | None = None,
) -> None:
    """Lay one stroke after the other, later ones over earlier ones.

    Parameters
    ----------
    canvas : Canvas
        Is painted on.
    brush : Brush
        Common to all the strokes.
    points : array
        Centers (x, y), shape (n, 2).
    angles : array
        Directions in radians, shape (n,).
    colors : array
        RGB in [0, 1], shape (n, 3).
    bends : array, optional
        Curvatures, radians per unit of length, shape (n,); straight without it.
    scales : array, optional
        Size of each stroke relative to the brush, shape (n,); 1 without it.
    """
    bends = np.zeros(len(points)) if bends is None else bends
    scales = np.ones(len(points)) if scales is None else scales
    for point, angle, color, bend, scale in zip(points, angles, colors, bends, scales, strict=True):
        half, broad = brush.length * scale / 2, brush.width * scale / 2
        box, u, v = _place(canvas, point, angle, bend, half, broad)
        _press(canvas, brush, color, box, u, v, broad)


def _place(
    canvas: Canvas, point: Array, angle: float, bend: float, half: float, broad: float
) -> tuple[tuple[slice, slice], Array, Array]:
    """A box of pixels around a stroke, and where they lie along it (u) and across it (v).

    Both coordinates are in [-1, 1] inside the stroke.
    """
    cos, sin = np.cos(angle), np.sin(angle)
    reach = broad + abs(bend) * half**2 / 2
    half_x, half_y = abs(cos) * half + abs(sin) * reach, abs(sin) * half + abs(cos) * reach
    box = canvas.window(point[0], point[1], half_x + 1 / canvas.size, half_y + 1 / canvas.size)
    dx, dy = canvas.x[box] - point[0], canvas.y[box] - point[1]
    u = dx * cos + dy * sin
    v = dy * cos - dx * sin - bend * u**2 / 2
    return box, u / half, v / broad


def _press(
    canvas: Canvas,
    brush: Brush,
    color: Array,
    box: tuple[slice, slice],
    u: Array,
    v: Array,
    broad: float,
) -> None:
    """Leave the paint of one stroke; each bristle has its own tone, height and reach."""
    bristles = np.interp(v, _KNOTS, canvas.rng.normal(size=len(_KNOTS)))
    lift = np.interp(v, _KNOTS, canvas.rng.uniform(0, 1, size=len(_KNOTS)))
    # A rim of a pixel at least, half inside and half outside, keeps small strokes from aliasing.
    soft = max(0.25, 2 / (broad * canvas.size))
    reached = u * (1 + brush.ragged * lift)
    cover = brush.opacity * np.clip((1 - v * v - reached**4) / soft + 0.5, 0, 1)
    cover *= np.clip(1 - brush.dry * (0.7 + u) * np.maximum(bristles + 0.3, 0), 0, 1)
    tone = color * (1 + brush.contrast * bristles)[..., None]
    canvas.color[box] = mix(canvas.color[box], tone, cover)
    ridge = brush.thickness * broad * (1 - v * v + 0.35 * bristles)
    canvas.relief[box] += cover * (ridge - canvas.relief[box])


def contour_angles(field: Field, x: Array, y: Array) -> Array:
    """Directions of a field's contour lines, in radians."""
    step = 1e-3
    across = field(x + step, y) - field(x - step, y)
    down = field(x, y + step) - field(x, y - step)
    return np.arctan2(across, -down)


def contour_bends(field: Field, x: Array, y: Array, length: float) -> Array:
    """Curvatures of a field's contour lines over strokes of a length."""
    angle = contour_angles(field, x, y)
    dx, dy = np.cos(angle) * length / 4, np.sin(angle) * length / 4
    turn = contour_angles(field, x + dx, y + dy) - contour_angles(field, x - dx, y - dy)
    turn = (turn + np.pi / 2) % np.pi - np.pi / 2
    return np.clip(turn / (length / 2), -1.5 / length, 1.5 / length)
