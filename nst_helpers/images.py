"""Pictures in and out: the package's one loader, one saver and one value range (lesson 01).

Everywhere in the package a picture is a float32 RGB array with values in [0, 1] and the shape
(height, width, 3). Only `to_network` and `from_network` leave that convention.
"""

import contextlib
import io
import json
import logging
import math
import os
import uuid
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import numpy as np
from PIL import Image, ImageCms, ImageOps, PngImagePlugin, UnidentifiedImageError

from .errors import ImageError
from .files import sha256
from .options import Resample, SizeRule

MAX_PIXELS = 100_000_000  # decoded to float32 that is 1.2 GB: beyond it a laptop starts to swap
MEAN_BGR = (103.939, 116.779, 123.68)

_SLACK = 0.5  # an overshoot is clipped; a value further out means another range, such as 0-255
_FILTERS = {"lanczos": Image.Resampling.LANCZOS, "bilinear": Image.Resampling.BILINEAR}
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

logger = logging.getLogger(__name__)


def load_image(
    source: str | os.PathLike[str] | bytes,
    size: int | None = None,
    rule: SizeRule = "longest",
    resample: Resample = "lanczos",
) -> np.ndarray:
    """Read a picture of any usual kind as sRGB; taught in lesson 01.

    EXIF rotation is applied, an embedded color profile is converted to sRGB, transparency is laid
    on white, 16-bit and float gray are scaled, and of an animation the first frame is taken.

    Parameters
    ----------
    source : str, path or bytes
        The file, or its content.
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
    with _opened(source) as (picture, name):
        if picture.height * picture.width > MAX_PIXELS:
            raise _too_large(name)
        if size is None:
            return _decode(picture, name)
        height, width = _without_upsizing((picture.height, picture.width), size, rule)
        picture.draft(None, (2 * width, 2 * height))  # lets a large JPEG decode at a fraction
        coded = (picture.height, picture.width)
        image = _decode(picture, name)
    turned = image.shape[:2] != coded  # by EXIF
    return resize_to(image, (width, height) if turned else (height, width), resample)


def picture_shape(source: str | os.PathLike[str] | bytes) -> tuple[int, int]:
    """Return (height, width) of a picture from its header, as stored, before EXIF turns it.

    Raises
    ------
    ImageError
        If there is no such file, or it is no picture.
    """
    with _opened(source) as (picture, _):
        return picture.height, picture.width


@contextlib.contextmanager
def _opened(source: str | os.PathLike[str] | bytes) -> Iterator[tuple[Image.Image, str]]:
    """Open a picture and turn whatever goes wrong with it into an `ImageError`."""
    name = "The file given as bytes" if isinstance(source, bytes) else f"'{os.fspath(source)}'"
    try:
        content = source if isinstance(source, bytes) else Path(source).read_bytes()
    except OSError as error:
        message = f"{name} cannot be opened ({error.strerror}); check the path."
        raise ImageError(message) from error
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # we check MAX_PIXELS
        try:
            with Image.open(io.BytesIO(content)) as picture:
                yield picture, name
        except (ImageError, MemoryError):
            raise
        except Image.DecompressionBombError as error:
            raise _too_large(name) from error
        except UnidentifiedImageError as error:
            raise ImageError(_unidentified(name, content)) from error
        except Exception as error:  # on a damaged file Pillow raises almost anything
            message = f"{name} is damaged or cut off ({error}); get a fresh copy of the file."
            raise ImageError(message) from error
    for notice in dict.fromkeys(str(warning.message).strip() for warning in caught):
        logger.warning("%s: %s", name, notice)


def _too_large(name: str) -> ImageError:
    limit = MAX_PIXELS // 1_000_000
    return ImageError(f"{name} has more than {limit} million pixels; scale it down first.")


def _unidentified(name: str, content: bytes) -> str:
    if not content:
        return f"{name} is empty; get a fresh copy of the file."
    if content[:256].lstrip().startswith(b"<"):
        return f"{name} is not a picture but a web page or other markup; download it again."
    return f"{name} is not a picture in a known format; convert it to PNG or JPEG first."


def _decode(picture: Image.Image, name: str) -> np.ndarray:
    if getattr(picture, "is_animated", False):
        logger.warning("%s holds several frames; the first one is used.", name)
    profile = picture.info.get("icc_profile")
    picture = _upright(picture, name)
    if picture.mode == "F" or picture.mode.startswith("I"):
        return _decode_deep_gray(picture, name)
    opacity = None
    if picture.has_transparency_data:
        gray = picture.mode in ("L", "LA", "La")
        picture = picture.convert("RGBA")
        opacity = np.asarray(picture.getchannel("A"), np.float32)[..., np.newaxis] / 255
        picture = picture.convert("L" if gray else "RGB")
    rgb = np.divide(np.asarray(_to_srgb(picture, profile, name)), 255, dtype=np.float32)
    return rgb if opacity is None else 1 - (1 - rgb) * opacity


def _upright(picture: Image.Image, name: str) -> Image.Image:
    picture.load()  # so that only EXIF can fail below
    try:
        return ImageOps.exif_transpose(picture)
    except Exception as error:  # as above: almost anything
        logger.warning("%s: its EXIF data is damaged and ignored (%s).", name, error)
        return picture


def _decode_deep_gray(picture: Image.Image, name: str) -> np.ndarray:
    """Scale gray of over 8 bits by its own white, which Pillow would clip to 255."""
    values = np.asarray(picture, np.float32)
    if not np.isfinite(values).all():
        raise ImageError(f"{name} holds NaN or infinite values; export it again.")
    whites = (1, 255, 65535) if picture.mode == "F" else (65535, 2**31 - 1)
    top = float(values.max())
    white = next((white for white in whites if top <= (1 + _SLACK) * white), top)
    return np.repeat(np.clip(values / white, 0, 1)[..., np.newaxis], 3, axis=2)


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


def checksum(picture: Any) -> str:
    """Give the sha256 of a picture as it was given: the same one has the same checksum.

    Parameters
    ----------
    picture : str, path, bytes, file object, Pillow image or array
        As for `load_image`.

    Returns
    -------
    str
        Of a file's bytes, or of an array's float32 values and its shape.

    Raises
    ------
    ImageError
        If the picture cannot be read.
    """
    content = _content(picture)
    if isinstance(content, bytes):
        return sha256(content)
    array = np.ascontiguousarray(content, np.float32)
    return sha256(repr(array.shape).encode() + array.tobytes())


def _content(picture: Any) -> Any:
    if isinstance(picture, str | os.PathLike):
        return Path(picture).read_bytes()
    return picture


def target_shape(shape: tuple[int, int], size: int, rule: SizeRule) -> tuple[int, int]:
    """Give the (height, width) that `rule` asks for, in whole numbers rounded down."""
    if rule not in get_args(SizeRule):
        raise ImageError(f"Unknown size rule {rule!r}; choose from {get_args(SizeRule)}.")
    if size < 1:
        raise ImageError(f"The size must be at least 1 pixel, not {size}.")
    height, width = shape
    if rule == "area":
        target = math.isqrt(size**2 * height // width), math.isqrt(size**2 * width // height)
    else:
        side = max(shape) if rule == "longest" else min(shape)
        target = size * height // side, size * width // side
    if min(target) < 1:
        raise ImageError(
            f"A {width} x {height} picture at size {size} has a side of 0 pixels; "
            "crop it or ask for a larger size."
        )
    return target


def _without_upsizing(shape: tuple[int, int], size: int, rule: SizeRule) -> tuple[int, int]:
    target = target_shape(shape, size, rule)
    if max(target) <= max(shape):
        return target
    logger.warning(
        "The picture is smaller than asked and stays at %d x %d instead of %d x %d pixels.",
        *(shape[1], shape[0], target[1], target[0]),
    )
    return shape


def resize(
    image: np.ndarray,
    size: int,
    rule: SizeRule = "longest",
    resample: Resample = "lanczos",
    upsize: bool = False,
) -> np.ndarray:
    """Scale a picture, keeping its proportions; taught in lesson 01.

    Parameters
    ----------
    image : numpy.ndarray
        Shape (H, W, 3), float RGB in [0, 1].
    size : int
        Pixels, read by `rule`.
    rule : {"longest", "shortest", "area"}
        `size` is the longest side, the shortest side, or the side of the square with as many
        pixels. The other side is rounded down.
    resample : {"lanczos", "bilinear"}
        The antialiasing filter; the paper's authors used the bilinear one in their notebook.
    upsize : bool
        Enlarge too. Otherwise a smaller picture stays as it is, with a logged warning.

    Returns
    -------
    numpy.ndarray
        Shape (H', W', 3), float32, RGB in [0, 1].

    Raises
    ------
    ImageError
        If the image is not one, or a side of the result would have no pixels.

    Examples
    --------
    >>> resize(np.zeros((768, 1024, 3), np.float32), 512, rule="shortest").shape
    (512, 682, 3)
    """
    image = check_image(image)
    shape = (image.shape[0], image.shape[1])
    fit = target_shape if upsize else _without_upsizing
    return resize_to(image, fit(shape, size, rule), resample)


def resize_to(
    image: np.ndarray, shape: tuple[int, int], resample: Resample = "lanczos"
) -> np.ndarray:
    """Scale a picture to exactly this (height, width), up or down; taught in lesson 07.

    Parameters
    ----------
    image : numpy.ndarray
        Shape (H, W, 3), float RGB in [0, 1].
    shape : tuple of int
        (height, width) of the result in pixels.
    resample : {"lanczos", "bilinear"}
        The antialiasing filter, applied in float and clipped to [0, 1] at the end.

    Returns
    -------
    numpy.ndarray
        Shape (height, width, 3), float32, RGB in [0, 1].

    Raises
    ------
    ImageError
        If the image is not one, or the shape or the filter is not possible.
    """
    if resample not in _FILTERS:
        raise ImageError(f"Unknown filter {resample!r}; choose from {get_args(Resample)}.")
    height, width = shape
    if min(shape) < 1:
        raise ImageError(f"Cannot resize to {width} x {height} pixels; both must be at least 1.")
    channels = np.moveaxis(check_image(image), -1, 0)
    resized = [
        np.asarray(Image.fromarray(channel).resize((width, height), _FILTERS[resample]))
        for channel in channels
    ]
    return np.clip(np.stack(resized, axis=-1), 0, 1)


def check_image(image: np.ndarray) -> np.ndarray:
    """Return the picture as the package's kind of array, or say what is wrong with it.

    Values less than 0.5 outside [0, 1] count as overshoot and are clipped. Taught in lesson 01.

    Parameters
    ----------
    image : array_like
        Shape (H, W, 3), any float type, RGB in [0, 1].

    Returns
    -------
    numpy.ndarray
        A copy: shape (H, W, 3), float32, RGB in [0, 1].

    Raises
    ------
    ImageError
        If the type, the shape or the value range is another one.

    Examples
    --------
    >>> check_image(np.full((1, 1, 3), 1.01)).tolist()
    [[[1.0, 1.0, 1.0]]]
    """
    array = np.asarray(image)
    if array.dtype.kind != "f":
        raise ImageError(
            f"The image has type {array.dtype}, not float; divide by 255: "
            "image.astype('float32') / 255."
        )
    if array.ndim == 4:
        raise ImageError(f"The image has a batch axis, shape {array.shape}; pass image[0].")
    if array.ndim == 2 or (array.ndim == 3 and array.shape[-1] == 1):
        raise ImageError(f"The image is gray, shape {array.shape}; repeat it for the 3 channels.")
    if array.ndim != 3 or array.shape[-1] != 3 or array.size == 0:
        raise ImageError(f"The image has shape {array.shape}; it must be (height, width, 3).")
    low, high = float(array.min()), float(array.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ImageError("The image holds NaN or infinite values; the step that made it diverged.")
    if low < -_SLACK or high > 1 + _SLACK:
        raise ImageError(
            f"The image's values run from {low:.4g} to {high:.4g}, not from 0 to 1; "
            "divide 0-255 by 255, and bring network input back with from_network."
        )
    return np.clip(array, 0, 1).astype(np.float32, copy=False)


def check_output(path: str | os.PathLike[str]) -> Path:
    """Check that a picture can be saved here, before the long run that makes it.

    Parameters
    ----------
    path : str or path
        Where `save_image` will write.

    Returns
    -------
    pathlib.Path
        The same path.

    Raises
    ------
    ImageError
        If the suffix is unknown, or the folder is missing or not writable.
    """
    path = Path(path)
    if path.suffix.lower() not in _SAVE_OPTIONS:
        known = " ".join(_SAVE_OPTIONS)
        raise ImageError(f"'{path}' needs a suffix that says the format: one of {known}.")
    if path.is_dir():
        raise ImageError(f"'{path}' is a folder; name a file in it.")
    if not path.parent.is_dir():
        raise ImageError(f"The folder '{path.parent}' does not exist; make it first.")
    if not os.access(path.parent, os.W_OK):
        raise ImageError(f"The folder '{path.parent}' is not writable; choose another one.")
    return path


def save_image(
    image: np.ndarray, path: str | os.PathLike[str], metadata: Mapping[str, Any] | None = None
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

    Returns
    -------
    pathlib.Path
        The file written.

    Raises
    ------
    ImageError
        If the image, the path or the metadata cannot be used, or writing fails.
    """
    path = check_output(path)
    picture = Image.fromarray(np.rint(check_image(image) * 255).astype(np.uint8))
    temporary = path.with_name(f".{path.stem}-{uuid.uuid4().hex}.tmp")
    try:
        options = _SAVE_OPTIONS[path.suffix.lower()] | _metadata_options(path, metadata)
        with open(temporary, "xb") as file:
            picture.save(file, **options)
        os.replace(temporary, path)
    except (OSError, ValueError, TypeError) as error:
        raise ImageError(f"'{path}' could not be written: {error}.") from error
    finally:
        temporary.unlink(missing_ok=True)
    return path


def _metadata_options(path: Path, metadata: Mapping[str, Any] | None) -> dict[str, Any]:
    if metadata is None:
        return {}
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
    with _opened(path) as (picture, _):
        text = picture.info.get(_METADATA_KEY)
        if text is None:
            description = str(picture.getexif().get(_DESCRIPTION, ""))
            key, _, text = description.partition(" ")
            if key != _METADATA_KEY:
                return {}
        metadata: dict[str, Any] = json.loads(text)
        return metadata


def to_network(image: Any) -> Any:
    """Turn pictures into VGG's input: BGR, 0-255, minus the mean color; taught in lesson 01.

    Parameters
    ----------
    image : numpy.ndarray or tf.Tensor
        Shape (..., 3), RGB in [0, 1].

    Returns
    -------
    numpy.ndarray or tf.Tensor
        The same kind, type and shape: BGR, 0-255 minus `MEAN_BGR`.

    Examples
    --------
    >>> to_network(np.array([1.0, 0.0, 0.0])).round(3).tolist()
    [-103.939, -116.779, 131.32]
    """
    return image[..., ::-1] * 255.0 - _mean_like(image)


def from_network(tensor: Any) -> Any:
    """Undo `to_network`; nothing is clipped. Taught in lesson 01.

    Parameters
    ----------
    tensor : numpy.ndarray or tf.Tensor
        Shape (..., 3), BGR, 0-255 minus `MEAN_BGR`.

    Returns
    -------
    numpy.ndarray or tf.Tensor
        The same kind, type and shape: RGB in [0, 1].

    Examples
    --------
    >>> from_network(np.array([-103.939, -116.779, 131.32])).round(3).tolist()
    [1.0, 0.0, 0.0]
    """
    return (tensor + _mean_like(tensor))[..., ::-1] / 255.0


def _mean_like(array: Any) -> Any:
    # TensorFlow gives a tuple the tensor's type; NumPy would make everything float64.
    return np.asarray(MEAN_BGR, array.dtype) if isinstance(array, np.ndarray) else MEAN_BGR
