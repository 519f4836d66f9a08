"""The pictures of a run: opened, checked and scaled for every step of the pyramid."""

from __future__ import annotations

import os
from collections.abc import Sequence
from os import PathLike
from typing import Any

import numpy as np

from .. import files
from ..errors import ImageError, RecipeError
from ..losses.slot import SUMS, TOGETHER
from ..network.preprocessing import from_network
from ..network.rescale import NORMALIZATION_PICTURES
from ..pictures import data
from ..pictures.color import in_gray, match_colors, with_color_of
from ..pictures.pyramid import blurred, edges
from ..pictures.read import checksum, load_image
from ..pictures.sizes import check_image, resize, resize_to
from ..recipe import Recipe
from .footprint import is_tiled
from .scales import Scale, Shape, cell, frame, plan

#: A file, a registered name, or whatever else `load_image` reads.
Picture = str | PathLike[str] | np.ndarray | Any
SLACK_OF_SHAPES = 0.02  # in the proportions of two pictures, since sides are whole numbers


class Pictures:
    """The content, the styles and the start of a run, at the size of every scale."""

    def __init__(
        self,
        recipe: Recipe,
        content: Picture,
        styles: Sequence[Picture],
        start_image: Picture | None,
    ) -> None:
        self.recipe = recipe
        content = read_once(content)
        self.names = [_name(picture) for picture in (content, *styles)]
        self.sha256 = checksums(recipe, content, styles, start_image)
        self.content = _open(content, recipe, recipe.size)
        style_size = max(1, round(recipe.size * recipe.style_scale))
        self.styles = [_open(style, recipe, style_size) for style in styles]
        self._colored = self.content
        self._recolor()
        shapes = [style.shape for style in self.styles]
        self.scales = plan(recipe, self.content.shape, shapes, finest=start_image is not None)
        check_tiles(recipe, self.scales)
        self.given = start_image is not None
        start = self._start() if start_image is None else self._given(_open(start_image))
        self.start = in_gray(start) if recipe.color == "luminance" else start

    def at(
        self, scale: Scale, image: np.ndarray
    ) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
        """Return the content, the styles and the image to start from, framed."""

        def framed(picture: np.ndarray, shape: Shape) -> np.ndarray:
            return frame(resize_to(picture, shape, self.recipe.resample), cell(self.recipe))

        styles = [framed(*pair) for pair in zip(self.styles, scale.styles, strict=True)]
        return framed(self.content, scale.content), styles, framed(image, scale.content)

    def finished(self, image: np.ndarray) -> np.ndarray:
        """Return an image of this run as it is shown: one painted in gray with its color."""
        if self.recipe.color != "luminance":
            return image
        shape = image.shape[0], image.shape[1]
        return with_color_of(image, resize_to(self._colored, shape, self.recipe.resample))

    def _recolor(self) -> None:
        """Do to the colors what the recipe says, before anything else is made of the pictures."""
        color = self.recipe.color
        if color == "luminance":
            self.styles = [in_gray(style, like=self.content) for style in self.styles]
            self.content = in_gray(self.content)
        elif color != "style":
            method: Any = color.removeprefix("match_")
            self.styles = [match_colors(style, self.content, method) for style in self.styles]

    def _start(self) -> np.ndarray:
        shape = self.scales[0].content
        noise = np.random.default_rng(self.recipe.seed).random((*shape, 3), np.float32)
        if self.recipe.start == "noise":
            return noise
        share = np.float32(self.recipe.start_noise)
        return (1 - share) * self._base(shape) + share * noise

    def _base(self, shape: Shape) -> np.ndarray:
        if self.recipe.start == "gray":
            return from_network(np.zeros((*shape, 3), np.float32))
        base = self.styles[0] if self.recipe.start == "style" else self.content
        base = resize_to(base, shape, self.recipe.resample)
        if self.recipe.start == "blurred":
            return blurred(base)
        if self.recipe.start == "edges":
            return self.styles[0].mean((0, 1), keepdims=True) + edges(base)
        return base

    def _given(self, start: np.ndarray) -> np.ndarray:
        check_proportions("The start image", start.shape[:2], self.content.shape[:2])
        return start


def check_tiles(recipe: Recipe, scales: Sequence[Scale]) -> None:
    """Check that no scale is to be computed by tiles if the recipe's statistic cannot be.

    Raises
    ------
    RecipeError
    """
    for content, styles, _ in scales:
        if recipe.statistic not in SUMS and is_tiled(recipe, content, styles):
            raise RecipeError(
                f"The statistic {recipe.statistic!r} needs the whole picture at once, and one here "
                f"is larger than the recipe's tile of {recipe.tile} pixels; take a smaller size or "
                "a larger tile."
            )


def check_proportions(name: str, shape: Shape, content: Shape) -> None:
    """Check that a picture of this (height, width) can be laid over the content.

    Raises
    ------
    ImageError
        If the proportions differ by more than whole numbers of pixels explain.
    """
    (height, width), (rows, columns) = shape, content
    if abs(width * rows - height * columns) > SLACK_OF_SHAPES * height * columns:
        raise ImageError(
            f"{name} has {width} x {height} pixels and other proportions than the content's "
            f"{columns} x {rows}; crop it to the same."
        )


def checksums(
    recipe: Recipe, content: Picture, styles: Sequence[Picture], start_image: Picture | None
) -> dict[str, Any]:
    """Return the sha256 of all pictures that a run reads, as `Result.sha256` has them."""
    rescaled_on = NORMALIZATION_PICTURES if recipe.normalize_network else ()
    return {
        "content": _checksum(content),
        "styles": tuple(map(_checksum, styles)),
        "start_image": None if start_image is None else _checksum(start_image),
        "rescaled_on": {name: data.info(name).sha256 for name in rescaled_on},
    }


def _checksum(picture: Picture) -> str:
    return checksum(as_source(picture))


def _name(picture: Picture) -> str:
    return os.fspath(picture) if isinstance(picture, str | PathLike) else "array"


def _open(picture: Picture, recipe: Recipe | None = None, size: int | None = None) -> np.ndarray:
    scaling: dict[str, Any] = {}
    if recipe is not None:
        scaling = {"size": size, "rule": recipe.size_rule, "resample": recipe.resample}
    if isinstance(picture, np.ndarray):
        image = check_image(picture)
        return resize(image, **scaling) if scaling else image
    return load_image(as_source(picture), **scaling)


def as_source(picture: Picture) -> Any:
    """Return what `load_image` reads: the file that is meant, by a registered name too."""
    return data.resolve(picture) if isinstance(picture, str | PathLike) else picture


def read_once(picture: Picture) -> Picture:
    """Return the bytes of an open file, which may be one that can be read only once."""
    return files.read(picture)[0] if hasattr(picture, "read") else picture


def check_shares(shares: Sequence[float] | None, styles: int, recipe: Recipe) -> Sequence[float]:
    """Return the shares of so many styles, equal ones for None.

    Raises
    ------
    RecipeError
        If there is not one for each style, one is negative, or all are 0; or if they differ and
        the recipe's statistic is not averaged.
    """
    shares = [1.0] * styles if shares is None else shares
    if len(shares) != styles or min(shares, default=-1) < 0 or sum(shares) == 0:
        raise RecipeError(
            "Give at least one style picture and as many shares, none negative and not all 0; "
            f"got {styles} and the shares {list(shares)}."
        )
    if recipe.statistic in TOGETHER and len(set(shares)) > 1:
        raise RecipeError(
            f"The statistic {recipe.statistic!r} takes all styles alike: leave out the shares."
        )
    return shares
