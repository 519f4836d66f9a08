"""Statistics beyond the Gram matrix: against float64, closed forms and differences."""

from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest
import scipy.linalg

from nst_helpers import Recipe, Weights, gram_matrix, options, stylize, tf
from nst_helpers.losses import distances, slot, statistics

H, W, N = 6, 7, 4
M = H * W
SHAPES = [(24, 32), (24, 32), (40, 30)]  # of a content and two styles
NAMES = sorted(set(get_args(options.StyleStatistic)) - set(slot.TOGETHER))
# Sums of some hundred float32 products of features about 1 round to some 1e-6 of the largest.
ROUNDING = {"rtol": 1e-5, "atol": 1e-5}


@pytest.fixture
def features(rng: np.random.Generator) -> np.ndarray:
    """Features of one picture, with zeros as after a ReLU."""
    return np.maximum(rng.standard_normal((1, H, W, N)) + 0.5, 0).astype(np.float32)


@pytest.fixture
def style(rng: np.random.Generator) -> np.ndarray:
    return np.maximum(2 * rng.standard_normal((3, H, W, N))[2:], 0).astype(np.float32)


def rows(features: np.ndarray) -> np.ndarray:
    return features.reshape(-1, features.shape[-1]).astype(np.float64)


def loss(name: str, features: np.ndarray | tf.Tensor, style: np.ndarray) -> tf.Tensor:
    statistic = slot.statistic_of(name, "mean")
    return statistic.loss(statistic.measure(features), statistic.prepare(statistic.measure(style)))


def by_hand(name: str, features: np.ndarray, style: np.ndarray) -> float:
    """Return the loss in float64, from the rows of features and the definition."""
    x, y = rows(features), rows(style)
    if name == "gram":
        return float(np.mean((x.T @ x / len(x) - y.T @ y / len(y)) ** 2))
    if name == "sliced":
        lines = statistics.directions(N).numpy().T
        return float(np.mean([(np.sort(x @ v) - np.sort(y @ v)) ** 2 for v in lines]))
    if name == "shifted_gram":
        return float(np.mean((shifted(features) - shifted(style)) ** 2))
    mean, mean_s = x.mean(0), y.mean(0)
    one, other = np.cov(x.T, bias=True), np.cov(y.T, bias=True)
    moved = np.sum((mean - mean_s) ** 2)
    if name == "mean_covariance":
        return float(moved + np.sum((one - other) ** 2)) / N**2
    ridge = 1e-4 * np.trace(other) / N * np.eye(N)
    root = scipy.linalg.sqrtm(other + ridge)
    cross = scipy.linalg.sqrtm(root @ (one + ridge) @ root)
    return float(moved + np.trace(one + other + 2 * ridge - 2 * cross).real) / N


def shifted(features: np.ndarray) -> np.ndarray:
    """Return the Gram matrices of distances 0, 1 and 2, position by position."""
    found = []
    for down, right in ((0, 0), (0, 1), (1, 0), (0, 2), (2, 0)):
        total = np.zeros((N, N))
        places = [(y, x) for y in range(H - down) for x in range(W - right)]
        for y, x in places:
            total += np.outer(features[0, y, x], features[0, y + down, x + right].astype(float))
        found.append(total / len(places))
    return np.array(found)


@pytest.mark.parametrize("name", NAMES)
def test_values(name: str, features: np.ndarray, style: np.ndarray) -> None:
    value = loss(name, features, style)
    assert value.shape == (1,)
    assert value.dtype == tf.float32
    np.testing.assert_allclose(value[0], by_hand(name, features, style), **ROUNDING)


@pytest.mark.parametrize("name", NAMES)
def test_gradient_by_differences(name: str, features: np.ndarray, style: np.ndarray) -> None:
    x = tf.constant(features)
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(loss(name, x, style))
    slope = tape.gradient(total, x).numpy().astype(np.float64)
    direction = np.random.default_rng(1).normal(size=features.shape)
    h = 1e-4  # below the gaps of most sorted numbers; float64 leaves ten digits
    ahead, behind = (by_hand(name, features + s * h * direction, style) for s in (1, -1))
    np.testing.assert_allclose(np.sum(slope * direction), (ahead - behind) / (2 * h), rtol=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_a_style_has_no_distance_to_itself(name: str, style: np.ndarray) -> None:
    assert abs(float(loss(name, style, style)[0])) < 1e-5
    assert float(loss(name, style, 1.5 * style)[0]) > 0.1


@pytest.mark.parametrize("name", [name for name in NAMES if name != "shifted_gram"])
def test_places_are_forgotten(name: str, features: np.ndarray, style: np.ndarray) -> None:
    shuffled = np.random.default_rng(2).permutation(rows(features)).reshape(features.shape)
    np.testing.assert_allclose(
        loss(name, np.float32(shuffled), style), loss(name, features, style), **ROUNDING
    )


@pytest.mark.parametrize("name", ["wasserstein", "sliced"])
def test_the_distance_of_a_shift_is_its_length(name: str, features: np.ndarray) -> None:
    shift = np.float32([3, -1, 0, 2])
    value = loss(name, features, features + shift)
    np.testing.assert_allclose(value[0], np.sum(shift**2) / N, rtol=1e-4)


def test_the_slope_of_the_gaussian_distance_is_one_minus_the_transport(rng: np.random.Generator):
    """T Sigma T = Sigma_s, and the slope of N W^2 in Sigma is I - T (Olkin, Pukelsheim 1982)."""
    one, other = (a @ a.T + np.eye(N) for a in rng.normal(size=(2, N, N)))
    root = scipy.linalg.sqrtm(other)
    transport = root @ np.linalg.inv(scipy.linalg.sqrtm(root @ one @ root)) @ root
    np.testing.assert_allclose(transport @ one @ transport, other, atol=1e-9)
    grams = [np.pad(s, ((0, 1), (0, 1)))[None].astype(np.float32) for s in (one, other)]
    gram, target = tf.constant(grams[0]), distances.gaussian(tf.constant(grams[1]))
    with tf.GradientTape() as tape:
        tape.watch(gram)
        distance = N * distances.gaussian_wasserstein(gram, target)
    slope = tape.gradient(distance, gram)[0, :N, :N]
    np.testing.assert_allclose(slope, np.eye(N) - transport, atol=2e-3)  # the ridge is 1e-4


# What each sees that the one before does not


def test_often_and_weak_is_seldom_and_strong_for_a_gram_matrix_alone() -> None:
    weak = np.full((1, 2, 2, 1), np.sqrt(0.5), np.float32)
    strong = np.float32([0, 1, 0, 1]).reshape(1, 2, 2, 1)
    np.testing.assert_allclose(loss("gram", weak, strong), 0, atol=1e-6)
    assert loss("mean_covariance", weak, strong) > 0.03


def test_only_the_distribution_tells_two_clouds_of_equal_moments_apart() -> None:
    """Two values, and three with the same mean 0 and variance 1."""
    two = np.float32([-1, 1] * 8).reshape(1, 4, 4, 1)
    three = np.float32([-2, 2, *[0] * 6] * 2).reshape(1, 4, 4, 1)
    for name in ("gram", "mean_covariance", "wasserstein"):
        np.testing.assert_allclose(loss(name, two, three), 0, atol=1e-5)
    assert loss("sliced", two, three) > 0.2


def test_only_shifted_grams_tell_a_wall_from_its_shuffled_bricks() -> None:
    wall = np.indices((8, 8)).sum(0) % 2
    shuffled = np.random.default_rng(0).permutation(wall.ravel()).reshape(wall.shape)
    wall, shuffled = (np.float32(x)[None, ..., None] for x in (wall, shuffled))
    for name in set(NAMES) - {"shifted_gram"}:
        np.testing.assert_allclose(loss(name, wall, shuffled), 0, atol=1e-5)
    assert loss("shifted_gram", wall, shuffled) > 0.03


# Pictures of several sizes, and several styles


@pytest.mark.parametrize("name", NAMES)
def test_sizes_may_differ(name: str, rng: np.random.Generator) -> None:
    """A map repeated is the same style, but for shifts over its border."""
    tile = np.abs(rng.normal(size=(1, 8, 8, N))).astype(np.float32)
    double = np.tile(tile, (1, 2, 2, 1))
    most = 0.05 if name == "shifted_gram" else 1e-5
    assert abs(float(loss(name, double, tile)[0])) < most
    assert abs(float(loss(name, tile, double)[0])) < most


@pytest.mark.parametrize("name", NAMES)
def test_an_average_of_one_style_twice_is_that_style(name: str, style: np.ndarray) -> None:
    statistic = slot.statistic_of(name, "mean")
    whole, part = statistic.measure(style), statistic.measure(style[:, :4])
    np.testing.assert_allclose(statistic.average([whole, whole], [1, 3]), whole, rtol=1e-5)
    assert statistic.average([whole, part], [1, 1]).shape.rank == whole.shape.rank


def test_ones_bring_the_mean_into_the_gram_matrix(features: np.ndarray) -> None:
    mean, covariance = statistics.mean_and_covariance(gram_matrix(statistics.with_ones(features)))
    x = rows(features)
    np.testing.assert_allclose(mean[0], x.mean(0), **ROUNDING)
    np.testing.assert_allclose(covariance[0], np.cov(x.T, bias=True), **ROUNDING)


# In a run

SMALL = Recipe(
    content_layers=("block2_conv1",),
    style_layers=("block1_conv2", "block2_conv1"),
    pyramid=((1.0, 3),),
    coarsest=16,
    size=32,
)


@pytest.mark.parametrize("name", get_args(options.StyleStatistic))
@pytest.mark.parametrize(
    ("optimizer", "precision", "levels"), [("lbfgs", "float32", 1), ("adam", "bfloat16", 3)]
)
def test_every_statistic_runs_with_every_optimizer_and_precision(
    name: str,
    optimizer: str,
    precision: str,
    levels: int,
    rng: np.random.Generator,
    random_weights: Weights,
) -> None:
    content, *styles = (rng.random((*shape, 3), np.float32) for shape in SHAPES)
    styles = [picture / 3 for picture in styles]  # darker, so that there is a way to go
    how: dict[str, Any] = {
        "optimizer": optimizer,
        "precision": precision,
        "laplacian_levels": levels,
    }
    if optimizer == "lbfgs":
        how["pyramid"] = ((0.5, 3), (1.0, 3))
    recipe = replace(SMALL, statistic=name, content_weight=0.01, **how)
    result = stylize(content, styles, recipe, weights=random_weights)
    last = result.totals[-3:]
    assert last[-1] < last[0]
