"""Pictures and a recipe in, a result out: the start, coarse to fine, and a record (lesson 08)."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from .._tensorflow import tf
from ..errors import DivergedError, ImageError, NSTError
from ..losses.build import recipe_objective
from ..losses.objective import Objective
from ..losses.tiles import needs_tiles
from ..losses.tiling import TiledObjective
from ..network.extractor import make_extractor
from ..network.vgg19 import VGG19
from ..network.weights import Weights
from ..optimizers.choice import make_optimizer
from ..recipe import Recipe
from ..recipes import as_recipe
from .inputs import Picture, Pictures, check_shares, read_once
from .log import Log
from .loop import Loop
from .progress import Progress, ProgressBar, Stop
from .result import Result
from .resume import Keeper, check_path


def stylize(
    content: Picture,
    style: Picture | Sequence[Picture],
    recipe: Recipe | str | None = None,
    *,
    style_shares: Sequence[float] | None = None,
    start_image: Picture | None = None,
    weights: Weights | None = None,
    callback: Callable[[Progress], None] | None = None,
    progress: bool = False,
    checkpoint: str | PathLike[str] | None = None,
    **settings: Any,
) -> Result:
    """Paint the content picture in the style of another.

    Parameters
    ----------
    content : str, path or ndarray
        A file, the name of a registered picture (`data.names`), float32 RGB in [0, 1] of shape
        (H, W, 3), or whatever else `load_image` reads: bytes, an open file, a Pillow image.
    style : the same, or a list or tuple of them
        Several styles are mixed by averaging their Gram matrices.
    recipe : Recipe or str, optional
        A recipe or the name of one; by default `Recipe()`.
    style_shares : sequence of float, optional
        Weight of each style; equal by default.
    start_image : the same as content, optional
        Starts from this picture instead of what the recipe says. It must have the content's
        proportions. Only the last scale of the pyramid is run: a coarser one would throw away what
        the picture has over it.
    weights : Weights, optional
        From `load_weights`; by default the pretrained ones.
    callback : callable, optional
        Called about once a second with a `Progress`. It may raise `Stop`.
    progress : bool
        Whether to show a `ProgressBar`.
    checkpoint : str or path, optional
        A file in which the run is kept, about twice a minute and whenever it is stopped. If a
        stopped run left it, this one goes on there: on a CPU, with the same settings and threads,
        to the same bits as without a stop. It is removed when the run is complete.
    **settings
        Fields of the recipe to change, such as ``size=640``.

    Returns
    -------
    Result
        Its image is the one with the lowest loss on the last scale. After Ctrl-C, the kernel's
        stop button or `Stop` it is the best of the scale that was reached.

    Raises
    ------
    ImageError, DataError
        If a picture cannot be read or found, or the start has other proportions.
    WeightsError
        If the weights cannot be had.
    RecipeError
        If the recipe is not possible, or the shares do not fit the styles.
    DivergedError
        If the loss is not finite and smaller steps do not help; its `result` has the best image.
    CheckpointError
        If `checkpoint` is a file of another run, another version or another program, or damaged.
    """
    many = stylize_many(
        *([content], style, recipe),
        style_shares=style_shares,
        start_image=start_image,
        weights=weights,
        callback=callback,
        progress=progress,
        checkpoints=[checkpoint],
        **settings,
    )
    result = next(many)
    next(many, None)  # the caller has it: the checkpoint can go
    return result


def stylize_many(
    contents: Iterable[Picture],
    style: Picture | Sequence[Picture],
    recipe: Recipe | str | None = None,
    *,
    style_shares: Sequence[float] | None = None,
    start_image: Picture | None = None,
    weights: Weights | None = None,
    callback: Callable[[Progress], None] | None = None,
    progress: bool = False,
    checkpoints: Iterable[str | PathLike[str] | None] = (),
    **settings: Any,
) -> Iterator[Result]:
    """Paint several content pictures in one style, which is prepared once.

    Pictures of equal size also share the compiled steps, so each after the first starts at once;
    not if the recipe's `color` is the content's, for then the style is another beside each.
    Parameters, results and errors are those of `stylize`. A run that was interrupted still gives
    its result. After Ctrl-C or the kernel's stop button it is the last one; after `Stop` the next
    picture is begun.

    `checkpoints` are the files of the pictures, in the same order; further ones have none. A file
    is removed when the result after its own is asked for, so that there is time to save the own.

    Yields
    ------
    Result
        One for each content, as soon as it is done.
    """
    if not tf.executing_eagerly():
        raise NSTError(
            "TensorFlow's eager execution is off: call stylize outside of tf.function and without "
            "tf.compat.v1.disable_eager_execution()."
        )
    if isinstance(contents, str | bytes | PathLike) or hasattr(contents, "__array__"):
        raise ImageError("stylize_many takes a list of pictures; put the one picture into [ ].")
    recipe = as_recipe(recipe, settings)
    styles = list(map(read_once, style if isinstance(style, list | tuple) else [style]))
    shares, start = check_shares(style_shares, len(styles), recipe), read_once(start_image)
    files = [None if file is None else check_path(file) for file in checkpoints]
    pairs = zip(contents, itertools.chain(files, itertools.repeat(None)))  # noqa: B905
    return _paint_all(pairs, styles, recipe, shares, start, weights, callback, progress)


def _paint_all(
    contents: Iterable[tuple[Picture, Path | None]],
    styles: Sequence[Picture],
    recipe: Recipe,
    shares: Sequence[float],
    start_image: Picture | None,
    weights: Weights | None,
    callback: Callable[[Progress], None] | None,
    progress: bool,
) -> Iterator[Result]:
    extractor = None
    prepared: dict[Any, tuple[Objective, Loop]] = {}
    for content, file in contents:
        if recipe.color != "style":  # the styles take their colors from this content
            prepared.clear()
        with ProgressBar() if progress else contextlib.nullcontext() as bar:
            pictures = Pictures(recipe, content, styles, start_image)
            extractor = extractor or make_extractor(recipe, weights)
            log = Log(pictures, extractor, [one for one in (bar, callback) if one])
            keeper = Keeper(file, pictures, extractor, shares, log)
            result = _paint(pictures, prepared, extractor, shares, log, keeper)
        yield result
        if not result.interrupted:
            keeper.remove()
        if log.ends_all:
            return


def _paint(
    pictures: Pictures,
    prepared: dict[Any, tuple[Objective, Loop]],
    extractor: VGG19,
    shares: Sequence[float],
    log: Log,
    keeper: Keeper,
) -> Result:
    """Run one picture through all scales, with what was compiled for those before it."""
    first, image = keeper.begin()
    try:
        for index, scale in enumerate(pictures.scales[first:], first):
            keeper.note(index, image)
            objective, loop, start = _prepare(index, image, pictures, prepared, extractor, shares)
            log.begin(objective.names)
            for best, rows in loop.run(keeper.place(loop, start), scale.steps):
                image = log.add(best, rows)
                keeper.write_if_due()
    except Stop:
        log.interrupted = True
        keeper.write()
    except KeyboardInterrupt:
        log.interrupted = log.ends_all = True
        keeper.write()
    except DivergedError as error:
        log.interrupted = True
        error.result = None if log.image is None else log.result()
        keeper.remove()
        raise
    return log.result()


def _prepare(
    index: int,
    image: np.ndarray,
    pictures: Pictures,
    prepared: dict[Any, tuple[Objective, Loop]],
    extractor: VGG19,
    shares: Sequence[float],
) -> tuple[Objective, Loop, np.ndarray]:
    """Return a scale's objective, loop and start; the first two may have been compiled before."""
    recipe, scale = pictures.recipe, pictures.scales[index]
    content, styles, start = pictures.at(scale, image)
    current = start if index or pictures.given else None
    again = index > 0 and scale.content == pictures.scales[index - 1].content
    key = again, tuple(picture.shape for picture in (content, *styles))
    if key in prepared:
        prepared[key][0].replace_content(content, current)
    else:
        how = {"current": current, "again": again}
        objective = _objective(extractor, recipe, content, styles, shares, **how)
        prepared[key] = objective, Loop(objective, make_optimizer(recipe), recipe.clip)
    return *prepared[key], start


def _objective(
    extractor: VGG19,
    recipe: Recipe,
    content: np.ndarray,
    styles: Sequence[np.ndarray],
    shares: Sequence[float],
    **how: Any,
) -> Objective:
    if needs_tiles([picture.shape for picture in (content, *styles)], recipe.tile):
        return TiledObjective(extractor, recipe, content, styles, shares, tile=recipe.tile)
    return recipe_objective(extractor, recipe, content, styles, shares, **how)
