"""Pictures by name: where each comes from, whose it is, and that it is the right one (lesson 00).

``data/registry.json`` lists them. Some ship with the project, some lie inside packages that the
course needs anyway, and those of the paper are downloaded when they are first asked for.
"""

import difflib
import importlib.util
import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from .errors import DataError, ImageError
from .files import as_path, not_a_file, quoted, reason, sha256
from .images import load_image
from .options import Resample, SizeRule

Role = Literal["content", "style", "both"]

_DISTRIBUTIONS = {"sklearn": "scikit-learn", "skimage": "scikit-image"}
_TIMEOUT = 10  # seconds without an answer

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Picture:
    """One entry of the registry.

    Attributes
    ----------
    name : str
        What `path` and `load` know it by.
    title, author : str
        Whose it is.
    source : mapping
        ``{"shipped": file}``, ``{"package": module, "path": file}`` or ``{"url": address}``.
    sha256 : str
        Checksum of the file.
    license : str
        Name of the license.
    alt : str
        What is to be seen, for readers who do not see it.
    role : {"content", "style", "both"}
        What it serves as in the course.
    license_url, year, note : str, optional
        What else is known.
    """

    name: str
    title: str
    author: str
    source: Mapping[str, str]
    sha256: str
    license: str
    alt: str
    role: Role
    license_url: str | None = None
    year: str | None = None
    note: str | None = None

    @property
    def credit(self) -> str:
        """The line to print beside the picture and whatever is made from it."""
        parts = (self.author, self.year, self.license)
        return f'"{self.title}", ' + ", ".join(part for part in parts if part)


def names(role: Literal["content", "style"] | None = None) -> tuple[str, ...]:
    """List the registered pictures.

    Parameters
    ----------
    role : {"content", "style"}, optional
        Only those that serve as this.

    Returns
    -------
    tuple of str
        The names, in the order of the registry.

    Examples
    --------
    >>> names("content")[0]
    'china'
    """
    wanted = (role, "both") if role else ("content", "style", "both")
    return tuple(picture.name for picture in _registry().values() if picture.role in wanted)


def info(name: str) -> Picture:
    """Look a picture up: author, license, alternative text and the rest.

    Parameters
    ----------
    name : str
        One of `names`.

    Returns
    -------
    Picture
        Its entry.

    Raises
    ------
    DataError
        If no picture has this name.

    Examples
    --------
    >>> info("tubingen").credit
    '"Neckarfront in Tübingen", Andreas Praefcke, CC BY 3.0'
    """
    registry = _registry()
    if not isinstance(name, str):
        raise DataError(
            f"A picture's name is a string, not an object of type {type(name).__name__}."
        )
    if name not in registry:
        close = difflib.get_close_matches(name, registry, n=1)
        suggestion = f"did you mean '{close[0]}'? " if close else ""
        raise DataError(
            f"There is no picture {quoted(name)}, neither as a file nor in the registry; "
            f"{suggestion}nst_helpers.data.names() lists the registered ones."
        )
    return registry[name]


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
        return _verified(_picture_folder() / source["shipped"], picture, "reinstall nst_helpers")
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
        As in `nst_helpers.images.load_image`.

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


def cache_folder() -> Path:
    """Give the folder for downloads: ``NST_CACHE``, else the operating system's cache.

    Returns
    -------
    pathlib.Path
        The folder; it may not exist yet.
    """
    import pooch  # here and below: it takes half as long to import as everything else together

    return Path(os.environ.get("NST_CACHE") or pooch.os_cache("nst_helpers")).expanduser()


def _picture_folder() -> Path:
    """Give the folder of the registry: inside an installed package, else in the repository."""
    installed = Path(__file__).parent / "_pictures"
    return installed if installed.is_dir() else Path(__file__).parent.parent / "data"


def _registry() -> dict[str, Picture]:
    entries = json.loads((_picture_folder() / "registry.json").read_text(encoding="utf-8"))
    return {entry["name"]: Picture(**entry) for entry in entries}


def _package_folder(picture: Picture, mend: str) -> Path:
    spec = importlib.util.find_spec(picture.source["package"])  # finds it without importing it
    if spec is None or spec.origin is None:
        raise DataError(f"The picture '{picture.name}' is part of a package: {mend}.")
    return Path(spec.origin).parent


def _verified(file: Path, picture: Picture, mend: str) -> Path:
    try:
        checksum = sha256(file.read_bytes())
    except OSError as error:
        raise DataError(f"'{file}' cannot be read ({error.strerror}); {mend}.") from error
    if checksum != picture.sha256:
        raise DataError(f"'{file}' is not the registered '{picture.name}' (checksum); {mend}.")
    return file


def _download(picture: Picture, file_name: str) -> Path:
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
