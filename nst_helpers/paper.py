"""The figures of Gatys, Ecker and Bethge as runs that can be made anew (lesson 08).

arXiv 1508.06576 (2015) and CVPR 2016, pp. 2414-2423, whose figures carry other numbers. The panels
are runs of the recipe `gatys2016`, whose losses are mean squared errors on the network rescaled to
mean activation 1. What the papers' alpha / beta multiplies they do not say; see `RATIO_SCALE`.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from . import data
from .errors import DataError, ImageError, NSTError, RecipeError
from .files import as_path, reason, write_atomically
from .recipes import FIRST_OF_EACH_BLOCK, GATYS2016, Recipe
from .result import Result
from .sweeps import Run, sweep

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Our alpha / beta over that of CVPR 2016. Taken as a ratio of mean squared errors, the printed one
#: leaves nothing of the photo when the start is noise; taken literally, nothing of the style. This
#: factor, found by eye, lets all figures keep about as much of the photo as the paper's do.
RATIO_SCALE = 100.0

#: The same over that of 2015, whose grid goes from hardly any photo to hardly any style.
RATIO_SCALE_2015 = 10.0

#: The paper's pictures that can be fetched, and the shipped ones that stand in for them.
STAND_INS = {
    "tubingen": "china",
    "shipwreck": "woodcut_waves",
    "vangogh_starry_night": "swirling_night",
    "the_scream": "stained_glass",
    "composition_vii": "turning_discs",
}


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


#: Minutes for all figures on a CPU, and what the paper says of its own.
BUDGETS = {
    "preview": Budget(160, ((1.0, 120),)),
    "full": Budget(512, ((1.0, 500),)),  # about 512 x 512 pixels, says CVPR section 3
}


@dataclass(frozen=True)
class PaperFigure:
    """A figure of the paper: panels in rows, each made by one run.

    Attributes
    ----------
    title : str
        What it shows, and with whose pictures.
    columns : int
        Panels per row.
    panels : dict of str to Run
        By their titles.
    """

    title: str
    columns: int
    panels: dict[str, Run]

    @property
    def pictures(self) -> tuple[str, ...]:
        """Names of the pictures that its runs read."""
        runs = self.panels.values()
        return tuple(sorted({name for run in runs for name in (run.content, run.style)}))


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
    base = replace(GATYS2016, size=budget.size, size_rule="area", pyramid=budget.pyramid)
    base = _weighted(base, 1e-3)
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
    NSTError
        If what draws is not installed.
    """
    _drawing()  # before hours of runs
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
    """Return the stored losses of our run of the authors' settings, which lesson 08 draws.

    Returns
    -------
    dict
        By precision ("bfloat16", "float32"): the total loss at each evaluation ("totals"), the
        seconds, and the device. `benchmarks/reference_curve.py` makes it anew.
    """
    text = (data._picture_folder() / "reference_curve.json").read_text(encoding="utf-8")
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

    Raises
    ------
    NSTError
        If what draws is not installed.
    """
    images = {title: r.image for title, r in zip(figure.panels, results, strict=True)}
    drawn = _drawing().draw_images(images, columns=figure.columns, width=width)
    drawn.suptitle(figure.title, fontsize=10)
    return drawn


def _drawing() -> ModuleType:
    try:
        from . import figures
    except ImportError as error:
        raise NSTError(
            f"Drawing needs Matplotlib ({error.name} is missing): python -m pip install matplotlib"
        ) from error
    return figures


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
        _drawing().plt.close(drawn)
    return path.with_suffix(".png")


def _dots_per_inch(figure: PaperFigure, results: Sequence[Result]) -> float:
    """Give every panel about as many dots as it has pixels."""
    widest = max(result.image.shape[1] for result in results)
    return max(80.0, widest * figure.columns / 10)


@functools.cache
def papers_pictures() -> bool:
    """Whether all of the paper's pictures in `STAND_INS` can be had, from here or fetched."""
    try:
        for name in STAND_INS:
            data.path(name)
    except DataError:
        return False
    return True


def _picture(name: str) -> str:
    return name if papers_pictures() else STAND_INS[name]


def _titled(text: str, *, mixed: bool = False) -> str:
    if not papers_pictures():
        return f"{text} (with this package's pictures, not the paper's)"
    return f"{text} (partly with pictures of our own)" if mixed else text


def _style_only(base: Recipe, layers: Sequence[str], **settings: Any) -> Recipe:
    return replace(base, content_layers=(), style_layers=tuple(layers), **settings)


def _reconstructions(base: Recipe) -> PaperFigure:
    """Fig. 1 of 2015: one content layer each, then growing sets of style layers."""
    photo, painting = _picture("tubingen"), _picture("vangogh_starry_night")
    content = {
        f"content {_short(layer)}": Run(
            photo, painting, replace(base, content_layers=(layer,), style_layers=())
        )
        for layer in FIRST_OF_EACH_BLOCK
    }
    style = {
        f"style up to {_short(layers[-1])}": Run(photo, painting, _style_only(base, layers))
        for layers in _growing()
    }
    return PaperFigure(_titled("Content and style reconstructions"), 5, content | style)


#: Panel of CVPR's Fig. 3 (Fig. 2 of 2015): painting, alpha / beta of CVPR. Picasso's is protected
#: in Europe until the end of 2043: a painting of ours takes its place.
_PAINTERS = {
    "B Turner": ("shipwreck", 1e-3),
    "C van Gogh": ("vangogh_starry_night", 8e-4),
    "D Munch": ("the_scream", 5e-3),
    "E facets (for Picasso)": ("cubist_facets", 5e-4),
    "F Kandinsky": ("composition_vii", 5e-4),
}


def _painters(base: Recipe) -> PaperFigure:
    panels = {
        title if papers_pictures() or name not in STAND_INS else STAND_INS[name]: Run(
            _picture("tubingen"),
            _picture(name) if name in STAND_INS else name,
            _weighted(base, ratio),
        )
        for title, (name, ratio) in _PAINTERS.items()
    }
    return PaperFigure(_titled("One photo, five paintings", mixed=True), 3, panels)


def _layers_and_ratio(base: Recipe) -> PaperFigure:
    """Fig. 3 of 2015."""
    panels = {
        f"up to {_short(layers[-1])}, {ratio:.0e}": _mixed(base, layers, ratio, RATIO_SCALE_2015)
        for layers in _growing()
        for ratio in (1e-5, 1e-4, 1e-3, 1e-2)
    }
    return PaperFigure(_titled("Style layers (down) and α/β (across)"), 4, panels)


def _ratio(base: Recipe) -> PaperFigure:
    """Fig. 4 of CVPR."""
    ratios = (1e-4, 1e-3, 1e-2, 1e-1)
    panels = {f"α/β = {ratio:.0e}": _mixed(base, FIRST_OF_EACH_BLOCK, ratio) for ratio in ratios}
    return PaperFigure(_titled("The ratio α/β"), 2, panels)


def _mixed(base: Recipe, layers: Sequence[str], ratio: float, scale: float = RATIO_SCALE) -> Run:
    recipe = replace(_weighted(base, ratio, scale), style_layers=tuple(layers))
    return Run(_picture("tubingen"), _picture("composition_vii"), recipe)


def _weighted(base: Recipe, ratio: float, scale: float = RATIO_SCALE) -> Recipe:
    """Return the recipe with an alpha / beta of the papers."""
    return replace(base, style_weight=round(base.content_weight / (ratio * scale), 6))


def _content_layer(base: Recipe) -> PaperFigure:
    """Fig. 5 of CVPR; its photo and Feininger's painting (protected to the end of 2026) are not."""
    panels = {
        f"content {_short(layer)}": Run(
            "china", "cubist_facets", replace(base, content_layers=(layer,))
        )
        for layer in ("block2_conv2", "block4_conv2")
    }
    return PaperFigure("Which content layer (with pictures of our own)", 2, panels)


def _starts(base: Recipe) -> PaperFigure:
    """Fig. 6 of CVPR."""
    pictures = _picture("tubingen"), _picture("vangogh_starry_night")
    starts = {
        "A from the content": replace(base, start="content"),
        "B from the style": replace(base, start="style"),
    }
    noises = {f"C from noise {seed}": replace(base, seed=seed) for seed in range(4)}
    panels = {title: Run(*pictures, recipe) for title, recipe in (starts | noises).items()}
    return PaperFigure(_titled("Where the optimization starts"), 3, panels)


def _photo_to_photo(base: Recipe) -> PaperFigure:
    """Fig. 7 of CVPR; its photos of London and New York could not be found under a free license."""
    run = Run("china", "rocket", replace(_weighted(base, 1e-2), start="content"))
    title = "A photo in the style of a photo (with other photos than the paper's)"
    return PaperFigure(title, 1, {"pagoda, in the light of a launch at dusk": run})


def _textures(base: Recipe) -> PaperFigure:
    """Fig. 2 of the texture paper (NIPS 2015); for its pooling layers, what they pool."""
    layers = ("block1_conv1", "block1_conv2", "block2_conv2", "block3_conv4", "block4_conv4")
    panels = {
        f"{label}, up to {_short(layer)}": Run(
            texture, texture, _style_only(base, layers[: number + 1], layer_weights="one")
        )
        for label, texture in (("stones", "gravel"), ("dots", "pointillist_meadow"))
        for number, layer in enumerate(layers)
    }
    return PaperFigure("Textures (with pictures of our own)", 5, panels)


def _growing() -> list[tuple[str, ...]]:
    """Return the style layers of 2015, Fig. 1 and 3: conv1_1; conv1_1 and conv2_1; ..."""
    return [FIRST_OF_EACH_BLOCK[: number + 1] for number in range(5)]


def _short(layer: str) -> str:
    """Return a layer's name in the paper.

    Examples
    --------
    >>> _short("block4_conv2")
    'conv4_2'
    """
    return f"conv{layer[5]}_{layer[-1]}"


#: What makes each figure, from the settings that all of them share.
FIGURES: dict[str, Callable[[Recipe], PaperFigure]] = {
    "reconstructions": _reconstructions,
    "painters": _painters,
    "layers_and_ratio": _layers_and_ratio,
    "ratio": _ratio,
    "content_layer": _content_layer,
    "starts": _starts,
    "photo_to_photo": _photo_to_photo,
    "textures": _textures,
}
