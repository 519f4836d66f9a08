"""What networks are trained on: crops of photos and of paintings.

Nothing with a license that asks for more than CC0 does is among the pictures, nor the photos and
the painting that results are shown on: *china*, *chelsea*, *flower* and *stained_glass*.
"""

from __future__ import annotations

import numpy as np

from ..pictures import data
from ..pictures.sizes import resize_to

PHOTOS = "astronaut", "coffee", "rocket", "hubble_deep_field", "brick", "grass", "gravel"
PAINTINGS = (
    *("swirling_night", "woodcut_waves", "pointillist_meadow"),
    *("cubist_facets", "ink_mountains", "turning_discs"),
)


def photos() -> list[np.ndarray]:
    """Return all photos at full size, float32, shape (H, W, 3)."""
    return [data.load(name) for name in PHOTOS]


def paintings() -> list[np.ndarray]:
    """Return all paintings at full size, float32, shape (H, W, 3)."""
    return [data.load(name) for name in PAINTINGS]


def crop(images: list[np.ndarray], rng: np.random.Generator, side: int) -> np.ndarray:
    """Return a random square out of one of the pictures, at a random zoom, perhaps mirrored.

    Returns
    -------
    ndarray, float32, shape (side, side, 3)
        RGB in [0, 1]; the three are exchanged in a third of all crops.
    """
    image = images[rng.integers(len(images))]
    longest = min(*image.shape[:2], 4 * side)
    whole = int(np.exp(rng.uniform(np.log(side), np.log(longest))))
    top, left = (rng.integers(length - whole + 1) for length in image.shape[:2])
    piece = resize_to(image[top : top + whole, left : left + whole], (side, side))
    piece = piece[:, :: rng.choice([-1, 1])]
    return piece[..., rng.permutation(3)] if rng.random() < 1 / 3 else piece
