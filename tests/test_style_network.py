"""The network for several styles: its layers, its loss, its training, and the one that is kept."""

import numpy as np
import pytest

from nst_helpers import (
    Judge,
    Recipe,
    StyleNetwork,
    Weights,
    data,
    load_weights,
    make_extractor,
    recipe_objective,
    tf,
)
from nst_helpers.errors import ImageError, RecipeError
from nst_helpers.feedforward import crops, kept
from nst_helpers.feedforward.style_network import (
    STYLES,
    ConditionalNormalization,
    ReflectedConv,
    make_style_network,
)
from nst_helpers.feedforward.style_training import UNIT, StyleNetworkTraining
from nst_helpers.transfer.scales import cell, frame


@pytest.fixture(scope="module")
def network() -> StyleNetwork:
    return StyleNetwork()


# Its layers


def test_conditional_normalization_is_its_formula(rng: np.random.Generator) -> None:
    """Dumoulin et al. 2017, eq. 5, with the scales and shifts of two styles mixed by shares."""
    maps = rng.normal(3, 2, (2, 5, 7, 4)).astype(np.float32)
    shares = np.array([[1, 0, 0], [0, 0.25, 0.75]], np.float32)
    layer = ConditionalNormalization()
    layer([maps, shares])
    scale, shift = (rng.normal(size=(3, 4)).astype(np.float32) for _ in range(2))
    layer.set_weights([scale, shift])
    found = layer([maps, shares]).numpy()
    for picture, (g, b) in enumerate([(scale[0], shift[0]), (scale[1:], shift[1:])]):
        if picture:
            g, b = (0.25 * x[0] + 0.75 * x[1] for x in (g, b))
        for n in range(4):
            one = maps[picture, :, :, n].astype(np.float64)
            wanted = g[n] * (one - one.mean()) / np.sqrt(one.var() + 1e-5) + b[n]
            # 35 numbers of size 5 are summed in float32
            np.testing.assert_allclose(found[picture, :, :, n], wanted, atol=35 * 5e-7)


def test_a_strided_convolution_sees_the_reflection(rng: np.random.Generator) -> None:
    maps = rng.normal(size=(1, 8, 6, 3)).astype(np.float32)
    layer = ReflectedConv(2, 3, 2, use_bias=False)
    layer(maps)
    kernel = rng.normal(size=(3, 3, 3, 2)).astype(np.float32)
    layer.set_weights([kernel])
    around = np.pad(maps, [(0, 0), (1, 1), (1, 1), (0, 0)], "reflect")
    naive = np.zeros((1, 4, 3, 2))
    for y in range(3):
        for x in range(3):
            naive += around[:, y : y + 8 : 2, x : x + 6 : 2] @ kernel[y, x]
    # 27 products of size 1 are summed in another order
    np.testing.assert_allclose(layer(maps).numpy(), naive, atol=27 * 1e-6)


def test_the_untrained_network_is_small_and_the_same_again() -> None:
    first, second = make_style_network(3), make_style_network(3)
    assert first.count_params() < 250_000
    for one, other in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert first([tf.zeros((2, 16, 20, 3)), tf.eye(3)[:2]]).shape == (2, 16, 20, 3)


def test_the_untrained_network_begins_near_the_photo() -> None:
    photo = data.load("china", 64)[:40]
    image = make_style_network(2)([tf.constant(photo[None]), tf.eye(2)[:1]])[0].numpy()
    for n in range(3):
        assert np.corrcoef(photo[..., n].ravel(), image[..., n].ravel())[0, 1] > 0.8


# Its loss and its training


def compared(weights: Weights, photo: np.ndarray, image: np.ndarray, style: int) -> np.ndarray:
    """Return the default's terms of a picture in our unit, and our content and style loss of it."""
    training, recipe = StyleNetworkTraining(1, weights), Recipe(size=256)
    painting = frame(data.load(STYLES[style], recipe.size), cell(recipe))
    objective = recipe_objective(make_extractor(recipe, weights), recipe, photo, [painting])
    wanted = training.content(tf.constant(photo[None]))
    losses = training.losses(tf.constant(image[None]), wanted, tf.constant([style]))
    terms = objective.terms(tf.constant(image[None]))[0].numpy()
    return np.array([*(UNIT * terms), losses["content"][0], losses["style"][0]])


@pytest.mark.parametrize("style", range(len(STYLES)))
def test_the_loss_is_that_of_the_default_recipe(style: int, rng: np.random.Generator) -> None:
    """Up to one constant, and without the last style layer."""
    photo, image = rng.random((2, 48, 64, 3), np.float32)
    *terms, kept_content, matched = compared(load_weights("random"), photo, image, style)
    # float32 sums of the same numbers in another order
    assert kept_content == pytest.approx(terms[0], rel=1e-5)
    assert matched == pytest.approx(sum(terms[1:5]), rel=1e-5)


@pytest.mark.weights
def test_the_layer_that_is_left_out_hardly_counts() -> None:
    photo = data.load("china", 96)[:64]
    *terms, kept_content, matched = compared(load_weights(), photo, photo[:, ::-1], 0)
    assert len(terms) == 6
    assert terms[5] < 1e-4 * sum(terms)
    assert kept_content + matched == pytest.approx(sum(terms), rel=1e-4)


def test_the_styles_are_of_those_that_may_be_trained_on() -> None:
    assert set(STYLES) <= set(crops.PAINTINGS)


# The network that comes with the package


def test_the_kept_network_fits(network: StyleNetwork) -> None:
    arrays = kept.kept_network("style_network")
    assert all(array.dtype == np.float16 for array in arrays.values())
    assert network.styles == STYLES


@pytest.mark.parametrize("shape", [(16, 16), (17, 31), (50, 19)])
def test_any_size_is_painted(
    shape: tuple[int, int], network: StyleNetwork, rng: np.random.Generator
) -> None:
    image = network.paint(rng.random((*shape, 3)), "woodcut_waves")
    assert image.shape == (*shape, 3)
    assert image.dtype == np.float32
    assert 0 <= image.min() <= image.max() <= 1


@pytest.mark.parametrize("style", STYLES)
def test_a_photo_it_never_saw_comes_nearer_to_the_painting(
    style: str, network: StyleNetwork
) -> None:
    verdict = Judge("china", style, 128)(network.paint(data.load("china", 128), style))
    assert verdict.style_distance < 0.85  # 0.62 to 0.75; the photo itself has 1
    assert verdict.ssim > 0.1


def test_a_plain_picture_is_painted_too(network: StyleNetwork) -> None:
    """Its maps have no deviation to divide by."""
    image = network.paint(np.full((20, 20, 3), 0.7), "cubist_facets")
    assert np.isfinite(image).all()


def test_shares_run_from_one_style_to_the_other(network: StyleNetwork) -> None:
    photo, pair = data.load("chelsea", 96), ["swirling_night", "ink_mountains"]
    one, other = (network.paint(photo, style) for style in pair)
    np.testing.assert_array_equal(network.paint(photo, pair, (1, 0)), one)
    np.testing.assert_array_equal(network.paint(photo, pair, (0, 3)), other)
    np.testing.assert_array_equal(network.paint(photo, [pair[0]] * 2), one)
    between = [network.paint(photo, pair, (1 - share, share)) for share in (0.25, 0.5, 0.75)]
    away = [np.abs(image - one).mean() for image in (one, *between, other)]
    assert away == sorted(away)
    assert np.abs(between[1] - other).mean() < away[-1]


def test_what_it_cannot_paint_is_said(network: StyleNetwork) -> None:
    photo = np.zeros((16, 20, 3))
    with pytest.raises(RecipeError, match="does not know 'starry'; it paints swirling_night, "):
        network.paint(photo, "starry")
    with pytest.raises(RecipeError, match="as many shares"):
        network.paint(photo, "swirling_night", (1, 2))
    with pytest.raises(ImageError, match="A 20 x 15 picture is too small"):
        network.paint(photo[1:], "swirling_night")
