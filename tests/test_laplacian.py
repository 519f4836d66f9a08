"""The Laplacian pyramid as variables: it loses nothing, and any optimizer works on it."""

import numpy as np
import pytest

from nst_helpers import LBFGS, Adam, Recipe, tf
from nst_helpers.optimizers import Laplacian, laplacian, make_optimizer
from nst_helpers.pictures import pyramid

SHAPES = [(16, 24, 3), (17, 31, 3), (4, 5, 3), (3, 40, 3)]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_pyramid_sums_to_its_image(shape: tuple[int, ...], rng: np.random.Generator) -> None:
    image = rng.random(shape, np.float32)
    levels = pyramid.decompose(tf.constant(image), 5)
    assert [tuple(level.shape) for level in levels] == pyramid.level_shapes(shape, 5)
    np.testing.assert_allclose(pyramid.compose(levels), image, atol=1e-6)  # five sums near 1
    vector = laplacian.flat(levels)
    again = laplacian.unflat(vector, pyramid.level_shapes(shape, 5))
    assert all(np.array_equal(a, b) for a, b in zip(levels, again, strict=True))


def test_all_but_the_coarsest_level_of_one_color_is_zero() -> None:
    *finer, coarsest = pyramid.decompose(tf.fill((16, 16, 3), 0.25), 3)
    assert all(np.allclose(level, 0, atol=1e-7) for level in finer)
    np.testing.assert_allclose(coarsest, 0.25)


def test_one_level_is_the_inner_optimizer(rng: np.random.Generator) -> None:
    start, goal = rng.random((2, 8, 8, 3), np.float32)
    plain, wrapped = (run(o, start, goal, 5) for o in (Adam(), Laplacian(Adam(), levels=1)))
    np.testing.assert_allclose(plain, wrapped, atol=1e-6)


@pytest.mark.parametrize("inner", [Adam(), LBFGS()])
def test_the_gradient_reaches_every_level(inner: Adam | LBFGS, rng: np.random.Generator) -> None:
    """A quadratic bowl has one minimum, wherever its variables come from."""
    start, goal = rng.random((2, 12, 20, 3), np.float32)
    found = run(Laplacian(inner, levels=3), start, goal, 200)
    assert np.abs(found - goal).max() < 0.02


def test_large_shapes_move_first(rng: np.random.Generator) -> None:
    start, goal = np.float32(rng.random((32, 32, 3)) / 2), np.full((32, 32, 3), 0.9, np.float32)
    pixels, levels = (run(o, start, goal, 3) for o in (Adam(), Laplacian(Adam(), 5)))
    assert np.mean(levels - start) > 3 * np.mean(pixels - start)


def test_clipping_keeps_image_and_levels_together(rng: np.random.Generator) -> None:
    start = rng.random((16, 16, 3), np.float32)
    optimizer = Laplacian(Adam(learning_rate=80.0), 3)
    x, state = tf.constant(start), optimizer.init(tf.constant(start))
    for _ in range(5):
        state, x = optimizer.update(state, x, tf.constant(x.numpy() - 2), clip=True)
        composed = pyramid.compose(laplacian.unflat(state.levels, pyramid.level_shapes(x.shape, 3)))
        np.testing.assert_allclose(composed, x, atol=1e-6)
        assert 0 <= x.numpy().min() <= x.numpy().max() <= 1
    assert x.numpy().min() == 1


def test_a_recipe_names_it_and_gentler_reaches_the_inner_one() -> None:
    optimizer = make_optimizer(Recipe(optimizer="adam", laplacian_levels=4))
    assert optimizer == Laplacian(make_optimizer(Recipe(optimizer="adam")), 4)
    assert optimizer.gentler() == Laplacian(optimizer.inner.gentler(), 4)


def run(
    optimizer: Adam | LBFGS | Laplacian, start: np.ndarray, goal: np.ndarray, steps: int
) -> np.ndarray:
    x = tf.constant(start)
    state = optimizer.init(x)
    update = tf.function(optimizer.update, autograph=False)
    for _ in range(steps):
        state, x = update(state, x, x - goal)
    return x.numpy()
