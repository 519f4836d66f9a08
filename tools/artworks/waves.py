"""A woodcut of curling waves: flat inks, carved lines that follow the form, paper grain."""

import numpy as np
from PIL import Image, ImageDraw

from .canvas import Array, Canvas, mix, noise, rgb, smoothstep

_HEIGHT = 0.72
_DETAIL = 2000  # pixels along the longest side of the drawing that is resampled to the size
_PAPER, _INDIGO, _BLUE, _PALE = "#f3e6c8", "#16244f", "#2f5a8c", "#9fb9b5"
_RED, _OCHRE = "#c8452e", "#dfa850"


class _Block:
    """A drawing in relative units."""

    def __init__(self) -> None:
        self.image = Image.new("RGB", (_DETAIL, round(_HEIGHT * _DETAIL)), _PAPER)
        self.draw = ImageDraw.Draw(self.image)

    def fill(self, outline: Array, color: str) -> None:
        """Fill a polygon, points (x, y), shape (n, 2)."""
        self.draw.polygon([(x * _DETAIL, y * _DETAIL) for x, y in outline], fill=color)

    def carve(self, line: Array, width: Array, color: str) -> None:
        """A line whose width, one number a point, swells and tapers as under a gouge."""
        along = np.gradient(line, axis=0)
        normal = np.stack([-along[:, 1], along[:, 0]], axis=1)
        normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
        side = normal * width[:, None] / 2
        self.fill(np.concatenate([line + side, (line - side)[::-1]]), color)

    def disc(self, center: Array, radius: float, color: str) -> None:
        """Fill a circle."""
        box = np.concatenate([center - radius, center + radius]) * _DETAIL
        self.draw.ellipse(box.tolist(), fill=color)


def _horn(root: Array, length: float, width: float, lean: float, curl: float) -> Array:
    """Both sides of a curling horn from root to tip, shape (2, n, 2).

    It starts upward at the root, tilted by `lean`, and turns by `curl` radians, faster at the tip.
    """
    s = np.linspace(0, 1, 160)
    heading = -np.pi / 2 + lean + curl * s**1.7
    step = np.stack([np.cos(heading), np.sin(heading)], axis=1) * length / len(s)
    spine = root + np.cumsum(step, axis=0)
    normal = np.stack([-np.sin(heading), np.cos(heading)], axis=1)
    half = width / 2 * (1 - s**1.5)[:, None] * np.sign(curl)
    return np.stack([spine - normal * half, spine + normal * half])


def _wave(
    block: _Block, rng: np.random.Generator, x: float, y: float, size: float, turn: int
) -> None:
    """A breaking wave as a horn: outline, body, carved stripes, and claws of foam."""
    outer, inner = _horn(np.array([x, y]), 1.5 * size, 0.62 * size, -0.25 * turn, 3.9 * turn)
    block.fill(np.concatenate([outer, inner[::-1]]), _BLUE)
    s = np.linspace(0, 1, len(outer))
    for t in np.linspace(0.10, 1, 12):
        line = outer + (inner - outer) * t
        color = _PAPER if t < 0.3 or 0.55 < t < 0.8 else _INDIGO
        block.carve(line, size * 0.035 * (1 - s) ** 0.6 * np.minimum(1, 8 * s + 0.5), color)
    block.carve(outer, np.full(len(outer), size * 0.03), _INDIGO)
    block.carve(inner, np.full(len(outer), size * 0.02), _INDIGO)
    _foam(block, rng, outer, size, turn)


def _foam(block: _Block, rng: np.random.Generator, crest: Array, size: float, turn: int) -> None:
    """Little horns along the crest's outer side, and drops of spray beyond them."""
    for k in range(50, 159, 5):
        out = (crest[k] - crest[k - 1])[::-1] * [turn, -turn]
        out /= np.hypot(*out)
        lean = np.arctan2(out[1], out[0]) + np.pi / 2 + turn * rng.uniform(0.5, 1.2)
        length = size * rng.uniform(0.13, 0.26) * (0.6 + k / 200)
        for grow, color in ((1.0, _INDIGO), (0.72, _PAPER)):
            claw = _horn(crest[k], length * grow, 0.10 * size * grow, lean, 3.4 * turn)
            block.fill(np.concatenate([claw[0], claw[1][::-1]]), color)
        for _ in range(2):
            drop = crest[k] + out * size * rng.uniform(0.13, 0.30) + rng.normal(0, 0.02 * size, 2)
            radius = size * rng.uniform(0.004, 0.014)
            block.disc(drop, radius + 0.0022, _INDIGO)
            block.disc(drop, radius, _PAPER)


def _sky(block: _Block) -> None:
    """Horizontal lines, denser at the top, and a red sun with lines carved out of it."""
    x = np.linspace(0, 1, 60)
    for k, y in enumerate(np.linspace(0.004, 0.42, 38)):
        line = np.stack([x, y + 0.003 * np.sin(9 * x + k)], axis=1)
        block.carve(line, np.full(60, 0.0080 * (1 - y / 0.44)), _OCHRE)
    sun, radius = np.array([0.66, 0.155]), 0.105
    block.disc(sun, radius, _RED)
    for y in np.linspace(-0.096, 0.096, 9):
        x = np.sqrt(radius**2 - y**2) * np.linspace(-1, 1, 30)
        block.carve(
            sun + np.stack([x, np.full(30, y)], axis=1),
            0.004 * np.sin(np.linspace(0, np.pi, 30)),
            _PAPER,
        )


def _swell(block: _Block, y: float, height: float, phase: float) -> None:
    """A rolling sea across the whole sheet, carved along its surface."""
    x = np.linspace(-0.02, 1.02, 300)
    surface = y - height * np.abs(np.sin(4.5 * x + phase)) ** 1.4
    floor = np.full_like(x, 1.2)
    block.fill(np.concatenate([np.stack([x, surface], 1), np.stack([x, floor], 1)[::-1]]), _INDIGO)
    for k in range(1, 12):
        line = surface + 0.016 * k + 0.004 * k * np.sin(4.5 * x + phase)
        swell = np.clip(np.sin(9 * x + 2 * phase + 0.9 * k) + 0.7, 0, 1)
        block.carve(np.stack([x, line], 1), 0.0085 * swell, _PALE if k % 3 else _PAPER)


def woodcut_waves(size: int) -> Array:
    """Print the waves from back to front, then press the ink into the paper."""
    canvas = Canvas(size, 1, _HEIGHT, seed=1831)
    block, rng = _Block(), canvas.rng
    _sky(block)
    _swell(block, 0.46, 0.05, 0.4)
    _wave(block, rng, 0.50, 0.60, 0.30, -1)
    _wave(block, rng, 0.60, 0.64, 0.42, 1)
    _swell(block, 0.56, 0.06, 1.9)
    _wave(block, rng, 0.10, 0.80, 0.66, 1)
    _wave(block, rng, 0.97, 0.76, 0.42, -1)
    _swell(block, 0.66, 0.07, 3.1)
    return _printed(canvas, block)


def _printed(canvas: Canvas, block: _Block) -> Array:
    """Ink thins along the block's wood grain and skips where the paper is rough."""
    height, width = canvas.shape
    picture = np.asarray(block.image.resize((width, height), Image.Resampling.LANCZOS)) / 255
    grain = noise(canvas.rng, 12, octaves=3)(canvas.x * 0.5, canvas.y * 9)
    tooth = noise(canvas.rng, 220)(canvas.x, canvas.y)
    skip = smoothstep(0.15, 0.9, grain) * 0.30 + smoothstep(0.55, 1.0, tooth) * 0.5
    paper = rgb(_PAPER) * (1 + 0.03 * tooth)[..., None]
    return mix(picture, paper, skip) * (1 + 0.02 * tooth)[..., None]
