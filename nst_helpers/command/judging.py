"""`nst judge`: results against their photo and their painting, by measures or by people."""

from __future__ import annotations

import dataclasses
import json
import logging
import textwrap
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import ImageError, StudyError
from .app import app

if TYPE_CHECKING:
    from ..judge import Verdict

_log = logging.getLogger(__name__)

#: Columns of the table: which values are better, how they are written, and what they say.
COLUMNS = {
    "style_distance": (
        "lower",
        ".3f",
        "how far the features are from the style's, at layers that no recipe optimizes: 0 is the "
        "style picture, 1 the content.",
    ),
    "E": (
        "higher",
        ".2f",
        "how near the features' means and covariances are to the style's, weighted as people chose "
        "(Yeh et al. 2020); meant for Gram matrices and the like, so do not rank methods that "
        "match features (NNST, STROTSS) by it.",
    ),
    "content_distance": (
        "lower",
        ".3f",
        "how much has changed in which places look alike: 0 is the content.",
    ),
    "ssim": ("higher", ".3f", "how similar the luminance is to the content's: 1 is the content."),
    "copied": (
        "lower",
        ".3f",
        "the share of places that are nearly the same in the style picture: 0 is none.",
    ),
}


@app.command()
def judge(
    pictures: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CONTENT STYLE RESULT...",
            help="Files or names; with --people a folder, with --votes files of votes.",
        ),
    ] = None,
    size: Annotated[
        int, typer.Option(help="Longest side in pixels at which all are judged.")
    ] = 256,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    people: Annotated[
        bool,
        typer.Option("--people", help="Write a page that asks people into a folder."),
    ] = False,
    votes: Annotated[
        bool, typer.Option("--votes", help="Count the votes in files that the page downloaded.")
    ] = False,
) -> None:
    """Judge results by their content and style, or let people judge them.

    Best is the size at which they were made; nothing is enlarged.
    """
    given = pictures or []
    if people and votes:
        raise StudyError("Ask people first (--people), and count their votes later (--votes).")
    if people:
        _ask(given)
    elif votes:
        from ..judge.votes import report

        typer.echo(report(given))
    else:
        _measure(given, size, as_json)


def _ask(folders: list[str]) -> None:
    from ..judge.people import write_page

    if not folders:
        raise StudyError("Give the folder that holds the pairs: nst judge --people FOLDER.")
    for folder in folders:
        typer.echo(f"{write_page(folder)}: open it in a browser; it needs no network.")


def _measure(pictures: list[str], size: int, as_json: bool) -> None:
    if len(pictures) < 3:
        raise ImageError(
            "Give a content, a style and at least one result: nst judge CONTENT STYLE RESULTS."
        )
    _log.info("Loading TensorFlow and the network ...")
    from ..judge import Judge

    content, style, *results = pictures
    judge = Judge(content, style, size)
    for result in results:
        judge.open(result)  # all are checked before the first is judged
    verdicts = {result: judge(result) for result in results}
    typer.echo(_json(verdicts) if as_json else _table(verdicts))


def _json(verdicts: dict[str, Verdict]) -> str:
    rows = {result: dataclasses.asdict(verdict) for result, verdict in verdicts.items()}
    return json.dumps(rows, indent=1)


def _table(verdicts: dict[str, Verdict]) -> str:
    first = ["result", "", *verdicts]
    others = [
        [name, better, *(format(getattr(v, name), how) for v in verdicts.values())]
        for name, (better, how, _) in COLUMNS.items()
    ]
    columns = [_aligned(first, "<"), *(_aligned(column, ">") for column in others)]
    rows = ["  ".join(row) for row in zip(*columns, strict=True)]
    return "\n".join([*rows, "", *map(_legend, COLUMNS)])


def _aligned(column: list[str], side: str) -> list[str]:
    width = max(map(len, column))
    return [f"{entry:{side}{width}}" for entry in column]


def _legend(name: str) -> str:
    better, _, meaning = COLUMNS[name]
    text = f"{name} ({better} is better): {meaning}"
    return textwrap.fill(text, 100, subsequent_indent="    ", break_on_hyphens=False)
