"""The network rescaled to mean activation 1, as in the paper (notebooks/deep/rescaled_network)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from .._tensorflow import tf
from ..architecture import CHANNELS, LAYERS
from ..options import Padding, Pooling
from ..pictures import data
from .vgg19 import VGG19
from .weights import Weights

#: What `normalize_network` averages over; the paper does not name its images. Of fewer pictures,
#: channels that hardly fire in them are blown up until they make up nearly all of the style loss.
NORMALIZATION_PICTURES = (
    "china",
    "flower",
    "swirling_night",
    "woodcut_waves",
    "stained_glass",
    "pointillist_meadow",
    "cubist_facets",
    "ink_mountains",
    "turning_discs",
)


def mean_activations(extractor: VGG19, images: Iterable[np.ndarray]) -> dict[str, np.ndarray]:
    """Return each channel's mean over all positions of all images.

    Parameters
    ----------
    extractor : VGG19
        Its layers decide which means are taken.
    images : iterable of ndarray, float32, shape (H, W, 3)
        RGB in [0, 1]; sizes may differ.

    Returns
    -------
    dict of str to ndarray, float64, shape (N_l,)
    """
    sums = {name: np.zeros(CHANNELS[name]) for name in extractor.layers}
    positions = dict.fromkeys(extractor.layers, 0)
    for image in images:
        for name, maps in extractor(tf.constant(image[None])).items():
            values = tf.cast(maps, tf.float32).numpy()
            sums[name] += values.sum((0, 1, 2), dtype=np.float64)
            positions[name] += values[..., 0].size
    return {name: sums[name] / positions[name] for name in extractor.layers}


def normalize_weights(
    weights: Weights,
    images: Iterable[np.ndarray],
    pooling: Pooling = "average",
    padding: Padding = "zero",
) -> Weights:
    """Rescale the network so that every channel's mean activation over `images` is 1.

    The function computed up to a layer only changes by one positive factor per channel: ReLU and
    pooling commute with such factors, so dividing channel i of layer l by its mean activation
    m_i and multiplying the inputs it reads by theirs cancels (derived in
    notebooks/deep/rescaled_network).

        W'[c, i] = W[c, i] * m_c(l - 1) / m_i(l),    b'_i = b_i / m_i(l)

    Channels that never fire on `images` keep their scale.

    Parameters
    ----------
    weights : Weights
    images : iterable of ndarray, float32, shape (H, W, 3)
        RGB in [0, 1]. Many and different ones: a channel that hardly fires is blown up.
    pooling, padding
        What the network will be used with; see `VGG19`.

    References
    ----------
    Gatys, Ecker, Bethge, CVPR 2016, section 2.
    """
    network = VGG19(LAYERS, weights, pooling=pooling, padding=padding)
    means = mean_activations(network, images)
    scales = {name: np.where(mean > 0, mean, 1.0) for name, mean in means.items()}
    inputs = [np.ones(3), *(scales[name] for name in LAYERS[:-1])]
    before = dict(zip(LAYERS, inputs, strict=True))
    kernels = {n: weights.kernels[n] * before[n][:, None] / scales[n] for n in LAYERS}
    biases = {n: weights.biases[n] / scales[n] for n in LAYERS}
    return Weights(
        kernels={n: k.astype(np.float32) for n, k in kernels.items()},
        biases={n: b.astype(np.float32) for n, b in biases.items()},
        source=f"{weights.source}, mean activation 1",
        sha256=weights.sha256,
    )


_rescaled: dict[tuple[str, Pooling, Padding], Weights] = {}  # the last network that was


def rescaled(weights: Weights, pooling: Pooling, padding: Padding) -> Weights:
    """Return weights rescaled on `NORMALIZATION_PICTURES`; the last ones are kept."""
    key = weights.fingerprint, pooling, padding
    if key not in _rescaled:
        pictures = (data.load(name, size=256) for name in NORMALIZATION_PICTURES)
        network = normalize_weights(weights, pictures, pooling, padding)
        _rescaled.clear()
        _rescaled[key] = network
    return _rescaled[key]
