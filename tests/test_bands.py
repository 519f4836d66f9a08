"""The bands of spatial frequencies against waves whose frequency is known."""

import numpy as np
import pytest

from nst_helpers import tf
from nst_helpers.optimizers.bands import Bands

SHAPES = [(32, 48, 3), (33, 47, 3), (5, 64, 1)]


def wave(shape: tuple[int, int, int], rows: int, columns: int) -> np.ndarray:
    """Return a wave with so many periods along the height and along the width."""
    height, width, channels = shape
    y, x = np.mgrid[:height, :width]
    values = np.cos(2 * np.pi * (rows * y / height + columns * x / width))
    return np.repeat(values[..., None], channels, -1).astype(np.float32)


@pytest.mark.parametrize("shape", SHAPES)
def test_energies_add_up_to_the_sum_of_squares(
    shape: tuple[int, int, int], rng: np.random.Generator
) -> None:
    x = rng.standard_normal(shape).astype(np.float32)
    energies = Bands(shape).energies(tf.constant(x)).numpy()
    assert energies.sum() == pytest.approx(np.sum(x**2), rel=1e-5)  # float32 sums
    assert (energies > 0).all()


@pytest.mark.parametrize(
    ("rows", "columns", "band"),
    [
        (0, 32, 0),  # 0.5 periods per pixel
        (32, 32, 0),  # the corner, 0.71
        (0, 24, 0),  # 0.375
        (0, 22, 1),  # 0.344, below 0.354
        (12, 12, 1),  # 0.265 on the diagonal
        (0, 9, 3),  # 0.141, between 0.125 and 0.177
        (-9, 0, 3),
        (0, 5, 5),  # 0.078
        (0, 4, 6),  # four periods
        (1, 1, 6),
        (0, 0, 6),  # the mean
    ],
)
def test_a_wave_lies_in_its_band(rows: int, columns: int, band: int) -> None:
    bands = Bands((64, 64, 3))
    assert bands.count == 7
    energies = bands.energies(tf.constant(wave((64, 64, 3), rows, columns))).numpy()
    np.testing.assert_allclose(energies, energies.sum() * np.eye(7)[band], atol=1e-4)


@pytest.mark.parametrize("shape", SHAPES)
def test_scaling_multiplies_every_band(
    shape: tuple[int, int, int], rng: np.random.Generator
) -> None:
    bands, x = Bands(shape), rng.standard_normal(shape).astype(np.float32)
    factors = rng.uniform(0.5, 2.0, bands.count).astype(np.float32)
    scaled = bands.scale(tf.constant(x), tf.constant(factors))
    assert scaled.shape == shape
    got, before = bands.energies(scaled).numpy(), bands.energies(tf.constant(x)).numpy()
    np.testing.assert_allclose(got, factors**2 * before, rtol=1e-4)
    back = bands.scale(scaled, tf.constant(1 / factors))
    np.testing.assert_allclose(back, x, atol=1e-5)


def test_small_images_and_vectors_are_one_band() -> None:
    assert Bands((7, 300, 3)).count == 1
    vector = Bands((4,))
    assert vector.count == 1
    x = tf.constant([1.0, 2.0, 3.0, 4.0])
    np.testing.assert_array_equal(vector.energies(x), [30.0])
    np.testing.assert_array_equal(vector.scale(x, tf.constant([2.0])), 2 * x)
