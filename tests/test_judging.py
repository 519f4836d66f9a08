"""The judge: every measure against a naive loop or a closed form, and on known pictures."""

import itertools
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nst_helpers import RECIPES, ImageError, Weights, data, resize_to, save_image
from nst_helpers.errors import DataError
from nst_helpers.judge import Judge, content, copies
from nst_helpers.judge import judge as module
from nst_helpers.judge.content import similarity_divergence, ssim
from nst_helpers.judge.copies import copied_share
from nst_helpers.judge.gaussians import (
    Gaussian,
    divergence,
    e_statistic,
    gaussian,
    principal_axes,
)
from nst_helpers.judge.sliced import sliced_distance
from nst_helpers.losses import statistics

# The sliced distance


def slow_sliced_distance(one: np.ndarray, other: np.ndarray, directions: np.ndarray) -> float:
    count, total = max(len(one), len(other)), 0.0
    for direction in directions.T:
        lines = [sorted(float(point @ direction) for point in points) for points in (one, other)]
        for i in range(count):
            share = (i + 0.5) / count
            ends = [np.interp(share, (np.arange(len(x)) + 0.5) / len(x), x) for x in lines]
            total += (ends[0] - ends[1]) ** 2
    return float(np.sqrt(total / count / directions.shape[1]))


def directions_of(channels: int) -> np.ndarray:
    return statistics.directions(channels).numpy()


@pytest.mark.parametrize("sizes", [(12, 12), (12, 7), (5, 12)])
def test_sliced_distance_is_the_loop(rng: np.random.Generator, sizes: tuple[int, int]) -> None:
    one, other = (rng.normal(size=(size, 4)) for size in sizes)
    directions = directions_of(4)
    slow = slow_sliced_distance(one, other, directions)
    assert sliced_distance(one, other, directions) == pytest.approx(slow, rel=1e-12)


def test_sliced_distance_of_a_shift(rng: np.random.Generator) -> None:
    """The mean of (d . v)^2 over an orthonormal frame is |v|^2 / N, whatever the frame."""
    points, shift = rng.normal(size=(50, 8)), rng.normal(size=8)
    expected = np.linalg.norm(shift) / np.sqrt(8)
    distance = sliced_distance(points, points + shift, directions_of(8))
    assert distance == pytest.approx(expected, rel=1e-12)
    loose = rng.normal(size=(8, 40_000))
    loose /= np.linalg.norm(loose, axis=0)  # (d . v)^2 deviates by 1.3 of its mean: 0.6 % here
    assert sliced_distance(points, points + shift, loose) == pytest.approx(expected, rel=0.02)


def test_sliced_distance_does_not_see_places(rng: np.random.Generator) -> None:
    maps = rng.normal(size=(6, 5, 8))
    shuffled = rng.permutation(maps.reshape(30, 8)).reshape(5, 6, 8)
    assert sliced_distance(maps, shuffled, directions_of(8)) < 1e-12
    assert sliced_distance(maps, shuffled[:3], directions_of(8)) > 0.01


def test_sliced_distance_of_unequal_sizes() -> None:
    """Of evenly spread points only the two outermost of the larger set have nothing beside them."""
    n = 20
    few, many = ((np.arange(k)[:, None] + 0.5) / k for k in (n, 2 * n))
    expected = np.sqrt(2 * (0.25 / n) ** 2 / (2 * n))
    assert sliced_distance(few, many, np.eye(1)) == pytest.approx(expected, rel=1e-9)


def test_directions_are_a_frame_and_stay() -> None:
    directions = directions_of(16)
    np.testing.assert_allclose(directions.T @ directions, np.eye(16), atol=1e-12)
    np.testing.assert_array_equal(directions, directions_of(16))


# The E statistic


def spread(rng: np.random.Generator, size: int) -> Gaussian:
    root = rng.normal(size=(size, size))
    return Gaussian(rng.normal(size=size), root @ root.T + np.eye(size))


def test_divergence_of_two_bells() -> None:
    """ln(s / t) + (t^2 + d^2) / (2 s^2) - 1/2 in one dimension."""
    one, other = Gaussian(np.array([1.0]), np.eye(1) * 4), Gaussian(np.array([4.0]), np.eye(1) * 9)
    expected = np.log(3 / 2) + (4 + 9) / 18 - 0.5
    assert divergence(one, other) == pytest.approx(expected, rel=1e-12)


def test_divergence_is_the_formula(rng: np.random.Generator) -> None:
    one, other = spread(rng, 6), spread(rng, 6)
    inverse, apart = np.linalg.inv(other.covariance), other.mean - one.mean
    ratio = np.linalg.det(other.covariance) / np.linalg.det(one.covariance)
    twice = np.trace(inverse @ one.covariance) + apart @ inverse @ apart - 6 + np.log(ratio)
    assert divergence(one, other) == pytest.approx(twice / 2, rel=1e-9)
    assert divergence(one, other) != pytest.approx(divergence(other, one), rel=0.01)
    assert divergence(one, one) == pytest.approx(0, abs=1e-10)


def test_divergence_does_not_know_units(rng: np.random.Generator) -> None:
    one, other, axes = spread(rng, 5), spread(rng, 5), rng.normal(size=(5, 5))
    expected = divergence(one, other)
    assert divergence(one.along(axes), other.along(axes)) == pytest.approx(expected, rel=1e-8)


def test_gaussian_of_features(rng: np.random.Generator) -> None:
    maps = rng.normal(3, 2, size=(5, 7, 4)).astype(np.float32)
    rows = maps.reshape(-1, 4).astype(np.float64)
    found = gaussian(maps)
    np.testing.assert_allclose(found.mean, rows.mean(0), rtol=1e-12)
    np.testing.assert_allclose(found.covariance, np.cov(rows.T, bias=True), rtol=1e-12)


def test_principal_axes_are_the_widest_in_their_own_units(rng: np.random.Generator) -> None:
    one, other = np.diag([9.0, 1, 25, 4]), np.diag([7.0, 1, 11, 2])  # mean 8, 1, 18, 3
    axes = principal_axes([one, other], 2)
    np.testing.assert_allclose(axes.T @ ((one + other) / 2) @ axes, np.eye(2), atol=1e-12)
    np.testing.assert_allclose(np.abs(axes).max(axis=1) > 0, [True, False, True, False])


def test_e_statistic_is_minus_the_logarithm(rng: np.random.Generator) -> None:
    one, other = spread(rng, 6), spread(rng, 6)
    # the ridge is 1e-4 of variances of 1 and more
    assert e_statistic(one, other) == pytest.approx(-np.log(divergence(one, other)), abs=1e-3)


def test_e_statistic_has_no_infinities(rng: np.random.Generator) -> None:
    style = spread(rng, 6)
    flat = Gaussian(style.mean, np.zeros((6, 6)))
    assert e_statistic(style, style) == pytest.approx(-np.log(1e-6))
    assert -10 < e_statistic(flat, style) < e_statistic(spread(rng, 6), style)
    assert np.isfinite(e_statistic(style, flat))


# The content


def slow_similarity_divergence(one: np.ndarray, other: np.ndarray) -> float:
    total = 0.0
    for i in range(len(one)):
        rows = []
        for features in (one, other):
            lengths = [np.sqrt(sum(f**2)) for f in features]
            cosines = features @ features[i] / lengths / lengths[i]
            weights = [np.exp(cosine / 0.1) for cosine in cosines]
            rows.append([weight / sum(weights) for weight in weights])
        total += sum(p * np.log(p / q) for p, q in zip(*rows, strict=True))
    return total / len(one)


def test_similarity_divergence_is_the_loop(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (rng.random((4, 5, 3)) for _ in range(2))
    slow = slow_similarity_divergence(one.reshape(20, 3), other.reshape(20, 3))
    assert similarity_divergence(one, other) == pytest.approx(slow, rel=1e-9)
    monkeypatch.setattr(content, "_ROWS", 7)  # blocks, and a rest
    assert similarity_divergence(one, other) == pytest.approx(slow, rel=1e-9)
    assert similarity_divergence(one, one) == pytest.approx(0, abs=1e-12)


def test_similarity_divergence_sees_similarities_only(rng: np.random.Generator) -> None:
    features = rng.random((20, 6))
    turned = 9 * features @ directions_of(6)  # all angles stay
    assert similarity_divergence(features, turned) == pytest.approx(0, abs=1e-12)
    brighter = rng.uniform(0.5, 2, (20, 1)) * features
    assert similarity_divergence(features, brighter) == pytest.approx(0, abs=1e-12)
    assert similarity_divergence(features, rng.permutation(features)) > 0.1


def test_similarity_divergence_of_nothing_to_see(rng: np.random.Generator) -> None:
    """Where all places look alike, the rows are 1 / M: KL is ln M less the rows' entropy."""
    features = rng.random((20, 6))
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    rows = np.exp(unit @ unit.T / 0.1)
    rows /= rows.sum(1, keepdims=True)
    expected = np.log(20) + np.mean(np.sum(rows * np.log(rows), axis=1))
    for nothing in (np.ones((20, 6)), np.zeros((20, 6))):
        assert similarity_divergence(features, nothing) == pytest.approx(expected, rel=1e-9)


def test_ssim_of_flat_pictures() -> None:
    """(2 a b + c) / (a^2 + b^2 + c) with c = 0.01^2."""
    one, other = (np.full((16, 20, 3), gray, np.float32) for gray in (0.3, 0.6))
    expected = (2 * 0.3 * 0.6 + 1e-4) / (0.3**2 + 0.6**2 + 1e-4)
    assert ssim(one, other) == pytest.approx(expected, rel=1e-4)  # in float32
    assert ssim(one, one) == pytest.approx(1)


def test_ssim_looks_at_luminance_alone(rng: np.random.Generator) -> None:
    photo = 0.2 + 0.5 * rng.random((24, 24, 3), np.float32)
    recolored = photo + np.array([0.1, 0, -0.1 * 0.299 / 0.114], np.float32) / 4
    assert ssim(recolored, photo) == pytest.approx(1, abs=1e-5)
    assert ssim(1 - photo, photo) < 0


# Copies


def slow_copied_share(result: np.ndarray, style: np.ndarray) -> float:
    def windows(maps: np.ndarray) -> list[np.ndarray]:
        height, width, _ = maps.shape
        places = itertools.product(range(height - 2), range(width - 2))
        return [maps[r : r + 3, c : c + 3] for r, c in places]

    sources = windows(style)
    middle = sum(sources) / len(sources)
    copied = [
        min(np.sum((window - source) ** 2) for source in sources)
        < np.sum((window - middle) ** 2) / 4
        for window in windows(result)
    ]
    return float(np.mean(copied))


def test_copied_share_is_the_loop(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    style = rng.random((7, 9, 2))
    result = np.concatenate([style[1:6, 2:7], rng.random((5, 4, 2))], axis=1)
    slow = slow_copied_share(result, style)
    assert 0.2 < slow < 0.8
    assert copied_share(result, style) == slow
    monkeypatch.setattr(copies, "_ROWS", 4)  # blocks, and a rest
    assert copied_share(result, style) == slow


@pytest.mark.parametrize(("noise", "share"), [(0.0, 1), (0.4, 1), (0.8, 0)])
def test_a_copy_differs_by_less_than_half(
    rng: np.random.Generator, noise: float, share: int
) -> None:
    """Noise of t deviations leaves copies t / sqrt(1 + t^2) of their own distance apart."""
    style = rng.normal(size=(8, 9, 64)).astype(np.float32)
    copy = style[2:, 3:] + noise * rng.normal(size=(6, 6, 64)).astype(np.float32)
    assert copied_share(copy, style) == share


def test_flat_pictures_copy_nothing() -> None:
    assert copied_share(np.ones((4, 4, 2)), np.ones((5, 5, 2))) == 0


# The judge


@pytest.fixture
def strict(few_photos: None, random_weights: Weights) -> Judge:
    return Judge("china", "swirling_night", 96, random_weights)


def test_no_recipe_optimizes_what_style_is_judged_by() -> None:
    used = {layer for recipe in RECIPES.values() for layer in recipe.layers}
    assert used.isdisjoint({*module.STYLE_LAYERS, module.COPY_LAYER})


def test_the_ends_of_all_scales(strict: Judge, random_weights: Weights) -> None:
    photo = strict("china")
    assert (photo.style_distance, photo.ssim) == pytest.approx((1, 1))
    assert photo.content_distance == pytest.approx(0, abs=1e-12)
    painting = resize_to(strict.style, strict.content.shape[:2])
    itself = Judge("china", painting, 96, random_weights)(painting)
    assert (itself.style_distance, itself.copied) == (0, 1)
    best = -np.log(1e-6) * (0.7468 + 0.2557 + 2.3768)
    np.testing.assert_allclose(itself.E, best)
    assert itself.content_distance > 0
    assert itself.ssim < 0.9


def test_a_verdict_is_plain_numbers_and_repeats(strict: Judge, random_weights: Weights) -> None:
    verdict = strict("flower")
    assert all(type(value) is float for value in astuple(verdict))
    assert Judge("china", "swirling_night", 96, random_weights)("flower") == verdict


def test_files_names_and_arrays_are_the_same_pictures(strict: Judge, tmp_path: Path) -> None:
    image = data.load("flower", 96)
    file = save_image(image, tmp_path / "flower.png")
    for picture in (file, str(file), file.read_bytes(), image):
        np.testing.assert_allclose(strict.open(picture), image, atol=0.5 / 255 + 1e-6)
    with file.open("rb") as opened:
        assert strict.open(opened).shape == image.shape
    np.testing.assert_array_equal(strict.open("china"), strict.content)


def test_larger_results_are_reduced_and_a_pixel_is_forgiven(strict: Judge) -> None:
    rows, columns, _ = strict.content.shape
    for shape in ((3 * rows, 3 * columns), (rows + 1, columns), (rows - 1, columns - 1)):
        assert strict.open(np.full((*shape, 3), 0.5)).shape == strict.content.shape


BAD_PICTURES: dict[str, tuple[Any, str]] = {
    "other proportions": (np.zeros((96, 96, 3)), "other proportions than the content's 96 x 64"),
    "too small": (np.zeros((48, 72, 3)), "less than the 96 x 64 .+ judge at size 72 or less"),
    "missing": ("no.png", "no picture 'no.png'"),
    "integers": (np.zeros((64, 96, 3), np.uint8), "divide by 255"),
}


@pytest.mark.parametrize("kind", BAD_PICTURES)
def test_a_bad_result_gets_one_sentence_before_any_work(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "VGG19", lambda *how: pytest.fail("the network was made"))
    picture, said = BAD_PICTURES[kind]
    with pytest.raises((ImageError, DataError), match=said) as caught:
        Judge("china", "swirling_night", 96)(picture)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("pair", "size", "said"),
    [
        (("china", "swirling_night"), 48, "The content has 48 x 32 pixels .+ each side needs 64"),
        ((np.zeros((64, 96, 3)), np.ones((64, 20, 3))), 96, "The style has 20 x 64 pixels"),
        (("china", "china"), 96, "the same picture"),
        (("china", "swirling_night"), 0, "size must be one whole number"),
    ],
)
def test_what_cannot_be_judged_by_is_refused(pair: tuple[Any, Any], size: int, said: str) -> None:
    with pytest.raises(ImageError, match=said):
        Judge(*pair, size)


@pytest.mark.weights
def test_known_pictures_are_put_in_order(weights: Weights) -> None:
    photo, painting = data.load("china", 192)[:, :160], data.load("swirling_night", 192)
    known = {
        "photo": photo,
        "negative": 1 - photo,
        "piece": painting[13 : 13 + photo.shape[0], 21 : 21 + photo.shape[1]],
        "noise": np.random.default_rng(0).random(photo.shape, np.float32),
        "flat": np.full_like(photo, 0.4),
    }
    judge = Judge(photo, painting, 192, weights)
    verdicts = {name: judge(picture) for name, picture in known.items()}

    def ordered(measure: str) -> list[str]:
        return sorted(verdicts, key=lambda name: getattr(verdicts[name], measure))

    assert ordered("style_distance")[0] == "piece"
    assert ordered("E")[-1] == "piece"
    assert ordered("content_distance")[:2] == ["photo", "negative"]  # it has the same places
    assert verdicts["negative"].content_distance < 0.2 < 1 < verdicts["noise"].content_distance
    assert ordered("ssim")[-1] == "photo"
    assert verdicts["piece"].copied > 0.85
    assert max(verdicts[name].copied for name in known if name != "piece") < 0.01
