"""Files in general: their checksums, reading what was given, writing whole or not at all."""

import contextlib
import errno
import glob
import hashlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from .errors import ImageError

_BLOCK = bytes(65536)  # to be written as a trial: a full disk still makes empty files
_ADDRESSES = ("http:", "https:", "ftp:", "file:", "data:")


def sha256(data: bytes) -> str:
    """Give the checksum of these bytes, 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def quoted(path: str | os.PathLike[str]) -> str:
    """Give the path as messages show it, on one line whatever is in it."""
    text = os.fspath(path)
    return f"'{text}'" if text.isprintable() else repr(text)


def reason(error: BaseException) -> str:
    """Give the system's words for what went wrong, on one line."""
    return " ".join(str(getattr(error, "strerror", None) or error).split())


def as_path(path: Any) -> Path:
    """Return the path with its ``~`` expanded, or say that it is none."""
    if isinstance(path, str | os.PathLike) and "\0" not in str(path):
        with contextlib.suppress(RuntimeError, TypeError):  # no home; a path of bytes
            return Path(path).expanduser()
    raise ImageError(f"A path is needed, not {_kind(path)}; give a string or a pathlib.Path.")


def _kind(source: Any) -> str:
    return (
        ascii(source) if isinstance(source, str) else f"an object of type {type(source).__name__}"
    )


def not_a_file(text: str) -> str | None:
    """Say what this is instead of a file, and what to do; None if nothing can be said."""
    if text.startswith(_ADDRESSES):
        return f"{quoted(text)} is an address; download the picture and give the file."
    text = os.path.expanduser(text)
    if os.path.isdir(text):
        return f"{quoted(text)} is a folder; name one of the pictures in it."
    if os.path.islink(text):
        return f"{quoted(text)} is a link to a file that is not there; name the file itself."
    found = glob.glob(text) if any(sign in text for sign in "*?[") else []
    if found:
        return (
            f"{quoted(text)} stands for {len(found)} file{'s'[: len(found) > 1]}; "
            f"give one, such as {quoted(min(found))}."
        )
    return None


def read(source: Any) -> tuple[bytes, str]:
    """Read a path, bytes or an open file; return the content and a name for messages."""
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source), "The file given as bytes"
    if hasattr(source, "read"):
        return _read_open(source)
    if not isinstance(source, str | os.PathLike):
        raise ImageError(
            f"A picture cannot be read from {_kind(source)}; give a path, bytes, an open file, "
            "a Pillow image or an array."
        )
    path = as_path(source)
    try:
        return path.read_bytes(), quoted(path)
    except (OSError, ValueError) as error:
        message = f"{quoted(path)} cannot be opened ({reason(error)}); check the path."
        raise ImageError(not_a_file(str(source)) or message) from error


def _read_open(file: Any) -> tuple[bytes, str]:
    """Read on from where an open file is, and go back there if that can be done."""
    name = getattr(file, "name", None)
    name = quoted(name) if isinstance(name, str) and name else "The open file"
    try:
        start = file.tell() if file.seekable() else None
    except (AttributeError, OSError, ValueError):
        start = None
    try:
        content = file.read()
        if start is not None:
            file.seek(start)
    except UnicodeDecodeError:
        content = ""
    except Exception as error:  # whatever the caller's object raises
        raise ImageError(
            f"{name} cannot be read ({reason(error)}); open it with mode 'rb' and keep it open."
        ) from error
    if isinstance(content, str):
        raise ImageError(f"{name} was opened as text; open it with mode 'rb'.")
    if not content and start != 0:  # read before: an upload, or a stream that is read only once
        raise ImageError(f"{name} has nothing left to read; `seek(0)` first, or give its bytes.")
    if not isinstance(content, bytes | bytearray | memoryview):
        raise ImageError(f"{name} gave {_kind(content)} instead of bytes; open it with mode 'rb'.")
    return bytes(content), name


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Let `write` fill a new file, and put it in the place of `path` only when it is complete.

    It is on the disk itself by then: else a power failure might leave the name without the content.
    The temporary name is short, so that it fits wherever the final one does.
    """
    temporary = path.with_name(f".nst-{secrets.token_hex(4)}.tmp")
    try:
        with open(temporary, "xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def exists(path: Path) -> bool:
    """Say whether there is anything of this name, a broken link too; an impossible name raises."""
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    return True


def check_writable(*paths: Path) -> None:
    """Try all that can fail when these files of one folder are written at the end of a long run.

    Raises
    ------
    ImageError
        If the folder is missing or not writable, the disk full, or a name not possible.
    """
    folder = paths[0].parent
    if not folder.is_dir():
        raise ImageError(f"The folder {quoted(folder)} does not exist; make it first.")
    for path in paths:
        _check_name(path)
    trial = folder / f".nst-{secrets.token_hex(4)}.tmp"
    try:
        with open(trial, "xb") as file:
            file.write(_BLOCK)
    except OSError as error:
        what = "is full" if error.errno == errno.ENOSPC else f"is not writable ({reason(error)})"
        raise ImageError(f"The folder {quoted(folder)} {what}; choose another one.") from error
    finally:
        with contextlib.suppress(OSError):
            trial.unlink(missing_ok=True)


def _check_name(path: Path) -> None:
    try:
        there = exists(path)
    except (OSError, ValueError) as error:
        why = "its name is too long" if error_is_long(error) else reason(error)
        raise ImageError(
            f"{quoted(path)} cannot be written ({why}); choose another name."
        ) from error
    if there and path.is_dir():
        raise ImageError(f"{quoted(path)} is a folder; name a file in it.")
    if there and path.exists() and not os.access(path, os.W_OK):
        raise ImageError(f"{quoted(path)} is write-protected; choose another name.")


def error_is_long(error: BaseException) -> bool:
    """Say whether the system found a name too long."""
    return getattr(error, "errno", None) == errno.ENAMETOOLONG


def same_file(one: Path, other: Path) -> bool:
    """Say whether both names lead to one existing file, whatever links or letter case they use."""
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):
        return False


def cache_folder() -> Path:
    """Give the folder for downloads: ``NST_CACHE``, else the operating system's cache.

    Returns
    -------
    pathlib.Path
        The folder; it may not exist yet.
    """
    import pooch  # here and below: it takes half as long to import as everything else together

    return Path(os.environ.get("NST_CACHE") or pooch.os_cache("nst_helpers")).expanduser()
