"""Ink mountains: washes that fade into mist, dry brush on the slopes, a vermilion seal."""

from collections.abc import Callable

import numpy as np

from .brush import Brush, paint_strokes
from .canvas import Array, Canvas, mix, noise, rgb, smoothstep

Ridge = Callable[[Array], Array]  # the y of a range's outline at an x

_WIDTH = 0.72
_PAPER, _INK, _SEAL = rgb("#efe6d0"), rgb("#15171c"), rgb("#c23a24")
_RANGES = (  # height of the summits, of the peaks, bumps a unit, darkness, pines, their height
    (0.13, 0.20, 2.9, 0.48, 14, 0.035),
    (0.30, 0.22, 3.6, 0.72, 22, 0.055),
    (0.50, 0.22, 3.2, 0.92, 18, 0.085),
    (0.76, 0.17, 3.4, 1.00, 9, 0.190),
)


def _outline(rng: np.random.Generator, top: float, height: float, bumps: float) -> Ridge:
    """Ridge line of a range of steep, rounded peaks."""
    broad, fine = noise(rng, bumps), noise(rng, 5 * bumps, octaves=4)

    def ridge(x: Array) -> Array:
        row = np.full_like(x, 0.5)
        peaks = 1.12 - np.sqrt(broad(x, row) ** 2 + 0.015)
        return top + height * (1 - 1.1 * peaks**2) + 0.05 * fine(x, row)

    return ridge


def _wash(canvas: Canvas, depth: Array, dark: float, rough: Array) -> None:
    """Wet ink: darkest at the ridge, fading down into mist, with a dried rim."""
    pooled = smoothstep(-0.5, 0.7, rough)
    body = np.exp(-depth / (0.05 + 0.09 * pooled)) * (0.45 + 0.6 * pooled)
    rim = 0.4 * np.exp(-((depth - 0.003) ** 2) / 0.003**2)
    amount = 0.95 * dark * np.clip(body + rim, 0, 1) * smoothstep(0, 2 / canvas.size, depth)
    canvas.color = mix(canvas.color, _INK, amount)


def _texture(canvas: Canvas, ridge: Ridge, dark: float) -> None:
    """Dry strokes that run down the slopes, fewer where the mist begins."""
    points = canvas.scatter(3000)
    x, y = points.T
    depth = y - ridge(x)
    clump = noise(canvas.rng, 9, octaves=2)(x, y)
    kept = (depth > 0.004) & (
        canvas.rng.uniform(size=len(x)) < (0.9 + 1.2 * clump) * np.exp(-depth / 0.09)
    )
    points, x, depth = points[kept], x[kept], depth[kept]
    fall = (ridge(x + 0.03) - ridge(x - 0.03)) / 0.06
    angles = np.pi / 2 - (np.pi / 2 - np.arctan(np.abs(fall))) * np.tanh(4 * fall) * 0.8
    angles += canvas.rng.normal(0, 0.16, len(x))
    brush = Brush(0.105, 0.020, contrast=0.2, ragged=2.2, dry=1.3, opacity=0.15 + 0.55 * dark)
    colors = mix(_INK, 0.55 * _PAPER, canvas.rng.uniform(0, 1.15 - dark, len(x)))
    scales = canvas.rng.uniform(0.35, 1.2, len(x)) * (0.45 + 0.65 * dark)
    paint_strokes(canvas, brush, points, angles, colors, canvas.rng.normal(0, 6, len(x)), scales)


def _pines(canvas: Canvas, ridge: Ridge, dark: float, count: int, tall: float) -> None:
    """Pines along a ridge: a leaning trunk and tufts of short strokes."""
    needles = Brush(tall * 0.15, tall * 0.033, ragged=1.2, opacity=0.75 * dark)
    trunk = Brush(tall, tall * 0.045, ragged=0.6, opacity=0.9 * dark)
    for foot in canvas.rng.uniform(0.02, _WIDTH - 0.02, count):
        base = np.array([foot, float(ridge(np.array(foot)))])
        lean, size = canvas.rng.normal(0, 0.12), canvas.rng.uniform(0.6, 1.25)
        top = base + tall * size * np.array([lean, -0.92])
        middle = (base + top) / 2
        angle = np.arctan2(*(top - base)[::-1])
        _draw(canvas, trunk, middle[None], np.array([angle]), size)
        level = np.repeat(canvas.rng.uniform(0.2, 1.0, 13), 7)
        side = np.repeat(canvas.rng.uniform(-1, 1, 13), 7)
        out = (1.2 - level) * (side + 0.35 * canvas.rng.normal(size=len(side)))
        drop = (
            0.06 * np.abs(out) - 0.05 * np.abs(out - side) + canvas.rng.normal(0, 0.012, len(out))
        )
        tufts = base + (top - base) * level[:, None]
        tufts = tufts + tall * size * np.stack([0.30 * out, drop], axis=1)
        _draw(canvas, needles, tufts, 0.4 * out + canvas.rng.normal(0, 0.3, len(out)), size)


def _draw(
    canvas: Canvas,
    brush: Brush,
    points: Array,
    angles: Array,
    size: float,
) -> None:
    """Strokes of plain ink, all scaled alike."""
    colors = np.broadcast_to(_INK, (len(points), 3))
    paint_strokes(canvas, brush, points, angles, colors, scales=np.full(len(points), size))


def _paper(canvas: Canvas) -> Array:
    """Rough paper: 1 on the tips that a dry brush touches, 0 in the hollows."""
    fibers = noise(canvas.rng, 90, octaves=2)(canvas.x + 0.3 * canvas.y, 0.35 * canvas.y)
    return 0.5 + 0.3 * fibers + 0.3 * noise(canvas.rng, 170)(canvas.x, canvas.y)


def _water(canvas: Canvas) -> None:
    """Mist over the mountains' feet, and broad dry strokes across the lake below."""
    canvas.color = mix(canvas.color, _PAPER, 0.92 * smoothstep(0.80, 0.895, canvas.y))
    n = 60
    y = 1.0 - 0.115 * canvas.rng.uniform(0, 1, n) ** 1.5
    points = np.stack([canvas.rng.uniform(0, _WIDTH, n), y], axis=1)
    brush = Brush(0.42, 0.020, contrast=0.2, ragged=1.5, dry=1.4, opacity=0.6)
    colors = mix(_INK, 0.6 * _PAPER, canvas.rng.uniform(0, 0.9, n))
    scales = canvas.rng.uniform(0.4, 1.1, n)
    paint_strokes(canvas, brush, points, canvas.rng.normal(0, 0.03, n), colors, scales=scales)


def _seal(canvas: Canvas) -> None:
    """A square seal with a carved maze, pressed unevenly."""
    u, v = (canvas.x - 0.655) / 0.034, (canvas.y - 0.066) / 0.034
    frame = np.maximum(np.abs(u), np.abs(v))
    maze = np.where(
        np.abs(u - 0.15) < 0.25, np.abs(v * 3 % 1 - 0.5) < 0.2, np.abs(u * 2.6 % 1 - 0.5) < 0.17
    )
    carved = (maze & (frame < 0.72)) | ((frame > 0.76) & (frame < 0.84))
    worn = smoothstep(0.75, 0.2, noise(canvas.rng, 70, octaves=2)(canvas.x, canvas.y))
    canvas.color = mix(canvas.color, _SEAL, 0.92 * (frame < 1) * ~carved * worn)


def ink_mountains(size: int) -> Array:
    """Lay washes from the far range to the near one, each with dry strokes and pines."""
    canvas = Canvas(size, _WIDTH, 1, seed=1085)
    tooth = _paper(canvas)
    stain = noise(canvas.rng, 3, octaves=3)(canvas.x, canvas.y)
    canvas.color[:] = _PAPER * (0.99 + 0.03 * stain)[..., None]
    rough = noise(canvas.rng, 9, octaves=2)(canvas.x, canvas.y)
    for top, height, bumps, dark, pines, tall in _RANGES:
        ridge = _outline(canvas.rng, top, height, bumps)
        depth = canvas.y - ridge(canvas.x)
        mist = 0.85 * smoothstep(0, 0.10, depth)
        canvas.color = mix(canvas.color, _PAPER, mist * smoothstep(-0.001, 0.001, depth))
        _wash(canvas, depth, dark, rough)
        before = canvas.color.copy()
        _texture(canvas, ridge, dark)
        # The dry brush leaves the hollows of the paper bare.
        canvas.color = mix(before, canvas.color, smoothstep(0.20, 0.55, tooth))
        _pines(canvas, ridge, dark, pines, tall)
    _water(canvas)
    _seal(canvas)
    return canvas.color * (0.97 + 0.06 * (tooth - 0.5))[..., None]
