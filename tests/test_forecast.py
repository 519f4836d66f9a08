import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from nst_helpers import (
    RECIPES,
    Forecast,
    Recipe,
    Weights,
    forecast,
    largest_size,
    operations_per_pixel,
    peak_bytes,
    stylize,
)
from nst_helpers.errors import RecipeError
from nst_helpers.losses.tiles import _windows
from nst_helpers.transfer import forecast as module
from nst_helpers.transfer.footprint import available_memory
from nst_helpers.transfer.forecast import ScaleForecast, Speed, is_long, measure_speed

KERNELS = 20_018_880  # numbers in VGG19's sixteen kernels: Keras' 20,024,384 without the biases
ONE_LAYER = Recipe(
    content_layers=(),
    style_layers=("block1_conv1",),
    size=64,
    pyramid=((1.0, 10),),
    coarsest=16,
    optimizer="adam",
    precision="float32",
)
PLAIN = Recipe(precision="float32", pyramid=((1.0, 10),))


@pytest.fixture
def fixed_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that needs no probe."""
    monkeypatch.setattr(module, "measure_speed", lambda recipe: Speed(1e12, 0.01, 1.0))


def change(recipe: Recipe, **settings: Any) -> Recipe:
    return dataclasses.replace(recipe, **settings)


def test_operations_are_those_counted_by_hand() -> None:
    recipe = change(ONE_LAYER, content_layers=("block2_conv1",))
    convolutions = 2 * 9 * (3 * 64 + 64 * 64 + 64 * 128 / 4)  # block 2 has a quarter of the pixels
    gram = 2 * 64 * 64
    assert operations_per_pixel(recipe) == 2 * convolutions + 2 * gram == 244_480


@pytest.mark.parametrize(
    ("settings", "per_pixel"),
    [
        # features + gradient of them + a float32 map as workspace + eight images
        ({}, 4 * 64 + 4 * 64 + 4 * 64 + 8 * 12),
        # the same with bfloat16 features and gradient
        ({"precision": "bfloat16"}, 2 * 64 + 2 * 64 + 4 * 64 + 8 * 12),
        # ... + ten pairs, and twenty images more in the update
        ({"optimizer": "lbfgs", "history": 10}, 864 + 10 * 2 * 12 + 20 * 12),
    ],
)
def test_memory_is_what_a_hand_count_gives(settings: dict[str, Any], per_pixel: int) -> None:
    recipe = change(ONE_LAYER, **settings)
    width = 2 if recipe.precision == "bfloat16" else 4
    weights = 4 * KERNELS + 2 * width * 9 * 3 * 64
    expected = 0.72e9 + weights + 64 * 64 * per_pixel
    assert peak_bytes(recipe, (64, 64), [(64, 64)]) == pytest.approx(expected, rel=1e-12)


def test_targets_of_a_large_style_can_need_more_than_a_step() -> None:
    recipe = change(ONE_LAYER, style_scale=4.0)
    # Features and workspace of one style at a time, and the images of the step to come.
    work = (4 * 64 + 4 * 64) * 256**2 + 8 * 12 * 64**2
    expected = 0.72e9 + 4 * KERNELS + 2 * 4 * 9 * 3 * 64 + work
    got = peak_bytes(recipe, (64, 64), [(256, 256)] * 3)
    assert got == pytest.approx(expected, rel=1e-12)


def test_tiles_bound_the_network_but_not_the_images() -> None:
    recipe = change(ONE_LAYER, tile=32, size=64)
    whole = peak_bytes(ONE_LAYER, (64, 32), [(64, 32)])
    tiled = peak_bytes(recipe, (64, 32), [(64, 32)])
    (length, starts), (width, _) = (_windows(side, 32, "block1_conv1") for side in (64, 32))
    assert len(starts) == 2
    assert whole - tiled == pytest.approx((4 + 4 + 4) * 64 * (64 * 32 - 1.3 * length * width))


@pytest.mark.usefixtures("fixed_speed")
def test_tiles_take_half_as_much_time_again_and_more() -> None:
    recipe, shapes = change(PLAIN, size=2048), ((2048, 2048), [(512, 512)])
    whole, tiled = forecast(change(recipe, tile=4096), *shapes), forecast(recipe, *shapes)
    assert 1.5 < tiled.seconds / whole.seconds < 3
    assert tiled.bytes < whole.bytes


def test_normalizing_the_network_takes_copies_of_it() -> None:
    shapes = (64, 64), [(64, 64)]
    more = peak_bytes(change(ONE_LAYER, normalize_network=True), *shapes)
    assert more - peak_bytes(ONE_LAYER, *shapes) == pytest.approx(4 * 4 * KERNELS)


def test_seconds_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    speed = Speed(1e6 * operations_per_pixel(ONE_LAYER), 0.5, 3.0)  # a million pixels a second
    monkeypatch.setattr(module, "measure_speed", lambda recipe: speed)
    recipe = change(ONE_LAYER, size=2000, pyramid=((0.5, 4), (1.0, 6)), tile=4096)
    told = forecast(recipe, (1000, 2000), [(2000, 2000)])
    # Compilation, steps, and one forward pass (half a step) of the content and of the style.
    assert [scale.seconds for scale in told.per_scale] == pytest.approx(
        [3 + 4 * (0.5 + 0.5) + (0.5 + 1) / 2, 3 + 6 * (0.5 + 2) + (2 + 4) / 2]
    )
    assert told.seconds == sum(scale.seconds for scale in told.per_scale)
    assert told.bytes == told.per_scale[1].bytes == peak_bytes(recipe, (1000, 2000), [(2000, 2000)])


@pytest.mark.parametrize(
    ("more", "memory_too"),
    [
        ({"size": 513}, True),
        ({"pyramid": ((1.0, 11),)}, False),
        ({"style_layers": (*PLAIN.style_layers, "block3_conv4")}, True),
        ({"content_layers": ("block5_conv4",)}, True),
        ({"history": 21}, True),
    ],
)
@pytest.mark.usefixtures("fixed_speed")
def test_more_takes_more(more: dict[str, Any], memory_too: bool) -> None:
    shapes = (600, 800), [(900, 700)]
    less, longer = forecast(PLAIN, *shapes), forecast(change(PLAIN, **more), *shapes)
    # How long the history takes is in the measured speed, which is fixed here.
    assert longer.seconds > less.seconds or "history" in more
    assert longer.bytes > less.bytes or not memory_too


@pytest.mark.usefixtures("fixed_speed")
def test_small_pictures_stay_small() -> None:
    shapes = (200, 300, 3), [(150, 100)]
    assert forecast(change(PLAIN, size=4096), *shapes) == forecast(change(PLAIN, size=300), *shapes)


@pytest.mark.parametrize("rule", ["longest", "shortest", "area"])
@pytest.mark.usefixtures("fixed_speed")
def test_scales_are_those_of_the_run(rule: str, random_weights: Weights) -> None:
    recipe = change(ONE_LAYER, size=29, size_rule=rule, pyramid=((0.37, 1), (0.7, 2), (1.0, 1)))
    content, style = np.full((33, 47, 3), 0.5, np.float32), np.zeros((40, 31, 3), np.float32)
    result = stylize(content, style, recipe, weights=random_weights)
    told = forecast(recipe, content.shape, [style.shape])
    assert tuple(scale[:3] for scale in told.per_scale) == result.scales


def test_speed_is_the_line_through_both_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_probe", lambda e, r, side: (side / 100, 0.02 + side**2 * 1e-6))
    speed = measure_speed.__wrapped__(ONE_LAYER)
    assert speed.operations_per_second == pytest.approx(1e6 * operations_per_pixel(ONE_LAYER))
    assert speed.seconds_per_step == pytest.approx(0.02)
    assert speed.seconds_to_compile == 2.56  # of the second probe: the first also warms up


def test_noise_does_not_make_speed_negative(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_probe", lambda e, r, side: (1.0, 1 / side))  # smaller is slower
    speed = measure_speed.__wrapped__(ONE_LAYER)
    assert 0 < speed.operations_per_second < np.inf
    assert speed.seconds_per_step >= 0


def test_forecast_in_one_line() -> None:
    scale = ScaleForecast(384, 512, 60, 70.4, 2.14e9)
    assert str(Forecast((scale,))) == "about 2.1 GB and 70 s here"
    assert str(Forecast((scale, scale, scale))) == "about 2.1 GB and 4 min here"


def test_only_long_runs_are_worth_a_probe() -> None:
    assert not is_long(change(PLAIN, size=256), (600, 800), [(600, 800)])
    assert is_long(change(RECIPES["gatys2016"], size=1024), (2000, 3000), [(600, 800)])


@pytest.mark.parametrize("rule", ["longest", "shortest", "area"])
@pytest.mark.parametrize("available", [0.95e9, 1.3e9, 2e9, 2.5e9])
def test_largest_size_fits_and_the_next_does_not(rule: str, available: float) -> None:
    recipe = change(PLAIN, size_rule=rule, style_scale=1.3)
    shapes = (3000, 4000), [(5000, 2000), (1000, 1000)]
    size = largest_size(recipe, *shapes, available)
    assert peak_bytes(change(recipe, size=size), *shapes) <= available
    for larger in (size + 1, *range(size + 20, 3001, 200)):
        assert peak_bytes(change(recipe, size=larger), *shapes) > available


@pytest.mark.parametrize(("rule", "size"), [("longest", 400), ("shortest", 300), ("area", 346)])
def test_largest_size_is_never_more_than_the_picture(rule: str, size: int) -> None:
    assert largest_size(change(PLAIN, size_rule=rule), (300, 400), [(9, 9)], 1e15) == size


def test_no_size_fits_into_nothing() -> None:
    with pytest.raises(RecipeError, match=r"size 16 needs about 0\.9 GB and 0\.5 GB are free"):
        largest_size(PLAIN, (300, 400), [(300, 400)], 0.5e9)


def test_largest_size_looks_at_the_free_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = (3000, 3000), [(3000, 3000)]
    own = psutil.Process().memory_info().rss
    free = type("Memory", (), {"available": 1e9})
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    # The memory of this process moves a little while it runs.
    assert available_memory() == pytest.approx(0.9e9 + own, abs=5e7)
    near = [largest_size(PLAIN, *shapes, 0.9e9 + own + error) for error in (-5e7, 5e7)]
    assert near[0] <= largest_size(PLAIN, *shapes) <= near[1]


def test_benchmark_agrees_with_the_forecast() -> None:
    pytest.importorskip("resource")
    script = Path(__file__).parents[1] / "benchmarks" / "forecast.py"
    command = [sys.executable, script, "--precision", "float32", "--steps", "3", "96"]
    table = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    size, told, took, _, wanted, had, ratio = map(float, table.splitlines()[-1].split())
    assert size == 96
    assert min(told, took) > 0  # how well they agree depends on what else the machine does
    assert ratio == pytest.approx(wanted / had, abs=0.02)
    assert 0.5 < ratio < 2  # the model was fitted on one system, and others differ
