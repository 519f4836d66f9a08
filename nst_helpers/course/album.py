"""Pictures of the reader's own: chosen in lesson 00, one more in each lesson (every lesson).

Nobody has chosen in Run All and nbval: lessons ask `Album.chosen` before they compute one.
"""

from __future__ import annotations

import contextlib
import os
import re
import warnings
from itertools import chain, count
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ..errors import ImageError
from ..files import exists, quoted
from ..pictures.read import load_image
from ..pictures.sizes import check_image
from ..pictures.write import save_image
from ..transfer.result import Result
from .album_files import Chosen, file_name, holds, settings_of, write_file, write_json
from .figures import draw_images, show

_SHEET = {"nst_helpers": '{"album": "sheet"}'}  # in the PNG, for `read_metadata`


class Album:
    """The folder `album` beside the notebooks, made when something is first written into it."""

    def __init__(self) -> None:
        self._folder = Path("album")
        self._choice = Chosen(self._folder / "choice.json")

    @property
    def chosen(self) -> bool:
        """Whether there is a choice: made here, in another lesson or on another day."""
        return self._choice.there

    def choose(self, photo: str | os.PathLike[str], painting: str | os.PathLike[str]) -> None:
        """Choose what the pictures of all lessons are made of.

        Parameters
        ----------
        photo, painting : str or path
            A file, or one of `nst_helpers.data.names`. Both are read once; if one is no picture,
            an error says so and an earlier choice stays.
        """
        self._choice.choose(photo, painting)

    def photo(self, size: int) -> np.ndarray:
        """Load the chosen photo as `nst_helpers.load_image` does; its longest side is `size`.

        Parameters
        ----------
        size : int
            Pixels; a smaller picture stays as it is, with a logged warning.

        Returns
        -------
        ndarray, float32, shape (H, W, 3)
            RGB in [0, 1].
        """
        return self._choice.load("photo", size)

    def painting(self, size: int) -> np.ndarray:
        """Load the chosen painting, like `photo`."""
        return self._choice.load("painting", size)

    def add(self, title: str, image: np.ndarray | Result, *, lesson: str, **settings: Any) -> Path:
        """Write a picture and its record, if it is not there yet, and replace nothing.

        Parameters
        ----------
        title : str
            With the lesson, the file's name; if another picture has that, a number follows.
        image : ndarray, float32, shape (H, W, 3), or Result
            RGB in [0, 1].
        lesson : str
            Two digits.
        **settings
            What made the picture, for the record.

        Returns
        -------
        pathlib.Path
            The picture's file; the record is the one with ``.json``.
        """
        choice, name = self._choice.names(), file_name(lesson, title)
        pixels = check_image(getattr(image, "image", image))
        path = self._place(name, pixels)
        if not exists(path):
            inside = {"title": title, "lesson": lesson}  # tells nobody the reader's folders
            record = inside | {"settings": settings, "choice": choice}
            save_image(pixels, path, inside)
            try:
                write_json(path.with_suffix(".json"), record)
            except BaseException:
                path.unlink()  # both files or none
                raise
        return path

    def sheet(self) -> None:
        """Display all pictures under their names, and write the same as ``album.png``.

        What is known of how each was made is printed below, a line each.
        """
        found = (path for path in self._folder.glob("*.png") if holds(path, "title"))
        paths = sorted(found, key=lambda path: path.stem)  # "a.png" before "a (2).png"
        if not paths:
            print("The album is empty: no lesson has added a picture yet.")
            return
        alt = f"The pictures of the album: {'; '.join(path.stem for path in paths)}."
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph", UserWarning)  # no font has every letter
            images = {_label(path.stem): load_image(path) for path in paths}
            figure = draw_images(images, columns=3, width=9.0)
            show(figure, alt)
            self._write_sheet(figure)
        for path in paths:
            print(f"{path.stem}: {settings_of(path)}")

    def _write_sheet(self, figure: Figure) -> None:
        path = self._folder / "album.png"
        if exists(path) and not holds(path, "album"):
            raise ImageError(f"{quoted(path)} is no sheet of the album; move it away, then repeat.")
        write_file(path, lambda file: figure.savefig(file, dpi=160, metadata=_SHEET))

    def _place(self, name: str, pixels: np.ndarray) -> Path:
        """Return where these pixels are under this name, else the first free place for them."""
        ends = chain([""], (f" ({number})" for number in count(2)))
        paths = (self._folder / f"{name}{end}.png" for end in ends)
        return next(path for path in paths if _shows(path, pixels) or _is_free(path))


def _shows(path: Path, pixels: np.ndarray) -> bool:
    with contextlib.suppress(ImageError):
        return np.array_equal(np.rint(load_image(path) * 255), np.rint(pixels * 255))
    return False


def _is_free(path: Path) -> bool:
    return not (exists(path) or exists(path.with_suffix(".json")))


def _label(name: str) -> str:
    """Break a long name into lines, and let Matplotlib see no formula in it."""
    return re.sub(r"(.{28}\S*) ", r"\1\n", name).replace("$", r"\$")
