"""A run that was stopped goes on to the same bits; what it left is believed only if it is whole."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import Result as Ended
from typer.testing import CliRunner

from nst_helpers import (
    LBFGS,
    Adam,
    Progress,
    Recipe,
    Result,
    Run,
    Stop,
    Weights,
    load_image,
    load_weights,
    save_image,
    stylize,
    stylize_many,
    sweep,
    tf,
)
from nst_helpers.command import cli, plan
from nst_helpers.errors import CheckpointError, DivergedError
from nst_helpers.losses import transport
from nst_helpers.transfer import checkpoint, forecast, log, loop, resume
from nst_helpers.transfer.loop import Loop
from nst_helpers.transfer.place import Place

QUICK = Recipe(
    content_layers=("block1_conv2",),
    style_layers=("block1_conv1", "block1_conv2"),
    style_weight=10.0,
    variation_weight=1.0,
    size=48,
    pyramid=((1.0, 6),),
    coarsest=16,
    optimizer="adam",  # which is compiled three times as fast as L-BFGS
    precision="float32",
)
TWO = ((0.5, 2), (1.0, 3))
MATCHED = replace(QUICK, content_layers=(), variation_weight=0.0, pyramid=TWO)
CASES = {  # and the steps at which they are stopped
    "adam": (QUICK, (1, 3, 6)),
    "lbfgs": (replace(QUICK, optimizer="lbfgs", history=2, pyramid=((0.5, 3), (1.0, 5))), (3, 7)),
    "laplacian": (replace(QUICK, laplacian_levels=3), (2,)),
    "luminance": (replace(QUICK, color="luminance", pyramid=TWO), (1, 4)),
    "transport": (replace(MATCHED, statistic="transport", content_weight=16.0), (1, 4)),
    "neighbors": (replace(MATCHED, statistic="neighbors", pyramid=(*TWO, (1.0, 2))), (4, 6)),
}


@pytest.fixture(autouse=True)
def small_and_told(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Pause after each step, take few positions, hear all notices."""
    monkeypatch.setattr(loop, "_MOST_STEPS_PER_CALL", 1)
    monkeypatch.setattr(transport, "_SAMPLES", 64)
    monkeypatch.setattr(transport, "_OF_STYLE", 300)
    caplog.set_level("INFO", "nst_helpers.transfer")


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write a checkpoint at every pause."""
    monkeypatch.setattr(resume, "_SECONDS", 0.0)
    monkeypatch.setattr(resume, "_SHARE", 0)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "run.nst"


@pytest.fixture
def how(
    content: np.ndarray, style: np.ndarray, random_weights: Weights, file: Path
) -> dict[str, Any]:
    """A run that is kept, as arguments of `stylize`."""
    pictures = {"content": content, "style": style}
    return pictures | {"recipe": QUICK, "weights": random_weights, "checkpoint": file}


def stop(at: int, by: type[BaseException] = Stop) -> Callable[[Progress], None]:
    """Return a callback that stops a run at a step."""

    def callback(progress: Progress) -> None:
        if progress.step == at:
            raise by

    return callback


def same(one: Result, other: Result) -> bool:
    pairs = [(one.image, other.image), (one.trace, other.trace)]
    alike = one.scales == other.scales and one.interrupted == other.interrupted
    return alike and all(np.array_equal(a, b) for a, b in pairs)


# The loop


class Bumpy:
    """A bowl that is not a number at some evaluations."""

    names = ("bowl",)

    def __init__(self, *bad: int) -> None:
        self.bad, self.counters = tf.constant(bad or [0]), (tf.Variable(0),)

    def terms_and_gradient(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        now = self.counters[0].assign_add(1)
        spoilt = tf.where(tf.reduce_any(self.bad == now), np.nan, 1.0)
        away = images - 0.3
        return spoilt * tf.reduce_sum(away**2, (1, 2, 3))[:, None], 2 * away


def numbers(place: Place) -> list[np.ndarray]:
    return [np.array(array) for array in place.arrays()]


def pauses(loop: Loop, image: np.ndarray, steps: int) -> list[list[np.ndarray]]:
    """Return all that a run depends on, at each of its pauses."""
    loop.objective.counters[0].assign(0)  # type: ignore[attr-defined]
    place = loop.begin(image)
    return [numbers(place) for _ in loop.run(place, steps)]


def gone_on(loop: Loop, saved: list[np.ndarray], steps: int) -> list[np.ndarray]:
    place = loop.begin(np.zeros_like(saved[1]), list(saved))
    for _ in loop.run(place, steps):
        pass
    return numbers(place)


def equal(some: list[np.ndarray], others: list[np.ndarray]) -> bool:
    pairs = zip(some, others, strict=True)
    return all(np.array_equal(a, b) and a.dtype == b.dtype for a, b in pairs)


def test_a_run_that_diverges_does_so_after_a_stop(content: np.ndarray) -> None:
    bumpy = Loop(Bumpy(*range(4, 99)), Adam())
    with pytest.raises(DivergedError, match="6 times"):
        pauses(bumpy, content, 9)
    with pytest.raises(DivergedError, match="6 times"):
        gone_on(bumpy, pauses(bumpy, content, 3)[-1], 9)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such timer")
@pytest.mark.parametrize("optimizer", [Adam(), LBFGS(3)], ids=["adam", "lbfgs"])
def test_interrupted_anywhere_it_holds_together(optimizer: Any, content: np.ndarray) -> None:
    """A signal comes between any two lines of Python, or while a compiled call takes its steps."""

    def interrupt(*how: Any) -> None:
        raise KeyboardInterrupt

    bumpy, steps, found = Loop(Bumpy(5, 14, 15), optimizer), 20, set()
    whole, began = pauses(bumpy, content, steps)[-1], time.perf_counter()
    assert whole[0][0] == 3  # recoveries
    pauses(bumpy, content, steps)
    seconds = time.perf_counter() - began
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        for delay in np.random.default_rng(0).uniform(1e-4, seconds, 12):
            bumpy.objective.counters[0].assign(0)  # type: ignore[attr-defined]
            place = bumpy.begin(content)
            with contextlib.suppress(KeyboardInterrupt):
                signal.setitimer(signal.ITIMER_REAL, delay)
                for _ in bumpy.run(place, steps):
                    pass
            signal.setitimer(signal.ITIMER_REAL, 0)
            found.add(place.steps)
            assert equal(gone_on(bumpy, numbers(place), steps), whole)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert len(found) > 3  # else it was not interrupted here and there


def test_the_format_is_that_of_its_version() -> None:
    """Who changes what is kept changes `checkpoint.VERSION` too, or old files are misread."""

    def kept(optimizer: Any) -> list[str]:
        arrays = Loop(Bumpy(), optimizer).begin(np.zeros((4, 6, 3), np.float32)).arrays()
        return [f"{a.dtype}{list(a.shape)}".replace(" ", "") for a in arrays]

    image, number = "float32[4,6,3]", "float32[]"
    ends = [image, number, "float32[0,1]", "bool[]", "int32[]"]
    assert checkpoint.VERSION == 1
    assert kept(Adam()) == ["float64[3]", image, number, image, image, *ends]
    pairs = ["float32[2,72]", "float32[2,72]", "float32[2,2]", "int32[]"]
    bands = ["float32[2,1]", "float32[1]"]
    assert kept(LBFGS(2)) == ["float64[3]", image, *pairs, *bands, image, image, "bool[]", *ends]


# stylize


@pytest.mark.parametrize("name", CASES)
def test_a_stopped_run_goes_on_to_the_same_bits(
    name: str,
    how: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """How many steps are taken at once depends on the time they take, and changes nothing."""
    (recipe, stops), file = CASES[name], how["checkpoint"]
    how |= {"recipe": recipe}
    with monkeypatch.context() as patch:
        patch.setattr(loop, "_MOST_STEPS_PER_CALL", 50)
        patch.setattr(loop, "_SECONDS_PER_CALL", 1e3)
        whole = stylize(**how)
    for stop_at in stops:
        part = stylize(**how, callback=stop(stop_at, KeyboardInterrupt if stop_at % 2 else Stop))
        assert part.interrupted
        assert len(part.trace) == stop_at
        assert file.exists()
        seen: list[Progress] = []
        rest = stylize(**how, callback=seen.append)
        assert same(rest, whole)
        assert [progress.step for progress in seen] == [*range(stop_at, recipe.steps + 1)]
        assert rest.seconds > part.seconds
        assert list(file.parent.iterdir()) == []
    told = [message for message in caplog.messages if message.startswith("Going on after ")]
    assert len(told) == len(stops)
    if name == "lbfgs":
        assert told[0] == "Going on after 3 of 3 steps of scale 1 of 2."
        assert told[1] == "Going on after 4 of 5 steps of scale 2 of 2."


@pytest.mark.usefixtures("at_once")
def test_stopped_again_and_again(how: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Also between scales, before any new step, or where the callback fails."""
    how |= {"recipe": replace(QUICK, pyramid=TWO)}
    whole = stylize(**how)
    for stop_at, by in ((1, Stop), (1, Stop), (2, ZeroDivisionError), (2, Stop)):
        with contextlib.suppress(ZeroDivisionError):
            stylize(**how, callback=stop(stop_at, by))

    place = resume.Keeper.place

    def press(self: resume.Keeper, *how: Any) -> Place:
        if self.last[0]:
            raise KeyboardInterrupt
        return place(self, *how)

    for taken in (2, 0):
        with monkeypatch.context() as patch:  # while the second scale is prepared
            patch.setattr(resume.Keeper, "place", press)
            assert len(stylize(**how).trace) == taken
        header, _ = checkpoint.read(how["checkpoint"])
        assert (header["scale"], header["steps"]) == (1, 0)
    assert same(stylize(**how), whole)


def test_a_checkpoint_goes_when_the_next_result_is_asked_for(how: dict[str, Any]) -> None:
    one = how.pop("checkpoint")
    two = one.with_name("two.nst")
    how |= {"recipe": replace(QUICK, pyramid=((1.0, 1),))}
    stylize(**how, callback=stop(1), checkpoint=one)
    shutil.copy(one, two)
    content = how.pop("content")
    many = stylize_many([content] * 3, how.pop("style"), **how, checkpoints=[one, two])
    assert [f.exists() for f in (one, two) if next(many)] == [True, True]
    assert [f.exists() for f in (one, two)] == [False, True]
    next(many)
    assert not two.exists()


def test_how_often(how: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every 30 seconds, and so seldom that writing takes a fiftieth of the time."""
    clock, written = [0.0], []

    def write(*how: Any) -> None:
        written.append(clock[0])
        clock[0] += 2 if len(written) == 2 else 0.1

    def tick(progress: Progress) -> None:
        clock[0] += 7

    monkeypatch.setattr(resume, "time", SimpleNamespace(perf_counter=lambda: clock[0]))
    monkeypatch.setattr(checkpoint, "write", write)
    how |= {"recipe": replace(QUICK, pyramid=((1.0, 31),))}
    stylize(**how, callback=tick)
    assert np.diff([0, *written]) == pytest.approx([35, 35.1, 107, 35.1])


# The file


@pytest.fixture
def stopped(how: dict[str, Any]) -> Path:
    stylize(**how, callback=stop(1))
    return Path(how["checkpoint"])


def test_no_bit_may_flip_and_no_byte_be_lost(file: Path, rng: np.random.Generator) -> None:
    arrays = [rng.random((3, 5), np.float32), np.array(True), np.zeros((0, 2)), np.arange(4)]
    checkpoint.write(file, {"run": {"size": 7}, "scale": 1}, arrays)
    header, read = checkpoint.read(file)
    assert (header["run"], header["scale"]) == ({"size": 7}, 1)
    assert equal(read, arrays)
    whole = file.read_bytes()
    refused = r"is damaged; remove it|is no checkpoint|has format"
    for byte in range(len(whole)):
        spoilt = bytearray(whole)
        spoilt[byte] ^= 1 << int(rng.integers(8))
        for content in (spoilt, whole[:byte], whole + whole[: byte + 1]):
            file.write_bytes(content)
            with pytest.raises(CheckpointError, match=refused):
                checkpoint.read(file)


def test_what_differs_is_named(how: dict[str, Any], stopped: Path) -> None:
    style, before = how["style"], stopped.read_bytes()
    other = style[::-1].copy()
    for changed, words in (
        ({"content": how["content"][::-1].copy()}, r"content picture\. Give"),
        ({"style": other}, r"style pictures\. Give"),
        ({"style": [style, style]}, "style pictures, style shares"),
        ({"style": [style], "style_shares": [2]}, r"style shares \(\[1.0\], now \[2.0\]\)"),
        ({"start_image": how["content"]}, r"start image\. Give"),
        ({"weights": load_weights("random", seed=1)}, "weights"),
        ({"color": "luminance"}, r"color \(style, now luminance\)\. Give"),
        ({"style_weight": 20.0}, r"style_weight \(10.0, now 20.0\)\. Give"),
        ({"pyramid": ((1.0, 8),)}, r"pyramid \(\[\[1.0, 6\]\], now \[\[1.0, 8\]\]\)"),
    ):
        with pytest.raises(CheckpointError, match=f"is of a run with other settings: {words}"):
            stylize(**(how | changed))
        assert stopped.read_bytes() == before
    stopped.write_bytes(before.replace(b"point 1 ", b"point 2 ", 1))
    with pytest.raises(CheckpointError, match="format '2', and this nst_helpers reads 1; remove"):
        stylize(**how)


def test_another_machine_is_told(
    how: dict[str, Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stylize(**how, callback=stop(1))
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "77")
    stylize(**how)
    assert "The run was begun elsewhere, and may differ: threads (" in caplog.text
    assert ", now 77)." in caplog.text


@pytest.mark.parametrize("strange", [b"my notes", b"", b"nst-checkpoints"])
def test_a_strangers_file_is_left_alone(how: dict[str, Any], file: Path, strange: bytes) -> None:
    file.write_bytes(strange)
    for touch in (
        lambda: stylize(**how),
        lambda: checkpoint.discard(file),
        lambda: checkpoint.write(file, {"run": {}}, []),
    ):
        with pytest.raises(CheckpointError, match="is there and is no checkpoint"):
            touch()
    assert file.read_bytes() == strange
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.usefixtures("at_once")
def test_two_runs_of_one_name(how: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    """The file stays the first one's; the other goes on without, and does not remove it."""
    kept: list[bytes] = []

    def meanwhile(progress: Progress) -> None:
        if progress.step == 2:
            how["checkpoint"].unlink()
            stylize(**(how | {"style_weight": 7.0}), callback=stop(1))
            kept.append(how["checkpoint"].read_bytes())

    whole = stylize(**how)
    assert same(stylize(**how, callback=meanwhile), whole)
    assert "cannot be written (it is now that of another run); the run goes on" in caplog.text
    assert how["checkpoint"].read_bytes() == kept[0]


def test_what_a_killed_run_left_is_tidied_up(tmp_path: Path) -> None:
    ours, young, strange = (tmp_path / f".nst-{n}.tmp" for n in range(3))
    for path, content in ((ours, checkpoint._NAME), (young, checkpoint._NAME), (strange, b"x")):
        path.write_bytes(content)
    for path in (ours, strange):
        os.utime(path, (0, 0))
    checkpoint.tidy(tmp_path)
    assert sorted(tmp_path.iterdir()) == [young, strange]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limits")
@pytest.mark.usefixtures("at_once")
def test_a_full_disk_does_not_lose_the_run(
    how: dict[str, Any], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    import resource

    def fill(progress: Progress) -> None:
        if progress.step == 3:
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))

    whole, limits = stylize(**how), resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        result = stylize(**how, callback=fill)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert same(result, whole)
    assert caplog.text.count("the run goes on, but if it is killed") == 1
    assert list(how["checkpoint"].parent.iterdir()) == []


# On the command line, in folders and sweeps

SHALLOW = ["--content-layers", "block1_conv2", "--style-layers", "block1_conv1"]
SCALES = ["--coarsest", "16", "--size", "48", "--pyramid", "0.5:4,1:9"]
SETTINGS = ["--weights", "random", "--precision", "float32", *SHALLOW, *SCALES]


@pytest.fixture
def command(content: np.ndarray, style: np.ndarray, tmp_path: Path) -> list[str]:
    """A run of two scales, as words for `nst`; the output comes last."""
    pair = (("photo", content), ("painting", style))
    pictures = [save_image(picture, tmp_path / f"{name}.png") for name, picture in pair]
    (tmp_path / "out").mkdir()
    words = ["--optimizer", "adam", "-o", str(tmp_path / "out" / "it.png")]
    return ["stylize", *map(str, pictures), *SETTINGS, *words]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Steps, counted over all runs, at which Ctrl-C is pressed; all runs count as long."""
    at: list[int] = []
    seen = []
    add = log.Log.add

    def press(self: log.Log, best: tf.Tensor, rows: np.ndarray) -> np.ndarray:
        image = add(self, best, rows)
        seen.extend(rows)
        if len(seen) in at:
            at.remove(len(seen))
            raise KeyboardInterrupt
        return image

    monkeypatch.setattr(log.Log, "add", press)
    monkeypatch.setattr(plan, "LONG", -1)
    return at


def nst(*words: Any) -> Ended:
    ended = CliRunner().invoke(cli.app, [str(word) for word in words])
    assert isinstance(ended.exception, SystemExit | None), ended.exception
    return ended


def painted(picture: Path) -> tuple[bytes, Any]:
    """Return the pixels and the trace of a result, and check that it is complete and alone."""
    record = json.loads(picture.with_suffix(".json").read_text())
    assert not record["interrupted"]
    names = {path.name for path in picture.parent.iterdir() if path.suffix != ".tmp"}
    assert names == {picture.name, picture.with_suffix(".json").name}
    return load_image(picture).tobytes(), record["trace"]


CHILD = """
import os, signal, sys
from nst_helpers.command import cli, plan
from nst_helpers.transfer import loop, resume
plan.LONG, resume._SECONDS, resume._SHARE, loop._MOST_STEPS_PER_CALL = -1, 0.0, 0, 1
name, at, fsync, writes = sys.argv.pop(1), int(sys.argv.pop(1)), os.fsync, []
def deadly(number):
    writes.append(number)
    if len(writes) == at:
        os.kill(os.getpid(), getattr(signal, name))
    fsync(number)
os.fsync = deadly
signal.signal(signal.SIGTERM, signal.SIG_DFL)  # what started these tests may have it ignored
signal.signal(signal.SIGINT, signal.default_int_handler)
cli.main()
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_signals(command: list[str]) -> None:
    """Killed in the middle of a write, ended by a batch system, Ctrl-C: then to the same bits."""
    output = Path(command[-1])
    assert nst(*command).exit_code == 0
    whole = painted(output)
    for file in output.parent.iterdir():
        file.unlink()
    told = "Going on after {} of {} steps of scale {} of 2."
    for name, at, code, words in (
        ("SIGKILL", 3, -signal.SIGKILL, ""),
        ("SIGTERM", 4, 128 + signal.SIGTERM, told.format(2, 4, 1)),
        ("SIGINT", 6, 128 + signal.SIGINT, told.format(1, 9, 2)),
    ):
        how: dict[str, Any] = {"capture_output": True, "text": True, "timeout": 200}
        ended = subprocess.run([sys.executable, "-c", CHILD, name, str(at), *command], **how)
        assert ended.returncode == code, ended.stderr
        assert words in ended.stderr
        if name != "SIGKILL":
            assert f"the same command goes on from {output.with_suffix('.nst')}." in ended.stderr
            assert Result.load(output).interrupted
    assert nst(*command).exit_code == 0
    assert painted(output) == whole


def test_the_same_command_goes_on(command: list[str], impatient: list[int]) -> None:
    output = Path(command[-1])
    file = output.with_suffix(".nst")
    assert nst(*command).exit_code == 0
    whole = painted(output)
    impatient.append(13 + 9)
    first = nst(*command)
    assert first.exit_code == 130
    assert first.stderr.endswith(f"so far; the same command goes on from {file}.\n")
    other = nst(*command, "--style-weight", "7")
    assert other.exit_code == 2
    assert "of a run with other settings: style_weight (" in other.stderr
    assert "--no-resume" in other.stderr
    assert nst(*command, "--no-resume", "--style-share", "-1").exit_code == 2
    assert file.exists()  # nothing was begun
    again = nst(*command)
    assert again.exit_code == 0
    assert "nst: Going on after 5 of 9 steps of scale 2 of 2.\n" in again.stderr
    assert painted(output) == whole


def test_beginning_anew(
    command: list[str], impatient: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = Path(command[-1]).with_suffix(".nst")
    impatient.extend([3, 6])
    assert nst(*command).exit_code == 130
    assert file.exists()
    monkeypatch.setattr(plan, "LONG", 60)
    anew = nst(*command, "--no-resume")
    assert "Going on" not in anew.stderr
    assert anew.stderr.endswith("this is the best picture so far.\n")  # of a short run
    assert not file.exists()
    file.write_text("my notes")
    for words in ([], ["--no-resume"]):
        refused = nst(*command, *words)
        assert refused.exit_code == 2
        assert "is there and is no checkpoint" in refused.stderr
    assert file.read_text() == "my notes"


def test_what_a_time_chose_is_not_chosen_again(
    command: list[str], impatient: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen: Any = iter([{"size": 40, "pyramid": ((1.0, 6),)}, {"size": 44}])
    monkeypatch.setattr(forecast, "within", lambda r, *_, **more: replace(r, **next(chosen)))
    monkeypatch.setattr(forecast, "forecast", lambda *how: SimpleNamespace(seconds=99))
    short = [*command[:3], *SETTINGS[:-4], "--seconds", "99", *command[-4:]]
    impatient.append(4)
    assert nst(*short).exit_code == 130
    again = nst(*short)
    assert "Going on after 4 of 6 steps" in again.stderr, again.stderr
    assert load_image(command[-1]).shape[1] == 40


def test_the_picture_in_progress_of_a_folder(
    command: list[str], impatient: list[int], tmp_path: Path
) -> None:
    (photos := tmp_path / "photos").mkdir()
    for name in ("a.png", "b.png"):
        shutil.copy(tmp_path / "photo.png", photos / name)
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    words = [command[0], photos, *command[2:-2], "--pyramid", "1:4", "-o"]
    assert nst(*words, whole).exit_code == 0
    impatient.append(8 + 6)
    assert nst(*words, parts).exit_code == 130
    assert sorted(path.name for path in parts.iterdir()) == ["a.json", "a.png", "b.nst"]
    spoilt = (parts / "b.nst").read_bytes()
    again = nst(*words, parts)
    assert "Going on after 2 of 4 steps of scale 1 of 1." in again.stderr
    assert np.array_equal(*(load_image(folder / "b.png") for folder in (whole, parts)))
    (parts / "b.png").unlink()
    (parts / "a.nst").write_bytes(spoilt)  # killed before it was removed
    (parts / "b.nst").write_bytes(spoilt[:-1])
    anew = nst(*words, parts)
    assert anew.exit_code == 0
    assert "is damaged or of another run; the picture is begun anew." in anew.stderr
    assert len(list(parts.iterdir())) == 4


def test_the_run_in_progress_of_a_sweep(
    command: list[str], impatient: list[int], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recipes = {name: replace(QUICK, start="noise", seed=n) for n, name in enumerate("ab")}
    runs = {name: Run(*command[1:3], recipe) for name, recipe in recipes.items()}
    whole = sweep(runs, tmp_path / "whole", weights="random")
    impatient.append(12 + 6 + 4)
    parts, file = tmp_path / "parts", tmp_path / "parts" / "b.nst"
    with pytest.raises(KeyboardInterrupt):
        sweep(runs, parts, weights="random")
    kept = file.read_bytes()
    other = replace(recipes["b"], style_weight=7.0)
    sweep({"b": Run(*command[1:3], other)}, parts, weights="random")
    assert "b.nst is damaged or of another run; the run is begun anew." in caplog.text
    file.write_bytes(kept)
    caplog.clear()
    results = sweep(runs, parts, weights="random")
    assert "Going on after 4 of 6 steps of scale 1 of 1." in caplog.messages
    assert all(np.array_equal(results[name].image, whole[name].image) for name in runs)
    assert len(list(parts.iterdir())) == 4
