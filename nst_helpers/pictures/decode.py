"""Opening and decoding pictures of every kind; `read.load_image` is the door to it."""

import io
import logging
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np
from PIL import Image, ImageCms, TiffImagePlugin, UnidentifiedImageError

from ..errors import ImageError
from ..files import read
from .sizes import MAX_PIXELS
from .white import declared_white, deep_color, scaled_gray

_ORIENTATION = 0x0112
_TURNS = {  # EXIF 2.32: how to bring row 0 to the top and column 0 to the left
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_END_OF_JPEG = b"\xff\xd9"
_FEW = 16  # bytes that may be missing at the end of a file
_FTYPES = {
    **dict.fromkeys((b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"), "HEIC"),
    **dict.fromkeys((b"avif", b"avis"), "AVIF"),
    **dict.fromkeys((b"isom", b"iso2", b"mp41", b"mp42", b"qt  ", b"M4V "), "video"),
}
_KINDS = {
    "HEIC": "is a HEIC photo, whatever its name says; on a phone share it as JPEG (iPhone: "
    "Settings > Camera > Formats > Most Compatible), on a computer export it as JPEG.",
    "AVIF": "is an AVIF picture that this Pillow cannot read; export it as JPEG or PNG.",
    "video": "is a video; save one of its frames as PNG or JPEG.",
    "PDF": "is a PDF; export the page as PNG or JPEG.",
    "archive": "is an archive; unpack it and give one of the pictures in it.",
    "pointer": "is only Git LFS's pointer to a picture; run `git lfs pull` first.",
    "markup": "is not a picture but a web page or other markup; download it again.",
}
_STARTS = {
    b"%PDF": "PDF",
    b"PK\x03\x04": "archive",
    b"\x1f\x8b": "archive",
    b"version https://git-lfs": "pointer",
}

# `warnings.catch_warnings` changes a list that all threads share.
_WARNINGS = threading.RLock()

T = TypeVar("T")
logger = logging.getLogger(__name__)


def with_picture(source: Any, use: Callable[[Image.Image, str], T]) -> T:
    """Call `use` with the opened picture and its name; all that goes wrong is an `ImageError`."""
    content, name = (
        (source, "The Pillow image") if isinstance(source, Image.Image) else read(source)
    )
    with _logged_warnings(name), _explained(name, content):
        try:
            return _used(content, use, name)
        except (OSError, SyntaxError):
            mended = _mended(content) if isinstance(content, bytes) else None
            if mended is None:
                raise
            result = _used(mended, use, name)
        logger.warning("%s lacks its last bytes; its last pixels may be wrong.", name)
        return result


def _used(content: bytes | Image.Image, use: Callable[[Image.Image, str], T], name: str) -> T:
    if isinstance(content, Image.Image):
        return use(content, name)
    with Image.open(io.BytesIO(content)) as picture:
        return use(picture, name)


def _mended(content: bytes) -> bytes | None:
    """Give a file that lacks a few bytes an end; None if more is missing.

    Zeros make good for a few bytes only. JPEG would be taken with half of its rows missing: it
    lacks none if more data before its end changes nothing.
    """
    if not content.startswith(b"\xff\xd8"):
        return content + bytes(_FEW)
    more = bytes(range(250)) * 8
    try:
        ends = (_END_OF_JPEG, more + _END_OF_JPEG)
        one, other = (np.asarray(Image.open(io.BytesIO(content + end))) for end in ends)
    except (OSError, SyntaxError):
        return None
    return content + _END_OF_JPEG if np.array_equal(one, other) else None


@contextmanager
def _logged_warnings(name: str) -> Iterator[None]:
    with _WARNINGS, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # we check MAX_PIXELS
        yield
    for notice in dict.fromkeys(" ".join(str(warning.message).split()) for warning in caught):
        logger.warning("%s: %s", name, notice)


@contextmanager
def _explained(name: str, content: Any) -> Iterator[None]:
    try:
        yield
    except (ImageError, MemoryError):
        raise
    except Image.DecompressionBombError as error:
        raise too_large(name) from error
    except UnidentifiedImageError as error:
        raise ImageError(f"{name} {_unidentified(content)}") from error
    except Exception as error:  # on a damaged file Pillow raises almost anything
        reason = " ".join(str(error).split())
        message = f"{name} is damaged or cut off ({reason}); get a fresh copy of the file."
        raise ImageError(message) from error


def too_large(name: str) -> ImageError:
    """Return the error for a picture of over `MAX_PIXELS`."""
    limit = MAX_PIXELS // 1_000_000
    return ImageError(f"{name} has more than {limit} million pixels; scale it down first.")


def _unidentified(content: bytes) -> str:
    if not content:
        return "is empty; get a fresh copy of the file."
    kind = _FTYPES.get(content[8:12]) if content[4:8] == b"ftyp" else None
    kind = kind or next((k for start, k in _STARTS.items() if content.startswith(start)), None)
    if content[:256].lstrip().startswith(b"<"):
        kind = "markup"
    return _KINDS.get(
        kind or "", "is not a picture in a known format; convert it to PNG or JPEG first."
    )


def displayed_shape(picture: Image.Image) -> tuple[int, int]:
    """Return (height, width) as EXIF wants the picture seen, before its pixels are read."""
    turned = _orientation(picture) >= 5
    if isinstance(picture, TiffImagePlugin.TiffImageFile):
        turned = False  # Pillow says it as displayed
    width, height = picture.size[::-1] if turned else picture.size
    return height, width


def _orientation(picture: Image.Image, name: str = "") -> int:
    try:
        orientation = picture.getexif().get(_ORIENTATION, 1)
        return orientation if orientation in _TURNS else 1
    except Exception as error:  # as above: almost anything
        if name:
            logger.warning("%s: its EXIF data is damaged and ignored (%s).", name, error)
        return 1


def decode(picture: Image.Image, name: str) -> np.ndarray:
    """Return the picture upright as float32 sRGB in [0, 1], transparency laid on white."""
    if getattr(picture, "is_animated", False):
        logger.warning("%s holds several frames; the first one is used.", name)
        picture.seek(0)
    profile = picture.info.get("icc_profile")
    declared = declared_white(picture)
    deep = deep_color(picture, declared, name)
    picture.load()
    turn = _TURNS.get(_orientation(picture, name))
    picture = deep or picture
    picture = picture.transpose(turn) if turn is not None else picture
    if picture.mode == "F" or picture.mode.startswith("I"):
        return np.repeat(scaled_gray(picture, declared, name)[..., np.newaxis], 3, axis=2)
    opacity = None
    if picture.has_transparency_data:
        gray = picture.mode in ("L", "LA", "La")
        picture = picture.convert("RGBA")
        opacity = np.asarray(picture.getchannel("A"), np.float32)[..., np.newaxis] / 255
        picture = picture.convert("L" if gray else "RGB")
    rgb = np.divide(np.asarray(_to_srgb(picture, profile, name)), 255, dtype=np.float32)
    return rgb if opacity is None else 1 - (1 - rgb) * opacity


def _to_srgb(picture: Image.Image, profile: bytes | None, name: str) -> Image.Image:
    if picture.mode == "1":
        picture = picture.convert("L")
    elif picture.mode not in ("L", "RGB", "CMYK"):
        picture = picture.convert("RGB")
    if profile:
        try:
            embedded = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            srgb = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(picture, embedded, srgb, outputMode="RGB")
            return converted or picture
        except (ImageCms.PyCMSError, OSError) as error:
            logger.warning("%s: its color profile is unusable and ignored (%s).", name, error)
    return picture.convert("RGB")
