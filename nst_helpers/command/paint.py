"""`nst demo` and `nst stylize`.

What computes is imported inside the commands, so that `nst --help` answers at once.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import DivergedError, RecipeError
from ..recipe import Recipe, check_seconds
from ..recipes import as_recipe
from .app import Stops, app
from .fast import fast_size, paint_fast
from .folder import paint_folder
from .options import with_recipe_options
from .plan import as_before, planned, report, to_keep

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
    content: Annotated[
        str, typer.Argument(help="A file, a name from `nst fetch --list`, or a folder of pictures.")
    ],
    style: Annotated[str, typer.Argument(help="A file, or a name.")],
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
    fast: Annotated[
        bool, typer.Option("--fast", help="Without optimization, in seconds: a preview.")
    ] = False,
    fit: Annotated[
        bool, typer.Option("--fit", help="Take the largest size that the free memory allows.")
    ] = False,
    weights: Annotated[
        str | None, typer.Option(help="8-bit (the default), keras, random, or a file.")
    ] = None,
    resume: Annotated[
        bool, typer.Option(help="Go on where a run for this output was stopped, or begin anew.")
    ] = True,
    **settings: Any,
) -> None:
    """Paint CONTENT in the style of STYLE.

    The defaults below are those of the recipe `default`; any other recipe brings its own.
    Ctrl-C ends a run early and keeps the best picture so far. The same command goes on where a run
    of over a minute was stopped. If CONTENT is a folder, the output is one too.
    """
    asked = {name: value for name, value in settings.items() if value is not None}
    styles = [style, *(more or [])]
    if fast:
        given = {"recipe": recipe != "default", "start_image": start_image is not None}
        given |= {"fit": fit, "seconds": seconds is not None}
        size = fast_size(asked | {name: True for name, is_given in given.items() if is_given})
        paint_fast(content, styles, output, size, style_share, weights)
        return
    if fit and seconds is not None:
        raise RecipeError("--fit and --seconds both choose the size; give one of them.")
    if seconds is not None:
        check_seconds(seconds)
    changed = as_recipe(recipe, asked)
    options: dict[str, Any] = {"style_shares": style_share, "start_image": start_image}
    options |= {"seconds": seconds, "resize": "size" not in asked, "resume": resume}
    if Path(content).expanduser().is_dir():
        if style_share or start_image or fit or seconds is not None:
            raise RecipeError(
                "A folder goes without --style-share, --start-image, --seconds and --fit; give one "
                "picture, or leave them out."
            )
        paint_folder(Path(content).expanduser(), styles, changed, output, weights, resume)
        return
    _paint(content, styles, changed, output, weights, fit, **options)


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
    resume: bool = True,
) -> None:
    """Run a recipe and report; nothing slow begins before the output and the names are checked."""
    from ..pictures import data
    from ..pictures.read import picture_shape
    from ..pictures.write import check_output
    from ..transfer.checkpoint import beside, is_there

    files = [data.resolve(name) for name in (content, *styles, start_image) if name is not None]
    output = check_output(output, keep=files)
    file = beside(output)
    stopped = is_there(file) and resume
    shapes = [picture_shape(file) for file in files]
    _log.info("Loading TensorFlow and the network ...")
    from ..network.weights import load_weights
    from ..transfer.inputs import check_shares
    from ..transfer.progress import ProgressBar
    from ..transfer.stylize import stylize_many

    check_shares(style_shares, len(styles), recipe)
    options: dict[str, Any] = {"style_shares": style_shares, "start_image": start_image}
    if stopped:  # what was chosen then is not chosen once more
        chosen = ["size"] * (fit or (seconds is not None and resize))
        chosen += ["pyramid"] * (seconds is not None)
        recipe, fit, seconds = as_before(recipe, file, chosen), False, None
    try:
        with ProgressBar() as bar:
            options |= {"weights": load_weights(weights), "callback": bar}
            how = fit, seconds, resize, start_image
            recipe, ahead = planned(recipe, *how, *shapes[: 1 + len(styles)])
            checkpoints = [to_keep(file, resume, ahead)]
            many = stylize_many([content], styles, recipe, checkpoints=checkpoints, **options)
            result = next(many)
    except DivergedError as error:
        if error.result is not None:
            error.result.save(output)
            _log.info("The best picture so far is kept as %s.", output)
        raise
    goes_on = f"; the same command goes on from {file}" if is_there(file) else ""
    if not len(result.trace):
        raise Stops.exit(f"Stopped before the first step; nothing was written{goes_on}.")
    result.save(output)
    next(many, None)  # only now may the checkpoint go
    report(result, output, [content, *styles])
    if result.interrupted:
        raise Stops.exit(f"Stopped early; this is the best picture so far{goes_on}.")
