"""A swirling night: short thick strokes that follow the contours of a stirred sky."""

import numpy as np

from .brush import Brush, contour_angles, contour_bends, paint_strokes
from .canvas import Array, Canvas, mix, noise, ramp, smoothstep

_SKY = ("#080d2b", "#101d66", "#1a3aa6", "#2766c9", "#3f9ac4", "#8cc9c6", "#e3e6bd")
_HALO = ("#fffdf0", "#fff0a0", "#ffd23e", "#f7a52a", "#c9b45a", "#5fa79b")
_LAND = ("#060a1e", "#0b1840", "#12385a", "#1b5f5f", "#4f8d5a", "#b3ac4c")
# Center and radius of each light; of a vortex also its turn, in radians.
_MOON = (0.85, 0.15, 0.125)
_STARS = (
    _MOON, (0.10, 0.12, 0.075), (0.53, 0.10, 0.058), (0.19, 0.33, 0.034), (0.49, 0.46, 0.050),
    (0.88, 0.43, 0.060), (0.30, 0.05, 0.030), (0.69, 0.22, 0.036), (0.035, 0.30, 0.032),
    (0.69, 0.05, 0.026), (0.42, 0.16, 0.020), (0.985, 0.32, 0.026), (0.24, 0.50, 0.026),
)  # fmt: skip
_VORTICES = ((0.33, 0.26, 0.19, 4.8), (0.67, 0.39, 0.14, -4.2), (0.07, 0.43, 0.10, 3.0))
_LAYERS = (
    (900, Brush(0.120, 0.026)),
    (2200, Brush(0.072, 0.0155)),
    (3600, Brush(0.044, 0.0105, thickness=0.42)),
)


def _stirred(x: Array, y: Array) -> tuple[Array, Array]:
    """Turn the plane around each vortex, most at its center."""
    for cx, cy, radius, turn in _VORTICES:
        dx, dy = x - cx, y - cy
        angle = turn * np.exp(-(dx**2 + dy**2) / radius**2)
        x = cx + dx * np.cos(angle) - dy * np.sin(angle)
        y = cy + dx * np.sin(angle) + dy * np.cos(angle)
    return x, y


def _ridge(x: Array) -> Array:
    """Height of the hills' outline."""
    return 0.61 + 0.035 * np.sin(7 * x + 0.6) + 0.02 * np.sin(17 * x + 2)


class _Night:
    """The scene: a field whose contours guide the strokes, and the color at each point."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.wander = noise(rng, 4, octaves=2)

    def flow(self, x: Array, y: Array) -> Array:
        """Field in the unit of bands of color; the strokes run along its contours."""
        sx, sy = _stirred(x, y)
        sky = 7 * sy + 0.35 * np.sin(9 * sx) + 0.25 * self.wander(sx, sy)
        for cx, cy, radius in _STARS:
            far = np.hypot(x - cx, y - cy) / radius
            sky = sky + smoothstep(1.35, 0.5, far) * (1.2 * far - sky)
        depth = y - _ridge(x)
        land = 13 * depth + 0.8 * np.sin(8 * x + 14 * depth) + 0.5 * self.wander(x, y)
        return np.where(depth > 0, land, sky)

    def color(self, x: Array, y: Array, chance: Array) -> Array:
        """Color of the scene, shape (..., 3); `chance` in [0, 1] scatters halos into the sky."""
        band = self.flow(x, y)
        patches = self.wander(3 * x, 3 * y)
        tone = 0.36 + 0.30 * np.sin(2 * np.pi * band) + 0.16 * patches
        sky = ramp(_SKY, tone + 0.30 * smoothstep(0.40, 0.62, y))
        for cx, cy, radius in _STARS:
            far = np.hypot(x - cx, y - cy) / radius + 0.5 * (chance - 0.5)
            sky = mix(sky, ramp(_HALO, far / 1.15), smoothstep(1.25, 1.05, far))
        sky = _with_moon(sky, x, y, chance)
        land = ramp(_LAND, 0.36 + 0.30 * np.sin(2 * np.pi * band) + 0.2 * patches)
        return np.where((y > _ridge(x))[..., None], land, sky)


def _with_moon(sky: Array, x: Array, y: Array, chance: Array) -> Array:
    """The sky with a glowing disc, and the bright crescent on its right side."""
    cx, cy, radius = _MOON
    disc = smoothstep(0.56, 0.50, np.hypot(x - cx, y - cy) / radius)
    bite = smoothstep(0.38, 0.44, np.hypot(x - cx + 0.24 * radius, y - cy + 0.1 * radius) / radius)
    sky = mix(sky, ramp(("#e8861c", "#f7ab2e"), chance), disc)
    return mix(sky, ramp(_HALO, 0.2 * chance), disc * bite)


def swirling_night(size: int) -> Array:
    """Paint the night sky, from big strokes to small ones."""
    canvas = Canvas(size, 1, 0.8, seed=1889)
    rng = canvas.rng
    scene = _Night(rng)
    canvas.color[:] = 0.6 * scene.color(canvas.x, canvas.y, np.array(0.5))
    for count, brush in _LAYERS:
        points = canvas.scatter(count)
        x, y = points.T
        angles = contour_angles(scene.flow, x, y) + rng.normal(0, 0.08, len(x))
        bends = contour_bends(scene.flow, x, y, brush.length)
        light = rng.normal(1, 0.16, (len(x), 1)) + rng.normal(0, 0.06, (len(x), 3))
        colors = scene.color(x, y, rng.uniform(0, 1, len(x))) * light
        paint_strokes(canvas, brush, points, angles, colors, bends)
    return canvas.lit(0.45)
