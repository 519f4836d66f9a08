"""A picture in one pass instead of many steps: features given another's moments (lesson 13)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import RecipeError
from ..options import Matching
from ..pictures.sizes import resize_to
from ..recipe import Recipe
from ..transfer.inputs import Picture, Pictures, check_shares
from .decoder import LAYER, Autoencoder
from .latent import match_features

PAINTED = 0.5  # of what a scale starts from; the rest is the photo
_LEAST = 32  # pixels along the longest side of the coarsest scale


def stylize_fast(
    content: Picture,
    style: Picture | Sequence[Picture],
    *,
    size: int = 512,
    style_shares: Sequence[float] | None = None,
    amount: float = 1.0,
    scales: int = 3,
    matching: Matching = "optimal_transport",
    autoencoder: Autoencoder | None = None,
) -> np.ndarray:
    """Paint a picture in the style of another without optimization.

    At a quarter of the size, then half, then all of it, the features of the photo, mixed with what
    was painted before, get the mean and covariance of the painting's and are decoded. The result
    can be the start of `stylize`.

    Parameters
    ----------
    content : str, path or ndarray
        As for `stylize`.
    style : the same, or a list or tuple of them
    size : int
        Longest side in pixels, of the result and of the styles.
    style_shares : sequence of float, optional
        Of each style in what is painted; equal by default.
    amount : float
        From 0, the photo through the autoencoder, to 1.
    scales : int
        How many, each half as wide and high as the next: more of them give larger strokes.
    matching : {"mean_std", "cholesky", "symmetric", "optimal_transport"}
        See `match_features`.
    autoencoder : Autoencoder, optional
        By default a new one, whose loading takes longer than a picture.

    Returns
    -------
    ndarray, float32, shape (H, W, 3)
        RGB in [0, 1].

    Raises
    ------
    ImageError, DataError
        If a picture cannot be read or found.
    RecipeError
        If the shares do not fit the styles, or another setting is not possible.
    WeightsError
        If the weights cannot be had.
    """
    if not (0 <= amount <= 1 and scales >= 1):
        raise RecipeError(
            f"An amount is from 0 to 1, and scales 1 or more: not {amount}, {scales}."
        )
    styles = style if isinstance(style, list | tuple) else [style]
    recipe = _recipe(size, scales)
    shares = np.array(check_shares(style_shares, len(styles), recipe), np.float32)
    pictures = Pictures(recipe, content, styles, None)
    autoencoder = autoencoder or Autoencoder()
    image = pictures.content
    for scale in pictures.scales:
        photo, image = (resize_to(one, scale.content) for one in (pictures.content, image))
        features = autoencoder.encode((1 - PAINTED) * photo + PAINTED * image)
        small = map(resize_to, pictures.styles, scale.styles)
        moved = [match_features(features, autoencoder.encode(one), matching) for one in small]
        mixed = (1 - amount) * features + amount * np.tensordot(shares / shares.sum(), moved, 1)
        image = autoencoder.decode(mixed, scale.content)
    return image


def _recipe(size: int, scales: int) -> Recipe:
    """Return the settings that say how pictures are read and scaled."""
    pyramid = tuple((0.5**step, 1) for step in reversed(range(scales)))
    return Recipe((LAYER,), (LAYER,), size=size, pyramid=pyramid, coarsest=_LEAST)
