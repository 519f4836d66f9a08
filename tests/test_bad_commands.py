"""Command lines and records that are wrong: one sentence, before any work, and nothing changed."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import nst_helpers.transfer.sweeps  # noqa: F401  # takes load_weights before a test replaces it
from nst_helpers import Result, save_image
from nst_helpers.command import cli
from nst_helpers.errors import ImageError
from nst_helpers.network import weights

# What follows `nst`, in a folder that holds photo.png, small.jpg, notes.txt, other.json, folder/.
COMMANDS = {
    "stylize photo.png flower -o out.bmp": "needs a suffix",
    "stylize photo.png flower -o out": "needs a suffix",
    "stylize photo.png flower -o folder": "needs a suffix",
    "stylize photo.png flower -o no/out.png": "does not exist; make it first",
    "stylize photo.png flower -o photo.png": "would be lost",
    "stylize flower photo.png -o photo.png": "would be lost",
    "stylize china flower --start-image photo.png -o photo.png": "would be lost",
    "stylize china flower --style photo.png -o photo.png": "would be lost",
    "stylize china flower -o other.png": "is not the record of 'other.png'",
    "stylize china flower -o photo.png": "was not made by nst_helpers",
    "stylize folder flower -o out.png": "no picture in the folder",
    "stylize notes.txt flower -o out.png": "not a picture",
    "stylize missing.png flower -o out.png": "no picture 'missing.png'",
    "stylize chnia flower -o out.png": "did you mean 'china'",
    "stylize *.png flower -o out.png": "stands for 1 file",
    "stylize https://a.org/b.png flower -o out.png": "is an address",
    "stylize china flower --start-image no.png -o out.png": "no picture 'no.png'",
    "stylize china flower -o out.png --seed -1": "seed cannot be -1",
    "stylize china flower -o out.png --size 3": "size cannot be 3",
    "stylize china flower -o out.png --coarsest -3": "coarsest cannot be -3",
    "stylize china flower -o out.png --pyramid 1:5,0.5:5": "from coarse to fine",
    "stylize china flower -o out.png --style-layers conv1_1": "did you mean 'block1_conv1'",
    "stylize china flower -o out.png --content-layers block9_conv9": "VGG19 has no layer",
    "stylize china flower -o out.png --content-layers , --style-layers ,": "neither",
    "stylize china flower -o out.png --recipe gatys": "no recipe 'gatys'",
    "stylize china flower -o out.png --style-weight nan": "style_weight cannot be nan",
    "stylize china flower -o out.png --beta-1 1": "beta_1 cannot be 1.0",
    "stylize china flower -o out.png --fit --seconds 9": "both choose the size",
    "stylize china flower -o out.png --seconds -1": "seconds above 0, not -1",
    "stylize china flower -o out.png --seconds nan": "seconds above 0, not nan",
    "stylize china flower -o out.png --style-share 1 --style-share 2": "as many shares",
    "stylize china flower -o out.png --style-share -1": "none negative",
    "stylize china flower -o out.png --fast --seconds 9": "--fast has no seconds",
    "stylize china flower -o out.png --fast --recipe nnst --fit": "has no recipe, no fit",
    "stylize china flower -o out.png --fast --style-weight 0": "has no style weight",
    "stylize china flower -o out.png --fast --size 3": "size cannot be 3",
    "stylize china flower -o out.png --fast --style-share -1": "none negative",
    "stylize china flower -o photo.png --fast": "was not made by nst_helpers",
    "stylize folder flower -o out.png --fast": "not a folder",
    "demo --seconds -1": "seconds above 0, not -1",
    "demo --seconds 0 --size 64": "seconds above 0, not 0",
    "demo --size 3": "size cannot be 3",
    "demo -o no/out.png": "does not exist; make it first",
    "judge": "at least one result",
    "judge china flower": "at least one result",
    "judge china flower missing.png": "no picture 'missing.png'",
    "judge china flower notes.txt": "not a picture",
    "judge china flower folder": "is a folder",
    "judge china flower photo.png": "other proportions than the content's 256 x 170",
    "judge photo.png flower china": "The content has 40 x 40 pixels",
    "judge china china flower": "are the same picture",
    "judge chnia flower china": "did you mean 'china'",
    "judge china flower rocket --size 0": "at least 1 pixel, not 0",
    "judge china flower china --size 32": "each side needs 64",
    "judge china flower small.jpg": "judge at size 120 or less",
    "recipes gatys": "no recipe 'gatys'",
    "figures nothing": "no figure 'nothing'",
    "fetch chnia": "did you mean 'china'",
    "judge --people folder": "There is no pair in 'folder'",
    "judge --people photo.png": "is no folder",
    "judge --votes other.json": "is no file of votes",
    "judge --votes photo.png": "is not JSON",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the commands run in, and no network to load."""
    photo = save_image(np.full((40, 40, 3), 0.5), tmp_path / "marked.png")
    with_mark = photo.read_bytes()
    start = with_mark.index(b"iTXt") - 4  # a stranger's photo has no such chunk
    length = int.from_bytes(with_mark[start : start + 4], "big")
    (tmp_path / "photo.png").write_bytes(with_mark[:start] + with_mark[start + length + 12 :])
    photo.unlink()
    save_image(np.full((80, 120, 3), 0.5), tmp_path / "small.jpg")
    (tmp_path / "notes.txt").write_text("notes")
    (tmp_path / "other.json").write_text('{"mine": 1}')
    (tmp_path / "folder").mkdir()

    def load(*how: Any) -> None:
        raise AssertionError("the network was loaded")

    monkeypatch.setattr(weights, "load_weights", load)
    monkeypatch.setattr(weights, "fetch_weights", load)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() if p.is_file() else b"" for p in folder.rglob("*")}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_bad_command_gets_one_sentence(folder: Path, command: str) -> None:
    before = contents(folder)
    result = CliRunner().invoke(cli.app, command.split())
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == 2
    assert re.search(re.escape(COMMANDS[command]), result.stderr), result.stderr
    assert re.fullmatch(r"nst: [^\n]+\n", result.stderr)
    assert contents(folder) == before


RECORDS = {
    "no JSON": "{",
    "no object": "[1, 2]",
    "empty": "",
    "nothing of a run": json.dumps({"content": "china"}),
    "a recipe of another program": json.dumps({"recipe": {"salt": 1}, "trace": {}, "scales": []}),
    "an impossible recipe": json.dumps({"recipe": {"size": 3}, "trace": {}, "scales": []}),
    "a trace of words": json.dumps({"recipe": {}, "trace": {"a": ["x"]}, "scales": []}),
    "uneven columns": json.dumps({"recipe": {}, "trace": {"a": [1], "b": [1, 2]}, "scales": []}),
    "scales of other things": json.dumps({"recipe": {}, "trace": {}, "scales": [{"height": 1}]}),
    "scales that are numbers": json.dumps({"recipe": {}, "trace": {}, "scales": [1]}),
}


@pytest.mark.parametrize("kind", RECORDS)
def test_a_bad_record_gets_one_sentence(tmp_path: Path, kind: str) -> None:
    picture = save_image(np.full((4, 4, 3), 0.5), tmp_path / "a.png")
    picture.with_suffix(".json").write_text(RECORDS[kind])
    before = contents(tmp_path)
    with pytest.raises(ImageError, match="is not the record of a run") as caught:
        Result.load(picture)
    assert "\n" not in str(caught.value)
    assert contents(tmp_path) == before
