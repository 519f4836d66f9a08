"""Pictures in: the package's one loader and one value range (lesson 01).

Everywhere in the package a picture is a float32 RGB array with values in [0, 1] and the shape
(height, width, 3). Only `network.preprocessing` leaves that convention.
"""

from typing import Any

import numpy as np
from PIL import Image

from ..files import read, sha256
from ..options import Resample, SizeRule
from .decode import decode, displayed_shape, too_large, with_picture
from .sizes import (
    MAX_PIXELS,
    check_image,
    check_scaling,
    resize,
    resize_to,
    warn_if_smaller,
    without_upsizing,
)


def load_image(
    source: Any,
    size: int | None = None,
    rule: SizeRule = "longest",
    resample: Resample = "lanczos",
) -> np.ndarray:
    """Read a picture of any usual kind as sRGB; taught in lesson 01.

    EXIF rotation is applied, an embedded color profile is converted to sRGB, transparency is laid
    on white, 16-bit and float gray are scaled, and of an animation the first frame is taken.

    Parameters
    ----------
    source : str, path, bytes, file object, Pillow image, array or tensor
        The file, its content, an open file (read on from where it is, and set back), or a picture
        in memory; an array as `check_image` wants it.
    size : int, optional
        Pixels, as `rule` reads them. A smaller picture stays as it is, with a logged warning.
    rule : {"longest", "shortest", "area"}
        What `size` measures; see `resize`.
    resample : {"lanczos", "bilinear"}
        The antialiasing filter.

    Returns
    -------
    numpy.ndarray
        Shape (H, W, 3), float32, RGB in [0, 1].

    Raises
    ------
    ImageError
        If there is no such file, it is no picture, it is damaged, or it has over `MAX_PIXELS`.
    """
    asked = check_scaling(1 if size is None else size, rule, resample)
    pixels = None if size is None else asked
    if _is_array(source):
        image = check_image(source)
        return image if pixels is None else resize(image, pixels, rule, resample)

    def scaled(picture: Image.Image, name: str) -> np.ndarray:
        if picture.height * picture.width > MAX_PIXELS:
            raise too_large(name)
        if pixels is None:
            return decode(picture, name)
        displayed = displayed_shape(picture)
        warn_if_smaller(displayed, pixels, rule)
        shape = without_upsizing(displayed, pixels, rule)
        if picture is not source:  # the caller's own stays as it is
            _draft(picture, shape if displayed == picture.size[::-1] else shape[::-1])
        return resize_to(decode(picture, name), shape, resample)

    return with_picture(source, scaled)


def _draft(picture: Image.Image, shape: tuple[int, int]) -> None:
    """Let a large JPEG decode at a fraction, not less than twice this stored shape."""
    height, width = shape
    picture.draft(None, (2 * width, 2 * height))


def picture_shape(source: Any) -> tuple[int, int]:
    """Return (height, width) of a picture as `load_image` gives it, from its header if it has one.

    Parameters
    ----------
    source : str, path, bytes, file object, Pillow image, array or tensor
        As for `load_image`.

    Raises
    ------
    ImageError
        If there is no such file, or it is no picture.
    """
    if _is_array(source):
        height, width, _ = check_image(source).shape
        return height, width
    return with_picture(source, lambda picture, name: displayed_shape(picture))


def checksum(picture: Any) -> str:
    """Give the sha256 of a picture as it was given: the same one has the same checksum.

    Parameters
    ----------
    picture : str, path, bytes, file object, Pillow image, array or tensor
        As for `load_image`.

    Returns
    -------
    str
        Of a file's bytes, or of the float32 values and the shape of a picture in memory.

    Raises
    ------
    ImageError
        If the picture cannot be read.
    """
    if not (_is_array(picture) or isinstance(picture, Image.Image)):
        return sha256(read(picture)[0])
    image = load_image(picture)
    return sha256(repr(image.shape).encode() + image.tobytes())


def _is_array(source: Any) -> bool:
    """Say whether these are numbers, of any framework, and no picture file."""
    return hasattr(source, "__array__") and not isinstance(source, Image.Image)
