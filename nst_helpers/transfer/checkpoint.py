"""The file of a checkpoint: written whole or not at all, and believed only if its checksum fits.

A line of text says what it is: ``nst-checkpoint``, the format's version, the sha256 of what
follows: a line of JSON, which has the settings of the run under ``run`` and the type and the shape
of every array under ``arrays``, and the bytes of these.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ..errors import CheckpointError
from ..files import exists, quoted, reason, write_atomically

SUFFIX = ".nst"  # no longer than that of the record: what holds a result can hold this
VERSION = 1  # of the format: of this module, `resume`, `Place.arrays` and the optimizers' states
ANEW = "remove it to begin anew (`nst stylize` does so with --no-resume)"

_NAME = b"nst-checkpoint "
_LONGEST = 200  # bytes of the first line
_ABANDONED = 60  # seconds without a byte, after which nobody is still writing a temporary file


def write(path: Path, header: dict[str, Any], arrays: Sequence[np.ndarray]) -> None:
    """Write a checkpoint in the place of an older one of the same run.

    Raises
    ------
    CheckpointError
        If the file there is something else, or of another run, which may still be going on.
    OSError
        If it cannot be written; an older one is still there then.
    """
    if is_there(path) and run_of(path) != header["run"]:
        raise CheckpointError("it is now that of another run")
    header = header | {"arrays": [(array.dtype.str, array.shape) for array in arrays]}

    def fill(file: BinaryIO) -> None:
        digest = hashlib.sha256()
        file.write(_title(digest.hexdigest()))
        for piece in [memoryview(json.dumps(header).encode() + b"\n"), *map(_bytes, arrays)]:
            digest.update(piece)
            file.write(piece)
        file.seek(0)
        file.write(_title(digest.hexdigest()))

    write_atomically(path, fill)


def read(path: Path) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Return the header and the arrays of a checkpoint.

    Raises
    ------
    CheckpointError
        If it is none, has another format, is damaged, or cannot be read.
    """
    is_there(path)
    try:
        with open(path, "rb") as file:
            title = file.readline(_LONGEST)
            _check_version(path, title)
            if title != _title(hashlib.file_digest(file, "sha256").hexdigest()):
                raise CheckpointError(f"{quoted(path)} is damaged; {ANEW}.")
            file.seek(len(title))
            header = json.loads(file.readline())
            return header, [_array(file, *kind) for kind in header["arrays"]]
    except OSError as error:
        raise CheckpointError(f"{quoted(path)} cannot be read ({reason(error)}).") from error


def run_of(path: Path) -> Any:
    """Return whose checkpoint this is, by a quick look; None if it does not say."""
    try:
        with open(path, "rb") as file:
            file.readline(_LONGEST)
            return json.loads(file.readline())["run"]
    except (OSError, ValueError, LookupError, TypeError):
        return None


def is_there(path: Path) -> bool:
    """Say whether there is a checkpoint, whole or damaged.

    Raises
    ------
    CheckpointError
        If there is anything else, or the name is not possible.
    """
    try:
        if not exists(path):
            return False
        ours = path.is_file() and _is_ours(path)
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{quoted(path)} cannot be read ({reason(error)}).") from error
    if not ours:
        raise CheckpointError(
            f"{quoted(path)} is there and is no checkpoint of nst_helpers; "
            "choose another name, or remove it."
        )
    return True


def discard(path: Path) -> None:
    """Remove a checkpoint if there is one.

    Raises
    ------
    CheckpointError
        If the file is something else, or cannot be removed.
    """
    try:
        if is_there(path):
            path.unlink()
    except OSError as error:
        raise CheckpointError(f"{quoted(path)} cannot be removed ({reason(error)}).") from error


def tidy(folder: Path) -> None:
    """Remove what runs that were killed while they wrote a checkpoint have left of it."""
    with contextlib.suppress(OSError):
        for file in folder.glob(".nst-*.tmp"):
            if time.time() - file.stat().st_mtime > _ABANDONED and _is_ours(file):
                file.unlink()


def beside(picture: Path) -> Path:
    """Return the checkpoint's file for a run that will write this picture."""
    return picture.with_name(picture.stem + SUFFIX)


def _is_ours(path: Path) -> bool:
    with open(path, "rb") as file:
        return file.read(len(_NAME)) == _NAME


def _title(digest: str) -> bytes:
    return _NAME + f"{VERSION} {digest}\n".encode()


def _check_version(path: Path, title: bytes) -> None:
    version = title.split(b" ")[1].decode(errors="replace")
    if version != str(VERSION):
        raise CheckpointError(
            f"{quoted(path)} has format {version!a}, and this nst_helpers reads {VERSION}; {ANEW}."
        )


def _bytes(array: np.ndarray) -> memoryview:
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


def _array(file: BinaryIO, kind: str, shape: Sequence[int]) -> np.ndarray:
    dtype = np.dtype(kind)
    content = file.read(math.prod(shape) * dtype.itemsize)
    return np.frombuffer(content, dtype).reshape(shape)
