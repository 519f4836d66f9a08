"""The files of `album`: what the reader chose, names for every system, all or nothing."""

from __future__ import annotations

import contextlib
import json
import os
import re
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ..errors import AnswerError, ImageError
from ..files import as_path, quoted, reason, write_atomically
from ..pictures import data
from ..pictures.read import load_image
from ..pictures.write import read_metadata

_AGAIN = "choose again, in lesson 00: album.choose(...)."
_FORBIDDEN = '<>:"/\\|?*'  # in the names of files, by Windows
_LONGEST = 120  # bytes of a name: encrypted disks take 143, and a number and a suffix come behind


class Chosen:
    """A photo and a painting, by file or by registered name, in a file that may not exist yet."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @property
    def there(self) -> bool:
        """Whether the file is there, in whatever state."""
        return os.path.lexists(self._file)

    def choose(self, photo: str | os.PathLike[str], painting: str | os.PathLike[str]) -> None:
        """Read both pictures, then write their names, in the place of a choice of ours only."""
        choice = {"photo": _name(photo), "painting": _name(painting)}
        kept = self._json()
        if kept is not None and not _is_choice(kept):
            lost = f"{quoted(self._file)} was not written by the album and would be lost"
            raise AnswerError(f"{lost}; move it away and {_AGAIN}")
        write_json(self._file, choice)

    def names(self) -> dict[str, str]:
        """Return the absolute path or the registered name of the "photo" and the "painting"."""
        if not self.there:
            raise AnswerError(
                "Choose a photo and a painting first, in lesson 00: album.choose(...)."
            )
        choice = self._json()
        if not _is_choice(choice):
            raise AnswerError(f"{quoted(self._file)} is damaged or not the album's; {_AGAIN}")
        return dict(choice)

    def load(self, role: str, size: int) -> np.ndarray:
        """Load the "photo" or the "painting"; no side is above `size`."""
        name = self.names()[role]
        if name in data.names():  # none of them is an absolute path
            return data.load(name, size)
        if not os.path.isfile(name):
            raise AnswerError(
                f"The {role} that you chose, {quoted(name)}, is no longer there; "
                f"put it back, or {_AGAIN}"
            )
        return load_image(name, size)

    def _json(self) -> Any:
        """Return what the file holds; None if that cannot be read."""
        try:
            return json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return None


def file_name(lesson: str, title: str) -> str:
    """Return what both make, if it can be a file's name on every system, or say why not."""
    if not re.fullmatch("[0-9]{2}", str(lesson)):
        raise AnswerError(f'The lesson is two digits, such as "03", not {lesson!r}.')
    if not isinstance(title, str) or not title.strip():
        raise AnswerError("A picture needs a title: say in a few words what it shows.")
    odd = (sign in _FORBIDDEN or unicodedata.category(sign) in ("Cc", "Cs") for sign in title)
    if any(odd):
        raise AnswerError(f"A title becomes a file's name: without {_FORBIDDEN} and line breaks.")
    if len(title.encode()) > _LONGEST:
        raise AnswerError(f"The title is too long for a file's name, over {_LONGEST} bytes.")
    return f"{lesson} {title.strip()}"


def holds(path: Path, key: str) -> bool:
    """Say whether this is a picture of ours whose metadata have this key."""
    with contextlib.suppress(ImageError):
        return key in read_metadata(path)
    return False


def settings_of(path: Path) -> str:
    """Return in a line what made a picture of the album, as far as its record tells."""
    try:
        record = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        settings = ", ".join(f"{name} {value}" for name, value in record["settings"].items())
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return "no record"
    return settings or "no settings recorded"


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a record whole or not at all: NumPy's numbers as numbers, other things in words."""

    def write(file: BinaryIO) -> None:
        file.write(json.dumps(content, indent=1, default=_plain).encode() + b"\n")

    write_file(path, write)


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else str(value)


def write_file(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file whole or not at all, and make its folder first if need be."""
    try:
        path.parent.mkdir(exist_ok=True)
        write_atomically(path, write)
    except (OSError, TypeError, ValueError) as error:  # settings no JSON has, too many pixels
        raise ImageError(f"{quoted(path)} could not be written ({reason(error)}).") from error


def _name(picture: str | os.PathLike[str]) -> str:
    """Return what finds the picture from any folder, once it has proved to be one."""
    file = data.resolve(picture)
    load_image(file)
    return str(file.absolute()) if os.path.isfile(as_path(picture)) else os.fspath(picture)


def _is_choice(content: Any) -> bool:
    return (
        isinstance(content, dict)
        and set(content) == {"photo", "painting"}
        and all(isinstance(name, str) for name in content.values())
    )
