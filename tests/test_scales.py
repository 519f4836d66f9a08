"""Which scales a run has, and the frame that lets all four edges be painted alike."""

import numpy as np
import pytest

from nst_helpers import Recipe
from nst_helpers.transfer.scales import Scale, frame, framed_shape, measured, plan, unframed

PYRAMID = ((0.4, 60), (0.7, 40), (1.0, 25))


@pytest.mark.parametrize(
    ("shape", "steps"),
    [
        ((341, 512), {205: 60, 358: 40, 512: 25}),
        ((300, 451), {316: 100, 451: 25}),  # 180 pixels would be too few
        ((170, 256), {256: 125}),
        ((20, 32), {32: 125}),  # the last scale always stays
        ((34, 512), {358: 100, 512: 25}),  # 14 rows at 0.4: block5 would see none
    ],
)
def test_scales_too_small_for_the_picture_hand_their_steps_on(
    shape: tuple[int, int], steps: dict[int, int]
) -> None:
    scales = plan(Recipe(pyramid=PYRAMID, coarsest=192), shape, [(400, 500)])
    assert {scale.content[1]: scale.steps for scale in scales} == steps


def test_scales_too_small_for_a_style_fall_away_too() -> None:
    scales = plan(Recipe(pyramid=PYRAMID), (341, 512), [(400, 500), (30, 400)])
    assert [scale.styles[1] for scale in scales] == [(21, 280), (30, 400)]


def test_the_finest_scale_alone_keeps_its_own_steps() -> None:
    assert plan(Recipe(pyramid=PYRAMID), (341, 512), [(9, 9)], finest=True) == (
        Scale((341, 512), ((9, 9),), 25),
    )


@pytest.mark.parametrize("rest", range(16))
def test_a_frame_can_be_cut_off_again(rest: int, rng: np.random.Generator) -> None:
    picture = rng.random((32 + rest, 3 + rest, 3), np.float32)
    framed = frame(picture, 16)
    assert framed.shape[:2] == framed_shape(picture.shape, 16)
    assert not any(side % 16 or side < 32 for side in framed.shape[:2])
    np.testing.assert_array_equal(unframed(framed, (32 + rest, 3 + rest)), picture)


def test_a_frame_repeats_what_is_there(rng: np.random.Generator) -> None:
    picture = rng.random((1, 2, 3), np.float32)  # far smaller than the frame
    assert set(frame(picture, 16).ravel()) == set(picture.ravel())


def test_a_picture_that_fits_gets_no_frame(rng: np.random.Generator) -> None:
    picture = rng.random((32, 48, 3), np.float32)
    np.testing.assert_array_equal(frame(picture, 16), picture)


def test_sizes_are_measured_by_the_rule() -> None:
    assert [measured((400, 900), rule) for rule in ("longest", "shortest", "area")] == [
        900,
        400,
        600,
    ]
