"""CIE Lab and OKLab: how light a color is, apart from what color it is."""

from __future__ import annotations

from typing import Any

import numpy as np

from .sizes import check_image

# IEC 61966-2-1: x and y of sRGB's red, green and blue, and of its white, D65.
_PRIMARIES, _WHITE = np.array([(0.64, 0.33), (0.30, 0.60), (0.15, 0.06)]), (0.3127, 0.3290)


def _tristimulus(x: Any, y: Any) -> np.ndarray:
    return np.stack([x / y, np.ones_like(y), (1 - x - y) / y])


def _xyz_of_rgb() -> np.ndarray:
    """Return the matrix from linear RGB to XYZ, in which red, green and blue add up to white."""
    primaries = _tristimulus(*_PRIMARIES.T)
    return primaries * np.linalg.solve(primaries, _tristimulus(*_WHITE))


_XYZ = _xyz_of_rgb()
_XYZ_OVER_WHITE = _XYZ / _XYZ.sum(axis=1, keepdims=True)
_LAB = np.array([[0.0, 116, 0], [500, -500, 0], [0, 200, -200]])
_EDGE = 6 / 29  # CIE 15: below its cube, cube roots are continued by a line

# Ottosson 2020: from linear RGB to cones, and from their cube roots to OKLab.
_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def to_lab(image: np.ndarray) -> np.ndarray:
    """Convert a picture to CIE Lab, with the white D65.

    Parameters
    ----------
    image : ndarray, float, shape (H, W, 3)
        sRGB in [0, 1].

    Returns
    -------
    ndarray, float64, shape (H, W, 3)
        L from 0 (black) to 100 (white); a (green to red) and b (blue to yellow), 0 for gray.

    Raises
    ------
    ImageError
        If the image is not one.

    References
    ----------
    CIE 15:2004, Colorimetry, section 8.2.1; IEC 61966-2-1:1999 for sRGB.

    Examples
    --------
    >>> to_lab(np.ones((1, 1, 3))).round(6).tolist()
    [[[100.0, 0.0, 0.0]]]
    """
    roots = _bent(_linear(check_image(image)) @ _XYZ_OVER_WHITE.T)
    return roots @ _LAB.T - (16, 0, 0)


def from_lab(lab: np.ndarray) -> np.ndarray:
    """Convert CIE Lab to a picture: the inverse of `to_lab`; what sRGB cannot show is clipped.

    Parameters
    ----------
    lab : ndarray, float, shape (H, W, 3)

    Returns
    -------
    ndarray, float32, shape (H, W, 3)
        sRGB in [0, 1].
    """
    roots = (lab + np.array([16, 0, 0])) @ np.linalg.inv(_LAB).T
    return _picture(_encoded(_unbent(roots) @ np.linalg.inv(_XYZ_OVER_WHITE).T))


def to_oklab(image: np.ndarray) -> np.ndarray:
    """Convert a picture to OKLab, where a change of lightness alone leaves blue blue.

    Parameters
    ----------
    image : ndarray, float, shape (H, W, 3)
        sRGB in [0, 1].

    Returns
    -------
    ndarray, float64, shape (H, W, 3)
        L from 0 (black) to 1 (white); a (green to red) and b (blue to yellow), 0 for gray.

    Raises
    ------
    ImageError
        If the image is not one.

    References
    ----------
    Ottosson, A perceptual color space for image processing, 2020,
    https://bottosson.github.io/posts/oklab/
    """
    return _oklab(_linear(check_image(image)))


def from_oklab(oklab: np.ndarray) -> np.ndarray:
    """Convert OKLab to a picture: the inverse of `to_oklab`; what sRGB cannot show is clipped.

    Parameters
    ----------
    oklab : ndarray, float, shape (H, W, 3)

    Returns
    -------
    ndarray, float32, shape (H, W, 3)
        sRGB in [0, 1].
    """
    cones = (oklab @ np.linalg.inv(_OKLAB).T) ** 3
    return _picture(_encoded(cones @ np.linalg.inv(_CONES).T))


def _oklab(linear: np.ndarray) -> np.ndarray:
    return np.cbrt(linear @ _CONES.T) @ _OKLAB.T


def _linear(rgb: np.ndarray) -> np.ndarray:
    """Undo sRGB's transfer function; its line goes on below 0."""
    rgb = rgb.astype(np.float64)
    return np.where(rgb <= 0.04045, rgb / 12.92, ((np.maximum(rgb, 0) + 0.055) / 1.055) ** 2.4)


def _encoded(linear: np.ndarray) -> np.ndarray:
    curve = 1.055 * np.maximum(linear, 0) ** (1 / 2.4) - 0.055
    return np.where(linear <= 0.0031308, 12.92 * linear, curve)


def _bent(t: np.ndarray) -> np.ndarray:
    return np.where(t > _EDGE**3, np.cbrt(t), t / (3 * _EDGE**2) + 4 / 29)


def _unbent(root: np.ndarray) -> np.ndarray:
    return np.where(root > _EDGE, root**3, 3 * _EDGE**2 * (root - 4 / 29))


def _picture(rgb: np.ndarray) -> np.ndarray:
    return np.clip(rgb, 0, 1).astype(np.float32)
