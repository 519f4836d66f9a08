"""`nst judge --people`: one page that needs nothing else, and folders that it cannot be made of."""

import base64
import io
import json
import re
import zipfile
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from nst_helpers import load_image, save_image
from nst_helpers.command import cli
from nst_helpers.errors import ImageError, NSTError, StudyError
from nst_helpers.judge import people, votes

ROOT = Path(__file__).parent.parent
METHODS = ["gatys_code", "nearest", "ours"]


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A folder with two pairs of three methods, and with what else lies in such folders."""
    rng = np.random.default_rng(0)
    for pair, (height, width) in {"bridge": (30, 20), "pagoda": (20, 30)}.items():
        folder = tmp_path / "study" / pair
        folder.mkdir(parents=True)
        for name in ("Content.jpg", "style.png", *(f"{method}.png" for method in METHODS)):
            save_image(rng.random((height, width, 3)), folder / name)
        (folder / "ours.json").write_text("{}")
        (folder / "._ours.png").write_text("what macOS leaves")
    (tmp_path / "study" / "votes").mkdir()
    (tmp_path / "study" / "notes.txt").write_text("notes")
    return tmp_path / "study"


class Page(HTMLParser):
    """The tags with their attributes, the text that is read, and the data."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = [("", {})]
        self.text, self.study = "", dict[str, Any]()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        tag, attributes = self.tags[-1]
        if attributes.get("id") == "study":
            self.study = self.study or json.loads(data)
        elif tag not in ("script", "style"):
            self.text += data


def test_the_page_needs_nothing_else(study: Path) -> None:
    page = people.write_page(study)
    assert page == study / "vote.html"
    source = page.read_text(encoding="utf-8")
    assert not re.search(r"://|url\(|@import|\bimport\b|fetch\(|XMLHttpRequest|WebSocket", source)
    tags = Page(page).tags
    addresses = ("src", "href", "srcset", "action", "data")
    named = [value for _, have in tags for key, value in have.items() if key in addresses]
    assert named == ["data:,"]  # the icon, which browsers would ask a server for
    (policy,) = [have["content"] for _, have in tags if "http-equiv" in have]
    assert str(policy).startswith("default-src 'none'; img-src data:;")


def test_every_picture_and_every_comparison_is_in_it_once(study: Path) -> None:
    data = Page(people.write_page(study)).study
    assert [len(pair) for pair in data["pictures"]] == [2 + len(METHODS)] * 2
    assert len({picture for pair in data["pictures"] for picture in pair}) == 10
    expected = {(p, i, j) for p in range(2) for i in range(3) for j in range(i)}
    assert {(p, max(i, j), min(i, j)) for p, i, j in data["comparisons"]} == expected
    assert len(data["comparisons"]) == len(expected)
    names = json.loads(base64.b64decode(data["names"]))
    assert names == {"methods": METHODS, "pairs": ["bridge", "pagoda"]}


def test_pictures_stand_where_their_names_say(study: Path) -> None:
    files = ["Content.jpg", "style.png", *(f"{method}.png" for method in METHODS)]
    pictures = Page(people.write_page(study)).study["pictures"]
    for pair, name in enumerate(("bridge", "pagoda")):
        for url, file in zip(pictures[pair], files, strict=True):
            kind, _, code = url.partition(",")
            assert kind == "data:image/jpeg;base64"
            shown = load_image(base64.b64decode(code))
            # Quality 90 on noise: about 0.02; another picture of noise is 0.33 away.
            assert np.abs(shown - load_image(study / name / file)).mean() < 0.05


def test_the_page_does_not_tell_the_methods(study: Path) -> None:
    page = Page(people.write_page(study))
    assert not [m for m in (*METHODS, "bridge", "pagoda") if m in page.text]
    assert not [m for m in (*METHODS, "bridge", "pagoda") if m in json.dumps(page.study)]


def test_large_pictures_are_scaled_and_small_ones_left_without_a_word(
    study: Path, caplog: pytest.LogCaptureFixture
) -> None:
    save_image(np.full((500, 1000, 3), 0.5), study / "bridge" / "ours.png")
    pictures = Page(people.write_page(study)).study["pictures"]
    sizes = [Image.open(io.BytesIO(base64.b64decode(p.split(",")[1]))).size for p in pictures[0]]
    assert sizes == [(20, 30)] * 4 + [(640, 320)]
    assert not caplog.records


def test_names_that_would_end_the_script(study: Path) -> None:
    for pair in ("bridge", "pagoda"):
        (study / pair / "ours.png").rename(study / pair / "a & “ü”.png")
    names = json.loads(base64.b64decode(Page(people.write_page(study)).study["names"]))
    assert names["methods"][0] == "a & “ü”"


def test_a_page_is_replaced_and_has_another_name_for_other_pictures(study: Path) -> None:
    (study / "vote.html").touch()
    first = Page(people.write_page(study)).study["id"]
    assert Page(people.write_page(study)).study["id"] == first
    save_image(np.zeros((20, 30, 3)), study / "pagoda" / "ours.png")
    assert Page(people.write_page(study)).study["id"] != first


def test_page_and_reader_agree() -> None:
    code = people._TEMPLATE.read_text(encoding="utf-8")
    assert f'format: "{votes._FORMAT}", version: {votes._VERSION}' in code
    assert re.findall(r'^  \["(\w+)", "Which', code, re.MULTILINE) == list(votes.QUESTIONS)
    choices = re.search(r"const LABELS = \{(.*)\}", code)
    assert choices is not None
    assert re.findall(r"(\w+):", choices[1]) == list(votes._SHARES)


def everywhere(change: Callable[[Path], Any]) -> Callable[[Path], None]:
    def both(study: Path) -> None:
        change(study / "bridge")
        change(study / "pagoda")

    return both


def without_methods(pair: Path, kept: int = 0) -> None:
    for method in METHODS[kept:]:
        (pair / f"{method}.png").unlink()


def emptied(study: Path) -> None:
    for path in study.rglob("*.*"):
        if path.suffix in (".jpg", ".png"):
            path.unlink()


FAULTS: dict[str, Callable[[Path], Any]] = {
    "is no folder": lambda study: study.rename(study.with_name("other")),
    "There is no pair in": emptied,
    r"bridge' has no content; add content\.jpg": lambda study: (
        study / "bridge" / "Content.jpg"
    ).rename(study / "bridge" / "photo.jpg"),
    "pagoda' has no style": lambda study: (study / "pagoda" / "style.png").unlink(),
    "results of 1 method, and": everywhere(lambda pair: without_methods(pair, 1)),
    "results of 0 method, and": everywhere(without_methods),
    "pagoda' has no result of the method 'ours'": lambda study: (
        study / "pagoda" / "ours.png"
    ).unlink(),
    r"holds both 'ours\.png' and 'ours\.webp'": lambda study: save_image(
        np.zeros((4, 4, 3)), study / "bridge" / "ours.webp"
    ),
    r"holds both 'Content\.jpg' and 'content\.png'": lambda study: save_image(
        np.zeros((4, 4, 3)), study / "bridge" / "content.png"
    ),
    r"ours\.png' is not a picture": lambda study: (study / "pagoda" / "ours.png").write_text(
        "no picture"
    ),
    "was not made by nst_helpers": lambda study: (study / "vote.html").write_text("<p>mine"),
    "is a folder; name a file": lambda study: (study / "vote.html").mkdir(),
}


@pytest.mark.parametrize("message", FAULTS)
def test_a_fault_gets_one_sentence_and_changes_nothing(study: Path, message: str) -> None:
    FAULTS[message](study)
    before = {p: p.read_bytes() if p.is_file() else b"" for p in study.parent.rglob("*")}
    with pytest.raises(NSTError, match=message) as caught:
        people.write_page(study)
    assert isinstance(caught.value, StudyError | ImageError)
    assert "\n" not in str(caught.value)
    after = {p: p.read_bytes() if p.is_file() else b"" for p in study.parent.rglob("*")}
    assert after == before


def test_the_commands_of_the_manual(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs" / "usage.md").read_text(encoding="utf-8")
    section = text[text.index("## Ask people") :]
    commands = re.findall(r"^nst (.*)$", section[: section.index("\n## ")], re.MULTILINE)
    asked = [command for command in commands if command.startswith("judge")]
    assert [command.split()[1] for command in asked] == ["--people", "--votes"]
    for path in re.findall(r"[\w/]+\.(?:jpg|png)", " ".join(commands)):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        save_image(np.full((8, 8, 3), 0.5), path)
    vote = {"pair": "p", "question": "style", "left": "a", "right": "b", "choice": "left"}
    file = {"format": "nst_helpers votes", "version": 1, "voter": "one", "votes": [vote]}
    Path("votes").mkdir()
    Path("votes", "one.json").write_text(json.dumps(file))
    for command in asked:
        words = command.replace("votes/*.json", "votes/one.json").split()
        result = CliRunner().invoke(cli.app, words)
        assert result.exit_code == 0, result.output
    assert Path("study", "vote.html").is_file()
    assert "Closer to the painting" in result.stdout


def test_an_installed_package_has_the_pages(tmp_path: Path) -> None:
    builder = pytest.importorskip("hatchling.builders.wheel")
    (wheel,) = builder.WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with zipfile.ZipFile(wheel) as content:
        stored = content.read("nst_helpers/judge/people.html")
        assert "nst_helpers/course/living.js" in content.namelist()
    assert stored == people._TEMPLATE.read_bytes()
