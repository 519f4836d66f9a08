"""Matched sets of features: against loops in float64, and on sets with a known answer."""

import dataclasses
import itertools

import numpy as np
import pytest
import scipy.optimize

from nst_helpers import VGG19, Recipe, Weights, recipe_objective, stylize, tf
from nst_helpers.errors import RecipeError
from nst_helpers.losses import matching, neighbors, transport

P, Q, D = 5, 7, 3
ROUNDING = {"rtol": 1e-5, "atol": 1e-6}  # sums of some ten float32 numbers near 1


@pytest.fixture
def x(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=(1, P, D)).astype(np.float32)


@pytest.fixture
def y(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=(2, Q, D))[1].astype(np.float32)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(1 - a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def all_pairs(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.array([[cosine(a, b) for b in y] for a in x.astype(np.float64)])


def emd(x: np.ndarray, y: np.ndarray) -> tf.Tensor:
    one, other = matching.unit(tf.constant(x)), matching.unit(tf.constant(y))
    pairs = matching.cosine_distances(one, other)
    return matching.relaxed_emd(one, other, pairs, transport._apart)


def test_cosine_distances(x: np.ndarray, y: np.ndarray) -> None:
    pairs = matching.cosine_distances(*map(matching.unit, (x, y)))
    np.testing.assert_allclose(pairs[0], all_pairs(x[0], y), **ROUNDING)
    np.testing.assert_allclose(matching.unit(tf.zeros((1, 2))), 0)


def test_relaxed_emd(x: np.ndarray, y: np.ndarray) -> None:
    pairs = all_pairs(x[0], y)
    expected = max(pairs.min(1).mean(), pairs.min(0).mean())
    np.testing.assert_allclose(emd(x, y), [expected], **ROUNDING)
    np.testing.assert_allclose(emd(x, x[0]), [0], atol=1e-6)


def test_the_bound_is_below_the_earth_movers_distance(rng: np.random.Generator) -> None:
    """With as many x as y, the distance itself is the best assignment."""
    sets = rng.normal(size=(2, 6, D)).astype(np.float32)
    pairs = all_pairs(*sets)
    best = pairs[scipy.optimize.linear_sum_assignment(pairs)].mean()
    bound = float(emd(sets[:1], sets[1])[0])
    assert 0.3 * best < bound <= best + 1e-6


def test_the_gradient_of_the_bound_by_differences(x: np.ndarray, y: np.ndarray) -> None:
    at = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(at)
        rows = matching.unit(at)
        pairs = tf.stop_gradient(matching.cosine_distances(rows, matching.unit(y)))
        bound = matching.relaxed_emd(rows, matching.unit(tf.constant(y)), pairs, transport._apart)
    slope = tape.gradient(bound, at).numpy()

    def plain(z: np.ndarray) -> float:
        pairs = all_pairs(z, y)
        return max(pairs.min(1).mean(), pairs.min(0).mean())

    for place in itertools.product(range(P), range(D)):
        step = np.zeros((P, D))
        step[place] = 1e-5
        difference = (plain(x[0] + step) - plain(x[0] - step)) / 2e-5
        np.testing.assert_allclose(slope[0][place], difference, atol=1e-4)


def test_moments(x: np.ndarray, y: np.ndarray) -> None:
    one, other = matching.moments(tf.constant(x)), matching.moments(tf.constant(y))
    np.testing.assert_allclose(one[1][0], np.cov(x[0].T, bias=True), **ROUNDING)
    expected = np.abs(x[0].mean(0) - y.mean(0)).mean()
    expected += np.abs(np.cov(x[0].T, bias=True) - np.cov(y.T, bias=True)).mean()
    np.testing.assert_allclose(matching.moment_loss(one, other), [expected], **ROUNDING)


def test_self_similarity(x: np.ndarray, rng: np.random.Generator) -> None:
    other = rng.normal(size=x.shape).astype(np.float32)
    one, two = (all_pairs(z[0], z[0]) for z in (x, other))
    expected = P * np.abs(one / one.sum(0) - two / two.sum(0)).mean()
    value = matching.self_similarity_loss(*map(matching.unit, (x, other)))
    np.testing.assert_allclose(value, [expected], **ROUNDING)
    # Turning and stretching all features alike keeps who resembles whom.
    turned = 3 * x @ np.linalg.qr(rng.normal(size=(D, D)))[0].astype(np.float32)
    same = matching.self_similarity_loss(*map(matching.unit, (x, turned)))
    np.testing.assert_allclose(same, [0], atol=1e-5)


def test_the_nearest_after_the_means_are_gone(x: np.ndarray, y: np.ndarray) -> None:
    pairs = all_pairs(x[0] - x[0].mean(0), y - y.mean(0))
    np.testing.assert_array_equal(matching.nearest(x[0], y), pairs.argmin(1))
    np.testing.assert_array_equal(matching.nearest(x[0] + 9, y - 4), pairs.argmin(1))


def test_blocks_change_nothing(
    x: np.ndarray, y: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = matching.nearest(x[0], y)
    monkeypatch.setattr(matching, "_ROWS", 2)
    np.testing.assert_array_equal(matching.nearest(x[0], y), whole)


def test_hypercolumns_hold_every_layer_at_its_place() -> None:
    fine = tf.reshape(tf.range(16.0), (1, 4, 4, 1))
    coarse = tf.reshape(tf.range(8.0), (1, 2, 2, 2))
    columns = matching.hypercolumns([fine, coarse], 2, 2)
    means = [fine[0, i : i + 2, j : j + 2, 0].numpy().mean() for i in (0, 2) for j in (0, 2)]
    np.testing.assert_allclose(columns[0, :, 0], means)
    np.testing.assert_allclose(columns[0, :, 1:], coarse[0].numpy().reshape(4, 2) / 2)


# Whole objectives

LAYERS = ("block1_conv2", "block2_conv1", "block3_conv1")
NEIGHBORS = Recipe(
    content_layers=(),
    style_layers=LAYERS,
    statistic="neighbors",
    style_weight=1.0,
    pyramid=((0.5, 4), (1.0, 4), (1.0, 4)),
    coarsest=16,
    size=48,
    optimizer="adam",
    laplacian_levels=3,
    precision="float32",
)
TRANSPORT = dataclasses.replace(
    NEIGHBORS, statistic="transport", start="noise", pyramid=((0.5, 4), (1.0, 4))
)


@pytest.fixture
def network(random_weights: Weights) -> VGG19:
    return VGG19(LAYERS, random_weights)


@pytest.fixture
def pictures(rng: np.random.Generator) -> list[np.ndarray]:
    """Return a content and two styles, one of another size."""
    return [rng.random(shape, np.float32) for shape in [(32, 48, 3), (32, 48, 3), (40, 36, 3)]]


@pytest.mark.parametrize("recipe", [NEIGHBORS, TRANSPORT], ids=lambda recipe: recipe.statistic)
def test_a_run_lowers_its_loss_and_repeats_itself(
    recipe: Recipe, pictures: list[np.ndarray], random_weights: Weights
) -> None:
    content, *styles = pictures
    one, other = (stylize(content, styles, recipe, weights=random_weights) for _ in range(2))
    np.testing.assert_array_equal(one.image, other.image)
    first, last = one.totals[:4], one.totals[-4:]
    assert first[-1] < first[0]
    assert last[-1] < last[0]


def test_the_targets_are_rows_of_the_style(network: VGG19, pictures: list[np.ndarray]) -> None:
    content, style, _ = pictures
    found = neighbors.Neighbors(network, LAYERS, [style], content)
    bank = np.concatenate([found._of(np.rot90(style, k).copy()) for k in range(4)])
    bank = matching.unit(bank).numpy()
    gaps = np.abs(found.targets.numpy()[:, None] - bank[None]).max(-1).min(1)
    np.testing.assert_allclose(gaps, 0, atol=1e-6)


def test_a_picture_is_its_own_neighbor(network: VGG19, pictures: list[np.ndarray]) -> None:
    style = pictures[1]
    images = tf.constant(style[None])
    np.testing.assert_allclose(
        neighbors.Neighbors(network, LAYERS, [style], style).terms(images), 0, atol=1e-5
    )
    # Not transport: 1024 positions of one are compared with 5000 of the other, or all.
    layerwise = neighbors.LayerNeighbors(network, LAYERS, [style])
    np.testing.assert_allclose(layerwise.terms(images), 0, atol=1e-5)


@pytest.mark.parametrize("recipe", [NEIGHBORS, TRANSPORT], ids=lambda recipe: recipe.statistic)
def test_another_content_gives_what_a_new_objective_gives(
    recipe: Recipe, network: VGG19, pictures: list[np.ndarray]
) -> None:
    content, style, _ = pictures
    kept = recipe_objective(network, recipe, content, [style])
    kept.replace_content(content[::-1].copy())
    new = recipe_objective(network, recipe, content[::-1].copy(), [style])
    images = tf.constant(style[None])
    np.testing.assert_allclose(kept.terms(images), new.terms(images), rtol=1e-6)


def test_transport_draws_other_positions_at_every_step(
    network: VGG19, pictures: list[np.ndarray]
) -> None:
    content, style, _ = pictures
    objective = transport.Transport(network, LAYERS, [style], content)
    first, second = (objective.terms(tf.constant(content[None])) for _ in range(2))
    np.testing.assert_allclose(first[0, 0], 0, atol=1e-5)  # content against itself
    assert not np.array_equal(first, second)


def test_shares_are_for_what_is_averaged(pictures: list[np.ndarray], random_weights: Weights):
    content, *styles = pictures
    with pytest.raises(RecipeError, match="'neighbors' takes all styles alike"):
        stylize(content, styles, NEIGHBORS, style_shares=[1, 3], weights=random_weights)
