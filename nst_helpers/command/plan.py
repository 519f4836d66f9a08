"""What a run will take, said before it starts, and what it made, said at its end."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ..recipe import Recipe
from .app import credit

if TYPE_CHECKING:
    from ..transfer.result import Result

_log = logging.getLogger(__name__)

LONG = 60  # seconds of a run, above which it has a checkpoint


def planned(
    recipe: Recipe,
    fit: bool,
    seconds: float | None,
    resize: bool,
    start_image: str | None,
    content: tuple[int, int],
    *styles: tuple[int, int],
) -> tuple[Recipe, float]:
    """Return the recipe with what is left to choose, and say what the run will take.

    Also return the forecast of its seconds; 0 for one that is too short to be measured.
    """
    from ..transfer.footprint import largest_size
    from ..transfer.forecast import within

    if start_image is not None:  # only the last scale is run
        recipe = dataclasses.replace(recipe, pyramid=recipe.pyramid[-1:])
    if fit:
        recipe = dataclasses.replace(recipe, size=largest_size(recipe, content, styles))
        _log.info("Size %d is the largest that fits.", recipe.size)
    if seconds is not None:
        _log.info("Measuring this machine's speed ...")
        recipe = within(recipe, content, styles, seconds, resize=resize)
        _log.info("Size %d and %d steps make use of the time.", recipe.size, recipe.steps)
    return recipe, _tell(recipe, content, styles, timed=seconds is not None)


def _tell(
    recipe: Recipe, content: tuple[int, int], styles: Sequence[tuple[int, int]], timed: bool
) -> float:
    """Say how much memory, and if it is worth a measurement how much time, a run will take."""
    from ..transfer.footprint import available_memory, peak_bytes
    from ..transfer.forecast import forecast, is_long

    if not timed and is_long(recipe, content, styles):
        timed = True
        _log.info("Measuring this machine's speed ...")
    need, free = peak_bytes(recipe, content, styles), available_memory()
    whole = forecast(recipe, content, styles) if timed else None
    _log.info("This run takes %s.", whole or f"about {need / 1e9:.1f} GB")
    if need > free:
        _log.warning(
            "It needs about %.1f GB and %.1f GB are free: ask for a smaller --size, "
            "or let `nst stylize --fit` choose it.",
            *(need / 1e9, free / 1e9),
        )
    return whole.seconds if whole else 0.0


def to_keep(file: Path, resume: bool, seconds: float) -> Path | None:
    """Return the checkpoint's file if there is one, or the run is long enough to get one.

    If not to `resume`, the one that is there is removed.
    """
    from ..transfer import checkpoint

    if not resume:
        checkpoint.discard(file)
    return file if seconds > LONG or checkpoint.is_there(file) else None


def as_before(recipe: Recipe, file: Path, names: Sequence[str]) -> Recipe:
    """Return the recipe with these fields as they were chosen for the run that was stopped."""
    from ..transfer import checkpoint

    then = checkpoint.read(file)[0]["run"]
    chosen = {"size": then["size"], "pyramid": tuple(map(tuple, then["pyramid"]))}
    recipe = dataclasses.replace(recipe, **{name: chosen[name] for name in names})
    if names:
        _log.info("Size %d and %d steps, as before the stop.", recipe.size, recipe.steps)
    return recipe


def report(result: Result, output: Path, pictures: Sequence[str]) -> None:
    """Say what was made, of whose pictures and numbers."""
    height, width, _ = result.image.shape
    steps, seconds = len(result.trace), result.seconds
    typer.echo(f"{output}: {width} x {height} pixels, {steps} steps in {seconds:.1f} s.")
    typer.echo(f"{output.with_suffix('.json')}: how it was made.")
    credit(pictures)
    if result.weights["license"]:
        typer.echo(f"Made with {result.weights['license']}.")
