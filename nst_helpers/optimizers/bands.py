"""Spatial frequencies of an image, gathered into bands (notebooks/deep/bands)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .._tensorflow import tf

_LEAST_PERIODS = 4  # in the shorter side; what is coarser shares a band


class Bands:
    """Half octaves of an image's spatial frequencies; anything but an image is one band.

    Frequencies are distances from 0 in the plane of the Fourier transform, in periods per pixel.
    Band 0 holds those of 0.35 and more, the last one those with fewer than four periods or so.

    Parameters
    ----------
    shape : sequence of int
        (H, W, C) of an image, or (P,).
    """

    def __init__(self, shape: Sequence[int]) -> None:
        self.shape, self.count = tuple(shape), 1
        self.is_image = len(self.shape) == 3
        if self.is_image:
            height, width, _ = self.shape
            rows, columns = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)
            least = min(0.5, _LEAST_PERIODS / min(height, width))
            frequency = np.clip(np.hypot(rows, columns), least, 0.499)
            self._index = (2 * np.log2(0.5 / frequency)).astype(np.int32)
            self.count = int(self._index.max()) + 1
            # The half plane that rfft2d gives stands for both, its first and middle column do not.
            twice = np.where((columns == 0) | (columns == 0.5), 1, 2)
            self._weights = (twice / (height * width)).astype(np.float32)

    def energies(self, x: tf.Tensor) -> tf.Tensor:
        """Return the sum of squares in every band, shape (count,); together they are that of x."""
        if not self.is_image:
            return tf.reduce_sum(x**2)[None]
        squares = tf.reduce_sum(tf.abs(self._transform(x)) ** 2, axis=0) * self._weights
        return tf.math.unsorted_segment_sum(squares, self._index, self.count)

    def scale(self, x: tf.Tensor, factors: tf.Tensor) -> tf.Tensor:
        """Return x with every band multiplied by its factor; `factors` has shape (count,)."""
        if not self.is_image:
            return factors[0] * x
        scaled = self._transform(x) * tf.cast(tf.gather(factors, self._index), tf.complex64)
        planes = tf.signal.irfft2d(scaled, self.shape[:2])
        return tf.reshape(tf.transpose(planes, [1, 2, 0]), x.shape)

    def _transform(self, x: tf.Tensor) -> tf.Tensor:
        return tf.signal.rfft2d(tf.transpose(tf.reshape(x, self.shape), [2, 0, 1]))
