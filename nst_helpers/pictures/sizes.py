"""Pictures as arrays: what makes one, and its size (lesson 01)."""

import logging
import math
import operator
from typing import Any, get_args

import numpy as np
from PIL import Image

from ..errors import ImageError
from ..options import Resample, SizeRule
from .white import SLACK

MAX_PIXELS = 100_000_000  # decoded to float32 that is 1.2 GB: beyond it a laptop starts to swap

_FILTERS = {"lanczos": Image.Resampling.LANCZOS, "bilinear": Image.Resampling.BILINEAR}

logger = logging.getLogger(__name__)


def check_scaling(size: Any, rule: Any = "longest", resample: Any = "lanczos") -> int:
    """Return the size as Python's int, or say which of the three settings is wrong."""
    if rule not in get_args(SizeRule):
        raise ImageError(f"Unknown size rule {rule!r}; choose from {get_args(SizeRule)}.")
    if resample not in get_args(Resample):
        raise ImageError(f"Unknown filter {resample!r}; choose from {get_args(Resample)}.")
    pixels = _whole(size)
    if pixels is None or pixels < 1:
        exact = "; `resize_to` takes a height and a width" if isinstance(size, tuple) else ""
        raise ImageError(
            f"The size must be one whole number of at least 1 pixel, not {size!r}{exact}."
        )
    return pixels


def _whole(number: Any) -> int | None:
    try:
        return None if isinstance(number, bool | np.bool_) else operator.index(number)
    except TypeError:
        return None


def _check_shape(shape: Any) -> tuple[int, int]:
    try:
        sides = tuple(map(_whole, shape))
    except TypeError:
        sides = ()
    if len(sides) != 2 or None in sides:
        raise ImageError(f"The shape must be (height, width) in whole pixels, not {shape!r}.")
    height, width = map(int, shape)
    if min(height, width) < 1:
        raise ImageError(f"Cannot resize to {width} x {height} pixels; both must be at least 1.")
    if height * width > MAX_PIXELS:
        limit = MAX_PIXELS // 1_000_000
        raise ImageError(
            f"Cannot resize to {width} x {height}: these are more than {limit} million pixels."
        )
    return height, width


def target_shape(shape: tuple[int, int], size: int, rule: SizeRule) -> tuple[int, int]:
    """Give the (height, width) that `rule` asks for, in whole numbers rounded down."""
    size = check_scaling(size, rule)
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


def without_upsizing(shape: tuple[int, int], size: int, rule: SizeRule) -> tuple[int, int]:
    """Give the (height, width) that `rule` asks for, but never more than the picture has."""
    return min(target_shape(shape, size, rule), shape, key=max)


def warn_if_smaller(shape: tuple[int, int], size: int, rule: SizeRule) -> None:
    """Log it if a picture of this (height, width) stays smaller than asked."""
    target = target_shape(shape, size, rule)
    if max(target) > max(shape):
        logger.warning(
            "The picture is smaller than asked and stays at %d x %d instead of %d x %d pixels.",
            *(shape[1], shape[0], target[1], target[0]),
        )


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
    size = check_scaling(size, rule, resample)
    image = check_image(image)
    shape = (image.shape[0], image.shape[1])
    if upsize:
        return resize_to(image, target_shape(shape, size, rule), resample)
    warn_if_smaller(shape, size, rule)
    return resize_to(image, without_upsizing(shape, size, rule), resample)


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
    height, width = _check_shape(shape)
    check_scaling(height, resample=resample)
    channels = np.moveaxis(check_image(image), -1, 0)
    resized = [
        np.asarray(Image.fromarray(channel).resize((width, height), _FILTERS[resample]))
        for channel in channels
    ]
    return np.clip(np.stack(resized, axis=-1), 0, 1)


def check_image(image: Any) -> np.ndarray:
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
    array = _as_array(image)
    if array.dtype.kind in "iu":
        white = 65535 if array.dtype.itemsize > 1 and array.size and array.max() > 255 else 255
        raise ImageError(
            f"The image has type {array.dtype}, not float; divide by {white}: "
            f"image.astype('float32') / {white}."
        )
    if array.dtype.kind != "f":
        raise ImageError(
            f"The image has type {array.dtype}; it must be float, with values in [0, 1]."
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
    if low < -SLACK or high > 1 + SLACK:
        raise ImageError(
            f"The image's values run from {low:.4g} to {high:.4g}, not from 0 to 1; "
            "divide 0-255 by 255, and bring network input back with from_network."
        )
    return np.clip(array, 0, 1).astype(np.float32, copy=False)


def _as_array(image: Any) -> np.ndarray:
    try:
        array = np.asarray(image)
    except Exception as error:  # whatever a list, tensor or data frame raises
        reason = " ".join(str(error).split())
        raise ImageError(f"The image cannot be made an array of numbers ({reason}).") from error
    return array.astype(np.float32) if array.dtype.name == "bfloat16" else array
