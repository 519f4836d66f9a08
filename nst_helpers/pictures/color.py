"""The colors of one picture given to another: all of them, or without how light they are.

Gatys, Bethge, Hertzmann, Shechtman, "Preserving Color in Neural Artistic Style Transfer",
arXiv:1606.05897: the style gets the photo's colors before the run, or the run is done in gray and
the photo's color is put back.
"""

from __future__ import annotations

from typing import get_args

import numpy as np

from ..errors import ImageError
from ..moments import matching_matrix, moments, reciprocal
from ..options import ColorSpace, Matching
from .lab import from_lab, from_oklab, to_lab, to_oklab
from .sizes import check_image

GRAY_VALUE = 1 / 255  # a smaller deviation cannot be told from rounding to 8 bits

_SPACES = {"lab": (to_lab, from_lab, 100.0), "oklab": (to_oklab, from_oklab, 1.0)}


def match_colors(
    image: np.ndarray, reference: np.ndarray, method: Matching = "optimal_transport"
) -> np.ndarray:
    """Give a picture the colors of another, by an affine map of its RGB values.

    Mean and covariance become those of the reference (with "mean_std", the variances alone), up to
    what then has to be clipped. Along a direction in which the picture's colors deviate by less
    than one gray value of 255 there is nothing to stretch but rounding and compression: it becomes
    the mean (a pseudo-inverse), where a regularized inverse would make loud noise of it. So a gray
    picture keeps to one line of colors, and a picture of one color takes the reference's mean.

    Parameters
    ----------
    image, reference : ndarray, float, shape (H, W, 3)
        RGB in [0, 1]; sizes may differ.
    method : {"mean_std", "cholesky", "symmetric", "optimal_transport"}
        See `matching_matrix`: channel by channel; by Cholesky factors, which depend on the order of
        the channels; by symmetric roots, the form of Image Analogies; or by the map that moves the
        colors least, by the mean square.

    Returns
    -------
    ndarray, float32, shape (H, W, 3)
        RGB in [0, 1].

    Raises
    ------
    ImageError
        If one is no picture, or the method unknown.

    References
    ----------
    Reinhard, Ashikhmin, Gooch, Shirley, Color transfer between images, 2001, for "mean_std" (there
    in another color space); Gatys et al., arXiv:1606.05897, for the next two; Pitie, Kokaram, The
    linear Monge-Kantorovitch linear colour mapping, 2007, for the last.

    Examples
    --------
    >>> dark, red = np.full((2, 2, 3), 0.1), np.full((1, 1, 3), (1.0, 0, 0))
    >>> match_colors(dark, red)[0, 0].tolist()
    [1.0, 0.0, 0.0]
    """
    matrix, before, after = color_map(image, reference, method)
    moved = (check_image(image) - before) @ matrix.T + after
    return np.clip(moved, 0, 1).astype(np.float32)


def color_map(
    image: np.ndarray, reference: np.ndarray, method: Matching
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the matrix of `match_colors`, shape (3, 3), and the mean RGB of image and reference.

    Raises
    ------
    ImageError
        If one is no picture, or the method unknown.
    """
    if method not in get_args(Matching):
        raise ImageError(f"Unknown method {method!r}; choose from {get_args(Matching)}.")
    (before, given), (after, wanted) = (
        moments(check_image(picture).reshape(-1, 3)) for picture in (image, reference)
    )
    return matching_matrix(given, wanted, method, GRAY_VALUE), before, after


def in_gray(
    image: np.ndarray, like: np.ndarray | None = None, space: ColorSpace = "oklab"
) -> np.ndarray:
    """Return a picture without its color: how light each pixel is, as gray.

    Parameters
    ----------
    image : ndarray, float, shape (H, W, 3)
        RGB in [0, 1].
    like : ndarray, float, shape (H', W', 3), optional
        A picture whose mean and standard deviation of L the result gets, up to clipping; an image
        whose L deviates by less than 1/255 of its range gets the mean alone.
    space : {"lab", "oklab"}
        Whose L is taken.

    Returns
    -------
    ndarray, float32, shape (H, W, 3)
        RGB in [0, 1], gray.

    References
    ----------
    Gatys et al., arXiv:1606.05897, "Luminance-only transfer", there with the Y of YIQ.
    """
    to, back, white = _SPACES[space]
    light = to(image)[..., 0]
    if like is not None:
        wanted = to(like)[..., 0]
        ratio = wanted.std() * reciprocal(light.std() / white, GRAY_VALUE) / white
        light = ratio * (light - light.mean()) + wanted.mean()
    return back(light[..., None] * (1.0, 0, 0))


def with_color_of(
    image: np.ndarray, colored: np.ndarray, space: ColorSpace = "oklab"
) -> np.ndarray:
    """Return a picture as light as it is, with the color (a and b) of another of its size.

    Parameters
    ----------
    image, colored : ndarray, float, shape (H, W, 3)
        RGB in [0, 1].
    space : {"lab", "oklab"}

    Returns
    -------
    ndarray, float32, shape (H, W, 3)
        RGB in [0, 1]; where sRGB has no such color it is clipped, which changes L a little.
    """
    to, back, _ = _SPACES[space]
    return back(np.concatenate([to(image)[..., :1], to(colored)[..., 1:]], axis=-1))
