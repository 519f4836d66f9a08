"""The figures of Gatys, Ecker and Bethge as runs that can be made anew (lessons 10, 11).

arXiv 1508.06576 (2015) and CVPR 2016, pp. 2414-2423, whose figures carry other numbers. The panels
are runs of the recipe `gatys2015`: the equations as printed, on the network as it is. Of five
readings of alpha / beta only this one goes from texture to photo within the ratios that the papers
print (`benchmarks/readings.py`). CVPR mentions a rescaled network as well.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from ..errors import ImageError, RecipeError
from ..files import as_path, reason, write_atomically
from ..pictures.registry import picture_folder
from ..recipes import GATYS2015
from ..transfer.result import Result
from ..transfer.sweeps import Run, sweep
from .figures import draw_images
from .panels import FIGURES as FIGURES
from .panels import PAPERS_SIZE as PAPERS_SIZE
from .panels import STAND_INS as STAND_INS
from .panels import PaperFigure as PaperFigure
from .panels import papers_pictures as papers_pictures
from .panels import weighted as weighted


@dataclass(frozen=True)
class Budget:
    """How large the pictures are, and how many steps they get.

    Attributes
    ----------
    size : int
        Side of a square with as many pixels.
    pyramid : tuple of (float, int)
        As in `Recipe`.
    """

    size: int
    pyramid: tuple[tuple[float, int], ...]


#: Minutes for all figures on a CPU, and the paper's size. Coarse to fine is ours: from noise it
#: comes to a lower loss in a fraction of the time.
BUDGETS = {
    "preview": Budget(160, ((0.5, 60), (1.0, 80))),
    "full": Budget(PAPERS_SIZE, ((0.25, 150), (0.5, 150), (1.0, 200))),
}


def figures(budget: Budget, names: Iterable[str] | None = None) -> dict[str, PaperFigure]:
    """Return figures by name, with the paper's pictures where all of them can be had.

    Parameters
    ----------
    budget : Budget
        The start, the layers and the ratios are the papers'; the size and the steps are these.
    names : iterable of str, optional
        Keys of `FIGURES`; by default all.

    Returns
    -------
    dict of str to PaperFigure

    Raises
    ------
    RecipeError
        If there is no figure of that name.
    """
    base = replace(GATYS2015, size=budget.size, pyramid=budget.pyramid, coarsest=16)
    base = weighted(base, 1e-3)
    wanted = list(names or FIGURES)
    for name in wanted:
        if name not in FIGURES:
            raise RecipeError(f"There is no figure {name!r}; choose from {', '.join(FIGURES)}.")
    return {name: FIGURES[name](base) for name in wanted}


def make(
    wanted: Mapping[str, PaperFigure],
    folder: str | os.PathLike[str],
    executor: Executor | None = None,
    *,
    weights: str | None = None,
    callback: Callable[[str], None] | None = None,
) -> dict[str, Path]:
    """Make figures: each as ``folder/name.png`` with its settings beside it, panels in ``runs``.

    Parameters
    ----------
    wanted : mapping of str to PaperFigure
        From `figures`.
    folder : str or path
    executor, weights, callback
        As for `sweep`.

    Returns
    -------
    dict of str to Path
        The figures' files.

    Raises
    ------
    SweepError
        If a run failed; no figure is drawn then.
    ImageError
        If a file of a figure's name is not ours, or cannot be written.
    """
    folder = as_path(folder)
    _check_outputs(folder / name for name in wanted)
    runs = named_runs(wanted)
    results = sweep(runs, folder / "runs", executor, weights=weights, callback=callback)
    by_run = {run: results[name] for name, run in runs.items()}
    return {name: _write(figure, by_run, folder / name) for name, figure in wanted.items()}


def named_runs(wanted: Mapping[str, PaperFigure]) -> dict[str, Run]:
    """Return the different runs of some figures; one that two figures show is made once.

    Parameters
    ----------
    wanted : mapping of str to PaperFigure
        From `figures`.

    Returns
    -------
    dict of str to Run
        By ``figure-number``, after the first figure that shows it.
    """
    names: dict[Run, str] = {}
    for name, figure in wanted.items():
        for number, run in enumerate(figure.panels.values(), 1):
            names.setdefault(run, f"{name}-{number:02d}")
    return {name: run for run, name in names.items()}


def reference_curve() -> dict[str, Any]:
    """Return the stored losses of our run of the authors' settings, which `deep/loss_curve` draws.

    Returns
    -------
    dict
        By precision ("bfloat16", "float32"): the total loss at each evaluation ("totals"), the
        seconds, and the device. `benchmarks/reference_curve.py` makes it anew.
    """
    text = (picture_folder() / "reference_curve.json").read_text(encoding="utf-8")
    record: dict[str, Any] = json.loads(text)
    return record


def draw(figure: PaperFigure, results: Sequence[Result], width: float = 10.0) -> Figure:
    """Draw the panels of a figure under their titles.

    Parameters
    ----------
    figure : PaperFigure
    results : sequence of Result
        One for each panel, in order.
    width : float
        Inches.

    Returns
    -------
    matplotlib.figure.Figure

    """
    images = {title: r.image for title, r in zip(figure.panels, results, strict=True)}
    drawn = draw_images(images, columns=figure.columns, width=width)
    drawn.suptitle(figure.title, fontsize=10)
    return drawn


def _check_outputs(paths: Iterable[Path]) -> None:
    """Refuse to replace what is not ours: a figure names its title in its record."""
    for path in paths:
        picture, record = path.with_suffix(".png"), path.with_suffix(".json")
        if any(file.exists() for file in (picture, record)) and not _is_ours(record):
            raise ImageError(
                f"{picture} or {record.name} beside it is no figure of ours and would be lost; "
                "choose another folder, or remove it."
            )


def _is_ours(record: Path) -> bool:
    try:
        return {"title", "panels"} == set(json.loads(record.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return False


def _write(figure: PaperFigure, by_run: Mapping[Run, Result], path: Path) -> Path:
    results = [by_run[run] for run in figure.panels.values()]
    panels = {title: r.record() for title, r in zip(figure.panels, results, strict=True)}
    for panel in panels.values():
        del panel["trace"]  # stands beside the panel's own picture
    text = json.dumps({"title": figure.title, "panels": panels}, indent=1, ensure_ascii=False)
    drawn = draw(figure, results)
    dots = _dots_per_inch(figure, results)
    try:  # the record first: the picture is known as ours by it
        write_atomically(path.with_suffix(".json"), lambda file: file.write(f"{text}\n".encode()))
        write_atomically(
            path.with_suffix(".png"), lambda file: drawn.savefig(file, format="png", dpi=dots)
        )
    except OSError as error:
        raise ImageError(f"{path}.png could not be written ({reason(error)}).") from error
    finally:
        plt.close(drawn)
    return path.with_suffix(".png")


def _dots_per_inch(figure: PaperFigure, results: Sequence[Result]) -> float:
    """Give every panel about as many dots as it has pixels."""
    widest = max(result.image.shape[1] for result in results)
    return max(80.0, widest * figure.columns / 10)
