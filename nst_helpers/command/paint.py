"""`nst demo` and `nst stylize`.

What computes is imported inside the commands, so that `nst --help` answers at once.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import DivergedError, RecipeError
from ..recipe import Recipe, check_seconds
from ..recipes import as_recipe
from .options import with_recipe_options

if TYPE_CHECKING:
    from ..transfer.result import Result

from .app import Stops, app, credit

_log = logging.getLogger(__name__)


DEMO = Path("outputs", "demo.png")


Output = Annotated[
    Path, typer.Option("--output", "-o", help="The picture to write; its record goes beside it.")
]


@app.command()
def demo(
    output: Output = DEMO,
    seconds: Annotated[
        float | None,
        typer.Option(help="Time of the optimization: 60 without a size. Size and steps follow."),
    ] = None,
    size: Annotated[
        int | None, typer.Option(help="Longest side in pixels; with a time the steps follow.")
    ] = None,
) -> None:
    """Paint a first picture: a pagoda in a swirling night."""
    given = {} if size is None else {"size": size}
    recipe = as_recipe(None, given)
    if seconds is not None:
        check_seconds(seconds)
    elif not given:
        seconds = 60
    if output == DEMO:
        with contextlib.suppress(OSError):  # the check of the output says what is wrong
            DEMO.parent.mkdir(exist_ok=True)
    _paint("china", ["swirling_night"], recipe, output, seconds=seconds, resize=not given)


@app.command()
@with_recipe_options
def stylize(
    content: Annotated[str, typer.Argument(help="A file, or a name from `nst fetch --list`.")],
    style: Annotated[str, typer.Argument(help="The same.")],
    output: Output,
    more: Annotated[
        list[str] | None, typer.Option("--style", help="Mix another style in; may be repeated.")
    ] = None,
    style_share: Annotated[
        list[float] | None, typer.Option(help="Weight of each style, in the same order.")
    ] = None,
    recipe: Annotated[str, typer.Option(help="A name from `nst recipes`.")] = "default",
    start_image: Annotated[
        str | None, typer.Option(help="Start from this picture, on the last scale.")
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(help="Time of the optimization; steps, and size if not given, follow."),
    ] = None,
    fit: Annotated[
        bool, typer.Option("--fit", help="Take the largest size that the free memory allows.")
    ] = False,
    weights: Annotated[
        str | None, typer.Option(help="8-bit (the default), keras, random, or a file.")
    ] = None,
    **settings: Any,
) -> None:
    """Paint CONTENT in the style of STYLE.

    The defaults below are those of the recipe `default`; any other recipe brings its own.
    Ctrl-C ends a run early and keeps the best picture so far.
    """
    if fit and seconds is not None:
        raise RecipeError("--fit and --seconds both choose the size; give one of them.")
    if seconds is not None:
        check_seconds(seconds)
    asked = {name: value for name, value in settings.items() if value is not None}
    changed = as_recipe(recipe, asked)
    how: dict[str, Any] = {"style_shares": style_share, "start_image": start_image}
    how |= {"seconds": seconds, "resize": "size" not in asked}
    _paint(content, [style, *(more or [])], changed, output, weights, fit, **how)


def _paint(
    content: str,
    styles: Sequence[str],
    recipe: Recipe,
    output: Path,
    weights: str | None = None,
    fit: bool = False,
    seconds: float | None = None,
    resize: bool = True,
    start_image: str | None = None,
    style_shares: Sequence[float] | None = None,
) -> None:
    """Run a recipe and report; nothing slow begins before the output and the names are checked."""
    from ..pictures import data
    from ..pictures.read import picture_shape
    from ..pictures.write import check_output

    files = [data.resolve(name) for name in (content, *styles, start_image) if name is not None]
    output = check_output(output, keep=files)
    shapes = [picture_shape(file) for file in files]
    _log.info("Loading TensorFlow and the network ...")
    from ..network.weights import load_weights
    from ..transfer.inputs import check_shares
    from ..transfer.progress import ProgressBar
    from ..transfer.stylize import stylize as run

    check_shares(style_shares, len(styles))
    how: dict[str, Any] = {"style_shares": style_shares, "start_image": start_image}
    try:
        with ProgressBar() as bar:
            network = load_weights(weights)
            recipe = _planned(recipe, fit, seconds, resize, start_image, *shapes[: 1 + len(styles)])
            result = run(content, styles, recipe, weights=network, callback=bar, **how)
    except DivergedError as error:
        if error.result is not None:
            error.result.save(output)
            _log.info("The best picture so far is kept as %s.", output)
        raise
    if not len(result.trace):
        raise Stops.exit("Stopped before the first step; nothing was written.")
    result.save(output)
    _report(result, output, [content, *styles])
    if result.interrupted:
        raise Stops.exit("Stopped early; this is the best picture so far.")


def _planned(
    recipe: Recipe,
    fit: bool,
    seconds: float | None,
    resize: bool,
    start_image: str | None,
    content: tuple[int, int],
    *styles: tuple[int, int],
) -> Recipe:
    """Return the recipe with what is left to choose, and say what the run will take."""
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
    _tell(recipe, content, styles, timed=seconds is not None)
    return recipe


def _tell(
    recipe: Recipe, content: tuple[int, int], styles: Sequence[tuple[int, int]], timed: bool
) -> None:
    """Say how much memory, and if it is worth a measurement how much time, a run will take."""
    from ..transfer.footprint import available_memory, peak_bytes
    from ..transfer.forecast import forecast, is_long

    if not timed and is_long(recipe, content, styles):
        timed = True
        _log.info("Measuring this machine's speed ...")
    need, free = peak_bytes(recipe, content, styles), available_memory()
    whole = forecast(recipe, content, styles) if timed else f"about {need / 1e9:.1f} GB"
    _log.info("This run takes %s.", whole)
    if need > free:
        _log.warning(
            "It needs about %.1f GB and %.1f GB are free: ask for a smaller --size, "
            "or let `nst stylize --fit` choose it.",
            *(need / 1e9, free / 1e9),
        )


def _report(result: Result, output: Path, pictures: Sequence[str]) -> None:
    height, width, _ = result.image.shape
    steps, seconds = len(result.trace), result.seconds
    typer.echo(f"{output}: {width} x {height} pixels, {steps} steps in {seconds:.1f} s.")
    typer.echo(f"{output.with_suffix('.json')}: how it was made.")
    credit(pictures)
    if result.weights["license"]:
        typer.echo(f"Made with {result.weights['license']}.")
