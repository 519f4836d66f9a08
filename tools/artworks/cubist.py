"""Cubist facets: a still life broken into overlapping planes, brushed and hatched."""

import numpy as np

from .brush import Brush, paint_strokes
from .canvas import Array, Canvas, mix, noise, ramp, rgb, smoothstep

_TONES = (
    ("#2b211b", "#7a5a34", "#e8c884"),
    ("#23252a", "#6d6f6b", "#dcdacb"),
    ("#2a2c1e", "#6d7048", "#c2bd86"),
    ("#30180f", "#8a4a26", "#d99a5c"),
    ("#3a3226", "#b39660", "#f7eed2"),
)
_DARK = rgb("#1c1612")
_WIDTH = 0.82


class _Picture:
    """Color, direction of the brush, and drawn lines of what the strokes will paint."""

    def __init__(self, canvas: Canvas) -> None:
        self.x, self.y = canvas.x, canvas.y
        self.color = np.broadcast_to(rgb("#8d7a55"), (*canvas.shape, 3)).copy()
        self.angle = np.zeros(canvas.shape)
        self.line = np.zeros(canvas.shape)
        self.pixel, self.rng = 1 / canvas.size, canvas.rng

    def facet(self, cx: float, cy: float, reach: float) -> None:
        """An angular plane, bright along one edge and fading into its neighbors at the other."""
        turns = np.sort(self.rng.uniform(0, 2 * np.pi, 4) * 0.35 + np.arange(4) * np.pi / 2)
        turns += self.rng.choice([0.0, np.pi / 4, -np.pi / 5])
        sides = reach * self.rng.uniform(0.35, 1.0, 4)
        gaps = [
            side - (self.x - cx) * np.cos(turn) - (self.y - cy) * np.sin(turn)
            for turn, side in zip(turns, sides, strict=True)
        ]
        inside = np.min(gaps, axis=0)
        cover = smoothstep(-self.pixel, self.pixel, inside)
        fade = np.clip(gaps[0] / (sides[0] + sides[2]), 0, 1)
        tone = 0.12 + 0.80 * (1 - fade) ** 1.3
        color = ramp(_TONES[self.rng.integers(len(_TONES))], tone)
        opaque = cover * (0.96 - 0.75 * smoothstep(0.45, 1.0, fade))
        self.color = mix(self.color, color, opaque)
        self.angle = np.where(opaque > 0.5, turns[0] + np.pi / 2, self.angle)
        edge = smoothstep(0.0036, 0.0012, np.minimum(np.abs(gaps[0]), np.abs(gaps[1])))
        drawn = edge * (inside > -0.004) * (1 - 0.7 * fade)
        if self.rng.uniform() < 0.35:
            drawn = np.maximum(drawn, self._hatching(gaps[0]) * (inside > 0.004))
        self.line = np.maximum(self.line * (1 - opaque), drawn)

    def _hatching(self, gap: Array) -> Array:
        """A few dark lines parallel to an edge."""
        pitch = self.rng.uniform(0.009, 0.014)
        comb = smoothstep(0.30, 0.16, np.abs(gap / pitch % 1 - 0.5))
        return 0.8 * comb * (gap < 7 * pitch)

    def stroke(self, distance: Array, width: float, where: Array) -> None:
        """A drawn line where a distance is zero, kept to the places in `where`."""
        self.line = np.maximum(self.line, where * smoothstep(width, 0.4 * width, np.abs(distance)))


def _guitar(picture: _Picture) -> None:
    """Broken contours of a guitar: waist curves, sound hole, strings, bridge."""
    x, y = picture.x - 0.43, picture.y - 0.60
    u, v = 0.94 * x - 0.34 * y, 0.34 * x + 0.94 * y
    for cu, cv, radius, low in ((0, 0.13, 0.19, -0.05), (0.03, -0.12, 0.14, 0.02)):
        far = np.hypot(u - cu, v - cv) - radius
        broken = 0.5 + 0.5 * np.sin(23 * u + 17 * v + 9 * cv)
        picture.stroke(far, 0.003 + 0.005 * broken, ((u > low) | (v > cv + 0.08)) & (broken > 0.15))
    picture.stroke(np.hypot(u - 0.01, v) - 0.055, 0.007, v - 0.5 * u < 0.035)
    for k in range(4):
        picture.stroke(u - 0.012 * (k - 1.5), 0.0022, np.abs(v + 0.16) < 0.36)
    picture.stroke(v - 0.17, 0.010, np.abs(u) < 0.06)


def cubist_facets(size: int) -> Array:
    """Compose the planes from big to small, draw over them, and brush the whole."""
    canvas = Canvas(size, _WIDTH, 1, seed=1911)
    rng = canvas.rng
    picture = _Picture(canvas)
    for count, reach in ((26, 0.27), (60, 0.16), (60, 0.10)):
        for _ in range(count):
            cx, cy = rng.normal((_WIDTH / 2, 0.5), (0.26, 0.32))
            picture.facet(cx, cy, reach * rng.uniform(0.7, 1.2))
    _guitar(picture)
    _brushed(canvas, picture)
    ink = picture.line * (0.85 + 0.3 * noise(rng, 40, octaves=2)(canvas.x, canvas.y))
    canvas.color = mix(canvas.color, _DARK, np.clip(0.9 * ink, 0, 1))
    return canvas.lit(0.3)


def _brushed(canvas: Canvas, picture: _Picture) -> None:
    """Short strokes in the color and direction of the plane beneath them."""
    canvas.color[:] = picture.color
    brush = Brush(0.024, 0.0075, contrast=0.10, opacity=0.8)
    points = canvas.scatter(7500)
    x, y = points.T
    row = np.clip(y * canvas.size, 0, canvas.shape[0] - 1).astype(int)
    column = np.clip(x * canvas.size, 0, canvas.shape[1] - 1).astype(int)
    colors = picture.color[row, column] * canvas.rng.normal(1, 0.11, (len(x), 1))
    angles = picture.angle[row, column] + canvas.rng.normal(0, 0.12, len(x))
    paint_strokes(canvas, brush, points, angles, colors)
