"""The network against a plain float64 one, and against the numbers it once gave."""

from collections.abc import Callable, Iterable

import numpy as np
import oracles
import pytest

from nst_helpers import (
    CHANNELS,
    LAYERS,
    VGG19,
    Weights,
    data,
    load_weights,
    mean_activations,
    normalize_weights,
    smallest_side,
    tf,
)
from nst_helpers.architecture import check_layers
from nst_helpers.errors import LayerError
from nst_helpers.network import vgg19
from nst_helpers.options import Activation, Padding, Pooling, Preprocessing

SHALLOW = ("block1_conv1", "block1_conv2", "block2_conv1", "block2_conv2", "block3_conv1")

# The float32 features of `china` at 96 x 64 pixels, with the 8-bit weights: mean, standard
# deviation and share of zeros.
RECORDED = {
    "block1_conv1": (24.349173, 50.108494, 0.468592),
    "block1_conv2": (115.192444, 194.69788, 0.359820),
    "block2_conv1": (150.266, 211.05664, 0.391123),
    "block2_conv2": (142.18117, 291.11954, 0.581029),
    "block3_conv1": (161.13824, 303.6656, 0.532450),
    "block3_conv2": (225.37907, 323.1435, 0.412140),
    "block3_conv3": (494.27042, 491.21457, 0.212626),
    "block3_conv4": (698.7229, 935.9284, 0.365184),
    "block4_conv1": (694.4907, 1031.4294, 0.469523),
    "block4_conv2": (472.52914, 896.6876, 0.604635),
    "block4_conv3": (311.69272, 610.4105, 0.637492),
    "block4_conv4": (76.87097, 271.60675, 0.848409),
    "block5_conv1": (84.02129, 202.75558, 0.725911),
    "block5_conv2": (33.291046, 95.06083, 0.784587),
    "block5_conv3": (12.365575, 37.77711, 0.811523),
    "block5_conv4": (0.9095141, 5.603837, 0.948486),
}


def run(extractor: VGG19, image: np.ndarray) -> dict[str, np.ndarray]:
    features = extractor(tf.constant(image[None]))
    return {name: tf.cast(maps[0], tf.float32).numpy() for name, maps in features.items()}


def relative_error(got: np.ndarray, expected: np.ndarray) -> float:
    return float(np.linalg.norm(got - expected) / np.linalg.norm(expected))


def one_channel_reader(channel: int) -> Weights:
    """Return weights whose first feature copies one channel of the network's input."""
    kernel = np.zeros((3, 3, 3, 64), np.float32)
    kernel[1, 1, channel, 0] = 1
    return Weights(
        {"block1_conv1": kernel}, {"block1_conv1": np.zeros(64, np.float32)}, "made by hand", ""
    )


def plain(red: float, green: float, blue: float) -> np.ndarray:
    return np.full((4, 4, 3), (red, green, blue), np.float32)


# The forward pass


@pytest.mark.weights
def test_trained_network_is_the_plain_network(weights: Weights) -> None:
    crop = data.load("china", size=256)[60:92, 100:132]
    features = run(VGG19(SHALLOW[:3], weights), crop)
    for name, expected in oracles.network(crop, weights, SHALLOW[:3]).items():
        assert relative_error(features[name], expected) <= 1e-5  # float32: 1e-7 times a few sums


def test_every_layer_is_that_of_keras(rng: np.random.Generator, random_weights: Weights) -> None:
    keras = tf.keras.applications.vgg19
    model = keras.VGG19(include_top=False, weights=None)
    for name in LAYERS:
        numbers = random_weights.kernels[name], random_weights.biases[name]
        model.get_layer(name).set_weights(numbers)
    every = tf.keras.Model(model.input, [model.get_layer(name).output for name in LAYERS])
    image = rng.random((33, 46, 3), np.float32)
    expected = every(keras.preprocess_input(255 * image[None]))
    features = run(VGG19(LAYERS, random_weights), image)
    for name, maps in zip(LAYERS, expected, strict=True):
        assert relative_error(features[name], maps[0].numpy()) <= 1e-5, name


@pytest.mark.parametrize("preprocessing", ["caffe", "none"])
@pytest.mark.parametrize("activation", ["relu", "linear"])
@pytest.mark.parametrize("pooling", ["max", "average"])
@pytest.mark.parametrize("padding", ["zero", "reflect"])
def test_every_variant_is_the_plain_network(
    rng: np.random.Generator,
    random_weights: Weights,
    padding: Padding,
    pooling: Pooling,
    activation: Activation,
    preprocessing: Preprocessing,
) -> None:
    image = rng.random((19, 14, 3), np.float32)  # 19 -> 9 -> 4: a last odd row falls away
    extractor = VGG19(
        SHALLOW,
        random_weights,
        pooling=pooling,
        padding=padding,
        activation=activation,
        preprocessing=preprocessing,
    )
    features = run(extractor, image)
    plain_features = oracles.network(
        image,
        random_weights,
        SHALLOW,
        pooling=pooling,
        padding=padding,
        activation=activation,
        preprocessing=preprocessing,
    )
    for name, expected in plain_features.items():
        assert features[name].shape == expected.shape
        assert relative_error(features[name], expected) <= 1e-5
    assert (min(maps.min() for maps in features.values()) < 0) == (activation == "linear")


@pytest.mark.parametrize("padding", ["zero", "reflect"])
def test_the_way_back_through_a_convolution_is_tensorflows(
    rng: np.random.Generator, random_weights: Weights, padding: Padding
) -> None:
    kernel = tf.constant(random_weights.kernels["block2_conv1"])
    maps = tf.constant(rng.standard_normal((2, 7, 4, 64), np.float32))
    slope = rng.standard_normal((2, 7, 4, 128), np.float32)

    def plainly(maps: tf.Tensor) -> tf.Tensor:
        mode = {"zero": "CONSTANT", "reflect": "REFLECT"}[padding]
        around = tf.pad(maps, [[0, 0], [1, 1], [1, 1], [0, 0]], mode)
        return tf.nn.conv2d(around, kernel, 1, "VALID")

    def back(convolve: Callable[[tf.Tensor], tf.Tensor]) -> np.ndarray:
        with tf.GradientTape() as tape:
            tape.watch(maps)
            total = tf.reduce_sum(slope * convolve(maps))
        return tape.gradient(total, maps).numpy()

    turned = tf.transpose(kernel[::-1, ::-1], (0, 1, 3, 2))
    ours = back(vgg19._convolution(kernel, turned, padding))
    assert relative_error(ours, back(plainly)) <= 1e-5  # sums of 9 * 128 products


def test_networks_with_the_same_weights_share_their_tensors(random_weights: Weights) -> None:
    one, other = (VGG19([name], random_weights) for name in ("block1_conv1", "block2_conv1"))
    assert one._biases["block1_conv1"] is other._biases["block1_conv1"]
    in_bfloat16 = VGG19(["block1_conv1"], random_weights, precision="bfloat16")
    assert in_bfloat16._biases["block1_conv1"] is not one._biases["block1_conv1"]


def test_a_network_made_while_compiling_shares_no_symbols() -> None:
    weights = load_weights("random", seed=5)
    image = tf.fill((1, 4, 4, 3), 0.5)
    compiled = tf.function(lambda x: VGG19(["block1_conv1"], weights)(x)["block1_conv1"])(image)
    later = VGG19(["block1_conv1"], weights)(image)["block1_conv1"]
    assert relative_error(later.numpy(), compiled.numpy()) <= 1e-6


@pytest.mark.weights
def test_the_default_weights_are_read_once() -> None:
    assert load_weights("8-bit") is load_weights("8-bit")


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_reflection_leaves_no_rim(random_weights: Weights, precision: str) -> None:
    even = tf.fill((1, 64, 48, 3), 0.4)
    for padding in ("zero", "reflect"):
        extractor = VGG19(LAYERS, random_weights, padding=padding, precision=precision)
        for maps in map(tf.squeeze, extractor(even).values()):
            same = np.allclose(maps, maps[1, 1], rtol=1e-5, atol=1e-5 * np.abs(maps).max())
            assert same == (padding == "reflect")


def test_reflection_needs_two_rows(random_weights: Weights) -> None:
    extractor = VGG19(["block5_conv1"], random_weights, padding="reflect")
    assert extractor(tf.zeros((1, 32, 32, 3)))["block5_conv1"].shape == (1, 2, 2, 512)
    with pytest.raises(LayerError, match=r"32 x 31 image .* 32 pixels"):
        extractor(tf.zeros((1, 31, 32, 3)))


@pytest.mark.weights
def test_trained_network_gives_the_recorded_numbers(weights: Weights) -> None:
    if weights.source != "8-bit":
        pytest.skip("the numbers were recorded with the 8-bit weights")
    features = run(VGG19(LAYERS, weights), data.load("china", size=96))
    assert tuple(features) == tuple(RECORDED)
    for name, (mean, deviation, zeros) in RECORDED.items():
        # Other processors sum in another order: about 1e-5 after sixteen layers. Another JPEG
        # decoder may move a pixel by a gray value. A wrong layer moves all this by whole factors.
        values = features[name].astype(np.float64)
        np.testing.assert_allclose(values.mean(), mean, rtol=1e-3)
        np.testing.assert_allclose(values.std(), deviation, rtol=1e-3)
        np.testing.assert_allclose((values == 0).mean(), zeros, atol=1e-3)


def test_bfloat16_is_close_to_float32(content: np.ndarray, random_weights: Weights) -> None:
    exact = run(VGG19(SHALLOW, random_weights), content)
    rounded = run(VGG19(SHALLOW, random_weights, precision="bfloat16"), content)
    for depth, name in enumerate(SHALLOW, 1):
        # Rounding to 8 bits errs by up to 2^-9, once for kernels and once for maps in each layer.
        assert 0 < relative_error(rounded[name], exact[name]) <= depth * 2**-8


def test_bfloat16_is_emulated_where_it_is_missing(
    content: np.ndarray, random_weights: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vgg19, "has_bfloat16", lambda: False)
    emulated = VGG19(SHALLOW, random_weights, precision="bfloat16")
    exact, rounded = run(VGG19(SHALLOW, random_weights), content), run(emulated, content)
    for depth, name in enumerate(SHALLOW, 1):
        assert 0 < relative_error(rounded[name], exact[name]) <= depth * 2**-8
        assert emulated(tf.constant(content[None]))[name].dtype == tf.bfloat16


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_features_come_in_the_precision_asked_for(
    content: np.ndarray, random_weights: Weights, precision: str
) -> None:
    extractor = VGG19(["block1_conv1"], random_weights, precision=precision)
    assert extractor(tf.constant(content[None]))["block1_conv1"].dtype == precision


def test_items_of_a_batch_do_not_touch(rng: np.random.Generator, random_weights: Weights) -> None:
    images = rng.random((3, 8, 8, 3), np.float32)
    extractor = VGG19(["block2_conv1"], random_weights)
    together = extractor(tf.constant(images))["block2_conv1"]
    for image, maps in zip(images, together, strict=True):
        alone = run(extractor, image)["block2_conv1"]
        # One picture may be convolved in another way than three: some epsilon of the largest value.
        np.testing.assert_allclose(maps, alone, rtol=0, atol=1e-5 * np.abs(alone).max())


# The input


@pytest.mark.parametrize(
    ("image", "channel", "value"),
    [
        (plain(0, 0, 1), 0, 255 - 103.939),  # the network was trained on BGR
        (plain(0, 1, 0), 1, 255 - 116.779),
        (plain(1, 0, 0), 2, 255 - 123.68),
        (plain(1, 0, 0), 0, 0.0),  # red must not be read where blue is
        (plain(0, 0, 1), 2, 0.0),
    ],
)
def test_caffe_preprocessing_is_bgr_minus_the_mean(
    image: np.ndarray, channel: int, value: float
) -> None:
    extractor = VGG19(["block1_conv1"], one_channel_reader(channel))
    got = run(extractor, image)["block1_conv1"][..., 0]
    np.testing.assert_allclose(got, value, rtol=1e-5)


def test_no_preprocessing_feeds_rgb_as_it_is() -> None:
    image = plain(0.75, 0.5, 0.25)
    for channel, value in enumerate((0.75, 0.5, 0.25)):
        extractor = VGG19(["block1_conv1"], one_channel_reader(channel), preprocessing="none")
        np.testing.assert_array_equal(run(extractor, image)["block1_conv1"][..., 0], value)


def test_numpy_images_will_do(content: np.ndarray, random_weights: Weights) -> None:
    extractor = VGG19(["block1_conv1"], random_weights)
    expected = run(extractor, content)["block1_conv1"]
    np.testing.assert_array_equal(extractor(content[None])["block1_conv1"][0], expected)
    with pytest.raises(LayerError, match=r"image\[None\]"):
        extractor(content)


@pytest.mark.parametrize("layer", ["block1_conv2", "block2_conv1", "block4_conv2", "block5_conv4"])
def test_smallest_side(layer: str, random_weights: Weights) -> None:
    side, extractor = smallest_side(layer), VGG19([layer], random_weights)
    assert extractor(tf.zeros((1, side, side, 3)))[layer].shape == (1, 1, 1, CHANNELS[layer])
    if side > 1:
        with pytest.raises(LayerError, match=f"A {side} x {side - 1} image .* {side} pixels"):
            extractor(tf.zeros((1, side - 1, side, 3)))


@pytest.mark.parametrize("shape", [(8, 8, 3), (1, 8, 8, 1), (1, 8, 8, 4)])
def test_input_must_be_a_batch_of_rgb(shape: tuple[int, ...], random_weights: Weights) -> None:
    with pytest.raises(LayerError, match=r"image\[None\]"):
        VGG19(["block1_conv1"], random_weights)(tf.zeros(shape))


# The layers


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("conv4_2", "block4_conv2"),
        ("relu5_1", "block5_conv1"),
        ("block4conv2", "block4_conv2"),
        ("block3_conv5", "block3_conv"),
    ],
)
def test_misspelled_layer_is_suggested(asked: str, meant: str) -> None:
    with pytest.raises(LayerError, match=f"no layer '{asked}'; did you mean '{meant}"):
        check_layers([asked])


def test_unknown_layer_and_no_layer() -> None:
    with pytest.raises(LayerError, match=r"choose from block1_conv1, .*block5_conv4"):
        check_layers(["xyz"])
    with pytest.raises(LayerError, match="at least one"):
        check_layers([])


def test_any_set_of_layers_in_any_order(content: np.ndarray, random_weights: Weights) -> None:
    asked = ["block3_conv1", "block1_conv2", "block3_conv1"]
    features = run(VGG19(asked, random_weights), content)
    assert tuple(features) == ("block1_conv2", "block3_conv1")
    for name in features:
        alone = run(VGG19([name], random_weights), content)
        np.testing.assert_array_equal(alone[name], features[name])


def test_nothing_after_the_deepest_layer_is_needed(
    content: np.ndarray, random_weights: Weights
) -> None:
    def first_three(arrays: Iterable[tuple[str, np.ndarray]]) -> dict[str, np.ndarray]:
        return {name: array for name, array in arrays if name in SHALLOW[:3]}

    short = Weights(
        first_three(random_weights.kernels.items()),
        first_three(random_weights.biases.items()),
        "random",
        "",
    )
    maps = run(VGG19(["block2_conv1"], short), content)["block2_conv1"]
    whole = run(VGG19(["block2_conv1"], random_weights), content)["block2_conv1"]
    np.testing.assert_array_equal(maps, whole)


# Rescaling to mean activation 1


def test_mean_activations_weigh_positions_not_images(random_weights: Weights) -> None:
    images = [np.zeros((4, 4, 3), np.float32), np.ones((4, 12, 3), np.float32)]
    extractor = VGG19(["block1_conv1"], one_channel_reader(0))
    mean = mean_activations(extractor, images)["block1_conv1"][0]
    np.testing.assert_allclose(mean, 0.75 * (255 - 103.939), rtol=1e-6)


@pytest.mark.parametrize(
    ("pooling", "padding"), [("max", "zero"), ("average", "zero"), ("average", "reflect")]
)
def test_normalized_weights(
    content: np.ndarray,
    style: np.ndarray,
    random_weights: Weights,
    pooling: Pooling,
    padding: Padding,
) -> None:
    normalized = normalize_weights(random_weights, [content, style], pooling, padding)
    before = VGG19(LAYERS, random_weights, pooling=pooling, padding=padding)
    after = VGG19(LAYERS, normalized, pooling=pooling, padding=padding)
    old, new = (mean_activations(e, [content, style]) for e in (before, after))
    other = content[::-1, :, ::-1].copy()  # not one of the pictures averaged over
    old_maps, new_maps = run(before, other), run(after, other)
    for name in LAYERS:
        fires = old[name] > 0
        # Float32 errs by some 1e-6 of a usual activation, which is much of a channel's mean only
        # where that channel hardly ever fires.
        np.testing.assert_allclose(np.median(new[name][fires]), 1, rtol=1e-5)
        np.testing.assert_allclose(new[name][fires], 1, rtol=0.01)
        factors = np.where(fires, old[name], 1)
        assert relative_error(new_maps[name] * factors, old_maps[name]) < 1e-4
    assert normalized.source == "random, mean activation 1"
    assert normalized.sha256 == random_weights.sha256
