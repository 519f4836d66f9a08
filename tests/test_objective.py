"""The objective: its terms by hand, its gradient by differences, its targets computed once."""

from dataclasses import replace
from typing import Any

import numpy as np
import oracles
import pytest

from nst_helpers import (
    LBFGS,
    VGG19,
    LayerError,
    Recipe,
    RecipeError,
    Weights,
    content_loss,
    gram_matrix,
    losses,
    make_extractor,
    optimize,
    recipe_objective,
    style_loss,
    tf,
    total_variation,
)

RECIPE = Recipe(
    content_layers=("block2_conv2",),
    style_layers=("block1_conv1", "block2_conv1"),
    content_weight=2.0,
    style_weight=3.0,
    variation_weight=500.0,
    precision="float32",
)
VARIANTS = [
    RECIPE,
    replace(RECIPE, pooling="average", layer_weights="mean", style_normalization="paper"),
    replace(
        RECIPE,
        content_normalization="paper",
        style_normalization="mean_per_channel",
        layer_weights="one",
        activation="linear",
    ),
    replace(RECIPE, preprocessing="none", variation_weight=0.0, content_normalization="sum"),
    replace(RECIPE, content_layers=(), variation_normalization="absolute_sum"),
    replace(RECIPE, style_layers=()),
]
variants = pytest.mark.parametrize("recipe", VARIANTS, ids=range(len(VARIANTS)))


def extractor_of(recipe: Recipe, weights: Weights) -> VGG19:
    return make_extractor(replace(recipe, precision="float32"), weights)


@pytest.fixture
def image(rng: np.random.Generator, content: np.ndarray) -> np.ndarray:
    return rng.random(content.shape, np.float32)


@variants
def test_terms_are_the_plain_ones(
    content: np.ndarray,
    style: np.ndarray,
    image: np.ndarray,
    random_weights: Weights,
    recipe: Recipe,
) -> None:
    styles = [style, style[::-1, :20].copy()]
    extractor = extractor_of(recipe, random_weights)
    objective = recipe_objective(extractor, recipe, content, styles, (1, 1))
    expected = oracles.total(image, content, styles, recipe, random_weights)
    assert objective.names == tuple(expected)
    terms = objective.terms(tf.constant(image[None]))
    np.testing.assert_allclose(terms[0], list(expected.values()), rtol=1e-4)  # float32 sums


def test_terms_by_hand(
    content: np.ndarray, style: np.ndarray, image: np.ndarray, random_weights: Weights
) -> None:
    extractor = extractor_of(RECIPE, random_weights)
    f, p, a = (extractor(tf.constant(x[None])) for x in (image, content, style))

    def e_l(name: str) -> tf.Tensor:
        return style_loss(gram_matrix(f[name]), gram_matrix(a[name]), "mean")

    expected = [
        2.0 * content_loss(f["block2_conv2"], p["block2_conv2"], "mean"),
        3.0 / 64**2 * e_l("block1_conv1"),
        3.0 / 128**2 * e_l("block2_conv1"),
        500.0 * total_variation(image[None]),
    ]
    objective = recipe_objective(extractor, RECIPE, content, [style])
    terms = objective.terms(tf.constant(image[None]))
    np.testing.assert_allclose(terms, tf.stack(expected, -1), rtol=1e-6)


@variants
def test_gradient_by_differences(
    rng: np.random.Generator,
    content: np.ndarray,
    style: np.ndarray,
    image: np.ndarray,
    random_weights: Weights,
    recipe: Recipe,
) -> None:
    def total(x: np.ndarray) -> float:
        return sum(oracles.total(x, content, [style], recipe, random_weights).values())

    objective = recipe_objective(extractor_of(recipe, random_weights), recipe, content, [style])
    _, gradient = objective.terms_and_gradient(tf.constant(image[None]))
    gradient = gradient.numpy()[0].astype(np.float64)
    # One random direction, where all pixels matter, and the gradient's own, the steepest of all.
    directions = [rng.standard_normal(image.shape), gradient / np.linalg.norm(gradient)]
    # The step is so small that it crosses next to no kink of ReLU and pooling.
    slopes = oracles.slopes(total, image, directions, h=1e-6)
    got = [np.sum(gradient * direction) for direction in directions]
    # float32 errs by 1e-5 of the steepest slope times the direction's length, which is about 70.
    np.testing.assert_allclose(got, slopes, rtol=1e-4, atol=1e-5 * slopes[1] * 70)


def test_content_itself_has_no_content_loss_and_style_itself_no_style_loss(
    content: np.ndarray, random_weights: Weights
) -> None:
    extractor = extractor_of(RECIPE, random_weights)
    objective = recipe_objective(extractor, RECIPE, content, [content])
    values = objective.terms(tf.constant(content[None]))[0].numpy()
    terms = dict(zip(objective.names, values, strict=True))
    assert terms.pop("variation") > 0
    assert set(terms.values()) == {0.0}


def test_targets_are_computed_once(
    content: np.ndarray, style: np.ndarray, random_weights: Weights
) -> None:
    calls = []

    class Counting(VGG19):
        def __call__(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
            calls.append(images.shape)
            return super().__call__(images)

    extractor = Counting(RECIPE.layers, random_weights)
    objective = recipe_objective(extractor, RECIPE, content, [style, style], (1, 1))
    assert calls == [(1, *content.shape), (1, *style.shape), (1, *style.shape)]
    for _ in range(3):
        objective.terms_and_gradient(tf.constant(content[None]))
    assert calls[3:] == 3 * [(1, *content.shape)]


def test_shares_average_the_gram_matrices(
    content: np.ndarray, style: np.ndarray, random_weights: Weights
) -> None:
    extractor = extractor_of(RECIPE, random_weights)
    other = 1 - style[:24]
    grams = [
        gram_matrix(extractor(tf.constant(x[None]))["block2_conv1"]).numpy() for x in (style, other)
    ]
    for shares, expected in (((3, 1), 0.75 * grams[0] + 0.25 * grams[1]), ((2, 0), grams[0])):
        mixed = losses.style(extractor, [style, other], ["block2_conv1"], shares=shares)
        np.testing.assert_allclose(mixed.targets["block2_conv1"], expected, rtol=1e-5)


def test_images_of_a_batch_do_not_touch(
    content: np.ndarray, style: np.ndarray, image: np.ndarray, random_weights: Weights
) -> None:
    objective = recipe_objective(extractor_of(RECIPE, random_weights), RECIPE, content, [style])
    batch = np.stack([image, content, 1 - image])
    terms, gradient = objective.terms_and_gradient(tf.constant(batch))
    assert terms.shape == (3, len(objective.names))
    for index, one in enumerate(batch):
        alone, slope = objective.terms_and_gradient(tf.constant(one[None]))
        np.testing.assert_allclose(terms[index], alone[0], rtol=1e-4, atol=1e-6)
        scale = np.abs(slope).max()
        np.testing.assert_allclose(gradient[index], slope[0], atol=1e-5 * scale)


def test_bfloat16_network_gives_float32_terms_and_gradient(
    content: np.ndarray, style: np.ndarray, image: np.ndarray, random_weights: Weights
) -> None:
    extractor = make_extractor(replace(RECIPE, precision="bfloat16"), random_weights)
    exact = recipe_objective(extractor_of(RECIPE, random_weights), RECIPE, content, [style])
    rounded = recipe_objective(extractor, RECIPE, content, [style])
    terms, gradient = rounded.terms_and_gradient(tf.constant(image[None]))
    assert terms.dtype == gradient.dtype == tf.float32
    # Squares of what four layers round by 2^-8 each, in features and in targets.
    np.testing.assert_allclose(terms, exact.terms(tf.constant(image[None])), rtol=0.06)


# Objectives of one's own


def test_objectives_add_and_scale_in_one_pass(
    content: np.ndarray, style: np.ndarray, image: np.ndarray, random_weights: Weights
) -> None:
    network = VGG19(["block1_conv1", "block2_conv2"], random_weights)
    kept = losses.content(network, content, ["block2_conv2"])
    matched = losses.style(network, [style], ["block1_conv1", "block2_conv2"])
    smooth = losses.variation()
    x = tf.constant(image[None])
    parts = [part.terms(x) for part in (kept, matched, smooth)]
    whole = kept + 2 * (0.5 * (1e3 * matched) + 3 * smooth)
    assert whole.names == (*kept.names, *matched.names, *smooth.names)
    expected = np.concatenate([parts[0], 1e3 * parts[1], 6 * parts[2]], -1)
    np.testing.assert_allclose(whole.terms(x), expected, rtol=1e-6)  # float32: a few roundings
    passes = count_calls(network)
    whole.terms_and_gradient(x)
    assert len(passes) == 1


def count_calls(network: VGG19) -> list[Any]:
    calls: list[Any] = []

    class Counting(type(network)):  # type: ignore[misc]
        def __call__(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
            calls.append(images)
            return super().__call__(images)

    network.__class__ = Counting
    return calls


def test_a_recipes_objective_is_the_sum_of_its_parts(
    content: np.ndarray, style: np.ndarray, image: np.ndarray, random_weights: Weights
) -> None:
    network = extractor_of(RECIPE, random_weights)
    kept = losses.content(network, content, RECIPE.content_layers, RECIPE.content_normalization)
    matched = losses.style(
        network,
        [style],
        RECIPE.style_layers,
        layer_weights=RECIPE.layer_weights,
        normalization=RECIPE.style_normalization,
    )
    mine = RECIPE.content_weight * kept + RECIPE.style_weight * matched
    if RECIPE.variation_weight:
        mine += RECIPE.variation_weight * losses.variation(RECIPE.variation_normalization)
    theirs = recipe_objective(network, RECIPE, content, [style])
    assert mine.names == theirs.names
    both = (one.terms_and_gradient(tf.constant(image[None])) for one in (mine, theirs))
    for ours, other in zip(*both, strict=True):
        np.testing.assert_allclose(ours, other, rtol=1e-5, atol=1e-6 * np.abs(other).max())


def test_a_statistic_of_ones_own(
    content: np.ndarray, style: np.ndarray, random_weights: Weights
) -> None:
    network = VGG19(["block1_conv1"], random_weights)

    def means(features: tf.Tensor) -> tf.Tensor:
        return tf.reduce_mean(features, axis=(1, 2))

    objective = losses.style(network, [style], ["block1_conv1"], statistic=means)
    here, there = (means(network(x[None])["block1_conv1"]) for x in (content, style))
    np.testing.assert_allclose(
        objective.terms(tf.constant(content[None]))[0, 0], np.mean((here - there) ** 2), rtol=1e-5
    )
    assert objective.terms(tf.constant(style[None]))[0, 0] == 0


def test_shares_may_be_an_array_and_layers_must_be_there(
    style: np.ndarray, random_weights: Weights
) -> None:
    network = VGG19(["block1_conv1"], random_weights)
    both = [style, 1 - style]
    mixed = losses.style(network, both, ["block1_conv1"], shares=np.array([3, 1]))
    as_list = losses.style(network, both, ["block1_conv1"], shares=[3, 1])
    np.testing.assert_array_equal(*(one.targets["block1_conv1"] for one in (mixed, as_list)))
    for make in (losses.content, lambda *how: losses.style(how[0], [how[1]], how[2])):
        with pytest.raises(LayerError, match="does not give 'block2_conv1'"):
            make(network, style, ["block2_conv1"])


def test_two_networks_do_not_add(content: np.ndarray, random_weights: Weights) -> None:
    layers = ["block1_conv1"]
    one, other = (losses.content(VGG19(layers, random_weights), content, layers) for _ in range(2))
    with pytest.raises(RecipeError, match="need one network"):
        one + other


def test_the_loop_takes_any_objective(content: np.ndarray, random_weights: Weights) -> None:
    layers = ["block1_conv1"]
    objective = losses.content(VGG19(layers, random_weights), content, layers, "mean")
    start = np.full_like(content, 0.5)
    *_, (best, rows) = optimize(objective, start, 30, LBFGS())
    assert rows[-1] < 1e-2 * float(tf.reduce_sum(objective.terms(tf.constant(start[None]))))
    assert best.shape == content.shape
