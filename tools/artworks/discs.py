"""Turning discs: rings and sectors of bold color that spin against each other."""

import numpy as np

from .brush import Brush, paint_strokes
from .canvas import Array, Canvas, mix, noise, rgb

_WARM = ("#c9202b", "#ee5a1c", "#f8b52a", "#fbeed2", "#e0527f", "#f2861f", "#a3123f")
_COOL = ("#1a3f96", "#3f9fd8", "#0d7a70", "#5a2a8c", "#6fbf63", "#141c3c", "#1c6fb8")
# Center, radius, number of rings, number of sectors, angle of the first sector.
_DISCS = (
    (0.28, 0.28, 0.36, 8, 4, 0.3), (0.73, 0.64, 0.40, 9, 4, 0.9), (0.82, 0.15, 0.23, 5, 4, 0.1),
    (0.19, 0.78, 0.26, 6, 6, 0.5), (0.50, 0.45, 0.15, 4, 4, 0.7), (0.48, 0.86, 0.12, 3, 2, 1.2),
    (0.95, 0.40, 0.11, 3, 4, 0.4), (0.04, 0.53, 0.10, 3, 2, 0.2), (0.55, 0.10, 0.08, 3, 2, 2.2),
)  # fmt: skip


def _shade(number: Array, light: Array) -> Array:
    """The bold color of a field: warm for even numbers, cool for odd; `light` in [0, 1]."""
    codes = [pair[k % 7] for k in range(7) for pair in (_WARM, _COOL)]
    color = np.array([rgb(code) for code in codes])[number % 14]
    dark, pale = color * [0.55, 0.5, 0.68], mix(color, rgb("#fff6e0"), np.array(0.35))
    return np.where(
        light[..., None] < 0.5, mix(dark, color, 2 * light), mix(color, pale, 2 * light - 1)
    )


def _compose(x: Array, y: Array) -> tuple[Array, Array]:
    """Color and direction of the brush at points: slanted bars, and discs over them."""
    slant = (x + 0.55 * y) * 7
    color = _shade(5 * np.floor(slant).astype(int) + np.floor(6 * y - 2 * x).astype(int), slant % 1)
    angle = np.full(x.shape, -0.5)
    for k, (cx, cy, radius, rings, sectors, first) in enumerate(_DISCS):
        far = np.hypot(x - cx, y - cy) / radius
        turn = np.arctan2(y - cy, x - cx)
        ring = np.floor(far**0.9 * rings).astype(int)
        share = (turn - first) / (2 * np.pi) % 1 * sectors
        number = ring * (3 + 2 * (k % 2)) + np.floor(share).astype(int) * 5 + 3 * k
        inside = far < 1
        color = np.where(inside[..., None], _shade(number, 0.15 + 0.6 * (share % 1)), color)
        angle = np.where(inside, turn + np.pi / 2, angle)
    return color, angle


def turning_discs(size: int) -> Array:
    """Block in the discs, then go over them with a flat brush along the rings."""
    canvas = Canvas(size, 1, 0.94, seed=1912)
    rng = canvas.rng
    canvas.color[:] = _compose(canvas.x, canvas.y)[0]
    patches = noise(rng, 6, octaves=4)
    for count, brush in (
        (3500, Brush(0.030, 0.016, opacity=0.5)),
        (6000, Brush(0.020, 0.010, opacity=0.4)),
    ):
        points = canvas.scatter(count)
        x, y = points.T
        colors, angles = _compose(x, y)
        light = rng.normal(1, 0.07, x.shape) + 0.25 * patches(x, y)
        angles = angles + rng.normal(0, 0.08, len(x))
        paint_strokes(canvas, brush, points, angles, colors * light[:, None])
    return canvas.lit(0.30)
