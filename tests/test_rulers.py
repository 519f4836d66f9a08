"""The rulers of lessons 10 and 11, on pictures whose answer is known."""

import numpy as np
import pytest

from nst_helpers import Weights, data
from nst_helpers.course.rulers import StyleRuler, grain, kept, squint, structure_length


@pytest.fixture
def photo() -> np.ndarray:
    return data.load("china", size=128)


def test_a_photo_keeps_itself_and_less_of_its_mirror_image(photo: np.ndarray) -> None:
    assert kept(photo, photo) == pytest.approx(1)
    assert kept(np.flip(photo, 1), photo) < 0.5
    assert kept(1 - photo, photo) < 0


def test_kept_does_not_see_a_checkerboard(photo: np.ndarray) -> None:
    board = 0.1 * (np.indices(photo.shape[:2]).sum(0) % 2 * 2 - 1)
    assert kept(photo + board[..., None], photo) == pytest.approx(1, abs=1e-5)


def test_squint_means_whole_squares(rng: np.random.Generator) -> None:
    image = rng.random((5, 7, 3))
    assert squint(image).shape == (2, 3, 3)
    np.testing.assert_allclose(squint(image)[1, 2], image[2:4, 4:6].mean((0, 1)))


@pytest.mark.parametrize("width", [4, 8, 16])
def test_structure_length_of_stripes(width: int) -> None:
    """Stripes of w pixels correlate by 1 - 2 d / w: one half at w / 4, along and across."""
    both = np.indices((96, 96)) // width % 2
    checks = (both.sum(0) % 2)[..., None].repeat(3, -1).astype(float)
    assert structure_length(checks) == pytest.approx(width / 4)


def test_grain_is_the_checkerboards_amplitude(rng: np.random.Generator) -> None:
    board = (np.indices((40, 60)).sum(0) % 2 * 2 - 1) * 7 / 255
    flat = np.full((40, 60, 3), 0.5)
    flat[..., 0] += board
    assert grain(flat) == pytest.approx(7)
    assert grain(flat[..., [0, 0, 0]]) == 0  # gray grain is another matter
    smooth = rng.random((20, 30, 3)).repeat(2, 0).repeat(2, 1)
    assert grain(smooth) == pytest.approx(0, abs=1e-9)


def test_white_noise_has_the_grain_of_its_deviation(rng: np.random.Generator) -> None:
    noise = rng.random((400, 400, 3))
    # red minus green has twice the variance; the mean of four a quarter of it
    assert grain(noise) == pytest.approx(255 * np.sqrt(2 / 12 / 4), rel=0.02)


def test_style_ruler_reads_one_for_the_photo_and_zero_for_the_painting(
    photo: np.ndarray, random_weights: Weights
) -> None:
    painting = data.load("swirling_night", size=128)
    ruler = StyleRuler(painting, photo, random_weights)
    assert ruler.missing(photo) == pytest.approx(1)
    assert ruler.missing(painting) == 0
    assert 0 < ruler.missing(np.roll(painting, 40, 1)) < 0.3  # a style has no places; seams count
