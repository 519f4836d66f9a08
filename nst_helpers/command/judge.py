"""`nst judge`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .app import app


@app.command()
def judge(
    pictures: Annotated[list[Path], typer.Argument(help="A folder, or files of votes.")],
    people: Annotated[
        bool, typer.Option("--people", help="Write a page into FOLDER that asks people.")
    ] = False,
    votes: Annotated[
        bool, typer.Option("--votes", help="Read the files of votes that the page downloaded.")
    ] = False,
) -> None:
    """Ask people which result is better, and count their votes."""
    if people:
        from ..judge.people import write_page

        for folder in pictures:
            typer.echo(f"{write_page(folder)}: open it in a browser; it needs no network.")
    if votes:
        from ..judge.votes import report

        typer.echo(report(pictures))
