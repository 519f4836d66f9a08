"""Rulers for pictures that no run optimizes: what is kept of a photo, what is missing of a style.

Lessons 10 and 11 derive all but `grain`. Pictures are arrays of shape (H, W, 3), RGB in [0, 1].
"""

from __future__ import annotations

import numpy as np

from .._tensorflow import tf
from ..judge.content import LUMINANCE, ssim
from ..losses.statistics import gram_matrix
from ..network.vgg19 import VGG19
from ..network.weights import Weights

#: Layers for `StyleRuler`, of which no published recipe uses more than two.
JUDGES = ("block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3")


def squint(image: np.ndarray) -> np.ndarray:
    """Return the means of squares of 2 x 2 pixels; an odd last row or column falls away.

    Examples
    --------
    >>> squint(np.eye(4)[..., None].repeat(3, -1))[..., 0]
    array([[0.5, 0. ],
           [0. , 0.5]])
    """
    height, width = image.shape[0] // 2, image.shape[1] // 2
    return image[: 2 * height, : 2 * width].reshape(height, 2, width, 2, 3).mean(axis=(1, 3))


def kept(image: np.ndarray, photo: np.ndarray) -> float:
    """Return the structural similarity of two pictures, squinted at: 1 for the same luminance."""
    return ssim(squint(image), squint(photo))


def structure_length(image: np.ndarray) -> float:
    """Return the shift in pixels at which the luminance's autocorrelation has fallen to one half.

    The mean of both directions, interpolated between pixels; the picture is squinted at, and
    continued around its border.
    """
    gray = squint(image) @ LUMINANCE
    power = np.abs(np.fft.fft2(gray - gray.mean())) ** 2
    correlation = np.fft.ifft2(power).real / power.mean()
    halves = []
    for line in (correlation[0], correlation[:, 0]):
        d = int(np.argmax(line < 0.5))
        halves.append(d - 1 + (line[d - 1] - 0.5) / (line[d - 1] - line[d]))
    return 2 * float(np.mean(halves))


def grain(image: np.ndarray) -> float:
    """Return the deviation of the checkerboards of 2 x 2 pixels, red minus green, in gray values.

    Average pooling does not see them, so that they stay where a start had them.

    Examples
    --------
    >>> board = np.indices((4, 4)).sum(0) % 2 / 255
    >>> grain(np.dstack([board, 0 * board, board]))
    0.5
    """
    height, width = image.shape[0] // 2 * 2, image.shape[1] // 2 * 2
    color = (image[..., 0] - image[..., 1])[:height, :width]
    boards = color[::2, ::2] - color[1::2, ::2] - color[::2, 1::2] + color[1::2, 1::2]
    return 255 / 4 * float(np.sqrt(np.mean(boards**2)))


class StyleRuler:
    """How much of a painting's style is missing in pictures of a photo.

    Parameters
    ----------
    painting, photo : ndarray, shape (H, W, 3)
        RGB in [0, 1]. Distances are measured in that between these two.
    weights : Weights, optional
        From `load_weights`; by default the pretrained ones.
    """

    def __init__(
        self, painting: np.ndarray, photo: np.ndarray, weights: Weights | None = None
    ) -> None:
        self._network = VGG19(JUDGES, weights, pooling="average")
        self._target = self._grams(painting)
        self._whole = self._distances(photo)

    def missing(self, image: np.ndarray) -> float:
        """Return the mean distance of Gram matrices over `JUDGES`: 1 the photo, 0 the painting."""
        return float(np.mean(self._distances(image) / self._whole))

    def _grams(self, image: np.ndarray) -> list[np.ndarray]:
        features = self._network(tf.constant(image[None], tf.float32))
        return [gram_matrix(maps)[0].numpy() for maps in features.values()]

    def _distances(self, image: np.ndarray) -> np.ndarray:
        pairs = zip(self._grams(image), self._target, strict=True)
        return np.array([np.linalg.norm(one - other) for one, other in pairs])
