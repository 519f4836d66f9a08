"""Pictures by name: found, downloaded if need be, and verified to be the right ones (lesson 00)."""

import importlib.util
import logging
import os
from pathlib import Path

import numpy as np

from ..errors import DataError, ImageError
from ..files import as_path, cache_folder, not_a_file, quoted, reason, sha256
from ..options import Resample, SizeRule
from .read import load_image
from .registry import RegisteredPicture, picture_folder
from .registry import info as info
from .registry import names as names

_DISTRIBUTIONS = {"sklearn": "scikit-learn", "skimage": "scikit-image"}
_TIMEOUT = 10  # seconds without an answer


def path(name: str) -> Path:
    """Find a registered picture, download it if need be, and verify its checksum.

    Parameters
    ----------
    name : str
        One of `names`.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    DataError
        If the name is unknown, or the file cannot be had or is not the registered one.
    """
    picture = info(name)
    source = picture.source
    if "shipped" in source:
        return _verified(picture_folder() / source["shipped"], picture, "reinstall nst_helpers")
    if "package" in source:
        install = f"install {_DISTRIBUTIONS[source['package']]} (again)"
        return _verified(_package_folder(picture, install) / source["path"], picture, install)
    file_name = source["url"].rpartition("/")[2]
    own_folder = os.environ.get("NST_PAPER_IMAGES")
    own = Path(own_folder).expanduser() / file_name if own_folder else None
    if own and own.is_file():
        return _verified(own, picture, f"get it from {source['url']}")
    return _download(picture, file_name)


def load(
    name: str,
    size: int | None = None,
    rule: SizeRule = "longest",
    resample: Resample = "lanczos",
) -> np.ndarray:
    """Load a registered picture.

    Parameters
    ----------
    name : str
        One of `names`.
    size, rule, resample
        As in `nst_helpers.load_image`.

    Returns
    -------
    numpy.ndarray
        Shape (H, W, 3), float32, RGB in [0, 1].

    Raises
    ------
    DataError
        If the picture cannot be had.

    Examples
    --------
    >>> load("china", size=256).shape
    (170, 256, 3)
    """
    return load_image(path(name), size, rule, resample)


def resolve(name_or_path: str | os.PathLike[str]) -> Path:
    """Find the picture that a user means: an existing file, else a registered name.

    Parameters
    ----------
    name_or_path : str or path
        A file of any kind, or one of `names`.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    DataError
        If it is neither, or the registered picture cannot be had.
    """
    try:
        file = as_path(name_or_path)
    except ImageError as error:
        raise DataError(str(error)) from error
    if os.path.isfile(file):  # unlike Path.is_file, false for names that are too long
        return file
    name = os.fspath(name_or_path)
    problem = None if name in names() else not_a_file(name)
    if problem:
        raise DataError(problem)
    return path(name)


def _package_folder(picture: RegisteredPicture, remedy: str) -> Path:
    spec = importlib.util.find_spec(picture.source["package"])  # finds it without importing it
    if spec is None or spec.origin is None:
        raise DataError(f"The picture '{picture.name}' is part of a package: {remedy}.")
    return Path(spec.origin).parent


def _verified(file: Path, picture: RegisteredPicture, remedy: str) -> Path:
    try:
        checksum = sha256(file.read_bytes())
    except OSError as error:
        raise DataError(f"'{file}' cannot be read ({error.strerror}); {remedy}.") from error
    if checksum != picture.sha256:
        raise DataError(f"'{file}' is not the registered '{picture.name}' (checksum); {remedy}.")
    return file


def _download(picture: RegisteredPicture, file_name: str) -> Path:
    """Fetch through the cache; a file with a wrong checksum never gets its final name."""
    import pooch

    url, folder = picture.source["url"], cache_folder()
    chatter = pooch.get_logger()  # it would write the cache's path into every notebook
    level = chatter.level
    chatter.setLevel(logging.WARNING)
    try:
        downloader = pooch.HTTPDownloader(timeout=_TIMEOUT)
        file = pooch.retrieve(url, picture.sha256, file_name, folder, downloader=downloader)
    except ValueError as error:
        raise DataError(
            f"What {url} delivers is not the registered '{picture.name}' (checksum) and was not "
            "kept; a proxy or login page may stand between: open the address in a browser."
        ) from error
    except (PermissionError, FileExistsError, NotADirectoryError) as error:
        raise DataError(
            f"'{picture.name}' could not be stored in {quoted(folder)} ({reason(error)}); "
            "set NST_CACHE to a folder that you may write to."
        ) from error
    except OSError as error:
        raise DataError(
            f"'{picture.name}' could not be downloaded to '{folder}'; connect to the network once, "
            f"or put {file_name} from {url} into a folder and set NST_PAPER_IMAGES to that folder."
        ) from error
    finally:
        chatter.setLevel(level)
    return Path(file)
