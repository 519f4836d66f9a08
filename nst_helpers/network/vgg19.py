"""VGG19 as a feature extractor: any set of layers in one pass, cut after the deepest (lesson 03).

The convolutional part of Simonyan and Zisserman's network E (arXiv 1409.1556), as used by Gatys,
Ecker and Bethge (CVPR 2016, section 2): sixteen 3 x 3 convolutions in five blocks, each followed
by a ReLU, with a 2 x 2 pooling between blocks. Layer names are Keras'; the paper's conv4_2 is
`block4_conv2` here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from weakref import WeakKeyDictionary

from .._tensorflow import tf
from ..architecture import LAYERS, check_layers, smallest_side
from ..errors import LayerError
from ..options import Activation, Padding, Pooling, Preprocessing
from .precision import has_bfloat16
from .preprocessing import MEAN_BGR
from .weights import Weights, load_weights

# TensorFlow never forgets a compiled function with a gradient of its own, nor the tensors in it:
# networks with the same weights share theirs, or every run would leave its kernels behind.
_SHARED: WeakKeyDictionary[Weights, dict[tuple[str, ...], tuple[tf.Tensor, ...]]] = (
    WeakKeyDictionary()
)


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
    padding : {"zero", "reflect"}
        What every convolution sees beyond the border: zeros, as the network was trained, or the
        maps' own reflection, which leaves no rim.
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
        padding: Padding = "zero",
        activation: Activation = "relu",
        preprocessing: Preprocessing = "caffe",
        precision: str = "float32",
    ) -> None:
        self.layers = check_layers(layers)
        self.weights = load_weights() if weights is None else weights
        self.pooling, self.padding, self.activation = pooling, padding, activation
        self.preprocessing, self.precision = preprocessing, precision
        self._path = LAYERS[: LAYERS.index(self.layers[-1]) + 1]
        computed = precision == "float32" or has_bfloat16()
        self._arithmetic = precision if computed else "float32"
        self._convolve, self._biases = {}, {}
        for name in self._path:
            kernel, turned, self._biases[name] = self._tensors(name)
            self._convolve[name] = _convolution(kernel, turned, padding)

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
            linear = self._convolve[name](maps)
            linear = self._round(tf.nn.bias_add(linear, self._biases[name]))
            maps = tf.nn.relu(linear)
            if name in self.layers:
                wanted = maps if self.activation == "relu" else linear
                features[name] = tf.cast(wanted, self.precision)
        return features

    def _tensors(self, name: str) -> tuple[tf.Tensor, ...]:
        """Return a layer's kernel, the kernel of its gradient, and its bias."""
        shared = _SHARED.setdefault(self.weights, {})
        key = name, self.precision, self._arithmetic
        if key not in shared:
            with tf.init_scope():  # outside of what is being compiled, for those that share it
                kernel = self._round(self.weights.kernels[name])
                turned = tf.transpose(kernel[::-1, ::-1], (0, 1, 3, 2))
                shared[key] = kernel, turned, self._round(self.weights.biases[name])
        return shared[key]

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
        # A single row has no neighbor to reflect.
        need = smallest_side(self.layers[-1]) * (2 if self.padding == "reflect" else 1)
        if any(side is not None and side < need for side in shape[1:3]):
            raise LayerError(
                f"A {shape[2]} x {shape[1]} image is too small for {self.layers[-1]}; "
                f"each side needs at least {need} pixels."
            )


def _convolution(
    kernel: tf.Tensor, turned: tf.Tensor, padding: Padding
) -> Callable[[tf.Tensor], tf.Tensor]:
    """Return the convolution with a kernel.

    Its gradient is a convolution, too, with the kernel turned by 180 degrees and its channels
    exchanged (lesson 02). TensorFlow's own gradient rearranges the kernel at every call, which for
    maps of 20 x 13 positions and 512 channels takes as long as the products.
    """
    around = "SAME" if padding == "zero" else "VALID"
    back = "SAME" if padding == "zero" else [[0, 0], [2, 2], [2, 2], [0, 0]]

    @tf.custom_gradient
    def convolve(maps: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        products = tf.nn.conv2d(maps, kernel, 1, around)
        return products, lambda slope: tf.nn.conv2d(slope, turned, 1, back)

    if padding == "zero":
        return convolve
    rim = [[0, 0], [1, 1], [1, 1], [0, 0]]
    return lambda maps: convolve(tf.pad(maps, rim, "REFLECT"))
