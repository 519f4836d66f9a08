"""`nst stylize folder/ style -o out/`: every picture once, and on where it was stopped."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from typer.testing import CliRunner

from nst_helpers import ImageError, load_image, save_image
from nst_helpers import Result as Run
from nst_helpers.command import cli
from nst_helpers.transfer.loop import Loop

TINY = ["--weights", "random", "--size", "32", "--pyramid", "1:2", "--precision", "float32"]


@pytest.fixture(autouse=True)
def all_notices(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "nst_helpers")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name in ("a.png", "b (1).jpg", "ü.png"):
        save_image(rng.random((32, 40, 3)), folder / name)
    (folder / "notes.txt").write_text("no picture")
    return folder


def nst(folder: Path, output: Path, *more: Any) -> Result:
    command = ["stylize", folder, "swirling_night", "-o", output, *TINY, *more]
    result = CliRunner().invoke(cli.app, [str(word) for word in command])
    assert isinstance(result.exception, SystemExit | None), result.exception
    return result


def test_every_picture_is_painted_and_none_twice(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "out"
    first = nst(photos, out)
    assert first.exit_code == 0, first.stderr
    assert sorted(path.name for path in out.glob("*.png")) == ["a.png", "b (1).png", "ü.png"]
    assert load_image(out / "a.png").shape == (25, 32, 3)
    written = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    save_image(np.full((32, 32, 3), 0.5), photos / "c.png")
    again = nst(photos, out)
    assert "4 pictures, 3 of them done before." in again.stderr
    assert again.stdout.count("how it was made") == 1
    assert {path: path.stat().st_mtime_ns for path in written} == written


def test_names_that_differ_in_the_suffix_alone(photos: Path, tmp_path: Path) -> None:
    save_image(np.full((32, 40, 3), 0.5), photos / "A.jpg")
    assert nst(photos, tmp_path / "out").exit_code == 0
    names = {path.name for path in (tmp_path / "out").glob("*.png")}
    assert names == {"a.png.png", "A.jpg.png", "b (1).png", "ü.png"}


def test_a_damaged_picture_does_not_stop_the_others(photos: Path, tmp_path: Path) -> None:
    whole = (photos / "b (1).jpg").read_bytes()
    (photos / "b (1).jpg").write_bytes(whole[: len(whole) // 2])
    result = nst(photos, tmp_path / "out")
    assert result.exit_code == 2
    assert "b (1).jpg" in result.stderr
    assert "1 picture failed; the others are done." in result.stderr
    assert {path.name for path in (tmp_path / "out").glob("*.png")} == {"a.png", "ü.png"}


def test_a_result_that_cannot_be_saved_does_not_stop_the_others(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = Run.save

    def full(result: Run, path: Path) -> Path:
        if path.stem == "a":
            raise ImageError("The disk is full.")
        return save(result, path)

    monkeypatch.setattr(Run, "save", full)
    result = nst(photos, tmp_path / "out")
    assert result.exit_code == 2
    assert "a.png': The disk is full." in result.stderr
    assert {path.name for path in (tmp_path / "out").glob("*.png")} == {"b (1).png", "ü.png"}


def test_a_stop_is_resumed(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, begun = Loop.run, []

    def impatient(*how: Any) -> Any:
        begun.append(how)
        if len(begun) == 2:
            raise KeyboardInterrupt
        return run(*how)

    monkeypatch.setattr(Loop, "run", impatient)
    stopped = nst(photos, tmp_path / "out")
    assert stopped.exit_code == 130
    assert stopped.stderr.endswith("nst: Stopped; the same command goes on where it was.\n")
    assert [path.name for path in (tmp_path / "out").glob("*.png")] == ["a.png"]
    assert "3 pictures, 1 of them done before." in nst(photos, tmp_path / "out").stderr


@pytest.mark.parametrize(
    ("output", "more", "message"),
    [
        ("photos", [], "need a folder of their own"),
        ("photos/notes.txt", [], "is a file; name a folder"),
        ("out", ["--seconds", "9"], "A folder goes without"),
        ("out", ["--start-image", "flower"], "A folder goes without"),
        ("out", ["--fit"], "A folder goes without"),
    ],
)
def test_what_cannot_be_is_refused(
    photos: Path, tmp_path: Path, output: str, more: list[str], message: str
) -> None:
    before = sorted(tmp_path.rglob("*"))
    result = nst(photos, tmp_path / output, *more)
    assert result.exit_code == 2
    assert message in result.stderr
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_without_pictures(photos: Path, tmp_path: Path) -> None:
    for path in photos.iterdir():
        path.unlink()
    result = nst(photos, tmp_path / "out")
    assert result.exit_code == 2
    assert "no picture in the folder" in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_strangers_file_in_the_output_is_kept(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.json").write_text("{}")
    result = nst(photos, tmp_path / "out")
    assert result.exit_code == 2
    assert "would be lost" in result.stderr
    assert (tmp_path / "out" / "a.json").read_text() == "{}"
