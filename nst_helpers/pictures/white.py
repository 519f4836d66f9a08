"""Which value is white in pictures of more than 8 bits: Pillow leaves that to its caller."""

import io
import logging
import sys
from typing import Any

import numpy as np
from PIL import Image, TiffImagePlugin

from ..errors import ImageError

SLACK = 0.5  # an overshoot is clipped; a value further out means another range, such as 0-255

_MAX_SAMPLE_VALUE, _BITS_PER_SAMPLE = 281, 258  # TIFF 6.0
_UNSCALED = (255, 1023, 4095)  # 8, 10 and 12 bits, as cameras and microscopes put them into 16
_OTHER_BYTE = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}

logger = logging.getLogger(__name__)


def declared_white(picture: Image.Image) -> int | None:
    """Return the white that the file states, if it does; ask before the pixels are read."""
    if isinstance(picture, TiffImagePlugin.TiffImageFile):
        stated = picture.tag_v2.get(_MAX_SAMPLE_VALUE)
        if stated:
            return int(np.max(stated))
        bits = int(np.max(picture.tag_v2.get(_BITS_PER_SAMPLE, 16)))
        return 2**bits - 1 if 8 < bits < 16 else None
    head = _content(picture).partition(b"IDAT")[0]
    _, chunk, bits_of_png = head.partition(b"sBIT")
    return 2 ** bits_of_png[0] - 1 if chunk and head.startswith(b"\x89PNG") else None


def _content(picture: Image.Image) -> bytes:
    file = getattr(picture, "fp", None)
    return file.getvalue() if isinstance(file, io.BytesIO) else b""


def scaled_gray(picture: Image.Image, declared: int | None, name: str) -> np.ndarray:
    """Scale gray of over 8 bits by its own white, which Pillow would clip to 255."""
    values = np.asarray(picture, np.float32)
    if not np.isfinite(values).all():
        raise ImageError(f"{name} holds NaN or infinite values; export it again.")
    top = float(values.max())
    if picture.mode == "F":
        white = next((white for white in (1, 255, 65535) if top <= (1 + SLACK) * white), top)
    else:
        white = _white(top, declared, name)
    return np.clip(values / white, 0, 1)


def _white(top: float, declared: int | None, name: str) -> float:
    if declared and top <= declared:
        return declared
    guess = next((white for white in (*_UNSCALED, 65535, 2**31 - 1) if top <= white), top)
    if guess not in _UNSCALED or top <= 0:
        return max(guess, 65535)
    logger.warning(
        "%s has 16 bits, but its brightest value is %d: %d is taken for white; "
        "if the picture shall be that dark, save it with 8 bits.",
        *(name, top, guess),
    )
    return guess


def deep_color(picture: Image.Image, declared: int | None, name: str) -> Image.Image | None:
    """Return color of 10 or 12 bits, stored as 16, with the usual 8; None for other pictures.

    Pillow reads the high byte of 16 only. With the order of bytes swapped it reads the low one.
    """
    content = _content(picture)
    if not content or not any(_swapped(tile.args) for tile in getattr(picture, "tile", ())):
        return None
    high = np.asarray(picture, np.float32)
    stated = declared if declared and declared < 65535 else 0
    if high[..., :3].max() * 256 > max(*_UNSCALED, stated):
        return None
    with Image.open(io.BytesIO(content)) as again:
        again.tile = [tile._replace(args=_swapped(tile.args) or tile.args) for tile in again.tile]
        values = 256 * high + np.asarray(again)
    white = np.full(values.shape[-1], _white(float(values[..., :3].max()), declared, name))
    if values[..., 3:].max(initial=0) > white[0]:
        white[3] = 65535  # opacity has all the bits
    return Image.fromarray(np.rint(np.clip(values / white, 0, 1) * 255).astype(np.uint8))


def _swapped(args: Any) -> Any:
    """Return how to read the other byte of 16-bit RGB, or None if a tile holds something else."""
    if isinstance(args, tuple):
        first = _swapped(args[0]) if args else None
        return first and (first, *args[1:])
    kind, _, order = str(args).partition(";16")
    other = _OTHER_BYTE.get(order)
    return f"{kind};16{other}" if other and kind in ("RGB", "RGBA") else None
