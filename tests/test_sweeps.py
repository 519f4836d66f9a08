import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nst_helpers import (
    NSTError,
    Recipe,
    Result,
    Run,
    Weights,
    load_image,
    save_image,
    stylize,
    stylize_many,
    sweep,
)
from nst_helpers.errors import ImageError, SweepError
from nst_helpers.transfer import sweeps

SMALL = Recipe(size=32, pyramid=((1.0, 2),), coarsest=16, precision="float32")


@pytest.fixture
def runs(tmp_path: Path, content: np.ndarray, style: np.ndarray) -> dict[str, Run]:
    pictures = [
        str(save_image(image, tmp_path / f"{name}.png"))
        for name, image in {"content": content, "style": style}.items()
    ]
    return {f"seed-{n}": Run(*pictures, replace(SMALL, start="noise", seed=n)) for n in range(3)}


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """Return the runs that are really done, in order."""
    runs: list[Run] = []
    do = sweeps._do

    def counted(run: Run, *how: Any) -> Result:
        runs.append(run)
        return do(run, *how)

    monkeypatch.setattr(sweeps, "_do", counted)
    return runs


def test_does_what_stylize_does(
    runs: dict[str, Run], tmp_path: Path, random_weights: Weights
) -> None:
    results = sweep(runs, tmp_path / "new" / "folder", weights="random")
    assert list(results) == list(runs)
    for name, run in runs.items():
        alone = stylize(run.content, run.style, run.recipe, weights=random_weights)
        np.testing.assert_allclose(results[name].image, alone.image, atol=0.51 / 255)
        np.testing.assert_allclose(results[name].trace, alone.trace, rtol=1e-5)
    files = {path.name for path in (tmp_path / "new" / "folder").iterdir()}
    assert files == {f"{name}.{kind}" for name in runs for kind in ("png", "json")}


def test_resumes_where_it_was_stopped(
    runs: dict[str, Run], tmp_path: Path, done: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *rest = runs.values()
    do = sweeps._do

    def stopped_at_the_second(run: Run, *how: Any) -> Result:
        if run != first:
            raise KeyboardInterrupt
        return do(run, *how)

    with monkeypatch.context() as patch:
        patch.setattr(sweeps, "_do", stopped_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            sweep(runs, tmp_path / "out", weights="random")
    assert done == [first]

    told: list[str] = []
    results = sweep(runs, tmp_path / "out", weights="random", callback=told.append)
    assert done == [first, *rest]
    assert told == list(runs)[1:]
    assert list(results) == list(runs)
    again = sweep(runs, tmp_path / "out", weights="random")
    assert len(done) == 3
    assert all((again[name].image == results[name].image).all() for name in runs)


def test_other_settings_are_done_anew(
    runs: dict[str, Run], tmp_path: Path, done: list[Run]
) -> None:
    sweep(runs, tmp_path / "out", weights="random")
    name, run = next(iter(runs.items()))
    changed = Run(run.content, run.style, replace(run.recipe, style_weight=7.0))
    results = sweep({**runs, name: changed}, tmp_path / "out", weights="random")
    assert done[3:] == [changed]
    assert results[name].recipe.style_weight == 7


def test_an_interrupted_run_is_not_kept(
    runs: dict[str, Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*how: Any, **more: Any) -> Iterator[Result]:
        yield replace(next(stylize_many(*how, **more)), interrupted=True)

    monkeypatch.setattr(sweeps, "stylize_many", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sweep(runs, tmp_path / "out", weights="random")
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize(
    "damage", [Path.unlink, lambda file: file.write_text('{"picture": "seed-1.png", "recipe": 3}')]
)
def test_a_damaged_record_is_done_anew(
    runs: dict[str, Run], tmp_path: Path, done: list[Run], damage: Callable[[Path], Any]
) -> None:
    sweep(runs, tmp_path / "out", weights="random")
    damage(tmp_path / "out" / "seed-1.json")
    sweep(runs, tmp_path / "out", weights="random")
    assert done[3:] == [runs["seed-1"]]


@pytest.fixture(params=["here", "threads", "dask"])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor | None]:
    if request.param == "here":
        yield None
    elif request.param == "threads":
        with ThreadPoolExecutor(1) as threads:
            yield threads
    else:
        yield request.getfixturevalue("cluster")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Executor]:
    """Two processes under a scheduler, as on a real cluster."""
    from distributed import Client, LocalCluster

    how = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(**how) as machines, Client(machines) as client:
        yield client.get_executor()


@pytest.mark.slow
def test_a_failure_loses_no_other_run(
    executor: Executor | None,
    runs: dict[str, Run],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    missing = Run("no-such-picture", "china", SMALL)
    with pytest.raises(SweepError, match=r"1 of 4 runs failed.*\n  lost: ") as caught:
        sweep({"lost": missing, **runs}, tmp_path / "out", executor, weights="random")
    assert set(caught.value.results) == set(runs)
    assert isinstance(caught.value.failures["lost"], NSTError)
    assert "no-such-picture" in str(caught.value)
    assert "The run lost failed" in caplog.text
    alone = sweep(runs, tmp_path / "alone", weights="random")
    for name, result in caught.value.results.items():
        kept = load_image(tmp_path / "out" / f"{name}.png")
        np.testing.assert_array_equal(kept, result.image)
        # Another process may share its sums among threads in another way.
        np.testing.assert_allclose(kept, alone[name].image, atol=1.01 / 255)


def test_a_folder_that_cannot_be_made(runs: dict[str, Run], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ImageError, match="could not be made"):
        sweep(runs, tmp_path / "file", weights="random")


def test_a_result_comes_back_from_its_files(
    runs: dict[str, Run], tmp_path: Path, random_weights: Weights
) -> None:
    run = runs["seed-2"]
    result = stylize(run.content, run.style, run.recipe, weights=random_weights)
    loaded = Result.load(result.save(tmp_path / "picture.png"))
    np.testing.assert_allclose(loaded.image, result.image, atol=0.51 / 255)
    np.testing.assert_allclose(loaded.trace, result.trace, rtol=1e-5)
    same = replace(loaded, image=result.image, trace=result.trace, seconds=result.seconds)
    assert same.record() == result.record()
    assert same.recipe == result.recipe
    assert same.scales == result.scales


def test_a_picture_without_a_record(tmp_path: Path, content: np.ndarray) -> None:
    path = save_image(content, tmp_path / "picture.png")
    with pytest.raises(ImageError, match="is not the record of a run"):
        Result.load(path)
    path.with_suffix(".json").write_text(json.dumps({"content": "china"}))
    with pytest.raises(ImageError, match="'recipe'"):
        Result.load(path)


@pytest.mark.parametrize(
    "name",
    ["x/y", "", "..", "a\0b", "con?", "a\\b", " ", ".png", "dot.", "con", "lpt1.txt", "x" * 300],
)
def test_a_name_that_no_file_can_have_is_refused_first(
    runs: dict[str, Run], tmp_path: Path, done: list[Run], name: str
) -> None:
    with pytest.raises(ImageError, match=r"name|cannot be"):
        sweep({**runs, name: runs["seed-0"]}, tmp_path / "out", weights="random")
    assert not done


def test_names_that_differ_in_case_only_are_refused(runs: dict[str, Run], tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="'seed-0' and 'Seed-0' would share a file"):
        sweep({**runs, "Seed-0": runs["seed-0"]}, tmp_path / "out", weights="random")


def test_another_picture_of_the_same_name_is_done_anew(
    runs: dict[str, Run], tmp_path: Path, done: list[Run], style: np.ndarray
) -> None:
    sweep(runs, tmp_path / "out", weights="random")
    save_image(style, runs["seed-0"].content)
    sweep(runs, tmp_path / "out", weights="random")
    assert len(done) == 6


def test_a_picture_that_cannot_be_saved_is_that_runs_failure(
    runs: dict[str, Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = Result.save

    def full(self: Result, path: Path) -> Path:
        if "seed-1" in str(path):
            raise ImageError("The disk is full.")
        return save(self, path)

    monkeypatch.setattr(Result, "save", full)
    with pytest.raises(SweepError, match=r"1 of 3 runs failed.*\n  seed-1: The disk is full"):
        sweep(runs, tmp_path / "out", weights="random")
    assert (tmp_path / "out" / "seed-2.png").exists()


def test_a_strangers_picture_is_kept(runs: dict[str, Run], tmp_path: Path, done: list[Run]) -> None:
    (tmp_path / "seed-1.png").write_bytes(b"a photo")
    with pytest.raises(ImageError, match=r"seed-1.png' is there and was not made by nst_helpers"):
        sweep(runs, tmp_path, weights="random")
    assert (tmp_path / "seed-1.png").read_bytes() == b"a photo"
    assert not done


def test_forked_processes_are_refused(runs: dict[str, Run], tmp_path: Path) -> None:
    with (
        ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool,
        pytest.raises(NSTError, match="does not survive a fork"),
    ):
        sweep(runs, tmp_path / "out", pool, weights="random")


@pytest.mark.slow
def test_the_documented_snippet_runs_as_a_script(tmp_path: Path) -> None:
    page = (Path(__file__).parent.parent / "docs" / "usage.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (snippet,) = (block for block in blocks if "sweep(" in block)
    for given, reduced in {
        '"scheduler:8786"': "n_workers=1, threads_per_worker=1, dashboard_address=None",
        'get_recipe("default")': repr(SMALL).replace("Recipe(", "nst_helpers.Recipe("),
        '("swirling_night", "woodcut_waves")': '["swirling_night"]',
        '"photo.jpg"': '"china"',
    }.items():
        assert given in snippet
        snippet = snippet.replace(given, reduced)
    script = tmp_path / "script.py"
    script.write_text(f"import nst_helpers\n{snippet}", encoding="utf-8")
    how = os.environ | {"NST_VGG19_WEIGHTS": "random"}
    how["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    command = [sys.executable, str(script)]
    done = subprocess.run(
        command, cwd=tmp_path, env=how, timeout=120, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    files = {path.name for path in (tmp_path / "outputs" / "sweep").iterdir()}
    assert files == {"swirling_night.png", "swirling_night.json"}
