"""One network for several styles: a photo in, a picture out (lesson 13)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._tensorflow import tf
from ..errors import ImageError, RecipeError
from ..pictures.sizes import check_image
from ..recipe import Recipe
from ..transfer.inputs import check_shares
from ..transfer.scales import frame, unframed
from .kept import kept_network
from .layers import ReflectedConv

#: In the order in which the network knows them.
STYLES = "swirling_night", "woodcut_waves", "cubist_facets", "ink_mountains"
SMALLEST = 16  # pixels along the shorter side: the widest kernel sees four beyond the border
_CELL = 4  # pixels along one side of a position of the deepest maps
_WIDTHS = 16, 32, 48  # channels at full, half and quarter size
_BLOCKS = 4
_APART = 0.3  # deviation of the styles' first scales and shifts
_CONTRAST = 0.25  # deviation of a photo's colors, at first, before strokes are added to them
_GAIN = 0.1  # of the last convolution: it begins near the photo, and Adam does not throw it off


class ConditionalNormalization(tf.keras.layers.Layer):
    """Give each channel of each picture a mean and a deviation that belong to the style.

    References
    ----------
    Ulyanov, Vedaldi, Lempitsky, arXiv:1607.08022: instance normalization.
    Dumoulin, Shlens, Kudlur, ICLR 2017, arXiv:1610.07629, eq. 5: a scale and a shift per style.
    """

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        self._seed = seed

    def build(self, shapes: Any) -> None:
        """Make scales and shifts, shape (S, N), for maps and shares of these shapes.

        Around 1 and 0, at random: styles that begin alike take long to come apart.
        """
        shape = shapes[1][-1], shapes[0][-1]
        near = tf.keras.initializers.RandomNormal
        self.scale = self.add_weight(
            shape=shape, initializer=near(1, _APART, 2 * self._seed), name="scale"
        )
        self.shift = self.add_weight(
            shape=shape, initializer=near(0, _APART, 2 * self._seed + 1), name="shift"
        )

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        """Return the maps, shape (B, H, W, N), as shares of styles, shape (B, S), have them."""
        maps, shares = inputs
        mean, variance = tf.nn.moments(maps, [1, 2], keepdims=True)
        scale, shift = (tf.matmul(shares, x)[:, None, None] for x in (self.scale, self.shift))
        return (maps - mean) * tf.math.rsqrt(variance + 1e-5) * scale + shift


def make_style_network(styles: int, seed: int = 0) -> tf.keras.Model:
    """Return an untrained network for so many styles.

    Returns
    -------
    keras.Model
        From RGB in [0, 1], shape (B, H, W, 3), both sides multiples of 4 and at least 16, and
        shares of the styles, shape (B, styles), to RGB of the same shape, which nothing keeps in
        [0, 1]: the photo with the style's mean and deviation of each color, and strokes added.

    References
    ----------
    Johnson, Alahi, Fei-Fei, ECCV 2016, arXiv:1603.08155: the layers, here fewer and narrower.
    Odena, Dumoulin, Olah, Distill 2016: enlarging before a convolution leaves no checkerboard.
    """
    image, shares = tf.keras.Input((None, None, 3)), tf.keras.Input((styles,))
    seeds = iter(range(100 * seed, 100 * seed + 100))

    def convolve(maps: Any, width: int, size: int = 3, stride: int = 1) -> Any:
        start = tf.keras.initializers.HeNormal(seed=next(seeds))
        # a bias would be taken off with the mean
        layer = ReflectedConv(width, size, stride, use_bias=False, kernel_initializer=start)
        return ConditionalNormalization(next(seeds))([layer(maps), shares])

    full, half, quarter = _WIDTHS
    maps = tf.keras.ops.relu(convolve(image - 0.5, full, size=9))
    maps = tf.keras.ops.relu(convolve(maps, half, stride=2))
    maps = tf.keras.ops.relu(convolve(maps, quarter, stride=2))
    for _ in range(_BLOCKS):
        maps += convolve(tf.keras.ops.relu(convolve(maps, quarter)), quarter)
    for width in (half, full):
        maps = tf.keras.ops.relu(convolve(tf.keras.layers.UpSampling2D(2)(maps), width))
    start = tf.keras.initializers.GlorotUniform(seed=next(seeds))
    change = ReflectedConv(3, 3, kernel_initializer=start)(maps)
    colored = 0.5 + _CONTRAST * ConditionalNormalization(next(seeds))([image, shares])
    return tf.keras.Model([image, shares], colored + tf.keras.ops.tanh(_GAIN * change))


class StyleNetwork:
    """The network that comes with the package, for the styles that it was trained on.

    Attributes
    ----------
    styles : tuple of str
        Their names.

    Raises
    ------
    WeightsError
        If the file is missing or not the registered one.
    """

    def __init__(self) -> None:
        self.styles = STYLES
        self._model = make_style_network(len(STYLES))
        arrays = kept_network("style_network")
        self._model.set_weights([array.astype(np.float32) for array in arrays.values()])

    def paint(
        self,
        image: np.ndarray,
        style: str | Sequence[str],
        style_shares: Sequence[float] | None = None,
    ) -> np.ndarray:
        """Paint a picture in one pass.

        Parameters
        ----------
        image : ndarray, float, shape (H, W, 3)
            RGB in [0, 1], both sides at least 16 pixels. Strokes are as wide at any size: as those
            of a painting that is 256 pixels long.
        style : str or sequence of str
            Of `styles`; of several the scales and shifts are mixed.
        style_shares : sequence of float, optional
            Of each style in that mixture; equal by default.

        Returns
        -------
        ndarray, float32, shape (H, W, 3)
            RGB in [0, 1].

        Raises
        ------
        ImageError
            If it is no picture, or a side is too short.
        RecipeError
            If the network does not know a style, or the shares do not fit the styles.
        """
        image = check_image(image)
        height, width, _ = image.shape
        if min(height, width) < SMALLEST:
            raise ImageError(
                f"A {width} x {height} picture is too small to be painted in one pass; each side "
                f"needs at least {SMALLEST} pixels."
            )
        shares = self._shares([style] if isinstance(style, str) else list(style), style_shares)
        framed = tf.constant(frame(image, _CELL)[None])
        painted = self._model([framed, tf.constant(shares[None], tf.float32)])[0].numpy()
        return np.clip(unframed(painted, (height, width)), 0, 1)

    def _shares(self, names: list[str], shares: Sequence[float] | None) -> np.ndarray:
        """Return the share of every style that the network knows; they sum to 1."""
        for name in names:
            if name not in self.styles:
                raise RecipeError(
                    f"The style network does not know {name!r}; it paints {', '.join(self.styles)}."
                )
        whole = np.zeros(len(self.styles))
        for name, share in zip(names, check_shares(shares, len(names), Recipe()), strict=True):
            whole[self.styles.index(name)] += share
        return whole / whole.sum()
