"""The objective: its terms by hand, its gradient by differences, its targets computed once."""

from dataclasses import replace

import numpy as np
import oracles
import pytest

from nst_helpers import (
    VGG19,
    Objective,
    Recipe,
    Weights,
    content_loss,
    gram_matrix,
    make_extractor,
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
    objective = Objective(extractor, recipe, content, styles, (1, 1))
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
    objective = Objective(extractor, RECIPE, content, [style])
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

    objective = Objective(extractor_of(recipe, random_weights), recipe, content, [style])
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
    objective = Objective(extractor, RECIPE, content, [content])
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
    objective = Objective(extractor, RECIPE, content, [style, style], (1, 1))
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
    mixed = Objective(extractor, RECIPE, content, [style, other], (3, 1))
    np.testing.assert_allclose(
        mixed.style_targets["block2_conv1"], 0.75 * grams[0] + 0.25 * grams[1], rtol=1e-5
    )
    first = Objective(extractor, RECIPE, content, [style, other], (2, 0))
    np.testing.assert_allclose(first.style_targets["block2_conv1"], grams[0], rtol=1e-5)


def test_images_of_a_batch_do_not_touch(
    content: np.ndarray, style: np.ndarray, image: np.ndarray, random_weights: Weights
) -> None:
    objective = Objective(extractor_of(RECIPE, random_weights), RECIPE, content, [style])
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
    exact = Objective(extractor_of(RECIPE, random_weights), RECIPE, content, [style])
    rounded = Objective(extractor, RECIPE, content, [style])
    terms, gradient = rounded.terms_and_gradient(tf.constant(image[None]))
    assert terms.dtype == gradient.dtype == tf.float32
    # Squares of what four layers round by 2^-8 each, in features and in targets.
    np.testing.assert_allclose(terms, exact.terms(tf.constant(image[None])), rtol=0.06)
