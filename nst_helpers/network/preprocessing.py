"""Between pictures and what VGG19 was trained on (lesson 01)."""

from typing import Any

import numpy as np

MEAN_BGR = (103.939, 116.779, 123.68)


def to_network(image: Any) -> Any:
    """Turn pictures into VGG's input: BGR, 0-255, minus the mean color; taught in lesson 01.

    Parameters
    ----------
    image : numpy.ndarray or tf.Tensor
        Shape (..., 3), RGB in [0, 1].

    Returns
    -------
    numpy.ndarray or tf.Tensor
        The same kind, type and shape: BGR, 0-255 minus `MEAN_BGR`.

    Examples
    --------
    >>> to_network(np.array([1.0, 0.0, 0.0])).round(3).tolist()
    [-103.939, -116.779, 131.32]
    """
    return image[..., ::-1] * 255.0 - _mean_like(image)


def from_network(tensor: Any) -> Any:
    """Undo `to_network`; nothing is clipped. Taught in lesson 01.

    Parameters
    ----------
    tensor : numpy.ndarray or tf.Tensor
        Shape (..., 3), BGR, 0-255 minus `MEAN_BGR`.

    Returns
    -------
    numpy.ndarray or tf.Tensor
        The same kind, type and shape: RGB in [0, 1].

    Examples
    --------
    >>> from_network(np.array([-103.939, -116.779, 131.32])).round(3).tolist()
    [1.0, 0.0, 0.0]
    """
    return (tensor + _mean_like(tensor))[..., ::-1] / 255.0


def _mean_like(array: Any) -> Any:
    # TensorFlow gives a tuple the tensor's type; NumPy would make everything float64.
    return np.asarray(MEAN_BGR, array.dtype) if isinstance(array, np.ndarray) else MEAN_BGR
