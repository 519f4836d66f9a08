"""The command line: `nst demo`, `stylize`, `figures`, `fetch`, `recipes`, `doctor`.

What computes is imported inside the commands, so that `nst --help` answers at once.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import signal
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from . import __version__
from ._recipe_options import as_text, with_recipe_options
from .errors import DivergedError, NSTError, RecipeError
from .recipes import RECIPES, Recipe, as_recipe, check_seconds, get_recipe

if TYPE_CHECKING:
    from .result import Result

_log = logging.getLogger(__name__)

DEMO = Path("outputs", "demo.png")
FIGURES = Path("outputs", "paper")


class _Stops:
    """What a closed terminal, a batch system or a hub sends counts as Ctrl-C: once."""

    number = signal.SIGINT

    @classmethod
    def listen(cls) -> None:
        for name in ("SIGTERM", "SIGHUP"):  # Windows has no SIGHUP; `nohup` has it ignored
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) == signal.SIG_DFL:
                signal.signal(number, cls._stop)

    @classmethod
    def _stop(cls, number: int, frame: Any) -> None:
        signal.signal(number, signal.SIG_IGN)  # the picture is being saved now
        cls.number = signal.Signals(number)
        raise KeyboardInterrupt

    @classmethod
    def exit(cls, words: str) -> typer.Exit:
        """Say that it was stopped, and return what ends the command as shells expect it."""
        typer.echo(f"nst: {words}", err=True)
        return typer.Exit(128 + cls.number)


class _Group(TyperGroup):
    """The commands, with the package's errors as one line instead of a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except NSTError as error:
            typer.echo(f"nst: {error}", err=True)
            raise typer.Exit(2) from error
        except KeyboardInterrupt as error:
            raise _Stops.exit("Stopped before anything was written.") from error


app = typer.Typer(
    cls=_Group,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command line.

    It exits with 0, 1 (doctor), 2 (any error), or 128 and the number of the signal that stopped it.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed: a service, or `pythonw`
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115  # as long as the process
        # an author's name must not fail on an old code page
        getattr(sys, name).reconfigure(errors="replace")
    _Stops.listen()
    logging.getLogger(__package__).setLevel(logging.INFO)
    app(prog_name="nst")


class _Notices(logging.Handler):
    """What the package logs, as plain lines that leave a progress bar intact."""

    def emit(self, record: logging.LogRecord) -> None:
        from tqdm import tqdm

        tqdm.write(f"nst: {record.getMessage()}", file=sys.stderr)
        sys.stderr.flush()


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"nst {__version__}")
        raise typer.Exit


@app.callback()
def _nst(
    ctx: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Paint a picture in the style of another (neural style transfer)."""
    logger, handler = logging.getLogger(__package__), _Notices()
    logger.addHandler(handler)
    ctx.call_on_close(lambda: logger.removeHandler(handler))


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
    from . import data, images

    files = [data.resolve(name) for name in (content, *styles, start_image) if name is not None]
    output = images.check_output(output, keep=files)
    shapes = [images.picture_shape(file) for file in files]
    _log.info("Loading TensorFlow and the network ...")
    from . import progress, transfer
    from .weights import load_weights

    transfer.check_shares(style_shares, len(styles))
    how: dict[str, Any] = {"style_shares": style_shares, "start_image": start_image}
    try:
        with progress.ProgressBar() as bar:
            network = load_weights(weights)
            recipe = _planned(recipe, fit, seconds, resize, start_image, *shapes[: 1 + len(styles)])
            result = transfer.stylize(content, styles, recipe, weights=network, callback=bar, **how)
    except DivergedError as error:
        if error.result is not None:
            error.result.save(output)
            _log.info("The best picture so far is kept as %s.", output)
        raise
    if not len(result.trace):
        raise _Stops.exit("Stopped before the first step; nothing was written.")
    result.save(output)
    _report(result, output, [content, *styles])
    if result.interrupted:
        raise _Stops.exit("Stopped early; this is the best picture so far.")


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
    from . import forecast

    if start_image is not None:  # only the last scale is run
        recipe = dataclasses.replace(recipe, pyramid=recipe.pyramid[-1:])
    if fit:
        recipe = dataclasses.replace(recipe, size=forecast.largest_size(recipe, content, styles))
        _log.info("Size %d is the largest that fits.", recipe.size)
    if seconds is not None:
        _log.info("Measuring this machine's speed ...")
        recipe = forecast.within(recipe, content, styles, seconds, resize=resize)
        _log.info("Size %d and %d steps make use of the time.", recipe.size, recipe.steps)
    _tell(recipe, content, styles, timed=seconds is not None)
    return recipe


def _tell(
    recipe: Recipe, content: tuple[int, int], styles: Sequence[tuple[int, int]], timed: bool
) -> None:
    """Say how much memory, and if it is worth a measurement how much time, a run will take."""
    from . import forecast

    if not timed and forecast.is_long(recipe, content, styles):
        timed = True
        _log.info("Measuring this machine's speed ...")
    need, free = forecast.peak_bytes(recipe, content, styles), forecast.available_memory()
    whole = forecast.forecast(recipe, content, styles) if timed else f"about {need / 1e9:.1f} GB"
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
    _credit(pictures)
    if result.weights["license"]:
        typer.echo(f"Made with {result.weights['license']}.")


def _credit(pictures: Iterable[str]) -> None:
    from . import data

    for name in dict.fromkeys(pictures):
        if not Path(name).is_file():
            typer.echo(f"Made from {data.info(name).credit}.")


@app.command()
def figures(
    names: Annotated[list[str] | None, typer.Argument(help="Only these of the figures.")] = None,
    budget: Annotated[
        Literal["preview", "full"], typer.Option(help="Minutes for all, or the paper's 512 pixels.")
    ] = "preview",
    size: Annotated[
        int | None, typer.Option(help="Side of a square with as many pixels; else the budget's.")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where the files go.")] = FIGURES,
    workers: Annotated[int, typer.Option(min=1, help="Processes that share the cores.")] = 1,
) -> None:
    """Make the figures of the paper, each with its settings beside it.

    A run that is in the folder already is not repeated: what was stopped goes on.
    """
    from tqdm import tqdm

    from . import paper

    chosen = paper.BUDGETS[budget]
    chosen = chosen if size is None else dataclasses.replace(chosen, size=size)
    wanted = paper.figures(chosen, names)
    try:
        with _processes(workers) as executor, tqdm(total=len(paper.named_runs(wanted))) as bar:
            files = paper.make(wanted, folder, executor, callback=lambda run: bar.update())
            bar.update(bar.total - bar.n)  # the runs that were there already
    except KeyboardInterrupt as error:
        raise _Stops.exit("Stopped; the same command goes on where it was.") from error
    for name, file in files.items():
        typer.echo(f"{file}: {wanted[name].title}.")
    _credit({picture for figure in wanted.values() for picture in figure.pictures})


@contextlib.contextmanager
def _processes(count: int) -> Iterator[Executor | None]:
    """Give one process its own way, and several an equal share of the cores."""
    if count == 1:
        yield None
        return
    os.environ["TF_NUM_INTRAOP_THREADS"] = str(max(1, (os.cpu_count() or 1) // count))
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as executor:
        yield executor


@app.command()
def fetch(
    names: Annotated[list[str] | None, typer.Argument(help="Pictures to get too.")] = None,
    paper: Annotated[
        bool, typer.Option("--paper", help="Get all of the paper's pictures.")
    ] = False,
    show: Annotated[bool, typer.Option("--list", help="Only list the pictures there are.")] = False,
) -> None:
    """Download the network's weights, and the pictures named."""
    from . import data, weights

    if show:
        for name in data.names():
            typer.echo(f"{name:22}{data.info(name).credit}")
        return
    online = [name for name in data.names() if "url" in data.info(name).source]
    wanted = [data.info(name) for name in [*(names or []), *(online if paper else [])]]
    weights.fetch_weights()
    typer.echo(f"Here: {weights.LICENSE}.")
    for picture in wanted:
        data.path(picture.name)
        typer.echo(f"Here: {picture.credit}.")


@app.command()
def recipes(
    name: Annotated[str | None, typer.Argument(help="Show all settings of this one.")] = None,
) -> None:
    """List the recipes and what sets each apart from the default."""
    if name is not None:
        for setting, value in _settings(get_recipe(name)).items():
            typer.echo(f"{setting:25}{value}")
        return
    default = _settings(Recipe())
    for known, recipe in RECIPES.items():
        own = [f"{k} {v}" for k, v in _settings(recipe).items() if v != default[k]]
        line = f"{known}: {'; '.join(own) or 'what the others are compared with'}"
        typer.echo(textwrap.fill(line, 100, subsequent_indent="    ", break_on_hyphens=False))


def _settings(recipe: Recipe) -> dict[str, str]:
    return {f.name: as_text(getattr(recipe, f.name)) for f in dataclasses.fields(recipe)}


@app.command()
def doctor() -> None:
    """Check what is in place, and say how to mend what is not."""
    from .doctor import checks

    good, bad, other = _marks()
    broken = False
    for check in checks():
        typer.echo(f"{good if check.ok else bad if check.essential else other} {check}")
        sys.stdout.flush()
        broken |= check.essential and not check.ok
    if broken:
        raise typer.Exit(1)


def _marks() -> tuple[str, str, str]:
    marks = "✓", "✗", "–"
    try:
        "".join(marks).encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        return "ok", "!!", "--"
    return marks
