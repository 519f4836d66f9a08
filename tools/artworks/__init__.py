"""The painter of the shipped style pictures, procedural and free of all rights (lesson 01).

One module per technique, on a common `canvas` and `brush`. ``python -m tools.artworks data``
paints them all into a folder.
"""

import difflib
from collections.abc import Callable

import numpy as np

from nst_helpers.errors import DataError, ImageError

from .canvas import Array
from .cubist import cubist_facets
from .discs import turning_discs
from .glass import stained_glass
from .ink import ink_mountains
from .meadow import pointillist_meadow
from .night import swirling_night
from .waves import woodcut_waves

_PAINTERS: dict[str, Callable[[int], Array]] = {
    painter.__name__: painter
    for painter in (
        swirling_night,
        woodcut_waves,
        stained_glass,
        pointillist_meadow,
        cubist_facets,
        ink_mountains,
        turning_discs,
    )
}
NAMES: tuple[str, ...] = tuple(_PAINTERS)


def paint(name: str, size: int = 640) -> np.ndarray:
    """Paint one of the pictures; the same name and size always give the same picture.

    Parameters
    ----------
    name : str
        One of `NAMES`.
    size : int
        Pixels of the longest side, at least 32. The composition is the same at every size.

    Returns
    -------
    numpy.ndarray
        Shape (H, W, 3), float32, RGB in [0, 1].

    Raises
    ------
    DataError
        If there is no painting of this name.
    ImageError
        If the size is too small to paint on.

    Examples
    --------
    >>> paint("stained_glass", size=40).shape
    (40, 32, 3)
    """
    if name not in _PAINTERS:
        near = difflib.get_close_matches(name, NAMES, n=1, cutoff=0)
        raise DataError(f"No painting is called {name!r}; did you mean {near[0]!r}?")
    if size < 32:
        raise ImageError(f"A painting of {size} pixels is too small; ask for 32 or more.")
    return np.clip(_PAINTERS[name](size), 0, 1).astype(np.float32)
