"""Bad pictures, paths and outputs: one sentence of our own type, and the folder stays as it was."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nst_helpers import check_image, data, load_image, read_metadata, resize, resize_to, save_image
from nst_helpers.errors import DataError, ImageError
from nst_helpers.pictures.read import checksum, picture_shape
from nst_helpers.pictures.write import check_output

GOOD = np.full((8, 12, 3), 0.5, np.float32)
NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))


def encoded(picture, kind, **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def huge():
    """Return the header of a PNG with 3.6 billion pixels."""
    chunks = [b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0), b"IDAT"]
    sums = [struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(sums)


def half(kind):
    content = encoded(NOISE, kind)
    return content[: len(content) // 2]


FILES = {
    "empty.png": b"",
    "text.jpg": b"just some text",
    "page.jpg": b"<!DOCTYPE html><html>404</html>",
    "phone.jpg": b"\0\0\0\x18ftypheic" + bytes(40),
    "film.jpg": b"\0\0\0\x18ftypmp42" + bytes(40),
    "paper.png": b"%PDF-1.7" + bytes(40),
    "zip.png": b"PK\x03\x04" + bytes(40),
    "pointer.png": b"version https://git-lfs.github.com/spec/v1\noid sha256:0",
    "half.jpg": half("JPEG"),
    "half.png": half("PNG"),
    "half.webp": half("WEBP"),
    "huge.png": huge(),
    "nan.tif": encoded(Image.fromarray(np.array([[np.nan]], np.float32)), "TIFF"),
    "thin.png": encoded(Image.new("RGB", (500, 1)), "PNG"),
    "photo.png": encoded(NOISE, "PNG"),
    "package.json": b'{"name": "somebody"}',
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "notes.json").mkdir()
    (tmp_path / "lost.png").symlink_to(tmp_path / "moved.png")
    (tmp_path / "alias.png").hardlink_to(tmp_path / "photo.png")
    save_image(GOOD, tmp_path / "ours.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def look(folder):
    """Return names and bytes."""
    return {p: p.read_bytes() if p.is_file() else None for p in sorted(folder.iterdir())}


def closed():
    file = io.BytesIO(b"")
    file.close()
    return file


class FromText(io.RawIOBase):
    """What `open("photo.png")` does with a picture."""

    def read(self, size=-1):
        return FILES["photo.png"].decode("utf-8")


def used_up():
    file = io.BytesIO(FILES["photo.png"])
    file.read()
    return file


class Unreadable(io.RawIOBase):
    def read(self, size=-1):
        raise OSError("gone")


BAD = {
    # What is in the file
    "empty": (lambda: load_image("empty.png"), "'empty.png' is empty"),
    "text": (lambda: load_image("text.jpg"), "not a picture in a known format"),
    "web page": (lambda: load_image("page.jpg"), "web page"),
    "HEIC": (lambda: load_image("phone.jpg"), "HEIC photo, whatever its name says; on a phone"),
    "video": (lambda: load_image("film.jpg"), "is a video; save one of its frames"),
    "PDF": (lambda: load_image("paper.png"), "is a PDF; export the page"),
    "archive": (lambda: load_image("zip.png"), "is an archive; unpack it"),
    "LFS": (lambda: load_image("pointer.png"), "git lfs pull"),
    "half a JPEG": (lambda: load_image("half.jpg"), "cut off"),
    "half a PNG": (lambda: load_image("half.png"), "cut off"),
    "half a WebP": (lambda: load_image("half.webp"), "cut off"),
    "too large": (lambda: load_image("huge.png"), "100 million pixels"),
    "NaN": (lambda: load_image("nan.tif"), "NaN"),
    "too thin": (lambda: load_image("thin.png", 100), "side of 0 pixels"),
    "shape of text": (lambda: picture_shape("text.jpg"), "not a picture"),
    "metadata of text": (lambda: read_metadata("text.jpg"), "not a picture"),
    # What is given instead of a file
    "missing": (lambda: load_image("none.png"), "'none.png' cannot be opened"),
    "folder": (lambda: load_image("folder.png"), "is a folder; name one of the pictures in it"),
    "address": (lambda: load_image("https://a.org/b.png"), "is an address; download"),
    "broken link": (lambda: load_image("lost.png"), "is a link to a file that is not there"),
    "several": (lambda: load_image("half.*"), "stands for 3 files; give one, such as 'half.jpg'"),
    "newline": (lambda: load_image("a\nb.png"), r"'a\nb.png' cannot be opened"),
    "zero": (lambda: load_image("a\0b.png"), "A path is needed"),
    "long": (lambda: load_image("x" * 300), "cannot be opened"),
    "nothing": (lambda: load_image(None), "cannot be read from an object of type NoneType"),
    "list": (lambda: load_image(["photo.png"]), "give a path, bytes, an open file"),
    "upload widget": (lambda: load_image({"content": b""}), "of type dict"),
    "checksum of nothing": (lambda: checksum(None), "cannot be read from"),
    "checksum of missing": (lambda: checksum("none.png"), "cannot be opened"),
    "no bytes": (lambda: load_image(b""), "is empty"),
    "text file": (lambda: load_image(io.StringIO("a")), "opened as text; open it with mode 'rb'"),
    "file as text": (lambda: load_image(FromText()), "was opened as text; open it with mode"),
    "read file": (lambda: load_image(used_up()), "nothing left to read; `seek(0)` first"),
    "closed file": (lambda: load_image(closed()), "keep it open"),
    "broken file": (lambda: load_image(Unreadable()), "(gone); open it with mode 'rb'"),
    "resolve missing": (lambda: data.resolve("none.png"), "neither as a file"),
    "resolve folder": (lambda: data.resolve("folder.png"), "is a folder"),
    "resolve address": (lambda: data.resolve("http://a.org/b.png"), "is an address"),
    "resolve several": (lambda: data.resolve("half.*"), "stands for 3 files"),
    "resolve nothing": (lambda: data.resolve(None), "A path is needed"),
    "resolve zero": (lambda: data.resolve("a\0b"), "A path is needed"),
    "resolve newline": (lambda: data.resolve("a\nb"), r"no picture 'a\nb'"),
    "resolve long": (lambda: data.resolve("x" * 300), "xxx"),
    "no name": (lambda: data.load(None), "name is a string, not an object of type NoneType"),
    "wrong name": (lambda: data.load("chnia"), "did you mean 'china'?"),
    # Arrays
    "bytes 0-255": (lambda: load_image(np.zeros((4, 4, 3), np.uint8)), "divide by 255"),
    "values 0-255": (lambda: load_image(255 * GOOD), "divide 0-255 by 255"),
    "16 bits": (lambda: check_image(np.full((4, 4, 3), 999, np.uint16)), "divide by 65535"),
    "truth values": (lambda: check_image(GOOD > 0), "type bool; it must be float"),
    "ragged": (lambda: check_image([[1.0], [1.0, 2.0]]), "cannot be made an array"),
    "words": (lambda: check_image("photo.png"), "it must be float"),
    "gray": (lambda: load_image(GOOD[..., 0]), "gray"),
    "batch": (lambda: load_image(GOOD[None]), "batch axis"),
    # Sizes
    "two sizes": (lambda: load_image("photo.png", (64, 96)), "The size must be one whole number"),
    "half a pixel": (lambda: load_image("photo.png", 12.5), "not 12.5"),
    "size as text": (lambda: load_image("photo.png", "64"), "not '64'"),
    "truth as size": (lambda: load_image("photo.png", True), "not True"),
    "negative": (lambda: data.load("china", -1), "not -1"),
    "rule": (lambda: load_image("photo.png", 8, "width"), "Unknown size rule 'width'"),
    "rule alone": (lambda: load_image("photo.png", rule="width"), "Unknown size rule 'width'"),
    "filter": (lambda: load_image("photo.png", 8, resample="cubic"), "Unknown filter 'cubic'"),
    "enormous": (lambda: resize(GOOD, 10**9, upsize=True), "more than 100 million pixels"),
    "one side": (lambda: resize_to(GOOD, 12), "must be (height, width)"),
    # Outputs
    "no suffix": (lambda: save_image(GOOD, "out"), "needs a suffix"),
    "unknown suffix": (lambda: check_output("out.bmp"), "needs a suffix"),
    "no folder": (lambda: check_output("none/out.png"), "The folder 'none' does not exist"),
    "output is a folder": (lambda: check_output("folder.png"), "is a folder; name a file in it"),
    "record is a folder": (lambda: check_output("notes.png"), "'notes.json' is a folder"),
    "output is a link": (lambda: check_output("lost.png"), "not made by nst_helpers"),
    "output is no path": (lambda: check_output(7), "A path is needed"),
    "long output": (lambda: check_output("x" * 252 + ".png"), "its name is too long"),
    "long record": (lambda: check_output("x" * 251 + ".png"), "its name is too long"),
    "the input": (lambda: check_output("ours.png", keep=["ours.png"]), "would be lost"),
    "the input's link": (lambda: check_output("alias.png", keep=["photo.png"]), "would be lost"),
    "a stranger's picture": (lambda: check_output("photo.png"), "not made by nst_helpers"),
    "a stranger's record": (lambda: check_output("package.png"), "not the record of 'package.png'"),
    "written over": (lambda: save_image(GOOD, "photo.png"), "not made by nst_helpers"),
    "no picture to write": (lambda: save_image(255 * GOOD, "out.png"), "divide"),
    "no metadata": (lambda: save_image(GOOD, "out.png", {"a": Path()}), "could not be written"),
}


@pytest.mark.parametrize("case", BAD)
def test_one_sentence_and_nothing_touched(folder, case):
    call, part = BAD[case]
    before = look(folder)
    with pytest.raises((ImageError, DataError)) as caught:
        call()
    message = str(caught.value)
    assert part in message
    assert "\n" not in message
    assert message.endswith(".")
    assert look(folder) == before
