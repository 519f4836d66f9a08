"""What every painting stands on: a canvas in relative units, noise, and ramps of color.

Lengths are fractions of the longest side, so a picture is the same at every size.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import ImageColor

Array = NDArray[np.float64]
Field = Callable[[Array, Array], Array]


def rgb(code: str) -> Array:
    """Color of a hex code such as "#1b2a6b", three floats in [0, 1]."""
    return np.array(ImageColor.getrgb(code)[:3]) / 255


def ramp(codes: Sequence[str], t: Array) -> Array:
    """Colors along evenly spaced stops: t in [0, 1], shape (...), to shape (..., 3)."""
    stops = np.array([rgb(code) for code in codes])
    places = np.linspace(0, 1, len(stops))
    return np.stack([np.interp(t, places, stops[:, k]) for k in range(3)], axis=-1)


def smoothstep(low: float, high: float, t: Array) -> Array:
    """0 below `low`, 1 above `high`, and a smooth rise between (falling if low > high)."""
    s = np.clip((t - low) / (high - low), 0, 1)
    return s * s * (3 - 2 * s)


def mix(a: Array, b: Array, weight: Array) -> Array:
    """Blend colors a and b, shape (..., 3), with weights of shape (...)."""
    return a + (b - a) * weight[..., None]


def noise(rng: np.random.Generator, cells: float, octaves: int = 1) -> Field:
    """Smooth random field in about [-1, 1], with `cells` bumps per unit, then twice as many."""
    grids = rng.uniform(-1, 1, (octaves, 256, 256))

    def field(x: Array, y: Array) -> Array:
        total = np.zeros(np.broadcast(x, y).shape)
        for k, grid in enumerate(grids):
            total += 0.5**k * _lattice(grid, x * cells * 2**k, y * cells * 2**k)
        return total

    return field


def _lattice(grid: Array, x: Array, y: Array) -> Array:
    """Interpolate a lattice of numbers, which repeats, with smooth weights."""
    i, j = np.floor(y).astype(int), np.floor(x).astype(int)
    s, t = y - i, x - j
    s, t = s * s * (3 - 2 * s), t * t * (3 - 2 * t)
    n, m = grid.shape
    top = grid[i % n, j % m] * (1 - t) + grid[i % n, (j + 1) % m] * t
    low = grid[(i + 1) % n, j % m] * (1 - t) + grid[(i + 1) % n, (j + 1) % m] * t
    return top * (1 - s) + low * s


class Canvas:
    """Paint, and how thick it stands, on a grid of pixels.

    Parameters
    ----------
    size : int
        Pixels of the longest side.
    width, height : float
        Relative size; the larger of them is 1.
    seed : int
        Fixes `rng`, from which the painting takes all its chance.
    """

    def __init__(self, size: int, width: float, height: float, seed: int) -> None:
        self.size, self.width, self.height = size, width, height
        self.rng = np.random.default_rng(seed)
        self.shape = (round(size * height), round(size * width))
        self.y, self.x = (np.indices(self.shape) + 0.5) / size
        self.color: Array = np.zeros((*self.shape, 3))
        self.relief: Array = np.zeros(self.shape)

    def scatter(self, count: int) -> Array:
        """About `count` points (x, y) spread evenly over the canvas, in random order."""
        step = np.sqrt(self.width * self.height / count)
        x, y = np.meshgrid(np.arange(0, self.width, step), np.arange(0, self.height, step))
        points = np.stack([x.ravel(), y.ravel()], axis=1)
        points += self.rng.uniform(-0.2, 1.2, points.shape) * step
        return self.rng.permutation(points)

    def window(self, x: float, y: float, half_x: float, half_y: float) -> tuple[slice, slice]:
        """Rows and columns of the box around a point, cut off at the canvas's edges."""
        left, right = int((x - half_x) * self.size), int((x + half_x) * self.size) + 2
        top, bottom = int((y - half_y) * self.size), int((y + half_y) * self.size) + 2
        return slice(max(top, 0), max(bottom, 0)), slice(max(left, 0), max(right, 0))

    def lit(self, strength: float) -> Array:
        """The picture under a light from the upper left, which shows the paint's relief."""
        down, right = np.gradient(self.relief * self.size)
        return self.color * (1 + strength * np.tanh(down + right))[..., None]
