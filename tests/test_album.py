"""The reader's album: a choice that lasts, pictures that nothing replaces, one sheet of all."""

import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import PIL.Image
import pytest
from IPython.display import HTML

from nst_helpers import data, load_image, read_metadata, save_image
from nst_helpers.course import album as module
from nst_helpers.course import album_files, figures
from nst_helpers.course.album import Album
from nst_helpers.errors import AnswerError, DataError, ImageError, NSTError

CHOICE = Path("album", "choice.json")
SHEET = Path("album", "album.png")


def picture(value: float = 0.5, height: int = 6, width: int = 8) -> np.ndarray:
    return np.full((height, width, 3), value, np.float32)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with two pictures in it."""
    monkeypatch.chdir(tmp_path)
    save_image(picture(0.2, 30, 40), "holiday.png")
    save_image(picture(0.8, 40, 30), "painting.png")
    return tmp_path


@pytest.fixture
def album() -> Album:
    album = Album()
    album.choose("holiday.png", "painting.png")
    return album


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return the list of what was displayed; nothing is."""
    things: list[Any] = []
    monkeypatch.setattr(figures, "display", lambda *given: things.extend(given))
    return things


def names() -> set[str]:
    return {path.name for path in Path("album").iterdir()}


def sentence(error: pytest.ExceptionInfo[NSTError]) -> str:
    """Return the message, which is one sentence on one line."""
    text = str(error.value)
    assert "\n" not in text
    assert text.endswith(".")
    assert ". " not in text
    return text


# the choice


def test_nothing_is_made_by_asking(shown: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    album = Album()
    assert album.chosen is False
    album.sheet()
    assert capsys.readouterr().out == "The album is empty: no lesson has added a picture yet.\n"
    assert not shown
    assert not Path("album").exists()


@pytest.mark.parametrize(
    "use",
    [
        lambda album: album.photo(16),
        lambda album: album.painting(16),
        lambda album: album.add("mine", picture(), lesson="01"),
    ],
)
def test_without_a_choice_there_is_one_sentence(use: Any) -> None:
    with pytest.raises(AnswerError) as error:
        use(Album())
    wanted = "Choose a photo and a painting first, in lesson 00: album.choose(...)."
    assert sentence(error) == wanted
    assert " ".join(error.value._render_traceback_()) == f"AnswerError: {wanted}"
    assert not Path("album").exists()


def test_a_choice_lasts(album: Album, folder: Path) -> None:
    assert names() == {"choice.json"}
    kept = json.loads(CHOICE.read_text(encoding="utf-8"))
    paths = {"photo": folder / "holiday.png", "painting": folder / "painting.png"}
    assert kept == {role: str(path) for role, path in paths.items()}
    assert Album().chosen is True, "in another lesson, too"
    assert Album().photo(20).shape == (15, 20, 3)
    assert Album().painting(20).shape == (20, 15, 3)
    assert Album().photo(20).dtype == np.float32
    np.testing.assert_array_equal(Album().photo(20), load_image("holiday.png", 20))


def test_shipped_pictures_by_name() -> None:
    album = Album()
    album.choose("china", "swirling_night")
    kept = json.loads(CHOICE.read_text(encoding="utf-8"))
    assert kept == {"photo": "china", "painting": "swirling_night"}
    np.testing.assert_array_equal(album.photo(32), data.load("china", 32))
    np.testing.assert_array_equal(album.painting(32), data.load("swirling_night", 32))


def test_a_file_goes_before_a_registered_name(folder: Path) -> None:
    Path("holiday.png").rename("china")
    album = Album()
    album.choose("china", Path("painting.png"))
    assert json.loads(CHOICE.read_text(encoding="utf-8"))["photo"] == str(folder / "china")
    assert album.photo(20).shape == (15, 20, 3)


def test_choosing_again_replaces_the_choice(album: Album) -> None:
    album.choose("painting.png", "china")
    assert Album().photo(20).shape == (20, 15, 3)
    assert names() == {"choice.json"}


@pytest.mark.parametrize(
    "name", ["a b  c.png", "Äpfel, 山の絵 🎨.png", "-rf.png", "$1_$.png", "a" * 240 + ".png"]
)
def test_files_of_odd_names(name: str) -> None:
    Path("holiday.png").rename(name)
    album = Album()
    album.choose(name, "painting.png")
    assert album.photo(20).shape == (15, 20, 3)


@pytest.mark.skipif(sys.platform != "linux", reason="names that are no text exist on Linux only")
def test_a_file_whose_name_is_no_text() -> None:
    name = os.fsdecode(b"caf\xe9.png")
    Path("holiday.png").rename(name)
    Album().choose(name, "painting.png")
    assert Album().photo(20).shape == (15, 20, 3)
    Path(name).unlink()
    with pytest.raises(AnswerError) as error:
        Album().photo(20)
    sentence(error).encode()  # can be printed


@pytest.mark.parametrize("earlier", [False, True])
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("nothing.png", "'nothing.png'"),
        ("chinna", "did you mean 'china'"),
        ("text.png", "text.png"),
        ("broken.png", "broken.png"),
        (".", "is a folder"),
        ("", "no picture"),
        ("a" * 5000 + ".png", "no picture"),
        ("nul\0.png", "path"),
        (None, "path"),
        (b"holiday.png", "path"),
    ],
)
def test_what_is_no_picture_is_not_chosen(wrong: Any, words: str, earlier: bool) -> None:
    Path("text.png").write_text("no picture", encoding="utf-8")
    save_image(np.random.default_rng(0).random((40, 40, 3), np.float32), "whole.png")
    Path("broken.png").write_bytes(Path("whole.png").read_bytes()[:2000])
    album = Album()
    if earlier:
        album.choose("china", "swirling_night")
    for pair in [(wrong, "painting.png"), ("holiday.png", wrong)]:
        with pytest.raises((DataError, ImageError), match=words) as error:
            album.choose(*pair)
        assert "\n" not in str(error.value)
    assert album.chosen is earlier
    if earlier:
        kept = json.loads(CHOICE.read_text(encoding="utf-8"))
        assert kept == {"photo": "china", "painting": "swirling_night"}
    else:
        assert not Path("album").exists()


def test_a_file_that_was_moved_is_named(album: Album, folder: Path) -> None:
    Path("holiday.png").rename("elsewhere.png")
    with pytest.raises(AnswerError) as error:
        album.photo(20)
    text = sentence(error)
    assert str(folder / "holiday.png") in text
    assert "The photo that you chose" in text
    assert "choose again, in lesson 00" in text
    assert album.chosen
    assert album.painting(20).shape == (20, 15, 3)
    album.choose("elsewhere.png", "painting.png")
    assert album.photo(20).shape == (15, 20, 3)


BROKEN = [b"", b'{"photo": "chi', b"\xff\xfe\x00", b"[" * 100_000, b"null"]
FOREIGN = [b"[]", b"3", b'"china"', b"{}", b'{"photo": "china"}', b'{"photo": 1, "painting": "a"}']


@pytest.mark.parametrize("content", BROKEN + FOREIGN, ids=range(len(BROKEN + FOREIGN)))
def test_a_choice_that_cannot_be_read(content: bytes) -> None:
    CHOICE.parent.mkdir()
    CHOICE.write_bytes(content)
    album = Album()
    assert album.chosen is True, "the sentence comes when it is used"
    for use in (album.photo, album.painting):
        with pytest.raises(AnswerError) as error:
            use(20)
        assert str(CHOICE) in sentence(error)
        assert "choose again, in lesson 00" in sentence(error)
    with pytest.raises(AnswerError, match="choose again"):
        album.add("mine", picture(), lesson="01")
    assert CHOICE.read_bytes() == content
    assert names() == {"choice.json"}


@pytest.mark.parametrize("content", BROKEN, ids=range(len(BROKEN)))
def test_choosing_again_mends_a_broken_choice(content: bytes) -> None:
    CHOICE.parent.mkdir()
    CHOICE.write_bytes(content)
    Album().choose("holiday.png", "painting.png")
    assert Album().photo(20).shape == (15, 20, 3)


@pytest.mark.parametrize("content", FOREIGN, ids=range(len(FOREIGN)))
def test_choosing_does_not_replace_a_strangers_file(content: bytes) -> None:
    CHOICE.parent.mkdir()
    CHOICE.write_bytes(content)
    with pytest.raises(AnswerError) as error:
        Album().choose("holiday.png", "painting.png")
    assert str(CHOICE) in sentence(error)
    assert CHOICE.read_bytes() == content


def test_the_choice_is_written_whole_or_not_at_all(
    album: Album, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = CHOICE.read_bytes()

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(ImageError, match="No space left on device") as error:
        album.choose("china", "swirling_night")
    assert str(CHOICE) in sentence(error)
    assert CHOICE.read_bytes() == before
    assert names() == {"choice.json"}


def test_a_file_in_the_place_of_the_folder() -> None:
    Path("album").write_text("a stranger's", encoding="utf-8")
    assert Album().chosen is False
    with pytest.raises(ImageError, match="could not be written"):
        Album().choose("holiday.png", "painting.png")
    assert Path("album").read_text(encoding="utf-8") == "a stranger's"


# adding pictures


def test_adding_writes_a_picture_and_its_record(album: Album, folder: Path) -> None:
    image = np.random.default_rng(0).random((5, 7, 3), np.float32)
    settings = {"layers": ("conv4_2",), "weight": np.float32(0.5), "where": Path("x")}
    path = album.add("what conv4_2 keeps of it", image, lesson="03", **settings)
    assert path == Path("album", "03 what conv4_2 keeps of it.png")
    np.testing.assert_allclose(load_image(path), image, atol=0.5 / 255 + 1e-6)
    record = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert record == {
        "title": "what conv4_2 keeps of it",
        "lesson": "03",
        "settings": {"layers": ["conv4_2"], "weight": 0.5, "where": "x"},
        "choice": {"photo": str(folder / "holiday.png"), "painting": str(folder / "painting.png")},
    }
    assert names() == {"choice.json", path.name, path.with_suffix(".json").name}


def test_the_picture_itself_does_not_tell_the_readers_folders(album: Album) -> None:
    path = album.add("mine", picture(), lesson="03")
    assert read_metadata(path) == {"title": "mine", "lesson": "03"}
    assert b"holiday" not in path.read_bytes()


def test_a_result_is_added_by_its_image(album: Album) -> None:
    path = album.add("mine", SimpleNamespace(image=picture(0.2)), lesson="03")  # type: ignore[arg-type]
    np.testing.assert_allclose(load_image(path), picture(0.2), atol=1e-3)


def test_the_same_pixels_are_added_once(album: Album) -> None:
    first = album.add("mine", picture(), lesson="03", steps=1)
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in first.parent.iterdir()}
    assert album.add("mine", picture(), lesson="03", steps=2) == first
    assert album.add("mine", picture() + 1e-4, lesson="03") == first, "8 bits are compared"
    after = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in first.parent.iterdir()}
    assert after == before


def test_other_pixels_get_a_number(album: Album) -> None:
    values = [0.1, 0.2, 0.3]
    paths = [album.add("mine", picture(value), lesson="03", value=value) for value in values]
    assert [path.name for path in paths] == ["03 mine.png", "03 mine (2).png", "03 mine (3).png"]
    for value, path in zip(values, paths, strict=True):
        np.testing.assert_allclose(load_image(path), picture(value), atol=2e-3)
        record = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        assert record["settings"] == {"value": value}
        assert record["title"] == "mine"
        assert album.add("mine", picture(value), lesson="03") == path, "known under its number"
    wider = album.add("mine", picture(0.1, 6, 9), lesson="03")
    assert wider.name == "03 mine (4).png", "another shape is another picture"
    assert album.add("mine", picture(0.1), lesson="04").name == "04 mine.png"


@pytest.mark.parametrize("suffix", [".png", ".json"])
def test_a_strangers_file_of_that_name_stays(album: Album, suffix: str) -> None:
    stranger = Path("album", f"03 mine{suffix}")
    stranger.write_text("a stranger's", encoding="utf-8")
    assert album.add("mine", picture(), lesson="03").name == "03 mine (2).png"
    assert stranger.read_text(encoding="utf-8") == "a stranger's"
    assert album.add("mine", picture(), lesson="03").name == "03 mine (2).png"


@pytest.mark.parametrize("title", [f"a{sign}b" for sign in '<>:"/\\|?*\n\r\t\0\x1b\x7f\ud800'])
def test_titles_that_are_no_names_are_refused(album: Album, title: str) -> None:
    with pytest.raises(AnswerError, match="A title becomes a file's name") as error:
        album.add(title, picture(), lesson="03")
    sentence(error)
    assert names() == {"choice.json"}


@pytest.mark.parametrize("title", ["", "  ", None, 3, "a" * 121, "山" * 41])
def test_titles_of_no_or_too_many_letters_are_refused(album: Album, title: Any) -> None:
    with pytest.raises(AnswerError) as error:
        album.add(title, picture(), lesson="03")
    assert sentence(error).startswith(("A picture needs a title", "The title is too long"))
    assert names() == {"choice.json"}


@pytest.mark.parametrize("lesson", ["", "3", 3, None, "../03", "03\n", "٠٣"])
def test_lessons_are_two_digits(album: Album, lesson: Any) -> None:
    with pytest.raises(AnswerError, match="two digits") as error:
        album.add("mine", picture(), lesson=lesson)
    sentence(error)
    assert names() == {"choice.json"}


@pytest.mark.parametrize(
    "title",
    ["Äpfel, 山の絵 🎨", "-rf", "layer 4.2", "wait ...", "CON", "it's 100 % me; $1", "a" * 120],
)
def test_titles_of_every_other_kind(album: Album, title: str) -> None:
    path = album.add(title, picture(), lesson="03")
    assert path.name == f"03 {title}.png"
    assert json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["title"] == title
    assert album.add(title, picture(), lesson="03") == path
    assert len(names()) == 3


def test_space_around_a_title_goes(album: Album) -> None:
    assert album.add("  mine ", picture(), lesson="03").name == "03 mine.png"


@pytest.mark.parametrize(
    "image", [None, "mine", picture() * 255, picture()[None], picture().astype(int), picture()[:0]]
)
def test_what_is_no_image_is_refused(album: Album, image: Any) -> None:
    with pytest.raises(ImageError):
        album.add("mine", image, lesson="03")
    assert names() == {"choice.json"}


@pytest.mark.parametrize("writer", ["save_image", "write_json"])
def test_no_half_of_a_picture_stays(
    album: Album, monkeypatch: pytest.MonkeyPatch, writer: str
) -> None:
    def stopped(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, writer, stopped)
    with pytest.raises(KeyboardInterrupt):
        album.add("mine", picture(), lesson="03")
    assert names() == {"choice.json"}


def test_settings_that_no_record_can_hold(album: Album) -> None:
    with pytest.raises(ImageError, match=r"03 mine\.json' could not be written"):
        album.add("mine", picture(), lesson="03", weights={("a", "b"): 1})
    assert names() == {"choice.json"}


# the sheet


def alt(shown: list[Any]) -> str:
    """Return the one description, which is in the metadata and below the figure."""
    figure, below = shown
    assert isinstance(below, HTML)
    return str(figure.alt)


def test_the_sheet_shows_all_pictures_by_name(
    album: Album, shown: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[dict[str, np.ndarray]] = []
    draw = module.draw_images

    def spy(images: dict[str, np.ndarray], **how: Any) -> Any:
        drawn.append(images)
        return draw(images, **how)

    monkeypatch.setattr(module, "draw_images", spy)
    album.add("what is kept", picture(0.3), lesson="03")
    album.add("mine", picture(0.9), lesson="01")
    album.add("mine", picture(0.1, 8, 6), lesson="01")
    save_image(picture(), "album/a strangers picture.png")
    Path("album", "no picture.png").write_text("a stranger's", encoding="utf-8")
    album.sheet()
    titles = ["01 mine", "01 mine (2)", "03 what is kept"]
    assert alt(shown) == f"The pictures of the album: {'; '.join(titles)}."
    assert list(drawn[0]) == titles
    np.testing.assert_allclose(drawn[0]["01 mine (2)"], picture(0.1, 8, 6), atol=2e-3)
    assert load_image(SHEET).shape[1] == 9 * 160


@pytest.mark.parametrize(
    ("record", "line"),
    [
        (None, "03 mine: steps 60, size 320"),
        ('{"settings": {}}', "03 mine: no settings recorded"),
        ("[" * 100_000, "03 mine: no record"),
        ('{"settings": 3}', "03 mine: no record"),
        ("{}", "03 mine: no record"),
    ],
)
def test_the_sheet_says_what_made_each_picture(
    album: Album,
    shown: list[Any],
    capsys: pytest.CaptureFixture[str],
    record: str | None,
    line: str,
) -> None:
    path = album.add("mine", picture(), lesson="03", steps=60, size=320)
    if record is not None:
        path.with_suffix(".json").write_text(record, encoding="utf-8")
    album.sheet()
    assert capsys.readouterr().out == f"{line}\n"


def test_the_sheet_replaces_itself_and_does_not_show_itself(album: Album, shown: list[Any]) -> None:
    album.add("mine", picture(0.3), lesson="03")
    album.sheet()
    first = SHEET.read_bytes()
    album.add("more", picture(0.7), lesson="03")
    shown.clear()
    album.sheet()
    assert alt(shown) == "The pictures of the album: 03 mine; 03 more."
    assert SHEET.read_bytes() != first
    assert not any(name.endswith(".tmp") for name in names())


def strangers_file() -> None:
    SHEET.write_bytes(b"a stranger's")


def strangers_picture() -> None:
    PIL.Image.new("RGB", (2, 2)).save(SHEET)


def result_of_ours() -> None:
    save_image(picture(), SHEET, {"content": "china"})


@pytest.mark.parametrize("put", [strangers_file, strangers_picture, result_of_ours, SHEET.mkdir])
def test_a_strangers_sheet_stays(album: Album, shown: list[Any], put: Any) -> None:
    album.add("mine", picture(), lesson="03")
    put()
    before = SHEET.read_bytes() if SHEET.is_file() else None
    with pytest.raises(ImageError) as error:
        album.sheet()
    assert str(SHEET) in sentence(error)
    assert alt(shown).startswith("The pictures"), "they are displayed all the same"
    assert before is None or SHEET.read_bytes() == before


def test_an_album_without_pictures_writes_no_sheet(
    album: Album, shown: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    album.sheet()
    assert capsys.readouterr().out.startswith("The album is empty")
    assert not shown
    assert names() == {"choice.json"}


def test_a_damaged_picture_is_named(album: Album, shown: list[Any]) -> None:
    noise = np.random.default_rng(0).random((40, 40, 3), np.float32)
    path = album.add("mine", noise, lesson="03")
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(ImageError, match="03 mine"):
        album.sheet()
    assert not shown
    assert not SHEET.exists()


def test_titles_of_every_kind_on_the_sheet(album: Album, shown: list[Any]) -> None:
    """No formula is seen in them, and no font's gap is worth a warning."""
    titles = ["costs $5_ and $6^", "山の絵 🎨", "word after word, " * 6 + "end"]
    for title in titles:
        album.add(title, picture(), lesson="03")
    album.sheet()
    for title in titles:
        assert title in alt(shown)
    assert SHEET.exists()


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("03 mine", "03 mine"),
        ("03 what conv4_2 keeps of it and what not", "03 what conv4_2 keeps of it and\nwhat not"),
        ("03 $5", r"03 \$5"),
    ],
)
def test_labels(name: str, label: str) -> None:
    assert module._label(name) == label


def test_a_sheet_that_is_too_large_is_one_sentence(
    album: Album, shown: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    album.add("mine", picture(), lesson="03")

    def large(*_: Any) -> None:
        raise ValueError("Image size of 1440x70000 pixels is too large.")

    monkeypatch.setattr(album_files, "write_atomically", large)
    with pytest.raises(ImageError, match="too large") as error:
        album.sheet()
    assert "\n" not in str(error.value)
    assert names() == {"choice.json", "03 mine.png", "03 mine.json"}
