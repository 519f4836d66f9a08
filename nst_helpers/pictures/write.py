"""Pictures out: checked first, written whole or not at all (lesson 01)."""

import contextlib
import json
import os
import secrets
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

from ..errors import ImageError
from ..files import as_path, check_writable, exists, quoted, reason, same_file, write_atomically
from .decode import with_picture
from .sizes import check_image

_SAVE_OPTIONS: dict[str, dict[str, Any]] = {
    ".png": {"format": "PNG"},
    ".jpg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    ".jpeg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    ".webp": {"format": "WEBP", "quality": 95},
    ".tif": {"format": "TIFF"},
    ".tiff": {"format": "TIFF"},
}
_METADATA_KEY = "nst_helpers"
_DESCRIPTION = 0x010E  # EXIF's ImageDescription


def check_output(path: str | os.PathLike[str], keep: Iterable[Any] = ()) -> Path:
    """Check that a result can be saved here, before the long run that makes it.

    Parameters
    ----------
    path : str or path
        Where `Result.save` will write the picture, and beside it ``name.json``.
    keep : iterable, optional
        The pictures that are read. Neither file may be one of them; what is no path is skipped.

    Returns
    -------
    pathlib.Path
        The same path, with ``~`` expanded.

    Raises
    ------
    ImageError
        If the suffix is unknown, the folder missing, full or not writable, a name too long, or if
        a file would be lost that is not an earlier result of the same name.
    """
    path = _check_suffix(path)
    record = path.with_suffix(".json")
    check_writable(path, record)
    inputs = [as_path(kept) for kept in keep if isinstance(kept, str | os.PathLike)]
    for file in (path, record):
        if any(same_file(file, kept) for kept in inputs):
            raise ImageError(
                f"{quoted(file)} is one of the pictures to be read and would be lost; "
                "choose another name for the result."
            )
    _check_ours(path)
    if exists(record) and not _is_record_of(record, path):
        raise ImageError(
            f"{quoted(record)} is not the record of {quoted(path.name)} and would be lost; "
            "choose another name, or remove it."
        )
    return path


def _check_suffix(path: str | os.PathLike[str]) -> Path:
    path = as_path(path)
    if path.suffix.lower() not in _SAVE_OPTIONS:
        known = " ".join(_SAVE_OPTIONS)
        raise ImageError(f"{quoted(path)} needs a suffix that says the format: one of {known}.")
    return path


def _check_ours(path: Path) -> None:
    """Refuse a file that holds anything but a picture of ours; an empty one holds nothing."""
    if not exists(path) or (path.is_file() and not path.stat().st_size):
        return
    try:
        ours = _stored_text(path) is not None
    except ImageError:
        ours = False
    if not ours:
        raise ImageError(
            f"{quoted(path)} is there and was not made by nst_helpers; "
            "choose another name, or remove it."
        )


def _is_record_of(record: Path, picture: Path) -> bool:
    """Say whether a record names this picture or, older, repeats what is stored in it."""
    try:
        content = json.loads(record.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            return False
        if "picture" in content:
            return bool(content["picture"] == picture.name)
        short = {key: value for key, value in content.items() if key != "trace"}
        return bool(short) and short == read_metadata(picture)
    except (OSError, ValueError):
        return False


def save_image(
    image: np.ndarray,
    path: str | os.PathLike[str],
    metadata: Mapping[str, Any] | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a picture in one go: the file is complete or is not touched; taught in lesson 01.

    Parameters
    ----------
    image : numpy.ndarray
        Shape (H, W, 3), float RGB in [0, 1]; rounded to 8 bits.
    path : str or path
        The file; its suffix says the format (PNG, JPEG, WebP or TIFF).
    metadata : mapping, optional
        Anything JSON can hold; stored in the file, for `read_metadata`.
    overwrite : bool
        Replace a picture even if `save_image` did not make it.

    Returns
    -------
    pathlib.Path
        The file written.

    Raises
    ------
    ImageError
        If the image, the path or the metadata cannot be used, the file is there and not ours, or
        writing fails.
    """
    path = _check_suffix(path)
    pixels = np.rint(check_image(image) * 255).astype(np.uint8)
    check_writable(path)
    if not overwrite:
        _check_ours(path)
    try:
        options = _SAVE_OPTIONS[path.suffix.lower()] | _metadata_options(path, metadata or {})
        picture = Image.fromarray(pixels)
        write_atomically(path, lambda file: picture.save(file, **options))
    except (OSError, ValueError, TypeError) as error:
        raise ImageError(f"{quoted(path)} could not be written: {reason(error)}.") from error
    return path


def _metadata_options(path: Path, metadata: Mapping[str, Any]) -> dict[str, Any]:
    text = json.dumps(dict(metadata))  # plain ASCII, as EXIF wants it
    if path.suffix.lower() == ".png":
        chunks = PngImagePlugin.PngInfo()
        chunks.add_itxt(_METADATA_KEY, text)
        return {"pnginfo": chunks}
    exif = Image.Exif()
    exif[_DESCRIPTION] = f"{_METADATA_KEY} {text}"
    return {"exif": exif}


def read_metadata(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read what `save_image` stored beside the pixels.

    Parameters
    ----------
    path : str or path
        A picture.

    Returns
    -------
    dict
        The metadata; empty if the file holds none of ours.

    Raises
    ------
    ImageError
        If the file is not a readable picture.
    """
    text = _stored_text(path)
    try:
        metadata = json.loads(text or "{}")
    except ValueError as error:
        raise ImageError(
            f"The metadata in {quoted(path)} are damaged ({reason(error)})."
        ) from error
    return dict(metadata)


def _stored_text(path: str | os.PathLike[str]) -> str | None:
    """Return what `save_image` stored, or None if it did not make the file."""
    return with_picture(path, _text_in)


def _text_in(picture: Image.Image, name: str) -> str | None:
    text = picture.info.get(_METADATA_KEY)
    if isinstance(text, str):
        return text
    key, _, text = str(picture.getexif().get(_DESCRIPTION, "")).partition(" ")
    return text if key == _METADATA_KEY else None


def save_or_rescue(image: np.ndarray, path: Path, metadata: Mapping[str, Any]) -> None:
    """Write the picture; if that fails, keep it elsewhere and raise an error that says where."""
    try:
        save_image(image, path, metadata)
    except ImageError as error:
        place = _rescued(image, path, metadata)
        if place is None:
            raise
        text = str(error).rstrip(".")
        raise ImageError(f"{text}; the picture is kept as {quoted(place)}.") from error


def _rescued(image: np.ndarray, path: Path, metadata: Mapping[str, Any]) -> Path | None:
    from ..files import cache_folder  # reads pictures through this package's one loader

    name = f"{path.stem[:60]}-{secrets.token_hex(4)}.png"
    for place in (tempfile.gettempdir, cache_folder):
        for known in (metadata, None):  # it may be the metadata that cannot be written
            with contextlib.suppress(ImageError, OSError):
                folder = Path(place())
                folder.mkdir(parents=True, exist_ok=True)
                return save_image(image, folder / name, known)
    return None


def write_record(picture: Path, text: str) -> None:
    """Write the record beside its picture; an older one would be wrong about it and goes."""
    record = picture.with_suffix(".json")
    try:
        write_atomically(record, lambda file: file.write(text.encode()))
    except OSError as error:
        with contextlib.suppress(OSError):
            record.unlink(missing_ok=True)
        raise ImageError(
            f"The picture is written as {quoted(picture)}, but its record {quoted(record)} "
            f"could not be ({reason(error)})."
        ) from error
