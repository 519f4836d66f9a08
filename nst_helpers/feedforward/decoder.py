"""VGG19 as an encoder, and the way back from its features to pixels (lesson 13)."""

from __future__ import annotations

import numpy as np

from .._tensorflow import tf
from ..network.precision import resolve_precision
from ..network.vgg19 import VGG19
from ..network.weights import Weights
from ..pictures.sizes import check_image
from ..transfer.scales import frame, unframed
from .kept import kept_network
from .layers import ReflectedConv

LAYER = "block3_conv1"
CELL = 4  # pixels along one side of a position of that layer
_CHANNELS = 256
_WIDTHS = (128,), (64, 32), (32,)  # of the convolutions at a quarter, half and full size


def make_decoder(seed: int = 0) -> tf.keras.Model:
    """Return an untrained decoder.

    Returns
    -------
    keras.Model
        From features of `LAYER`, shape (B, h, w, 256), over their root mean square, to RGB, shape
        (B, 4 h, 4 w, 3), which nothing keeps in [0, 1]. 397,411 parameters.
    """
    maps = features = tf.keras.Input((None, None, _CHANNELS))
    for level, widths in enumerate(_WIDTHS):
        maps = tf.keras.layers.UpSampling2D(2)(maps) if level else maps
        for index, width in enumerate(widths):
            start = tf.keras.initializers.HeNormal(seed=100 * seed + 10 * level + index)
            maps = ReflectedConv(width, 3, activation="relu", kernel_initializer=start)(maps)
    start = tf.keras.initializers.GlorotUniform(seed=100 * seed + 99)
    gray = tf.keras.initializers.Constant(0.5)
    image = ReflectedConv(3, 3, kernel_initializer=start, bias_initializer=gray)(maps)
    return tf.keras.Model(features, image)


class Autoencoder:
    """VGG19 up to `LAYER`, and the decoder that comes with the package.

    Parameters
    ----------
    weights : Weights, optional
        Of VGG19, from `load_weights`; by default the pretrained ones.

    Raises
    ------
    WeightsError
        If the weights of either cannot be had.
    """

    def __init__(self, weights: Weights | None = None) -> None:
        self._network = encoder(weights)
        arrays = kept_network("decoder")
        self._scale = float(arrays.pop("scale"))
        self._decoder = make_decoder()
        self._decoder.set_weights([array.astype(np.float32) for array in arrays.values()])

    def encode(self, image: np.ndarray) -> np.ndarray:
        """Return the features of a picture over their root mean square.

        Parameters
        ----------
        image : ndarray, float, shape (H, W, 3)
            RGB in [0, 1].

        Returns
        -------
        ndarray, float32, shape (ceil(H / 4), ceil(W / 4), 256)
            A side of 4 pixels or less has two positions: one has no reflection.

        Raises
        ------
        ImageError
            If it is no picture.
        """
        image = check_image(image)
        maps = self._network(tf.constant(frame(image, CELL)[None]))[LAYER][0]
        return tf.cast(maps, tf.float32).numpy() / self._scale

    def decode(self, features: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
        """Return the picture that features stand for.

        Parameters
        ----------
        features : ndarray, float32, shape (h, w, 256)
            As `encode` gives them.
        shape : (height, width)
            Of the picture that was encoded.

        Returns
        -------
        ndarray, float32, shape (height, width, 3)
            RGB in [0, 1].
        """
        image = self._decoder(tf.constant(features[None], tf.float32))[0].numpy()
        return np.clip(unframed(image, shape), 0, 1)


def encoder(weights: Weights | None, layers: tuple[str, ...] = (LAYER,)) -> VGG19:
    """Return the network that gives features of these layers, without a rim at the border."""
    return VGG19(layers, weights, padding="reflect", precision=resolve_precision("auto"))
