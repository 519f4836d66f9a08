"""VGG19 as a feature extractor: any set of layers in one pass, cut after the deepest (lesson 02).

The convolutional part of Simonyan and Zisserman's network E (arXiv 1409.1556), as used by Gatys,
Ecker and Bethge (CVPR 2016, section 2): sixteen 3 x 3 convolutions in five blocks, each followed
by a ReLU, with a 2 x 2 pooling between blocks. Layer names are Keras'; the paper's conv4_2 is
`block4_conv2` here.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ._tensorflow import tf
from .architecture import CHANNELS as CHANNELS
from .architecture import LAYERS as LAYERS
from .architecture import check_layers as check_layers
from .architecture import smallest_side as smallest_side
from .errors import LayerError
from .images import MEAN_BGR
from .options import Activation, Pooling, Preprocessing
from .precision import has_bfloat16
from .weights import Weights, load_weights


class VGG19:
    """Features of several layers of VGG19, computed in one pass.

    Parameters
    ----------
    layers : iterable of str
        Keras' names, such as ``"block4_conv2"``. Nothing after the deepest one is computed.
    weights : Weights, optional
        From `load_weights`; by default the pretrained ones.
    pooling : {"max", "average"}
        The network was trained with max; the paper takes average (CVPR 2016, section 2).
    activation : {"relu", "linear"}
        Features after the ReLU, as in the paper, or before it.
    preprocessing : {"caffe", "none"}
        ``"caffe"`` turns RGB in [0, 1] into what the network was trained on (BGR, 0-255, minus the
        mean); ``"none"`` feeds RGB in [0, 1] as it is, a frequent mistake kept for study.
    precision : {"float32", "bfloat16"}
        Arithmetic of the network. The features come back in it; the losses cast to float32.
        A processor whose convolutions do not take bfloat16 emulates it: the same rounding of all
        maps and kernels, at no gain.

    Raises
    ------
    LayerError
        For an unknown layer.
    WeightsError
        If the pretrained weights cannot be had.
    """

    def __init__(
        self,
        layers: Iterable[str],
        weights: Weights | None = None,
        *,
        pooling: Pooling = "max",
        activation: Activation = "relu",
        preprocessing: Preprocessing = "caffe",
        precision: str = "float32",
    ) -> None:
        self.layers = check_layers(layers)
        self.weights = load_weights() if weights is None else weights
        self.pooling, self.activation = pooling, activation
        self.preprocessing, self.precision = preprocessing, precision
        self._path = LAYERS[: LAYERS.index(self.layers[-1]) + 1]
        computed = precision == "float32" or has_bfloat16()
        self._arithmetic = precision if computed else "float32"
        self._kernels = {n: self._round(self.weights.kernels[n]) for n in self._path}
        self._biases = {n: self._round(self.weights.biases[n]) for n in self._path}

    def __call__(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return the features of every layer asked for.

        Parameters
        ----------
        images : tensor, float32, shape (B, H, W, 3)
            RGB in [0, 1].

        Returns
        -------
        dict of str to tensor, shape (B, H_l, W_l, N_l)
            In the extractor's precision, keyed by layer name.

        Raises
        ------
        LayerError
            If the image is too small for the deepest layer.
        """
        images = tf.convert_to_tensor(images)
        self._check_size(images.shape)
        maps = self._round(self._preprocess(images))
        features = {}
        for name in self._path:
            if name.endswith("conv1") and name != self._path[0]:
                maps = self._pool(maps)
            linear = tf.nn.conv2d(maps, self._kernels[name], 1, "SAME")
            linear = self._round(tf.nn.bias_add(linear, self._biases[name]))
            maps = tf.nn.relu(linear)
            if name in self.layers:
                wanted = maps if self.activation == "relu" else linear
                features[name] = tf.cast(wanted, self.precision)
        return features

    def _round(self, x: tf.Tensor) -> tf.Tensor:
        """Round to the precision; the numbers stay of another kind where it is emulated."""
        return tf.cast(tf.cast(x, self.precision), self._arithmetic)

    def _preprocess(self, images: tf.Tensor) -> tf.Tensor:
        if self.preprocessing == "none":
            return images
        # images.to_network in operations that TensorFlow's CPU kernels run four times faster
        return tf.nn.bias_add(tf.reverse(images, [-1]) * 255.0, [-mean for mean in MEAN_BGR])

    def _pool(self, maps: tf.Tensor) -> tf.Tensor:
        pool = tf.nn.max_pool2d if self.pooling == "max" else tf.nn.avg_pool2d
        return pool(maps, 2, 2, "VALID")

    def _check_size(self, shape: tf.TensorShape) -> None:
        if shape.rank != 4 or shape[-1] != 3:
            raise LayerError(
                f"VGG19 takes a batch of RGB images, shape (B, H, W, 3), not {tuple(shape)}; "
                "add the batch axis with image[None]."
            )
        need = smallest_side(self.layers[-1])
        if any(side is not None and side < need for side in shape[1:3]):
            raise LayerError(
                f"A {shape[2]} x {shape[1]} image is too small for {self.layers[-1]}; "
                f"each side needs at least {need} pixels."
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
    weights: Weights, images: Iterable[np.ndarray], pooling: Pooling = "average"
) -> Weights:
    """Rescale the network so that every channel's mean activation over `images` is 1.

    The function computed up to a layer only changes by one positive factor per channel: ReLU and
    pooling commute with such factors, so dividing channel i of layer l by its mean activation
    m_i and multiplying the inputs it reads by theirs cancels (lesson 02 derives it).

        W'[c, i] = W[c, i] * m_c(l - 1) / m_i(l),    b'_i = b_i / m_i(l)

    Channels that never fire on `images` keep their scale.

    Parameters
    ----------
    weights : Weights
    images : iterable of ndarray, float32, shape (H, W, 3)
        RGB in [0, 1]. Many and different ones: a channel that hardly fires is blown up.
    pooling : {"max", "average"}
        The pooling that the network will be used with.

    References
    ----------
    Gatys, Ecker, Bethge, CVPR 2016, section 2.
    """
    means = mean_activations(VGG19(LAYERS, weights, pooling=pooling), images)
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
