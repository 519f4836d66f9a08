"""The formulas a second time, in float64 NumPy: slow, plain, and sharing no code with the package.

Images and features have no batch axis here: (H, W, 3) and (H, W, N).
"""

import itertools
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from nst_helpers import Recipe, Weights

MEAN_BGR = (103.939, 116.779, 123.68)
CONVOLUTIONS_PER_BLOCK = (2, 2, 4, 4, 4)


# Losses


def content(features: np.ndarray, target: np.ndarray, normalization: str = "paper") -> float:
    height, width, channels = features.shape
    total = 0.0
    for row in range(height):
        for column in range(width):
            for channel in range(channels):
                f, p = float(features[row, column, channel]), float(target[row, column, channel])
                total += (f - p) ** 2
    divisor = {"paper": 2, "sum": 1, "mean": height * width * channels}[normalization]
    return total / divisor


def gram(features: np.ndarray, normalization: str = "positions") -> np.ndarray:
    """G_ij = sum_k F_ik F_jk with the paper's F, whose rows are channels."""
    height, width, channels = features.shape
    f = [[float(v) for v in features[:, :, i].ravel()] for i in range(channels)]
    g = np.zeros((channels, channels))
    for i in range(channels):
        for j in range(channels):
            for k in range(height * width):
                g[i, j] += f[i][k] * f[j][k]
    return g / (height * width if normalization == "positions" else 1)


def style(g: np.ndarray, a: np.ndarray, normalization: str = "paper") -> float:
    n = len(g)
    total = 0.0
    for i in range(n):
        for j in range(n):
            total += (float(g[i, j]) - float(a[i, j])) ** 2
    return total / {"paper": 4 * n**2, "mean": n**2, "mean_per_channel": n**4}[normalization]


def variation(image: np.ndarray, normalization: str = "squared_mean") -> float:
    height, width, _ = image.shape
    image = image.astype(np.float64)
    down = [image[r + 1, c] - image[r, c] for r in range(height - 1) for c in range(width)]
    right = [image[r, c + 1] - image[r, c] for r in range(height) for c in range(width - 1)]
    if normalization == "absolute_sum":
        return float(np.abs(down).sum() + np.abs(right).sum())
    return float(np.square(down).mean() + np.square(right).mean())


# VGG19


def convolve(
    maps: np.ndarray, kernel: np.ndarray, bias: np.ndarray, padding: str = "zero"
) -> np.ndarray:
    """3 x 3, padded, no flip: the output at a position sees its eight neighbors."""
    height, width, _ = maps.shape
    around = {"zero": "constant", "reflect": "reflect"}[padding]
    padded = np.pad(maps.astype(np.float64), ((1, 1), (1, 1), (0, 0)), around)
    out = np.tile(bias.astype(np.float64), (height, width, 1))
    for row in range(3):
        for column in range(3):
            out += padded[row : row + height, column : column + width] @ kernel[row, column].astype(
                np.float64
            )
    return out


def pool(maps: np.ndarray, kind: str) -> np.ndarray:
    height, width, channels = maps.shape
    out = np.empty((height // 2, width // 2, channels))
    for row in range(height // 2):
        for column in range(width // 2):
            window = maps[2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
            out[row, column] = window.max((0, 1)) if kind == "max" else window.mean((0, 1))
    return out


def network(
    image: np.ndarray,
    weights: Weights,
    layers: Iterable[str],
    *,
    pooling: str = "max",
    padding: str = "zero",
    activation: str = "relu",
    preprocessing: str = "caffe",
) -> dict[str, np.ndarray]:
    layers, features = set(layers), {}
    maps = image.astype(np.float64)
    if preprocessing == "caffe":
        red, green, blue = (255 * maps[..., channel] for channel in range(3))
        maps = np.stack([blue, green, red], -1) - MEAN_BGR
    for block, convolutions in enumerate(CONVOLUTIONS_PER_BLOCK, 1):
        for convolution in range(1, convolutions + 1):
            name = f"block{block}_conv{convolution}"
            linear = convolve(maps, weights.kernels[name], weights.biases[name], padding)
            maps = np.maximum(linear, 0)
            if name in layers:
                features[name] = maps if activation == "relu" else linear
            if len(features) == len(layers):
                return features
        maps = pool(maps, pooling)
    raise AssertionError(f"not all of {layers} are layers of VGG19")


def total(
    image: np.ndarray,
    content_image: np.ndarray,
    styles: Sequence[np.ndarray],
    recipe: Recipe,
    weights: Weights,
) -> dict[str, float]:
    """The weighted terms of a recipe, with equal shares of the styles."""

    def features(picture: np.ndarray) -> dict[str, np.ndarray]:
        return network(
            picture,
            weights,
            recipe.layers,
            pooling=recipe.pooling,
            padding=recipe.padding,
            activation=recipe.activation,
            preprocessing=recipe.preprocessing,
        )

    def fast_gram(maps: np.ndarray) -> np.ndarray:
        return np.einsum("hwi,hwj->ij", maps, maps) / (maps.shape[0] * maps.shape[1])

    f, p, a = features(image), features(content_image), [features(s) for s in styles]
    terms = {}
    for name in recipe.content_layers:
        squares = np.square(f[name] - p[name])
        factor = {"paper": 0.5, "sum": 1, "mean": 1 / squares.size}[recipe.content_normalization]
        terms[f"content/{name}"] = recipe.content_weight * factor * squares.sum()
    for name in recipe.style_layers:
        n = f[name].shape[-1]
        target = sum(fast_gram(maps[name]) for maps in a) / len(a)
        squares = np.square(fast_gram(f[name]) - target)
        norms = {"paper": 1 / (4 * n**2), "mean": 1 / n**2, "mean_per_channel": 1 / n**4}
        w = {"mean": 1 / len(recipe.style_layers), "one": 1, "inverse_square": 1 / n**2}
        factor = recipe.style_weight * w[recipe.layer_weights] * norms[recipe.style_normalization]
        terms[f"style/{name}"] = factor * squares.sum()
    if recipe.variation_weight:
        loss = variation(image, recipe.variation_normalization)
        terms["variation"] = recipe.variation_weight * loss
    return terms


# Calculus


def slopes(
    function: Callable[[np.ndarray], float],
    x: np.ndarray,
    directions: Iterable[np.ndarray],
    h: float,
) -> list[float]:
    """Derivatives of `function` at `x` along `directions`, by central differences in float64."""
    x = x.astype(np.float64)
    return [(function(x + h * d) - function(x - h * d)) / (2 * h) for d in directions]


def gradient(function: Callable[[np.ndarray], float], x: np.ndarray, h: float) -> np.ndarray:
    """The whole gradient by central differences, one entry after the other."""
    units = np.eye(x.size).reshape(x.size, *x.shape)
    return np.reshape(slopes(function, x, units, h), x.shape)


# Optimizers


def adam_steps(
    x: np.ndarray,
    gradient: Callable[[np.ndarray], np.ndarray],
    steps: int,
    *,
    rate: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> list[np.ndarray]:
    """Algorithm 1 of Kingma and Ba; `rate` is in units of x."""
    m, v, path = np.zeros_like(x), np.zeros_like(x), []
    for t in range(1, steps + 1):
        g = gradient(x)
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g * g
        x = x - rate * (m / (1 - beta_1**t)) / (np.sqrt(v / (1 - beta_2**t)) + epsilon)
        path.append(x)
    return path


def two_loop_direction(
    gradient: np.ndarray,
    pairs: Sequence[tuple[np.ndarray, np.ndarray]],
    guess: Callable[[np.ndarray], np.ndarray] = lambda q: q,
) -> np.ndarray:
    """-H g by the two-loop recursion (Nocedal and Wright, algorithm 7.4); oldest pair first.

    The first guess H_0 is `guess` up to a factor.
    """
    q, alphas = gradient.copy(), []
    for s, y in reversed(pairs):
        alphas.append((s @ q) / (s @ y))
        q = q - alphas[-1] * y
    s, y = pairs[-1]
    r = (s @ y) / (y @ guess(y)) * guess(q)
    for (s, y), alpha in zip(pairs, reversed(alphas), strict=True):
        r = r + s * (alpha - (y @ r) / (s @ y))
    return -r


def band_guess(
    pairs: Sequence[tuple[np.ndarray, np.ndarray]], shape: tuple[int, int, int], bands: int
) -> Callable[[np.ndarray], np.ndarray]:
    """|s| / |y| of every half octave, over all pairs; each counts 0.9 of the one after it."""
    rows, columns = (np.fft.fftfreq(side) for side in shape[:2])
    radius = np.sqrt(rows[:, None] ** 2 + columns[None, :] ** 2)
    edges = [np.inf, *(0.5 / 2 ** (k / 2) for k in range(1, bands)), -1.0]
    masks = [(radius <= high) & (radius > low) for high, low in itertools.pairwise(edges)]

    def energies(x: np.ndarray) -> np.ndarray:
        power = np.sum(np.abs(np.fft.fft2(x.reshape(shape), axes=(0, 1))) ** 2, -1)
        return np.array([power[mask].sum() for mask in masks]) / power.sum()

    total = np.zeros((2, bands))
    for pair in pairs:
        total = 0.9 * total + [energies(x) for x in pair]
    curvatures = np.sqrt(total[1] / total[0])
    factors = 1 / np.maximum(curvatures, curvatures.max() / 100)
    plane = sum(factor * mask for factor, mask in zip(factors, masks, strict=True))

    def guess(q: np.ndarray) -> np.ndarray:
        transformed = np.fft.fft2(q.reshape(shape), axes=(0, 1))
        return np.fft.ifft2(plane[..., None] * transformed, axes=(0, 1)).real.ravel()

    return guess
