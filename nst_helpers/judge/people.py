"""A study with people: one offline page that asks, blind, which of two results is better.

Content and style are asked for apart, as in the user study of Kolkin, Salavon and Shakhnarovich
(*Style Transfer by Relaxed Optimal Transport and Self-Similarity*, CVPR 2019).
"""

from __future__ import annotations

import base64
import io
import json
import os
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..errors import StudyError
from ..files import as_path, check_writable, exists, quoted, reason, sha256, write_atomically
from ..pictures.read import load_image, picture_shape

PAGE = "vote.html"
SIDE = 640  # pixels: half the width of a laptop's screen, where two results stand beside each other

_TEMPLATE = Path(__file__).with_name("people.html")
_OURS = b'<meta name="generator" content="nst_helpers judge">'
_GIVEN = ("content", "style")


def write_page(folder: str | os.PathLike[str]) -> Path:
    """Write ``vote.html`` into a folder of results: pictures, questions and all, in one file.

    Parameters
    ----------
    folder : str or path
        It holds a folder for each pair of a photo and a painting, and that holds ``content.jpg``,
        ``style.jpg`` and the result of each method, ``<method>.png``, in any format that
        `load_image` reads. Other files, and folders without pictures, are left alone.

    Returns
    -------
    pathlib.Path
        The page. It draws an order, and left and right, anew for each person.

    Raises
    ------
    StudyError
        If the folder does not hold the same two or more methods for each pair, or the page would
        replace a file that is not ours.
    ImageError
        If a picture cannot be read, or the page not be written.
    """
    folder = as_path(folder)
    pairs = _pairs(folder)
    page = folder / PAGE
    check_writable(page)
    _check_ours(page)
    text = _TEMPLATE.read_text(encoding="utf-8").replace("{{study}}", json.dumps(_study(pairs)))
    try:
        write_atomically(page, lambda file: file.write(text.encode()))
    except OSError as error:
        raise StudyError(f"{quoted(page)} could not be written ({reason(error)}).") from error
    return page


def _pairs(folder: Path) -> dict[str, dict[str, Path]]:
    """Return the pictures of each pair by name: content and style first, then the methods."""
    if not folder.is_dir():
        raise StudyError(f"{quoted(folder)} is no folder; give the one that holds the pairs.")
    found = {path.name: _pictures(path) for path in sorted(folder.iterdir()) if path.is_dir()}
    pairs = {name: pictures for name, pictures in found.items() if pictures}
    if not pairs:
        raise StudyError(
            f"There is no pair in {quoted(folder)}; make a folder in it for each pair, with "
            "content.jpg, style.jpg and the result of each method."
        )
    for name, pictures in pairs.items():
        for given in _GIVEN:
            if given not in pictures:
                raise StudyError(f"{quoted(folder / name)} has no {given}; add {given}.jpg.")
    _check_methods(folder, {name: set(pictures) - set(_GIVEN) for name, pictures in pairs.items()})
    return pairs


def _pictures(folder: Path) -> dict[str, Path]:
    known = Image.registered_extensions()
    named: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if not path.is_file() or path.name.startswith(".") or path.suffix.lower() not in known:
            continue
        name = path.stem.lower() if path.stem.lower() in _GIVEN else path.stem
        if name in named:
            both = f"{quoted(named[name].name)} and {quoted(path.name)}"
            raise StudyError(f"{quoted(folder)} holds both {both}; keep one of them.")
        named[name] = path
    return {name: named[name] for name in sorted(named, key=lambda n: (n not in _GIVEN, n))}


def _check_methods(folder: Path, pairs: Mapping[str, set[str]]) -> None:
    methods = set().union(*pairs.values())
    if len(methods) < 2:
        raise StudyError(
            f"{quoted(folder)} holds results of {len(methods)} method, and a comparison needs two; "
            "put <method>.png of each beside content and style."
        )
    for name, here in pairs.items():
        if missing := methods - here:
            raise StudyError(
                f"{quoted(folder / name)} has no result of the method {quoted(min(missing))}, "
                "which another pair has; make it, or take that method out."
            )


def _check_ours(page: Path) -> None:
    """Refuse to replace what this module did not write; an empty file holds nothing."""
    if not exists(page):
        return
    start = page.read_bytes()[:1000] if page.is_file() else b"?"
    if start and _OURS not in start:
        raise StudyError(
            f"{quoted(page)} is there and was not made by nst_helpers; rename it, or remove it."
        )


def _study(pairs: Mapping[str, Mapping[str, Path]]) -> dict[str, Any]:
    """Return what the page is filled with: nothing in it but numbers, base64 and data URLs."""
    methods = [name for name in next(iter(pairs.values())) if name not in _GIVEN]
    names = json.dumps({"methods": methods, "pairs": list(pairs)})
    study = {
        "names": base64.b64encode(names.encode()).decode(),  # not to be read in passing
        "pictures": [[_data_url(path) for path in pair.values()] for pair in pairs.values()],
        "comparisons": [
            (pair, *two)
            for pair in range(len(pairs))
            for two in combinations(range(len(methods)), 2)
        ],
    }
    return {"id": sha256(json.dumps(study).encode())[:16], **study}


def _data_url(path: Path) -> str:
    image = load_image(path, min(SIDE, max(picture_shape(path))))
    file = io.BytesIO()
    pixels = Image.fromarray(np.rint(255 * image).astype(np.uint8))
    pixels.save(file, "JPEG", quality=90, subsampling=0)  # brush strokes are colors side by side
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
