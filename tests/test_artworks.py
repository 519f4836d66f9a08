"""The painter: same seed, same picture; and the shipped files are what it paints."""

from pathlib import Path

import numpy as np
import pytest

from nst_helpers import load_image, resize_to
from nst_helpers.errors import DataError, ImageError
from tools.artworks import NAMES, paint

DATA = Path(__file__).parents[1] / "data"
SMALL = 96


@pytest.fixture(scope="module")
def small() -> dict[str, np.ndarray]:
    return {name: paint(name, SMALL) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_file_is_what_the_painter_paints(name: str) -> None:
    shipped, painted = load_image(DATA / f"{name}.jpg"), paint(name)
    assert shipped.shape == painted.shape
    # JPEG at quality 85: the busy dots of the meadow lose the most, 0.029 on average.
    assert np.abs(shipped - painted).mean() < 0.035
    # It keeps the mean color far better: one gray value is ample.
    np.testing.assert_allclose(shipped.mean((0, 1)), painted.mean((0, 1)), atol=0.004)


@pytest.mark.parametrize("name", NAMES)
def test_painting_twice_gives_the_same_array(name: str, small: dict[str, np.ndarray]) -> None:
    np.testing.assert_array_equal(paint(name, SMALL), small[name])


@pytest.mark.parametrize("name", NAMES)
def test_a_painting_is_an_image_of_the_package(name: str, small: dict[str, np.ndarray]) -> None:
    image = small[name]
    assert image.dtype == np.float32
    assert image.ndim == 3
    assert image.shape[2] == 3
    assert max(image.shape) == SMALL
    assert image.min() >= 0
    assert image.max() <= 1


@pytest.mark.parametrize("name", NAMES)
def test_a_smaller_painting_is_the_same_picture(name: str, small: dict[str, np.ndarray]) -> None:
    coarse = (small[name].shape[0] // 6, small[name].shape[1] // 6)  # too coarse for strokes
    shipped = resize_to(load_image(DATA / f"{name}.jpg"), coarse)
    # Two different paintings are at least 0.15 apart; a stroke under a pixel wide blurs a little.
    assert np.abs(shipped - resize_to(small[name], coarse)).mean() < 0.03


def test_the_paintings_differ_in_palette_or_texture(small: dict[str, np.ndarray]) -> None:
    traits = {name: _traits(image) for name, image in small.items()}
    for i, one in enumerate(NAMES):
        for other in NAMES[:i]:
            assert np.linalg.norm(traits[one] - traits[other]) > 0.1, (one, other)


def _traits(image: np.ndarray) -> np.ndarray:
    """Mean and spread of each channel, and mean step to the neighbor below and to the right."""
    steps = [np.abs(np.diff(image, axis=axis)).mean() for axis in (0, 1)]
    return np.concatenate([image.mean((0, 1)), image.std((0, 1)), steps])


def test_an_unknown_name_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(DataError, match="did you mean 'swirling_night'"):
        paint("swirly_night")


def test_a_picture_without_room_for_paint_is_refused() -> None:
    with pytest.raises(ImageError, match="32 or more"):
        paint("swirling_night", size=8)
