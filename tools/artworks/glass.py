"""Stained glass: panes around the points of a sunflower spiral, between lines of lead."""

import numpy as np

from .canvas import Array, Canvas, mix, noise, ramp, rgb, smoothstep

_GOLDEN = np.pi * (3 - np.sqrt(5))
_CENTER = np.array([0.43, 0.42])
_HEART = ("#fff3b8", "#ffd23c", "#f59a1b", "#e0481f")
_PETALS = ("#b3122e", "#e23a2c", "#f2a11f", "#8a1250", "#5a1a86", "#c9214f", "#f6cf3b", "#d8571e")
_GROUND = ("#0e2f8f", "#1560c4", "#0b7f8c", "#1fa08c", "#173a9e", "#0c8a4e", "#3b2a9a", "#2aa6d6")


def _seeds(rng: np.random.Generator, count: int) -> Array:
    """Points of a sunflower spiral whose panes grow outward, shape (count, 2)."""
    k = np.arange(count)
    radius = 0.0125 * (k + 0.9) ** 0.74
    angle = _GOLDEN * k + rng.normal(0, 0.02, count)
    return _CENTER + radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)


def _panes(canvas: Canvas, seeds: Array) -> tuple[Array, Array]:
    """For each pixel the nearest seed's number, and the distance to its pane's edge."""
    nearest = np.full(canvas.shape, np.inf)
    owner = np.zeros(canvas.shape, dtype=int)
    for k, (sx, sy) in enumerate(seeds):
        square = (canvas.x - sx) ** 2 + (canvas.y - sy) ** 2
        closer = square < nearest
        nearest, owner = np.where(closer, square, nearest), np.where(closer, k, owner)
    edge = np.full(canvas.shape, np.inf)
    for k, (sx, sy) in enumerate(seeds):
        square = (canvas.x - sx) ** 2 + (canvas.y - sy) ** 2
        apart = np.hypot(seeds[owner, 0] - sx, seeds[owner, 1] - sy)
        gap = (square - nearest) / (2 * np.maximum(apart, 1e-9))
        edge = np.where(owner == k, edge, np.minimum(edge, gap))
    return owner, edge


def _glass_colors(rng: np.random.Generator, count: int) -> Array:
    """A golden heart, red petals along the spirals, and a blue and green ground."""
    colors = np.zeros((count, 3))
    for k in range(count):
        if k < 13:
            colors[k] = ramp(_HEART, np.array(k / 12))
        elif k < 89:
            colors[k] = rgb(_PETALS[(k % 13) % 8])
        else:
            colors[k] = rgb(_GROUND[(k % 21) % 8])
    return colors * rng.uniform(0.75, 1.15, (count, 1)) + rng.normal(0, 0.03, (count, 3))


def stained_glass(size: int) -> Array:
    """Glaze the window: panes with light in them, then the lead with its highlights."""
    canvas = Canvas(size, 0.8, 1, seed=1250)
    rng = canvas.rng
    seeds = _seeds(rng, 230)
    owner, edge = _panes(canvas, seeds)
    colors = _glass_colors(rng, len(seeds))
    x, y = canvas.x, canvas.y
    tilt = rng.uniform(-1, 1, (len(seeds), 2)) * 9
    slope = (x - seeds[owner, 0]) * tilt[owner, 0] + (y - seeds[owner, 1]) * tilt[owner, 1]
    streak = noise(rng, 9, octaves=5)(x + 2 * tilt[owner, 0], 0.3 * y + 0.6 * x + tilt[owner, 1])
    light = 1.05 + 0.75 * slope + 0.75 * streak
    light = light * (0.62 + 0.38 * smoothstep(0.0, 0.018, edge))
    glass = colors[owner] * light[..., None] + 0.45 * smoothstep(1.1, 2.0, light)[..., None]
    glass = glass * (1 - 0.8 * _veins(x, y, seeds, owner))[..., None]
    lead = 0.0062 + 0.0010 * noise(rng, 30)(x, y)
    return mix(glass, _lead(canvas, edge / lead), smoothstep(1.12, 0.88, edge / lead))


def _veins(x: Array, y: Array, seeds: Array, owner: Array) -> Array:
    """Painted leaf veins, 1 on the line: a midrib away from the heart, and ribs to both sides."""
    out = seeds[owner] - _CENTER
    out = out / np.linalg.norm(out, axis=-1, keepdims=True)
    dx, dy = x - seeds[owner, 0], y - seeds[owner, 1]
    along, across = dx * out[..., 0] + dy * out[..., 1], np.abs(dy * out[..., 0] - dx * out[..., 1])
    rib = np.abs((along - 0.8 * across + 1) % 0.013 - 0.0065)
    side = smoothstep(0.0017, 0.0006, rib) * smoothstep(0.022, 0.012, across)
    midrib = smoothstep(0.0022, 0.0010, across + 0.02 * np.maximum(along, 0))
    return np.maximum(side, midrib) * (owner % 3 == 0)


def _lead(canvas: Canvas, across: Array) -> Array:
    """Gray of a rounded lead came, 0 in its middle and 1 at its rim, dull and uneven."""
    worn = noise(canvas.rng, 60, octaves=2)(canvas.x, canvas.y)
    shine = 0.09 + 0.16 * np.exp(-((across / 0.45) ** 2)) * (1 + 0.8 * worn)
    return shine[..., None] * np.array([0.9, 0.95, 1.05])
