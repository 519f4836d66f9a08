"""A folder of pictures as one run of `nst stylize`, which goes on where it was stopped."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import typer

from ..errors import CheckpointError, DataError, ImageError, NSTError
from ..files import quoted, reason, same_file
from ..recipe import Recipe
from .app import Stops
from .plan import planned, report, to_keep

_log = logging.getLogger(__name__)


def paint_folder(
    folder: Path,
    styles: Sequence[str],
    recipe: Recipe,
    output: Path,
    weights: str | None = None,
    resume: bool = True,
) -> None:
    """Paint every picture of a folder into another, each as a PNG with its record beside it."""
    from ..pictures import data
    from ..pictures.read import picture_shape
    from ..pictures.write import check_output
    from ..transfer.checkpoint import beside, discard, is_there

    contents = _pictures(folder)
    files = [data.resolve(style) for style in styles]
    shapes = [picture_shape(file) for file in (*contents, *files)]
    targets = _targets(contents, _made(output.expanduser(), folder))
    for target in targets:
        check_output(target, keep=[*contents, *files])
        is_there(beside(target))  # refuses what is no checkpoint
    _log.info("Loading TensorFlow and the network ...")
    from ..transfer.sweeps import stored

    settings = tuple(map(str, styles)), recipe, weights
    left = {
        content: target
        for content, target in zip(map(str, contents), targets, strict=True)
        if not stored(target, content, *settings)
    }
    for target in set(targets) - set(left.values()):
        discard(beside(target))
    _log.info("%d pictures, %d of them done before.", len(targets), len(targets) - len(left))
    if left:
        largest = max(shapes[: len(contents)], key=lambda shape: shape[0] * shape[1])
        recipe, seconds = planned(
            *(recipe, False, None, False, None), largest, *shapes[len(contents) :]
        )
        try:
            _paint_all(left, styles, recipe, weights, lambda file: to_keep(file, resume, seconds))
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
    left: dict[str, Path],
    styles: Sequence[str],
    recipe: Recipe,
    weights: str | None,
    keep: Callable[[Path], Path | None],
) -> None:
    """Paint what is left; a picture that fails does not stop the others."""
    from ..network.weights import load_weights
    from ..transfer.checkpoint import beside, discard, is_there
    from ..transfer.stylize import stylize_many

    options: dict[str, Any] = {"weights": load_weights(weights), "progress": True}
    failed: list[str] = []
    while left:
        try:
            options["checkpoints"] = [keep(beside(file)) for file in left.values()]
            for result in stylize_many(list(left), list(styles), recipe, **options):
                if result.interrupted:
                    raise KeyboardInterrupt
                result.save(left[result.content])
                report(result, left.pop(result.content), styles)
        except CheckpointError:
            file = beside(next(iter(left.values())))
            if not is_there(file):
                raise
            _log.warning("%s is damaged or of another run; the picture is begun anew.", file)
            discard(file)
        except NSTError as error:
            failed.append(next(iter(left)))
            del left[failed[-1]]
            typer.echo(f"nst: {quoted(failed[-1])}: {error}", err=True)
    if failed:
        count = f"{len(failed)} picture{'s'[: len(failed) > 1]}"
        raise ImageError(f"{count} failed; the others are done.")
