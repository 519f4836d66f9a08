"""Tiles: the same terms and gradient as in one piece, from windows of one bounded size."""

from dataclasses import replace

import numpy as np
import pytest

from nst_helpers import (
    CHANNELS,
    LAYERS,
    VGG19,
    Adam,
    Recipe,
    TiledObjective,
    Weights,
    optimize,
    receptive_radius,
    recipe_objective,
    smallest_side,
    stylize,
    tf,
)
from nst_helpers.errors import RecipeError
from nst_helpers.losses import tiles

SHALLOW = Recipe(
    content_layers=("block1_conv2",),
    style_layers=("block1_conv1", "block2_conv1"),
    variation_weight=50.0,
    precision="float32",
)
MIDDLE = replace(
    SHALLOW,
    content_layers=("block2_conv2", "block3_conv2"),
    style_layers=("block1_conv1", "block2_conv1", "block3_conv1"),
)
DEEP = replace(Recipe(), precision="float32")  # down to block5_conv1
# Recipe, height, width, tile, number of tiles.
CASES = [
    (replace(SHALLOW, pooling="max"), 47, 61, 16, 12),
    (replace(SHALLOW, content_normalization="paper", style_layers=()), 40, 96, 64, 2),
    (replace(SHALLOW, activation="linear", content_layers=()), 17, 50, 16, 3),
    (MIDDLE, 96, 131, 40, 6),
    (replace(MIDDLE, pooling="max", content_normalization="sum"), 75, 101, 16, 15),
    (replace(MIDDLE, variation_normalization="absolute_sum"), 90, 40, 24, 3),
    (replace(MIDDLE, variation_weight=0.0, style_normalization="paper"), 30, 20, 1024, 1),
    (replace(DEEP, pooling="max", padding="zero"), 165, 210, 32, 2),
    (replace(MIDDLE, padding="zero"), 75, 101, 16, 15),
    (replace(MIDDLE, statistic="mean_covariance"), 96, 131, 40, 6),
    (replace(MIDDLE, statistic="wasserstein"), 96, 131, 40, 6),
]


def extractor_of(recipe: Recipe, weights: Weights, precision: str = "float32") -> VGG19:
    return VGG19(
        recipe.layers,
        weights,
        pooling=recipe.pooling,
        padding=recipe.padding,
        activation=recipe.activation,
        precision=precision,
    )


def pictures(rng: np.random.Generator, height: int, width: int) -> tuple[np.ndarray, ...]:
    """Return an image, a content and two styles, one of them larger and one smaller."""
    shapes = [(height, width), (height, width), (height + 13, width + 22), (21, 18)]
    return tuple(rng.random((*shape, 3), np.float32) for shape in shapes)


def relative_error(got: tf.Tensor, expected: tf.Tensor) -> float:
    return float(tf.reduce_max(tf.abs(got - expected)) / tf.reduce_max(tf.abs(expected)))


@pytest.mark.parametrize(("recipe", "height", "width", "tile", "tiles"), CASES)
def test_tiles_change_nothing(
    rng: np.random.Generator,
    random_weights: Weights,
    recipe: Recipe,
    height: int,
    width: int,
    tile: int,
    tiles: int,
) -> None:
    image, content, *styles = pictures(rng, height, width)
    about = (extractor_of(recipe, random_weights), recipe, content, styles, (2, 1))
    whole, tiled = recipe_objective(*about), TiledObjective(*about, tile=tile)
    x = tf.constant(image[None])
    assert len(tiled._tiles(x).boxes) == tiles
    assert tiled.names == whole.names
    terms, gradient = tiled.terms_and_gradient(x)
    expected_terms, expected_gradient = whole.terms_and_gradient(x)
    # Another order of float32 sums; a Wasserstein distance is the difference of two such.
    few = 10 if recipe.statistic == "wasserstein" else 1
    np.testing.assert_allclose(terms, expected_terms, rtol=few * 1e-5)
    np.testing.assert_allclose(tiled.terms(x), expected_terms, rtol=few * 1e-5)
    assert gradient.shape == x.shape
    assert relative_error(gradient, expected_gradient) < few * 2e-5  # through up to 13 layers


def test_a_margin_one_cell_smaller_is_not_enough(
    rng: np.random.Generator, random_weights: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, content, *styles = pictures(rng, 38, 61)
    about = (extractor_of(MIDDLE, random_weights), MIDDLE, content, styles, (1, 1))
    _, expected = recipe_objective(*about).terms_and_gradient(tf.constant(image[None]))
    monkeypatch.setattr(tiles, "receptive_radius", lambda layer: receptive_radius(layer) - 4)
    _, gradient = TiledObjective(*about, tile=16).terms_and_gradient(tf.constant(image[None]))
    assert relative_error(gradient, expected) > 2e-4


@pytest.mark.parametrize("deepest", ["block1_conv2", "block3_conv1", "block5_conv1"])
def test_windows(deepest: str) -> None:
    cell, reach = smallest_side(deepest), receptive_radius(deepest)
    for side in range(cell, 1100, 7):
        for tile in (16, 100, 512):
            length, windows = tiles._windows(side, tile, deepest)
            starts, begins, ends = windows.T
            stops = starts + length
            assert not (starts % cell).any()
            np.testing.assert_array_equal((starts + begins)[1:], (starts + ends)[:-1])
            assert starts[0] == begins[0] == 0
            assert stops[-1] == starts[-1] + ends[-1] == side
            assert (begins >= 0).all()
            assert (begins <= ends).all()
            assert (begins[starts > 0] >= reach).all()
            assert ((length - ends)[stops < side] >= reach).all()
            assert length < tile + 2 * (reach + cell) + 2 * cell


@pytest.mark.parametrize(
    "layer", ["block1_conv1", "block1_conv2", "block2_conv2", "block3_conv4", "block5_conv1"]
)
def test_receptive_radius_is_where_the_gradient_ends(layer: str) -> None:
    # With positive weights no path from a pixel to the feature is cut by a ReLU or cancels another.
    inputs = dict(zip(LAYERS, [3, *(CHANNELS[name] for name in LAYERS)], strict=False))
    weights = Weights(
        kernels={n: np.full((3, 3, inputs[n], CHANNELS[n]), 1 / inputs[n]) for n in LAYERS},
        biases={n: np.zeros(CHANNELS[n]) for n in LAYERS},
        source="means",
        sha256="",
    )
    extractor = VGG19([layer], weights, pooling="average", preprocessing="none")
    cell, reach = smallest_side(layer), receptive_radius(layer)
    row, column = reach // cell + 1, reach // cell + 2
    image = tf.ones((1, (2 * row + 1) * cell, (2 * column + 1) * cell, 3))
    with tf.GradientTape() as tape:
        tape.watch(image)
        feature = extractor(image)[layer][0, row, column, 0]
    seen = np.argwhere(tape.gradient(feature, image)[0, :, :, 0].numpy())
    assert seen.min(0).tolist() == [row * cell - reach, column * cell - reach]
    assert seen.max(0).tolist() == [(row + 1) * cell - 1 + reach, (column + 1) * cell - 1 + reach]


def test_the_same_run(rng: np.random.Generator, random_weights: Weights) -> None:
    image, content, *styles = pictures(rng, 61, 83)
    about = (extractor_of(SHALLOW, random_weights), SHALLOW, content, styles, (1, 1))
    runs = [
        list(optimize(objective, image, 6, Adam(epsilon=1e-3), clip=True))
        for objective in (recipe_objective(*about), TiledObjective(*about, tile=32))
    ]
    whole, tiled = (np.concatenate([rows for _, rows in run]) for run in runs)
    assert whole[-1].sum() < 0.9 * whole[0].sum()
    np.testing.assert_allclose(tiled, whole, rtol=1e-4)


def test_the_graph_does_not_grow_with_the_picture(
    rng: np.random.Generator, random_weights: Weights
) -> None:
    def convolutions(side: int) -> int:
        _, content, *styles = pictures(rng, side, side)
        extractor = extractor_of(SHALLOW, random_weights)
        objective = TiledObjective(extractor, SHALLOW, content, styles, (1, 1), tile=16)
        step = tf.function(objective.terms_and_gradient, autograph=False)
        graph = step.get_concrete_function(tf.TensorSpec((1, side, side, 3))).graph.as_graph_def()
        functions = graph.library.function
        return sum(node.op == "Conv2D" for function in functions for node in function.node_def)

    assert convolutions(24) == convolutions(70) > 0


def test_bfloat16(rng: np.random.Generator, random_weights: Weights) -> None:
    image, content, *styles = pictures(rng, 61, 83)
    extractor = extractor_of(SHALLOW, random_weights, "bfloat16")
    about = (extractor, SHALLOW, content, styles, (1, 1))
    whole, tiled = recipe_objective(*about), TiledObjective(*about, tile=16)
    assert tiled.content.targets["block1_conv2"].dtype == tf.bfloat16
    terms, gradient = tiled.terms_and_gradient(tf.constant(image[None]))
    expected_terms, expected_gradient = whole.terms_and_gradient(tf.constant(image[None]))
    assert terms.dtype == gradient.dtype == tf.float32
    np.testing.assert_allclose(terms, expected_terms, rtol=1e-3)
    assert relative_error(gradient, expected_gradient) < 0.02  # a few roundings by 2^-8


@pytest.mark.parametrize("statistic", ["sliced", "shifted_gram"])
def test_what_is_no_sum_over_positions_has_no_tiles(
    statistic: str, rng: np.random.Generator, random_weights: Weights
) -> None:
    _, content, *styles = pictures(rng, 38, 61)
    recipe = replace(SHALLOW, statistic=statistic)
    about = (extractor_of(recipe, random_weights), recipe, content, styles, (1, 1))
    with pytest.raises(RecipeError, match=f"{statistic!r} is no sum over positions"):
        TiledObjective(*about, tile=32)
    with pytest.raises(RecipeError, match=r"larger than the recipe's tile of 32 .* smaller size"):
        stylize(content, styles, replace(recipe, size=64, tile=32), weights=random_weights)


def test_a_tile_of_no_size(rng: np.random.Generator, random_weights: Weights) -> None:
    _, content, *styles = pictures(rng, 32, 32)
    with pytest.raises(RecipeError, match="16 or more"):
        TiledObjective(extractor_of(SHALLOW, random_weights), SHALLOW, content, styles, tile=0)
