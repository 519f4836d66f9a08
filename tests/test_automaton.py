"""Textures out of cells that see only their neighbors, in Python and in the page."""

import base64
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nst_helpers import Weights, data, tf
from nst_helpers.course import living
from nst_helpers.errors import RecipeError, WeightsError
from nst_helpers.feedforward import automaton
from nst_helpers.feedforward.automaton import CHANNELS, grow
from nst_helpers.feedforward.kept import kept_network
from nst_helpers.pictures.registry import picture_folder

PAINTINGS = list(automaton.CROPS)


@pytest.fixture
def untrained(rng: np.random.Generator) -> tf.keras.Model:
    """Return an automaton with random numbers in both layers, as float16 has them."""
    model = automaton.make_automaton()
    shapes = [array.shape for array in model.get_weights()]
    numbers = [rng.normal(0, 0.1, shape).astype(np.float16) for shape in shapes]
    model.set_weights([array.astype(np.float32) for array in numbers])
    return model


# What cells see


def test_perception_is_the_naive_loop(rng: np.random.Generator) -> None:
    state = rng.normal(size=(2, 5, 7, 3)).astype(np.float32)
    smooth, slope = np.array([1, 2, 1]), np.array([-1, 0, 1])
    kernels = [
        np.outer([0, 1, 0], [0, 1, 0]),
        np.outer(smooth, slope) / 8,
        np.outer(slope, smooth) / 8,
        np.array([[1, 2, 1], [2, -12, 2], [1, 2, 1]]) / 4,
    ]
    naive = np.zeros((2, 5, 7, 4, 3))
    for y, x, i, j in np.ndindex(5, 7, 3, 3):
        seen = state[:, (y + i - 1) % 5, (x + j - 1) % 7]
        for k, kernel in enumerate(kernels):
            naive[:, y, x, k] += kernel[i, j] * seen
    # sums of nine float32 numbers of size 10 at most
    np.testing.assert_allclose(
        automaton.perceive(tf.constant(state)), naive.reshape(2, 5, 7, 12), atol=9 * 10 * 1.2e-7
    )


def test_slopes_and_laplacian_are_derivatives() -> None:
    y, x = np.mgrid[0:6, 0:8].astype(np.float32)
    state = np.stack([3 * x - 2 * y, x**2, x * y + y**2], axis=-1)
    seen = automaton.perceive(tf.constant(state[None]))[0].numpy()[1:-1, 1:-1]  # not the border
    along_row, along_column, laplacian = np.split(seen, 4, axis=-1)[1:]
    one, zero, (y, x) = np.ones((4, 6)), np.zeros((4, 6)), (y[1:-1, 1:-1], x[1:-1, 1:-1])
    # Whole numbers, which float32 holds exactly.
    np.testing.assert_array_equal(along_row, np.stack([3 * one, 2 * x, y], axis=-1))
    np.testing.assert_array_equal(along_column, np.stack([-2 * one, zero, x + 2 * y], axis=-1))
    np.testing.assert_array_equal(laplacian, np.stack([zero, 2 * one, 2 * one], axis=-1))


def test_no_place_is_special(untrained: tf.keras.Model, rng: np.random.Generator) -> None:
    state = rng.normal(size=(1, 9, 11, CHANNELS)).astype(np.float32)
    mask = automaton.draw(rng, 1, 1, 9, 11)[0]

    def move(x: Any) -> np.ndarray:
        return np.roll(np.asarray(x), (4, -3), (1, 2))

    moved = automaton.update(untrained, tf.constant(move(state)), tf.constant(move(mask)))
    here = automaton.update(untrained, tf.constant(state), tf.constant(mask))
    assert np.abs(here - state).max() > 0.1
    np.testing.assert_allclose(moved, move(here), atol=1e-5)  # the same sums in another order


# Updates


def test_an_untrained_automaton_is_still(rng: np.random.Generator) -> None:
    model = automaton.make_automaton()
    assert model.count_params() == 48 * 96 + 96 + 96 * 12 + 12 == 5868
    state = rng.normal(size=(6, 5, CHANNELS)).astype(np.float32)
    np.testing.assert_array_equal(grow(model, state, 3), state)


def test_half_of_the_cells_change(untrained: tf.keras.Model) -> None:
    state = np.zeros((100, 100, CHANNELS), np.float32)
    once = grow(untrained, state, 1, seed=3)
    changed = np.any(once != 0, axis=-1)
    assert abs(changed.mean() - 0.5) < 5 * 0.005  # deviations of the mean of 10,000 draws
    np.testing.assert_array_equal(once, grow(untrained, state, 1, seed=3))
    assert np.any(changed != np.any(grow(untrained, state, 1, seed=4) != 0, axis=-1))
    twice = np.any(grow(untrained, state, 2, seed=3) != 0, axis=-1)
    assert abs(twice.mean() - 0.75) < 5 * 0.005  # so other cells than before


def test_a_disc_is_erased_across_the_border() -> None:
    state = np.ones((10, 12, CHANNELS), np.float32)
    gone = automaton.erase(state, (0, 11), 2)[..., 5] == 0
    assert gone.sum() == 13  # positions at a distance of 2 or less
    assert gone[0, 1]
    assert gone[8, 11]
    assert not gone[1, 1]


@pytest.mark.parametrize(("shape", "steps"), [((4, 4, 3), 1), ((1, 4, 4, 12), 1), ((4, 4, 12), -1)])
def test_what_cannot_grow_is_refused(shape: tuple[int, ...], steps: int) -> None:
    with pytest.raises(RecipeError, match=r"shape \(H, W, 12\)"):
        grow(automaton.make_automaton(), np.zeros(shape, np.float32), steps)


# Training


@pytest.fixture
def training(
    random_weights: Weights, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], automaton.AutomatonTraining]:
    for name, value in {"SIDE": 16, "_POOL": 3, "_FEWEST": 2, "_MOST": 3}.items():
        monkeypatch.setattr(automaton, name, value)
    return lambda: automaton.AutomatonTraining(10, random_weights, "stained_glass")


def test_a_step_depends_on_its_number_and_the_state_alone(
    training: Callable[[], automaton.AutomatonTraining], tmp_path: Path
) -> None:
    one, other = training(), training()
    parts = [one.step(number) for number in range(2)]
    assert set(parts[0]) == {"style", "overflow"}
    saved = tf.train.Checkpoint(**one.state).save(str(tmp_path / "state"))
    held = [one.pool.numpy(), *one.model.get_weights(), *(x.numpy() for x in one.adam.variables)]
    third = training()
    tf.train.Checkpoint(**third.state).restore(saved).assert_consumed()
    found = [
        third.pool.numpy(),
        *third.model.get_weights(),
        *(x.numpy() for x in third.adam.variables),
    ]
    for array, wanted in zip(found, held, strict=True):
        np.testing.assert_array_equal(array, wanted)
    # From here on to rounding: the sums of a step's gradient have no fixed order.
    parts.append(one.step(2))
    for number in range(3):
        assert other.step(number) == pytest.approx(parts[number], rel=1e-3, abs=1e-6)
    assert third.step(2) == pytest.approx(parts[2], rel=1e-3, abs=1e-6)
    np.testing.assert_allclose(one.pool, third.pool, atol=1e-4)
    for name, array in one.arrays().items():
        assert array.dtype == np.float16
        np.testing.assert_allclose(array, third.arrays()[name], rtol=0, atol=2e-4)
    assert np.any(one.arrays()["w02"] != 0)


def test_the_texture_itself_has_no_loss(random_weights: Weights) -> None:
    picture = automaton.texture("swirling_night")[:64, :64]
    loss = automaton.TextureLoss(picture, random_weights)
    found = loss(tf.constant(np.stack([picture, 0 * picture + 0.5]))).numpy()
    assert found[0] < 1e-6
    assert found[1] > 1e-2


def test_an_unknown_painting_is_refused(random_weights: Weights) -> None:
    with pytest.raises(RecipeError, match="'china'; choose from swirling_night, stained_glass"):
        automaton.AutomatonTraining(10, random_weights, "china")


def test_what_is_trained_on_is_free() -> None:
    for painting in PAINTINGS:
        assert data.info(painting).license.startswith("CC0")
        top, left, side, _ = automaton.CROPS[painting]
        height, width = data.load(painting).shape[:2]
        assert top + side <= height
        assert left + side <= width


# Those that come with the package


@pytest.mark.weights
@pytest.mark.slow
@pytest.mark.parametrize("painting", PAINTINGS)
def test_a_kept_automaton_grows_its_texture_and_heals(painting: str, weights: Weights) -> None:
    model = automaton.kept_automaton(painting)
    loss = automaton.TextureLoss(automaton.texture(painting), weights)
    nothing = np.zeros((96, 96, CHANNELS), np.float32)
    grown = grow(model, nothing, 200)
    wiped = automaton.erase(grown, (48, 48), 34)
    healed = grow(model, wiped, 200, seed=1)
    states = np.stack([nothing, grown, wiped, healed])
    start, before, _, after = loss(tf.constant(states)[..., :3] + 0.5).numpy()
    assert max(before, after) < 0.2 * start  # 0.07 to 0.09 of it, when they were kept
    inside = tf.constant(states[:, 24:72, 24:72])  # all of it was erased
    start, before, hurt, after = loss(inside[..., :3] + 0.5).numpy()
    assert hurt == pytest.approx(start)
    assert before < 0.35 * start
    assert after < 1.5 * before
    assert np.abs(healed).max() < 2


def test_kept_automata_are_small() -> None:
    for painting in PAINTINGS:
        assert (picture_folder() / f"automaton_{painting}.npz").stat().st_size < 15_000


# The page


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    monkeypatch.setattr(living, "_STEPS", 2)
    return lambda: living.living_texture(PAINTINGS[0])._repr_html_()


def test_the_page_needs_nothing_else(page: Callable[[], str]) -> None:
    text = page()
    assert len(text.encode()) < 40_000
    assert "http" not in text
    assert not re.search(r"\b(src|href)=\"(?!data:)|fetch|import|XMLHttp|url\(", text)
    assert text.count("</script>") == 1
    assert re.search(r'<img src="data:image/jpeg;base64,[\w+/=]+" alt="A texture after ', text)


def test_several_pages_do_not_collide(page: Callable[[], str]) -> None:
    one, other = ([*re.findall(r'id="([\w-]+)"', page())] for _ in range(2))
    assert len(one) == len(other) == 1
    assert one != other


def test_the_page_holds_the_numbers(page: Callable[[], str]) -> None:
    (text,) = re.findall(r'live\(document.getElementById\(.+?\), "([\w+/=]+)", 96\)', page())
    found = np.frombuffer(base64.b64decode(text), "<f2")
    kept = kept_network(f"automaton_{PAINTINGS[0]}")
    np.testing.assert_array_equal(found, np.concatenate([x.ravel() for x in kept.values()]))


def test_an_unknown_painting_has_no_texture() -> None:
    with pytest.raises(WeightsError, match="no network 'automaton_china'"):
        living.living_texture("china")


@pytest.mark.skipif(shutil.which("node") is None, reason="no node to run the page's script")
def test_the_script_computes_the_same(untrained: tf.keras.Model, rng: np.random.Generator) -> None:
    state = rng.normal(size=(8, 8, CHANNELS)).astype(np.float32)
    masks = automaton.draw(rng, 4, 1, 8, 8)
    wanted = tf.constant(automaton.erase(state, (0, 6), 2)[None], tf.float32)
    for mask in masks:
        wanted = automaton.update(untrained, wanted, tf.constant(mask))
    numbers = b"".join(x.astype("<f2").tobytes() for x in untrained.get_weights())
    script = f"""{living._SCRIPT.read_text()}
        const cells = new Automaton("{base64.b64encode(numbers).decode()}", 8);
        cells.now.set({state.ravel().tolist()});
        cells.erase(0, 6, 2);
        for (const mask of {masks.reshape(4, 8, 8).astype(int).tolist()})
            while (!cells.advance((y, x) => mask[y][x]));
        console.log(JSON.stringify(Array.from(cells.now)));"""
    ran = subprocess.run(["node", "-"], input=script, capture_output=True, text=True, check=True)
    found = np.array(json.loads(ran.stdout)).reshape(1, 8, 8, CHANNELS)
    assert np.abs(wanted - state).max() > 0.5
    # 4 updates, sums of 48 and of 96 numbers in another order
    np.testing.assert_allclose(found, wanted, atol=4 * 144 * 1.2e-7)
