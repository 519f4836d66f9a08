"""A river meadow in dots: pure colors side by side, mixed by the eye of the beholder."""

import numpy as np

from .brush import Brush, paint_strokes
from .canvas import Array, Canvas, Field, mix, noise, ramp, smoothstep

_SKY = ("#3f74c8", "#6fa9e0", "#b4d3ee", "#f7d99a", "#f5a95f", "#f08a4a")
_HILLS = ("#6a74c0", "#4f86a8", "#4f8f6a")
_GRASS = ("#2d6b3a", "#5f9a35", "#98bf3f", "#d8d35a", "#f2e27a")
_WATER = ("#3f6fbe", "#6fa6dc", "#bcdcf0", "#fbe0b4")
_LEAVES = ("#1f3f5a", "#2a6a3f", "#5c9a3c", "#b8c94a", "#f0d860")
_FLOWERS = np.array([[0.90, 0.16, 0.20], [1.0, 0.95, 0.9], [0.95, 0.45, 0.65], [0.99, 0.80, 0.15],
                     [0.45, 0.30, 0.75]])  # fmt: skip
# Center and radius of each crown.
_TREES = ((0.17, 0.24, 0.155), (0.09, 0.33, 0.10), (0.27, 0.33, 0.09), (0.86, 0.35, 0.075),
          (0.94, 0.36, 0.065), (0.79, 0.385, 0.045))  # fmt: skip
_HORIZON = 0.42


def _river(y: Array) -> tuple[Array, Array]:
    """Middle and half width of the river at a height, which widens as it comes nearer."""
    near = np.clip((y - _HORIZON) / (0.75 - _HORIZON), 0, 1)
    return 0.58 - 0.22 * near + 0.16 * np.sin(7.5 * near**0.6), 0.012 + 0.17 * near**1.5


def _scene(x: Array, y: Array, ripple: Array) -> Array:
    """Color the dots should add up to; `ripple` in about [-1, 1] varies each ground."""
    near = np.clip((y - _HORIZON) / (0.75 - _HORIZON), 0, 1)
    sun = np.hypot(x - 0.62, y - 0.23)
    glow = np.exp(-4 * sun)
    color = ramp(_SKY, 0.5 * y / _HORIZON + 0.72 * glow + 0.12 * ripple)
    color = mix(color, ramp(("#fff3c4", "#ffd45a"), 0.5 + ripple), smoothstep(0.062, 0.052, sun))
    for k, code in enumerate(_HILLS):
        hill = _HORIZON - 0.055 + 0.02 * k + 0.022 * np.sin(8 * x + 2.1 * k) * (1.2 - 0.3 * k)
        color = mix(
            color, ramp((code, "#f0b080"), 0.2 + 0.2 * ripple), smoothstep(0, 0.004, y - hill)
        )
    field = 0.62 - 0.35 * near + 0.28 * np.sin(26 * near**0.7 + 5 * x) + 0.3 * ripple
    color = mix(color, ramp(_GRASS, field), smoothstep(0, 0.004, y - _HORIZON))
    middle, half = _river(y)
    water = ramp(_WATER, 0.45 + 0.21 * np.sin(70 * near**0.6 + 3 * x) + 0.4 * ripple)
    wet = smoothstep(1.03, 0.95, np.abs(x - middle) / half) * (y > _HORIZON)
    return mix(color, water, wet)


def _with_trees(color: Array, x: Array, y: Array, ripple: Array) -> Array:
    """Round crowns, lit from the right, over violet shadows on the grass."""
    for cx, cy, radius in _TREES:
        shade = np.hypot((x - cx + 0.05) / 1.5, (y - cy - 1.35 * radius) * 4.5) / radius
        color = mix(
            color, ramp(("#3a3f86", "#2f6a55"), 0.5 + ripple), smoothstep(1.05, 0.85, shade)
        )
    for cx, cy, radius in _TREES:
        trunk = (np.abs(x - cx) < 0.09 * radius) & (y > cy) & (y < cy + 1.4 * radius)
        color = np.where(trunk[..., None], ramp(("#3b2346", "#8a4a35"), 0.5 + ripple), color)
        far = np.hypot(x - cx, (y - cy) * 1.1) / radius + 0.16 * ripple
        lit = 0.34 + 0.34 * (x - cx - y + cy) / radius + 0.35 * ripple
        color = mix(color, ramp(_LEAVES, lit), smoothstep(1.05, 0.95, far))
    return color


def _divided(rng: np.random.Generator, color: Array) -> Array:
    """Split each color into purer ones: most near it, some of its complement."""
    gray = color.mean(axis=1, keepdims=True)
    pure = gray + (color - gray) * rng.uniform(1.1, 2.0, gray.shape)
    pure = pure + rng.normal(0, 0.085, color.shape) + rng.normal(0, 0.05, gray.shape)
    other = gray - 1.3 * (color - gray) + 0.06
    return np.clip(np.where(rng.uniform(size=gray.shape) < 0.12, other, pure), 0, 1)


def pointillist_meadow(size: int) -> Array:
    """Dot the scene in three passes, then scatter flowers over the near grass."""
    canvas = Canvas(size, 1, 0.75, seed=1886)
    rng = canvas.rng
    canvas.color[:] = np.array([0.93, 0.88, 0.76])
    wander = noise(rng, 14, octaves=3)
    for count, width in ((4000, 0.0190), (5000, 0.0140), (5500, 0.0115)):
        points = canvas.scatter(count)
        x, y = points.T
        ripple = wander(x, 1.6 * y)
        colors = _divided(rng, _with_trees(_scene(x, y, ripple), x, y, ripple))
        _dot(canvas, width, points, colors, 0.72 + 0.5 * smoothstep(_HORIZON, 0.75, y))
    _scatter_flowers(canvas, wander)
    return 0.92 * canvas.lit(0.18)


def _scatter_flowers(canvas: Canvas, wander: Field) -> None:
    """Flowers in patches of a few kinds, on the near grass and not in the river."""
    points = canvas.scatter(2600)
    x, y = points.T
    middle, half = _river(y)
    patch = wander(0.6 * x, y) + 0.9 * smoothstep(_HORIZON + 0.03, 0.75, y)
    kept = (np.abs(x - middle) > half + 0.01) & (y > _HORIZON + 0.06) & (patch > 0.55)
    kind = 3 * wander(0.4 * x + 3, 0.6 * y) + canvas.rng.uniform(2, 4, len(x))
    colors = _FLOWERS[kind.astype(int) % len(_FLOWERS)]
    _dot(canvas, 0.0150, points[kept], colors[kept], (0.6 + 1.5 * (y - _HORIZON))[kept])


def _dot(canvas: Canvas, width: float, points: Array, colors: Array, scales: Array) -> None:
    """Touch the canvas with the tip of a round brush."""
    brush = Brush(1.15 * width, width, contrast=0.05, ragged=0.1, thickness=0.2)
    angles = canvas.rng.uniform(0, np.pi, len(points))
    paint_strokes(canvas, brush, points, angles, colors, scales=scales)
