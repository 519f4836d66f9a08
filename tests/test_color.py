"""Colors: two spaces against their sources, matching against closed forms, runs that keep them."""

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import scipy.linalg
from PIL import Image
from skimage.color import rgb2lab

from nst_helpers import (
    DivergedError,
    ImageError,
    Progress,
    Recipe,
    Result,
    Run,
    Stop,
    Weights,
    from_lab,
    from_oklab,
    load_image,
    match_colors,
    resize_to,
    save_image,
    stylize,
    stylize_many,
    sweep,
    to_lab,
    to_oklab,
)
from nst_helpers.options import Color, Matching, Start
from nst_helpers.pictures import lab
from nst_helpers.pictures.color import GRAY_VALUE, color_map, in_gray, with_color_of
from nst_helpers.transfer.inputs import Pictures
from nst_helpers.transfer.loop import Loop

METHODS: tuple[Matching, ...] = get_args(Matching)
WHOLE = [method for method in METHODS if method != "mean_std"]  # that match whole covariances
COLORS: tuple[Color, ...] = get_args(Color)
MATCHES = [color for color in COLORS if color.startswith("match_")]
TO = {"lab": to_lab, "oklab": to_oklab}
BACK = {"lab": from_lab, "oklab": from_oklab}
WHITE = {"lab": 100.0, "oklab": 1.0}
ROUNDED = 2.0**-24  # half a step of float32 below 1: pictures are rounded to it once
FLOAT64 = 1e-11  # 2e-16 times (largest / least deviation)² below 1e4, times some ten sums

# Shallow layers and few pixels: what is seen and shown is tested here, not how far steps come.
QUICK = Recipe(
    content_layers=("block2_conv1",),
    style_layers=("block1_conv1", "block1_conv2"),
    style_weight=10.0,
    size=48,
    pyramid=((1.0, 6),),
    coarsest=16,
    precision="float32",
)
TWO_SCALES = replace(QUICK, pyramid=((0.5, 4), (1.0, 3)))


@pytest.fixture
def picture(rng: np.random.Generator) -> np.ndarray:
    """Return pixels whose channels hang together, away from black and white."""
    mixed = rng.random((30, 41, 3)) @ [[0.3, 0.2, 0.1], [0.0, 0.2, 0.2], [0.05, 0.0, 0.2]]
    return (0.2 + mixed).astype(np.float32)


@pytest.fixture
def other(rng: np.random.Generator) -> np.ndarray:
    """Return pixels of other colors and another size, not so far from the first."""
    mixed = rng.random((25, 20, 3)) ** 2 @ [[0.1, 0.0, 0.3], [0.2, 0.1, 0.0], [0.0, 0.15, 0.05]]
    return (0.3 + mixed).astype(np.float32)


# Two spaces


@pytest.fixture
def all_kinds(rng: np.random.Generator) -> np.ndarray:
    """Return random colors, the corners of the cube, grays, and a dark ramp across both bends."""
    corners = np.array(list(product((0.0, 1.0), repeat=3)))
    grays, dark = np.linspace(0, 1, 256)[:, None], np.linspace(0, 0.12, 600)[:, None]
    rows = [rng.random((5000, 3)), corners, grays * (1, 1, 1), dark * (1, 0.5, 0.1)]
    return np.concatenate(rows)[None].astype(np.float32)


def test_lab_is_scikit_images(all_kinds: np.ndarray) -> None:
    # Its matrix and white are rounded otherwise, by up to 2e-4 of a value; a and b are 500 and 200
    # times a cube root, of slope 1/3.
    np.testing.assert_allclose(to_lab(all_kinds), rgb2lab(all_kinds), atol=500 / 3 * 2e-4)


@pytest.mark.parametrize(
    ("xyz", "expected"),  # Ottosson's table
    [
        ((0.950, 1.000, 1.089), (1.000, 0.000, 0.000)),
        ((1.000, 0.000, 0.000), (0.450, 1.236, -0.019)),
        ((0.000, 1.000, 0.000), (0.922, -0.671, 0.263)),
        ((0.000, 0.000, 1.000), (0.153, -1.415, -0.449)),
    ],
)
def test_oklab_has_its_published_values(xyz: Any, expected: Any) -> None:
    linear = np.linalg.solve(lab._XYZ, xyz)
    np.testing.assert_allclose(lab._oklab(linear), expected, atol=0.0005)  # three decimals


def test_the_matrix_of_srgb_is_the_standards() -> None:
    published = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    np.testing.assert_allclose(lab._XYZ, published, atol=0.00005)  # four decimals


def test_lab_of_gray_is_in_closed_form() -> None:
    y = np.array([0.0, 0.001, 0.008, 0.18, 0.5, 1.0])  # the first three on the line
    encoded = np.where(y <= 0.0031308, 12.92 * y, 1.055 * y ** (1 / 2.4) - 0.055)
    expected = np.where(y > (6 / 29) ** 3, 116 * np.cbrt(y) - 16, (29 / 3) ** 3 * y)
    found = to_lab(np.repeat(encoded[None, :, None], 3, -1))[0]
    np.testing.assert_allclose(found[:, 0], expected, atol=903 * ROUNDED)  # L's slope at black
    np.testing.assert_allclose(found[:, 1:], 0, atol=1e-9)


@pytest.mark.parametrize("space", TO)
def test_gray_has_no_color(space: str) -> None:
    grays = np.linspace(0, 1, 256)[None, :, None].repeat(3, -1)
    found = TO[space](grays)[0]
    assert np.abs(found[:, 1:]).max() < 1e-7 * WHITE[space]  # OKLab's matrices have ten decimals
    assert (np.diff(found[:, 0]) > 0).all()
    np.testing.assert_allclose(found[[0, -1], 0], (0, WHITE[space]), atol=1e-7 * WHITE[space])


@pytest.mark.parametrize("space", TO)
def test_there_and_back(space: str, all_kinds: np.ndarray) -> None:
    back = BACK[space](TO[space](all_kinds))
    assert back.dtype == np.float32
    np.testing.assert_allclose(back, all_kinds, atol=ROUNDED)


@pytest.mark.parametrize("space", TO)
def test_what_srgb_cannot_show_is_clipped(space: str) -> None:
    loud = np.array(list(product((-0.5, 0.5, 1.5), (-2, 2), (-2, 2))))[None] * WHITE[space]
    shown = BACK[space](loud)
    assert np.isfinite(shown).all()
    assert shown.min() == 0
    assert shown.max() == 1


# All colors


def moved(image: np.ndarray, reference: np.ndarray, method: Matching) -> np.ndarray:
    """Return the pixels before they are clipped, float64, shape (n, 3)."""
    matrix, before, after = color_map(image, reference, method)
    return (image.reshape(-1, 3).astype(np.float64) - before) @ matrix.T + after


def covariance(pixels: np.ndarray) -> np.ndarray:
    return np.cov(pixels.reshape(-1, 3).astype(np.float64), rowvar=False, ddof=0)


@pytest.mark.parametrize("method", METHODS)
def test_mean_and_covariance_become_the_references(
    method: Matching, picture: np.ndarray, other: np.ndarray
) -> None:
    for one, two in ((picture, other), (other, picture)):
        found, wanted = moved(one, two, method), two.reshape(-1, 3).astype(np.float64)
        np.testing.assert_allclose(found.mean(0), wanted.mean(0), atol=FLOAT64)
        np.testing.assert_allclose(found.var(0), wanted.var(0), atol=FLOAT64)
        if method in WHOLE:
            np.testing.assert_allclose(covariance(found), covariance(wanted), atol=FLOAT64)


def test_variances_alone_leave_channels_hanging_together(
    picture: np.ndarray, other: np.ndarray
) -> None:
    found = moved(picture, other, "mean_std")
    correlations = [np.corrcoef(x.reshape(-1, 3).T) for x in (found, picture, other)]
    np.testing.assert_allclose(correlations[0], correlations[1], atol=1e-6)  # of float32 pixels
    assert np.abs(correlations[0] - correlations[2]).max() > 0.1


@pytest.mark.parametrize("method", METHODS)
def test_matched_is_moved_and_clipped(
    method: Matching, picture: np.ndarray, other: np.ndarray
) -> None:
    loud = (other > np.median(other)).astype(np.float32)
    found = match_colors(picture, loud, method)
    expected = np.clip(moved(picture, loud, method), 0, 1)
    assert found.dtype == np.float32
    assert found.shape == picture.shape
    np.testing.assert_allclose(found.reshape(-1, 3), expected, atol=ROUNDED)
    assert found.min() == 0  # some of it was clipped


@pytest.mark.parametrize("method", METHODS)
def test_a_pictures_own_colors_leave_it(method: Matching, picture: np.ndarray) -> None:
    np.testing.assert_allclose(color_map(picture, picture, method)[0], np.eye(3), atol=1e-9)


@pytest.mark.parametrize("independent", [False, True])
def test_matrices_are_those_of_the_closed_forms(
    picture: np.ndarray, other: np.ndarray, independent: bool
) -> None:
    if independent:  # the corners of the cube: no reflection is needed to make S^1/2 triangular
        other = np.array([list(product((0.0, 1.0), repeat=3))])
    s, r = covariance(picture), covariance(other)
    root_s, root_r = (np.real(scipy.linalg.sqrtm(x)) for x in (s, r))
    expected = {
        "mean_std": np.diag(np.sqrt(np.diag(r) / np.diag(s))),
        "cholesky": np.linalg.cholesky(r) @ np.linalg.inv(np.linalg.cholesky(s)),
        "symmetric": root_r @ np.linalg.inv(root_s),
        # The same map, by the reference's root instead of the picture's.
        "optimal_transport": root_r
        @ np.linalg.inv(np.real(scipy.linalg.sqrtm(root_r @ s @ root_r)))
        @ root_r,
    }
    assert set(expected) == set(METHODS)
    for method in METHODS:
        found = color_map(picture, other, method)[0]
        np.testing.assert_allclose(found, expected[method], rtol=1e-9, atol=1e-9)


def test_optimal_transport_is_symmetric_and_positive(
    picture: np.ndarray, other: np.ndarray
) -> None:
    matrix = color_map(picture, other, "optimal_transport")[0]
    np.testing.assert_allclose(matrix, matrix.T, atol=FLOAT64)
    assert np.linalg.eigvalsh(matrix).min() > 0
    assert np.abs(color_map(picture, other, "symmetric")[0] - matrix).max() > 0.01


def test_optimal_transport_moves_colors_least(
    picture: np.ndarray, other: np.ndarray, rng: np.random.Generator
) -> None:
    pixels = picture.reshape(-1, 3).astype(np.float64)
    least, *more = (
        float(((moved(picture, other, method) - pixels) ** 2).sum(1).mean())
        for method in ("optimal_transport", "symmetric", "cholesky")
    )
    s, r = covariance(picture), covariance(other)
    root_s, root_r = (np.real(scipy.linalg.sqrtm(x)) for x in (s, r))
    means = pixels.mean(0) - other.reshape(-1, 3).astype(np.float64).mean(0)
    # The squared Wasserstein distance of two Gaussians (Dowson, Landau 1982).
    bures = np.trace(s + r - 2 * np.real(scipy.linalg.sqrtm(root_s @ r @ root_s)))
    assert least == pytest.approx(means @ means + bures, rel=1e-9)
    assert least < min(more)
    for _ in range(200):  # R^1/2 Q S^-1/2 is every map to that covariance
        turn = np.linalg.qr(rng.standard_normal((3, 3))).Q
        matrix = root_r @ turn @ np.linalg.inv(root_s)
        away = (pixels - pixels.mean(0)) @ (matrix - np.eye(3)).T - means
        assert (away**2).sum(1).mean() > least


@pytest.mark.parametrize("method", METHODS)
def test_only_cholesky_asks_for_the_order_of_the_channels(
    method: Matching, picture: np.ndarray, other: np.ndarray
) -> None:
    turned = match_colors(picture[..., ::-1], other[..., ::-1], method)[..., ::-1]
    apart = np.abs(turned - match_colors(picture, other, method)).max()
    assert apart > 0.01 if method == "cholesky" else apart < 2 * ROUNDED


@pytest.mark.parametrize("method", METHODS)
def test_a_gray_picture_gets_no_noise(
    method: Matching, other: np.ndarray, rng: np.random.Generator
) -> None:
    """Rounding to 8 bits leaves up to half a gray value of color, where there was none."""
    gray = np.linspace(0.4, 0.5, 900).reshape(30, 30, 1).repeat(3, -1)
    noisy = gray + rng.uniform(-0.5, 0.5, gray.shape) * GRAY_VALUE
    matrix = color_map(noisy, other, method)[0]
    widest = np.sqrt(np.linalg.eigvalsh(covariance(other))[-1])
    assert np.linalg.norm(matrix, 2) < 1.01 * widest / gray[..., 0].std()  # no louder than its own
    assert np.linalg.matrix_rank(matrix) == (3 if method == "mean_std" else 1)


@pytest.mark.parametrize("method", METHODS)
def test_one_color_becomes_the_mean(
    method: Matching, other: np.ndarray, rng: np.random.Generator
) -> None:
    flat = np.full((20, 20, 3), (0.2, 0.5, 0.7)) + rng.uniform(-0.5, 0.5, (20, 20, 3)) / 255
    for image in (flat, flat[:1, :1], np.zeros((4, 4, 3))):
        found = match_colors(image, other, method)
        assert found.shape == image.shape
        np.testing.assert_allclose(found - other.mean((0, 1), np.float64), 0, atol=ROUNDED)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("height", [1, 20])
def test_a_reference_of_one_color_takes_all_colors(
    method: Matching, height: int, picture: np.ndarray
) -> None:
    flat = np.full((height, height, 3), (0.2, 0.5, 0.7))
    np.testing.assert_allclose(match_colors(picture, flat, method) - flat[0, 0], 0, atol=ROUNDED)


@pytest.mark.parametrize("method", WHOLE)
def test_a_gray_reference_makes_it_gray(method: Matching, picture: np.ndarray) -> None:
    gray = np.linspace(0.3, 0.6, 50)[None, :, None].repeat(3, -1)
    assert np.ptp(match_colors(picture, gray, method), axis=-1).max() < 1e-6  # 1e-16's root, less
    np.testing.assert_allclose(
        covariance(moved(picture, gray, method)), covariance(gray), atol=1e-9
    )


def test_what_cannot_be_matched(picture: np.ndarray) -> None:
    with pytest.raises(ImageError, match="Unknown method 'rgb'; choose from"):
        match_colors(picture, picture, "rgb")  # type: ignore[arg-type]
    for pair in ((picture * 255, picture), (picture, picture[..., 0])):
        with pytest.raises(ImageError):
            match_colors(*pair)


# Light apart from color


@pytest.mark.parametrize("space", TO)
def test_in_gray_is_as_light(space: Any, all_kinds: np.ndarray) -> None:
    gray = in_gray(all_kinds, space=space)
    assert np.ptp(gray, axis=-1).max() < 1e-6  # OKLab's matrices have ten decimals
    expected, slope = TO[space](all_kinds)[..., 0], 10  # at black, as a share of white
    np.testing.assert_allclose(
        TO[space](gray)[..., 0], expected, atol=slope * WHITE[space] * 2 * ROUNDED
    )


@pytest.mark.parametrize("space", TO)
def test_luminance_gets_the_others_mean_and_deviation(
    space: Any, picture: np.ndarray, other: np.ndarray
) -> None:
    light = TO[space](in_gray(picture, like=other, space=space))[..., 0] / WHITE[space]
    wanted = TO[space](other)[..., 0] / WHITE[space]
    assert light.mean() == pytest.approx(wanted.mean(), rel=1e-6)  # pixels are float32
    assert light.std() == pytest.approx(wanted.std(), rel=1e-6)
    own = TO[space](picture)[..., 0]
    assert np.corrcoef(light.ravel(), own.ravel())[0, 1] > 1 - 1e-9  # what is lighter stays so


@pytest.mark.parametrize("space", TO)
def test_a_picture_of_one_lightness_gets_the_mean(
    space: Any, other: np.ndarray, rng: np.random.Generator
) -> None:
    flat = 0.5 + rng.uniform(-0.5, 0.5, (20, 20, 3)) / 255
    found = TO[space](in_gray(flat, like=other, space=space))[..., 0]
    np.testing.assert_allclose(found, TO[space](other)[..., 0].mean(), rtol=1e-6)


@pytest.mark.parametrize("space", TO)
def test_color_put_back_is_the_picture(space: Any, all_kinds: np.ndarray) -> None:
    again = with_color_of(in_gray(all_kinds, space=space), all_kinds, space=space)
    # A cube root is steepest at black, where the gray's rounding is felt most: measured 2e-7.
    np.testing.assert_allclose(again, all_kinds, atol=1e-6)


@pytest.mark.parametrize("space", TO)
def test_color_put_back_has_the_light_of_one_and_the_color_of_the_other(
    space: Any, picture: np.ndarray, rng: np.random.Generator
) -> None:
    light = picture[::-1] * 0.6 + 0.2
    found = TO[space](with_color_of(light, picture, space=space)) / WHITE[space]
    np.testing.assert_allclose(found[..., 0], TO[space](light)[..., 0] / WHITE[space], atol=1e-6)
    np.testing.assert_allclose(
        found[..., 1:], TO[space](picture)[..., 1:] / WHITE[space], atol=2e-6
    )


# Runs


@pytest.fixture
def photo(content: np.ndarray) -> np.ndarray:
    """Return the content in quiet colors, which can be shown at nearly any lightness."""
    return (0.5 + 0.15 * (content - 0.5)).astype(np.float32)


def same_color(image: np.ndarray, photo: np.ndarray) -> None:
    """Check that an image has a and b of a photo, where these were not clipped."""
    inside = ((image > 0) & (image < 1)).all(-1)
    assert inside.mean() > 0.5
    apart = to_oklab(image) - to_oklab(resize_to(photo, image.shape[:2]))
    assert np.abs(apart[inside][:, 1:]).max() < 1e-5  # of float32 pixels, in dark places


def test_in_the_styles_colors_nothing_is_touched(
    content: np.ndarray, style: np.ndarray, rng: np.random.Generator
) -> None:
    assert Recipe().color == "style"
    pictures = Pictures(QUICK, content, [style], None)
    assert np.array_equal(pictures.content, content)
    assert np.array_equal(pictures.styles[0], style)
    assert np.array_equal(pictures.start, content)
    image = rng.random(content.shape)
    assert pictures.finished(image) is image


@pytest.mark.parametrize("color", MATCHES)
def test_every_style_gets_the_photos_colors(
    color: Any, content: np.ndarray, style: np.ndarray
) -> None:
    styles = [style, style[..., ::-1]]
    pictures = Pictures(replace(QUICK, color=color), content, styles, None)
    method = color.removeprefix("match_")
    for found, own in zip(pictures.styles, styles, strict=True):
        assert np.array_equal(found, match_colors(own, content, method))
    assert np.array_equal(pictures.content, content)
    assert pictures.finished(content) is content


@pytest.mark.parametrize("start", get_args(Start))
def test_gray_is_all_that_is_seen_of_luminance(
    start: Any, content: np.ndarray, style: np.ndarray
) -> None:
    recipe = replace(TWO_SCALES, color="luminance", start=start, start_noise=0.2)
    pictures = Pictures(recipe, content, [style, style[::-1] ** 2], None)
    image = pictures.start
    for scale in pictures.scales:
        seen_content, styles, image = pictures.at(scale, image)
        for seen in (seen_content, *styles, image):
            assert np.ptp(seen, axis=-1).max() < 1e-6
    assert np.array_equal(pictures.content, in_gray(content))
    for found, own in zip(pictures.styles, (style, style[::-1] ** 2), strict=True):
        assert np.array_equal(found, in_gray(own, like=content))


@pytest.mark.parametrize("start", ["content", "noise"])
def test_luminance_keeps_the_color_of_the_photo_throughout(
    start: Any, photo: np.ndarray, style: np.ndarray, random_weights: Weights
) -> None:
    seen: list[np.ndarray] = []
    recipe = replace(TWO_SCALES, color="luminance", start=start)
    result = stylize(
        *(photo, style, recipe),
        weights=random_weights,
        callback=lambda progress: seen.append(progress.image),
    )
    assert {image.shape for image in seen} == {(16, 24, 3), (32, 48, 3)}
    for image in seen:
        same_color(image, photo)
    assert np.array_equal(seen[-1], result.image)
    assert np.abs(to_oklab(result.image) - to_oklab(photo))[..., 0].mean() > 1e-3  # it was painted


@pytest.mark.parametrize("stop_at", [0, 2, 5])
def test_luminance_that_was_stopped_has_color(
    stop_at: int,
    photo: np.ndarray,
    style: np.ndarray,
    random_weights: Weights,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = Loop.run

    def stopped(loop: Loop, image: np.ndarray, steps: int) -> Any:
        if not stop_at:
            raise Stop
        yield from run(loop, image, steps)

    monkeypatch.setattr(Loop, "run", stopped)

    def stop(progress: Progress) -> None:
        if progress.step == stop_at:
            raise Stop

    monkeypatch.setattr("nst_helpers.transfer.loop._MOST_STEPS_PER_CALL", 1)
    recipe = replace(TWO_SCALES, color="luminance")
    result = stylize(photo, style, recipe, weights=random_weights, callback=stop)
    assert result.interrupted
    assert result.image.shape == ((16, 24, 3) if stop_at < 4 else (32, 48, 3))
    same_color(result.image, photo)


def test_luminance_that_diverged_has_color(
    photo: np.ndarray, style: np.ndarray, random_weights: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Loop.run

    def diverging(loop: Loop, image: np.ndarray, steps: int) -> Any:
        yield from run(loop, image, 2)
        raise DivergedError

    monkeypatch.setattr(Loop, "run", diverging)
    recipe = replace(QUICK, color="luminance")
    with pytest.raises(DivergedError) as caught:
        stylize(photo, style, recipe, weights=random_weights)
    same_color(caught.value.result.image, photo)


def test_luminance_goes_on_from_its_result(
    photo: np.ndarray, style: np.ndarray, random_weights: Weights
) -> None:
    """Not the color that was put back, but the gray that was reached is where it starts."""
    recipe = replace(TWO_SCALES, color="luminance")
    first = stylize(photo, style, recipe, weights=random_weights)
    pictures = Pictures(recipe, photo, [style], first.image)
    assert np.array_equal(pictures.start, in_gray(first.image))
    more = stylize(photo, style, recipe, weights=random_weights, start_image=first.image)
    same_color(more.image, photo)


@pytest.mark.parametrize("color", ["luminance", "match_symmetric"])
def test_each_of_many_photos_has_its_own_colors(
    color: Any, photo: np.ndarray, style: np.ndarray, random_weights: Weights
) -> None:
    """Photos of one size share what was compiled, but no longer the style."""
    recipe = replace(QUICK, color=color)
    photos = [photo, 0.6 * photo[..., ::-1]]
    many = stylize_many(photos, [style, style[::-1]], recipe, weights=random_weights)
    for one, result in zip(photos, many, strict=True):
        alone = stylize(one, [style, style[::-1]], recipe, weights=random_weights)
        np.testing.assert_allclose(result.trace, alone.trace, rtol=1e-5)  # as in test_transfer
        np.testing.assert_allclose(result.image, alone.image, atol=1e-5)


def test_a_sweep_keeps_the_color_and_an_old_record_is_of_the_styles(
    photo: np.ndarray, style: np.ndarray, tmp_path: Path
) -> None:
    content, painting = save_image(photo, tmp_path / "a.png"), save_image(style, tmp_path / "b.png")
    colors: list[Color] = ["style", "luminance", "match_optimal_transport"]
    runs = {
        color: Run(str(content), str(painting), replace(QUICK, color=color)) for color in colors
    }
    results = sweep(runs, tmp_path / "out", weights="random")
    assert [results[color].recipe.color for color in colors] == colors
    images = [results[color].image for color in colors]
    assert not np.array_equal(images[0], images[1])
    assert not np.array_equal(images[0], images[2])
    told: list[str] = []
    sweep(runs, tmp_path / "out", weights="random", callback=told.append)
    assert told == []
    record = json.loads((tmp_path / "out" / "style.json").read_text(encoding="utf-8"))
    del record["recipe"]["color"]
    (tmp_path / "out" / "style.json").write_text(json.dumps(record), encoding="utf-8")
    assert Result.load(tmp_path / "out" / "style.png").recipe == runs["style"].recipe


def _gray(image: np.ndarray) -> Image.Image:
    return Image.fromarray(np.uint8(image[..., 0] * 255))


def _transparent(image: np.ndarray) -> Image.Image:
    return Image.fromarray(np.uint8(np.dstack([image, image[..., 0]]) * 255))


@pytest.mark.parametrize("kind", [_gray, _transparent])
@pytest.mark.parametrize("color", COLORS)
def test_gray_and_transparent_files_are_what_the_reader_makes_of_them(
    color: Any,
    kind: Callable[[np.ndarray], Image.Image],
    content: np.ndarray,
    style: np.ndarray,
    tmp_path: Path,
) -> None:
    file = tmp_path / "photo.png"
    kind(content).save(file)
    recipe = replace(QUICK, color=color)
    of_file = Pictures(recipe, file, [style], None)
    of_numbers = Pictures(recipe, load_image(file), [style], None)
    assert np.array_equal(of_file.styles[0], of_numbers.styles[0])
    shown = of_file.finished(of_file.content)
    np.testing.assert_allclose(shown, load_image(file), atol=1e-6)
    if kind is _gray and color != "style":  # nothing of the style's color is left
        assert np.ptp(of_file.styles[0], axis=-1).max() < 1e-6


def test_the_page_names_every_choice() -> None:
    page = (Path(__file__).parent.parent / "docs" / "usage.md").read_text(encoding="utf-8")
    section = page[page.index("### Whose colors") : page.index("## Many runs")]
    rows = [line.split("|")[1].strip(" `") for line in section.splitlines() if "| `" in line]
    assert rows == list(COLORS)
