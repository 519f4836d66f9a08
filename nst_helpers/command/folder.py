"""A folder of pictures as one run of `nst stylize`, which goes on where it was stopped."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import typer

from ..errors import DataError, ImageError, NSTError
from ..files import quoted, reason, same_file
from ..recipe import Recipe
from .app import Stops
from .plan import planned, report

_log = logging.getLogger(__name__)


def paint_folder(
    folder: Path,
    styles: Sequence[str],
    recipe: Recipe,
    output: Path,
    weights: str | None = None,
) -> None:
    """Paint every picture of a folder into another, each as a PNG with its record beside it."""
    from ..pictures import data
    from ..pictures.read import picture_shape
    from ..pictures.write import check_output

    contents = _pictures(folder)
    files = [data.resolve(style) for style in styles]
    shapes = [picture_shape(file) for file in (*contents, *files)]
    targets = _targets(contents, _made(output.expanduser(), folder))
    for target in targets:
        check_output(target, keep=[*contents, *files])
    _log.info("Loading TensorFlow and the network ...")
    from ..transfer.sweeps import stored

    settings = tuple(map(str, styles)), recipe, weights
    left = {
        content: target
        for content, target in zip(map(str, contents), targets, strict=True)
        if not stored(target, content, *settings)
    }
    _log.info("%d pictures, %d of them done before.", len(targets), len(targets) - len(left))
    if left:
        largest = max(shapes[: len(contents)], key=lambda shape: shape[0] * shape[1])
        recipe = planned(recipe, False, None, False, None, largest, *shapes[len(contents) :])
        try:
            _paint_all(left, styles, recipe, weights)
        except KeyboardInterrupt as error:
            raise Stops.exit("Stopped; the same command goes on where it was.") from error


def _pictures(folder: Path) -> list[Path]:
    from PIL import Image

    known = Image.registered_extensions()
    found = sorted(p for p in folder.iterdir() if p.is_file() and p.suffix.lower() in known)
    if not found:
        raise DataError(f"There is no picture in the folder {quoted(folder)}; name another one.")
    return found


def _made(output: Path, folder: Path) -> Path:
    """Return the folder of the results, which may be new."""
    if output.exists() and not output.is_dir():
        raise ImageError(f"{quoted(output)} is a file; name a folder for the results.")
    if same_file(output, folder):
        raise ImageError("The results need a folder of their own: the next run would read them.")
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImageError(f"{quoted(output)} could not be made ({reason(error)}).") from error
    return output


def _targets(contents: Sequence[Path], output: Path) -> list[Path]:
    """Return each result's file, by the picture's name; with its suffix where two share it."""
    stems = [content.stem.casefold() for content in contents]
    names = [c.stem if stems.count(c.stem.casefold()) == 1 else c.name for c in contents]
    return [output / f"{name}.png" for name in names]


def _paint_all(
    left: dict[str, Path], styles: Sequence[str], recipe: Recipe, weights: str | None
) -> None:
    """Paint what is left; a picture that fails does not stop the others."""
    from ..network.weights import load_weights
    from ..transfer.stylize import stylize_many

    network, failed = load_weights(weights), []
    while left:
        try:
            many = stylize_many(list(left), list(styles), recipe, weights=network, progress=True)
            for result in many:
                if result.interrupted:
                    raise KeyboardInterrupt
                result.save(left[result.content])
                report(result, left.pop(result.content), styles)
        except NSTError as error:
            failed.append(next(iter(left)))
            del left[failed[-1]]
            typer.echo(f"nst: {quoted(failed[-1])}: {error}", err=True)
    if failed:
        count = f"{len(failed)} picture{'s'[: len(failed) > 1]}"
        raise ImageError(f"{count} failed; the others are done.")
