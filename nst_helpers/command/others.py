"""`nst figures`, `fetch`, `recipes` and `doctor`."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, Literal

import typer

from ..recipe import Recipe
from ..recipes import RECIPES, get_recipe
from .app import Stops, app, credit
from .options import as_text

FIGURES = Path("outputs", "paper")


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

    from ..course import paper

    chosen = paper.BUDGETS[budget]
    chosen = chosen if size is None else dataclasses.replace(chosen, size=size)
    wanted = paper.figures(chosen, names)
    try:
        with _processes(workers) as executor, tqdm(total=len(paper.named_runs(wanted))) as bar:
            files = paper.make(wanted, folder, executor, callback=lambda run: bar.update())
            bar.update(bar.total - bar.n)  # the runs that were there already
    except KeyboardInterrupt as error:
        raise Stops.exit("Stopped; the same command goes on where it was.") from error
    for name, file in files.items():
        typer.echo(f"{file}: {wanted[name].title}.")
    credit({picture for figure in wanted.values() for picture in figure.pictures})


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
    from ..network import weights
    from ..pictures import data

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
    """Check what is in place, and say what to do about what is not."""
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
