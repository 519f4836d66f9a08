"""What is known of the pictures that have a name: whose each is, where it comes from (lesson 00).

``data/registry.json`` lists them. Some ship with the project, some lie inside packages that the
course needs anyway, and those of the paper are downloaded when they are first asked for.
"""

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import DataError
from ..files import quoted

Role = Literal["content", "style", "both"]


@dataclass(frozen=True)
class RegisteredPicture:
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


def info(name: str) -> RegisteredPicture:
    """Look a picture up: author, license, alternative text and the rest.

    Parameters
    ----------
    name : str
        One of `names`.

    Returns
    -------
    RegisteredPicture
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


def picture_folder() -> Path:
    """Give the folder of the registry: inside an installed package, else in the repository."""
    package = Path(__file__).parent.parent
    installed = package / "_pictures"
    return installed if installed.is_dir() else package.parent / "data"


def _registry() -> dict[str, RegisteredPicture]:
    entries = json.loads((picture_folder() / "registry.json").read_text(encoding="utf-8"))
    return {entry["name"]: RegisteredPicture(**entry) for entry in entries}
