"""The losses against loops, their gradients against the paper and against finite differences."""

from collections.abc import Callable
from typing import Any, get_args

import numpy as np
import oracles
import pytest

from nst_helpers import (
    CHANNELS,
    FIRST_OF_EACH_BLOCK,
    content_loss,
    gram_matrix,
    losses,
    options,
    style_loss,
    tf,
    total_loss,
    total_variation,
)
from nst_helpers.errors import RecipeError
from nst_helpers.network.precision import fast_bfloat16

H, W, N = 4, 5, 3
M = H * W
EPSILON = float(np.finfo(np.float32).eps)
ROUNDING = 1e-5  # relative; float32 has 6e-8, and no sum here has more than some hundred terms

content_kinds = pytest.mark.parametrize("kind", get_args(options.ContentNormalization))
gram_kinds = pytest.mark.parametrize("kind", get_args(options.GramNormalization))
style_kinds = pytest.mark.parametrize("kind", get_args(options.StyleNormalization))
variation_kinds = pytest.mark.parametrize("kind", get_args(options.VariationNormalization))


@pytest.fixture
def features(rng: np.random.Generator) -> np.ndarray:
    """Features with zeros, as after a ReLU."""
    return np.maximum(rng.standard_normal((H, W, N)), 0).astype(np.float32)


@pytest.fixture
def target(rng: np.random.Generator) -> np.ndarray:
    return np.maximum(rng.standard_normal((2, H, W, N))[1], 0).astype(np.float32)


def gradient(function: Callable[[tf.Tensor], tf.Tensor], x: np.ndarray) -> np.ndarray:
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = function(x)
    return tape.gradient(loss, x).numpy()


def e_l(features: tf.Tensor, target: np.ndarray) -> tf.Tensor:
    return style_loss(gram_matrix(features), gram_matrix(target))


# Values against loops


@content_kinds
def test_content_loss_is_the_loop(
    features: np.ndarray, target: np.ndarray, kind: options.ContentNormalization
) -> None:
    expected = oracles.content(features, target, kind)
    np.testing.assert_allclose(content_loss(features, target, kind), expected, rtol=ROUNDING)
    assert float(content_loss(features, features, kind)) == 0


@gram_kinds
def test_gram_matrix_is_the_loop(features: np.ndarray, kind: options.GramNormalization) -> None:
    expected = oracles.gram(features, kind)
    np.testing.assert_allclose(gram_matrix(features, kind), expected, rtol=ROUNDING)


@style_kinds
def test_style_loss_is_the_loop(
    features: np.ndarray, target: np.ndarray, kind: options.StyleNormalization
) -> None:
    g, a = gram_matrix(features).numpy(), gram_matrix(target).numpy()
    np.testing.assert_allclose(style_loss(g, a, kind), oracles.style(g, a, kind), rtol=ROUNDING)
    assert float(style_loss(g, g, kind)) == 0


@variation_kinds
def test_total_variation_is_the_loop(
    rng: np.random.Generator, kind: options.VariationNormalization
) -> None:
    image = rng.random((H, W, 3), np.float32)
    expected = oracles.variation(image, kind)
    np.testing.assert_allclose(total_variation(image, kind), expected, rtol=ROUNDING)
    assert float(total_variation(np.ones((H, W, 3), np.float32), kind)) == 0


def test_absolute_variation_is_tensorflows(rng: np.random.Generator) -> None:
    images = rng.random((2, H, W, 3), np.float32)
    expected = tf.image.total_variation(tf.constant(images))
    np.testing.assert_allclose(total_variation(images, "absolute_sum"), expected, rtol=ROUNDING)


def test_total_loss_is_eq_7() -> None:
    assert total_loss(3.0, 5.0, alpha=2.0, beta=10.0) == 56.0


# Gradients against the paper's


def test_content_gradient_is_eq_2(features: np.ndarray, target: np.ndarray) -> None:
    by_autodiff = gradient(lambda f: content_loss(f, target), features)
    np.testing.assert_allclose(by_autodiff, features - target, rtol=ROUNDING)


def test_content_gradient_below_the_relu_is_masked(
    rng: np.random.Generator, target: np.ndarray
) -> None:
    before = rng.standard_normal((H, W, N)).astype(np.float32)
    f = np.maximum(before, 0)
    by_autodiff = gradient(lambda z: content_loss(tf.nn.relu(z), target), before)
    np.testing.assert_allclose(by_autodiff, np.where(f > 0, f - target, 0), rtol=ROUNDING)
    assert np.any((f == 0) & (target != 0))  # so that the mask mattered


def test_style_gradient_is_eq_6(rng: np.random.Generator, target: np.ndarray) -> None:
    before = rng.standard_normal((H, W, N)).astype(np.float32)
    by_autodiff = gradient(lambda z: e_l(tf.nn.relu(z), target), before)
    f = np.maximum(before, 0).astype(np.float64).reshape(M, N).T  # the paper's F, N x M
    g, a = f @ f.T, oracles.gram(target, "sum")
    eq_6 = (f.T @ (g - a)) / (N**2 * M**2)  # M x N, as (F^T (G - A))_ji
    expected = np.where(before.reshape(M, N) > 0, eq_6, 0).reshape(H, W, N)
    np.testing.assert_allclose(by_autodiff, expected, rtol=1e-4, atol=1e-7)  # G - A cancels


# Gradients against central differences of the loops. h = 1e-4 leaves 1e-8 of truncation and
# 1e-12 of rounding in float64; what remains is float32 in the gradient that is tested.

H_STEP = 1e-4


def assert_same_gradient(got: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-6)


@content_kinds
def test_content_gradient_by_differences(
    features: np.ndarray, target: np.ndarray, kind: options.ContentNormalization
) -> None:
    expected = oracles.gradient(lambda f: oracles.content(f, target, kind), features, H_STEP)
    got = gradient(lambda f: content_loss(f, target, kind), features)
    assert_same_gradient(got, expected)


@style_kinds
def test_style_gradient_by_differences(
    features: np.ndarray, target: np.ndarray, kind: options.StyleNormalization
) -> None:
    a = oracles.gram(target)
    expected = oracles.gradient(lambda f: oracles.style(oracles.gram(f), a, kind), features, H_STEP)
    got = gradient(lambda f: style_loss(gram_matrix(f), a, kind), features)
    assert_same_gradient(got, expected)


@variation_kinds
def test_variation_gradient_by_differences(
    rng: np.random.Generator, kind: options.VariationNormalization
) -> None:
    # Neighbors at least 0.01 apart, so that no difference step crosses a kink of the absolute sum.
    image = rng.permutation(H * W * 3).reshape(H, W, 3).astype(np.float32) / (H * W * 3)
    expected = oracles.gradient(lambda x: oracles.variation(x, kind), image, H_STEP)
    got = gradient(lambda x: total_variation(x, kind), image)
    assert_same_gradient(got, expected)


# What the Gram matrix keeps and forgets


def test_gram_forgets_positions(rng: np.random.Generator, features: np.ndarray) -> None:
    shuffled = rng.permutation(features.reshape(M, N)).reshape(H, W, N)
    assert not np.array_equal(shuffled, features)
    np.testing.assert_allclose(gram_matrix(shuffled), gram_matrix(features), rtol=ROUNDING)


def test_gram_follows_permuted_channels(features: np.ndarray) -> None:
    order = [2, 0, 1]
    expected = gram_matrix(features).numpy()[np.ix_(order, order)]
    np.testing.assert_allclose(gram_matrix(features[..., order]), expected, rtol=ROUNDING)


def test_gram_is_symmetric_and_positive_semidefinite(rng: np.random.Generator) -> None:
    g = gram_matrix(rng.standard_normal((2, 2, 8)).astype(np.float32)).numpy()  # rank 4 of 8
    # Each entry is a sum of 4 products, taken in another order on the other side of the diagonal
    # where the processor's blocks are not square: 4 times epsilon at the scale of the matrix.
    np.testing.assert_allclose(g, g.T, rtol=0, atol=4 * EPSILON * np.abs(g).max())
    eigenvalues = np.linalg.eigvalsh(g.astype(np.float64))
    assert eigenvalues.min() > -1e-6 * eigenvalues.max()  # float32 rounding of the zeros
    assert np.linalg.matrix_rank(g.astype(np.float64), tol=1e-5) == 4


def test_wrong_reshape_is_told_from_the_gram_matrix_only_by_shuffling(
    rng: np.random.Generator, features: np.ndarray
) -> None:
    def trap(features: np.ndarray) -> np.ndarray:
        rows = features.reshape(N, M)  # (H, W, N) holds channels last: this mixes them
        return rows @ rows.T / M

    wrong, right = trap(features), gram_matrix(features).numpy()
    np.testing.assert_array_equal(wrong, wrong.T)
    np.testing.assert_allclose(np.trace(wrong), np.trace(right), rtol=ROUNDING)
    assert np.abs(wrong - right).max() > 0.1 * np.abs(right).max()
    shuffled = rng.permutation(features.reshape(M, N)).reshape(H, W, N)
    assert np.abs(trap(shuffled) - wrong).max() > 0.1 * np.abs(wrong).max()


def test_style_loss_is_the_maximum_mean_discrepancy(
    features: np.ndarray, target: np.ndarray
) -> None:
    """With k(x, y) = (x . y)^2 and means over positions, E_l = MMD^2 / (4 N^2) (Li, 2017)."""
    x = features.astype(np.float64).reshape(M, N)
    y = target[:2].astype(np.float64).reshape(-1, N)  # another number of positions

    def kernel(x: np.ndarray, y: np.ndarray) -> float:
        return float(np.mean((x @ y.T) ** 2))

    mmd_squared = kernel(x, x) - 2 * kernel(x, y) + kernel(y, y)
    expected = mmd_squared / (4 * N**2)
    np.testing.assert_allclose(e_l(features, target[:2]), expected, rtol=ROUNDING)


# The published conventions, as factors of eqs. 1 and 4


def squares(x: tf.Tensor) -> float:
    return float(np.sum(np.square(x, dtype=np.float64)))


def test_published_content_terms(features: np.ndarray, target: np.ndarray) -> None:
    eq_1 = float(content_loss(features, target, "paper"))
    keras_io = squares(features - target)
    deeplearning_ai = squares(features - target) / (4 * N * M)
    for value, factor in [
        (keras_io, 2),
        (deeplearning_ai, 1 / (2 * N * M)),
        (content_loss(features, target, "sum"), 2),
        (content_loss(features, target, "mean"), 2 / (N * M)),
    ]:
        np.testing.assert_allclose(value, factor * eq_1, rtol=ROUNDING)


def test_published_style_terms(features: np.ndarray, target: np.ndarray) -> None:
    eq_4 = float(e_l(features, target))
    g, a = gram_matrix(features), gram_matrix(target)
    g_sum, a_sum = gram_matrix(features, "sum"), gram_matrix(target, "sum")
    pixels = 64 * M  # of the image: a layer after three poolings
    keras_io = squares(g_sum - a_sum) / (4 * 3**2 * pixels**2)
    pytorch_tutorial = squares(g_sum / (N * M) - a_sum / (N * M)) / N**2
    for value, factor in [
        (squares(g_sum - a_sum) / (4 * N**2 * M**2), 1),  # eq. 4 to the letter
        (keras_io, (N * M / (3 * pixels)) ** 2),
        (pytorch_tutorial, 4 / N**2),
        (style_loss(g, a, "mean"), 4),
        (style_loss(g, a, "mean_per_channel"), 4 / N**2),
    ]:
        np.testing.assert_allclose(value, factor * eq_4, rtol=ROUNDING)


def test_parameters_of_the_texture_models() -> None:
    """The counts of Gatys, Ecker, Bethge, NIPS 2015, figure 3A: half a symmetric matrix each."""

    def parameters(channels: list[int]) -> int:
        return sum(n * (n + 1) // 2 for n in channels)

    pools = [CHANNELS[f"block{block}_conv1"] for block in range(1, 5)]  # pool1 to pool4
    reduced = [CHANNELS["block1_conv1"], *pools]
    every = [n for name, n in CHANNELS.items() if name < "block5"] + pools
    assert parameters(every) == 852_128
    assert parameters(reduced) == 176_640
    assert parameters([64] * len(reduced)) == 10_400  # 64 principal components of each
    assert sum(reduced) == 1_024  # only the means
    assert parameters([CHANNELS[name] for name in FIRST_OF_EACH_BLOCK]) == 305_888


# Batches and types


def test_batch_axes_give_what_separate_calls_give(rng: np.random.Generator) -> None:
    f = rng.standard_normal((2, 3, H, W, N)).astype(np.float32)
    p = rng.standard_normal((H, W, N)).astype(np.float32)
    g = gram_matrix(f)
    assert g.shape == (2, 3, N, N)
    batched = content_loss(f, p), style_loss(g, gram_matrix(p)), total_variation(f)
    for index in np.ndindex(2, 3):
        one = gram_matrix(f[index]).numpy()
        # An entry near 0 is a difference of products as large as the diagonal's, M of them.
        np.testing.assert_allclose(g[index], one, rtol=0, atol=M * EPSILON * one.max())
        single = content_loss(f[index], p), e_l(f[index], p), total_variation(f[index])
        for many, one in zip(batched, single, strict=True):
            assert many.shape == (2, 3)
            np.testing.assert_allclose(many[index], one, rtol=ROUNDING)


def test_bfloat16_features_are_summed_in_float32() -> None:
    # 1 and 2 are exact in bfloat16; its sums would stop growing at 256, where 1 is half a step.
    ones, twos = (tf.fill((64, 64, 2), tf.constant(v, tf.bfloat16)) for v in (1, 2))
    loss, g = content_loss(twos, ones, "sum"), gram_matrix(ones, "sum")
    assert loss.dtype == g.dtype == tf.float32
    assert float(loss) == 64 * 64 * 2
    np.testing.assert_array_equal(g, np.full((2, 2), 64 * 64))


@pytest.mark.usefixtures("bfloat16")
@pytest.mark.parametrize(("side", "least"), [(128, 1e-5), (127, 0.0), (64, 0.0)])
def test_large_bfloat16_maps_are_summed_in_parts(
    rng: np.random.Generator, side: int, least: float
) -> None:
    features = tf.cast(rng.uniform(0, 1, (2, side, side, 8)), tf.bfloat16)
    exact = gram_matrix(tf.cast(features, tf.float32)).numpy()
    error = np.linalg.norm(gram_matrix(features) - exact) / np.linalg.norm(exact)
    # 32 parts rounded to 8 bits, one part in 500 each, and then averaged; other sizes in float32.
    # Where bfloat16 is emulated, every part is rounded several times on the way, all downward.
    rounded_once = side != 128 or fast_bfloat16()
    assert least <= error < (1e-3 if rounded_once else 2**-8)
    rows = tf.reshape(features, (2, side**2, 8))
    at_once = tf.cast(tf.matmul(rows, rows, transpose_a=True), tf.float32) / side**2
    gain = 2 if rounded_once else 1
    assert gain * error < np.linalg.norm(at_once - exact) / np.linalg.norm(exact)


@pytest.mark.parametrize("given", [tf.bfloat16, tf.float64])
def test_every_loss_is_float32(given: tf.DType) -> None:
    x = tf.ones((3, 3, 3), given)
    for loss in (content_loss(x, x), gram_matrix(x), style_loss(x[0], x[0]), total_variation(x)):
        assert loss.dtype == tf.float32


@pytest.mark.parametrize(
    ("loss", "arguments", "name"),
    [
        (losses.content_loss, 2, "total"),
        (losses.gram_matrix, 1, "channels"),
        (losses.style_loss, 2, "sum"),
        (losses.total_variation, 1, "mean"),
    ],
)
def test_unknown_normalization(loss: Any, arguments: int, name: str) -> None:
    with pytest.raises(RecipeError, match=f"Unknown normalization '{name}'; choose from"):
        loss(*arguments * [np.ones((3, 3, 3), np.float32)], name)


def test_gram_gradient_for_any_slope(rng: np.random.Generator, features: np.ndarray) -> None:
    """Its gradient is written by hand, so a slope that is not symmetric must work too."""
    n = features.shape[-1]
    rows = features.reshape(-1, n)
    slope = rng.normal(size=(n, n)).astype(np.float32)
    with tf.GradientTape() as tape:
        x = tf.constant(features)
        tape.watch(x)
        weighted = tf.reduce_sum(slope * losses.gram_matrix(x, "sum"))
    expected = (rows @ (slope + slope.T)).reshape(features.shape)
    np.testing.assert_allclose(tape.gradient(weighted, x), expected, rtol=1e-4, atol=1e-4)
