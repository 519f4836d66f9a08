"""What is kept of the content: the similarities of its places, and its luminance."""

from __future__ import annotations

import numpy as np
from skimage.metrics import structural_similarity

LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)

_TEMPERATURE = 0.1  # of cosines: neither all places count alike nor the most similar alone
_ROWS = 512  # of the matrix of similarities that are held at once: 22 MB at 512 pixels


def similarity_divergence(content: np.ndarray, result: np.ndarray) -> float:
    """Return how much has changed in which places look alike.

    Row i of the similarities, softmax_j(cos(f_i, f_j) / 0.1), says which places look like place i;
    this is the mean over rows of KL(row of the content || row of the result). Colors may change as
    long as what looked alike does so still.

    The published distance takes products instead of cosines, and a sum instead of the mean. Large
    features rule it: there, what has little contrast, such as noise or a flat picture, is nearer
    to a photo than a result that everybody recognizes.

    Parameters
    ----------
    content, result : ndarray, shape (..., N)
        Features at the same places.

    Returns
    -------
    float
        At least 0, up to rounding; 0 for the content itself, less is better. At block3_conv1 of
        two photos of 160 and 192 pixels, other colors gave 0.1, results 0.4 to 1.3, a painting
        with other content and noise 1.2 to 1.6, and a flat picture 1.8.

    References
    ----------
    After the content feature structural distance (CFSD) of Chung, Hyun, Heo, CVPR 2024 (StyleID,
    arXiv 2312.09008). Cosines of all pairs of places: Kolkin, Salavon, Shakhnarovich, CVPR 2019
    (STROTSS, arXiv 1904.12785).
    """
    both = [_directions(features) for features in (content, result)]
    total = 0.0
    for start in range(0, len(both[0]), _ROWS):
        rows = slice(start, start + _ROWS)
        log_p, log_q = (_log_softmax(f[rows] @ f.T / _TEMPERATURE) for f in both)
        total += float(np.sum(np.exp(log_p) * (log_p - log_q), dtype=np.float64))
    return total / len(both[0])


def _directions(features: np.ndarray) -> np.ndarray:
    """Return features of length 1, shape (M, N); where there are none, 0."""
    rows = features.reshape(-1, features.shape[-1])
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    """Return the logarithm of exp(logits), of which every row is divided by its sum."""
    logits = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)))


def ssim(image: np.ndarray, photo: np.ndarray) -> float:
    """Return the structural similarity of two pictures' luminance.

    Parameters
    ----------
    image, photo : ndarray, shape (H, W, 3)
        RGB in [0, 1], with at least 11 pixels on each side.

    Returns
    -------
    float
        -1 to 1; 1 for the same luminance, more is better.

    References
    ----------
    Wang, Bovik, Sheikh, Simoncelli, IEEE Transactions on Image Processing 13 (2004): SSIM, with
    their Gaussian windows.
    """
    one, other = (picture @ LUMINANCE for picture in (image, photo))
    how = {"data_range": 1.0, "gaussian_weights": True}
    return float(structural_similarity(one, other, **how))  # type: ignore[no-untyped-call]
