"""What the networks of one pass are built of besides Keras' own layers."""

from __future__ import annotations

from .._tensorflow import tf


class ReflectedConv(tf.keras.layers.Conv2D):
    """A convolution of odd size over maps that go on beyond the border by their reflection."""

    def call(self, maps: tf.Tensor) -> tf.Tensor:
        """Return the products, shape (B, H / stride, W / stride, N)."""
        rim = self.kernel_size[0] // 2
        return super().call(tf.pad(maps, [[0, 0], [rim, rim], [rim, rim], [0, 0]], "REFLECT"))
