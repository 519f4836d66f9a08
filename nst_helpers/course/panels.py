"""The panels of each figure of Gatys, Ecker and Bethge, as runs (lessons 10, 11)."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..errors import DataError
from ..pictures import data
from ..recipe import FIRST_OF_EACH_BLOCK, Recipe
from ..transfer.sweeps import Run

#: Side of a square with as many pixels as the papers' figures: "about 512 x 512", CVPR section 3.
PAPERS_SIZE = 512


#: The paper's pictures that can be fetched, and the shipped ones that stand in for them.
STAND_INS = {
    "tubingen": "china",
    "shipwreck": "woodcut_waves",
    "vangogh_starry_night": "swirling_night",
    "the_scream": "stained_glass",
    "composition_vii": "turning_discs",
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
    """Fig. 1: one content layer each, as in 2015 and in CVPR; then growing sets of style layers."""
    photo, painting = _picture("tubingen"), _picture("vangogh_starry_night")
    second = [layer.replace("conv1", "conv2") for layer in FIRST_OF_EACH_BLOCK]
    content = {
        f"content {_short(layer)}": Run(
            photo, painting, replace(base, content_layers=(layer,), style_layers=())
        )
        for layer in [*FIRST_OF_EACH_BLOCK, *second]
    }
    style = {
        f"style up to {_short(layers[-1])}": Run(photo, painting, _style_only(base, layers))
        for layers in _growing()
    }
    return PaperFigure(_titled("Content and style reconstructions"), 5, content | style)


#: Panel of Fig. 2 of 2015 (CVPR's Fig. 3): painting, alpha / beta of 2015. Picasso's is protected
#: in Europe until the end of 2043: a painting of ours takes its place.
_PAINTERS = {
    "B Turner": ("shipwreck", 1e-3),
    "C van Gogh": ("vangogh_starry_night", 1e-3),
    "D Munch": ("the_scream", 1e-3),
    "E facets (for Picasso)": ("cubist_facets", 1e-4),
    "F Kandinsky": ("composition_vii", 1e-4),
}


def _painters(base: Recipe) -> PaperFigure:
    panels = {
        title if papers_pictures() or name not in STAND_INS else STAND_INS[name]: Run(
            _picture("tubingen"),
            _picture(name) if name in STAND_INS else name,
            weighted(base, ratio),
        )
        for title, (name, ratio) in _PAINTERS.items()
    }
    return PaperFigure(_titled("One photo, five paintings", mixed=True), 3, panels)


def _painters_nearest(base: Recipe) -> PaperFigure:
    """Fig. 2 of 2015 with a tenth of the printed ratios, where those keep too much of the photo."""
    panels = {}
    for title, run in list(_painters(base).panels.items())[:4]:
        ratio = 0.1 / run.recipe.style_weight
        panels[f"{title}, {ratio:.0e}"] = replace(run, recipe=weighted(run.recipe, ratio))
    return PaperFigure(_titled("A tenth of the printed α/β", mixed=True), 2, panels)


def _layers_and_ratio(base: Recipe) -> PaperFigure:
    """Fig. 3 of 2015."""
    panels = {
        f"up to {_short(layers[-1])}, {ratio:.0e}": _mixed(base, layers, ratio)
        for layers in _growing()
        for ratio in (1e-5, 1e-4, 1e-3, 1e-2)
    }
    return PaperFigure(_titled("Style layers (down) and α/β (across)"), 4, panels)


def _rows_nearest(base: Recipe) -> PaperFigure:
    """The first panels of rows A to C of Fig. 3 of 2015, with smaller ratios."""
    panels = {
        f"up to {_short(layers[-1])}, {ratio:.0e}": _mixed(base, layers, ratio)
        for layers, ratio in zip(_growing(), (1e-8, 1e-6, 1e-6), strict=False)
    }
    return PaperFigure(_titled("Rows A to C with smaller α/β"), 3, panels)


def _ratio(base: Recipe) -> PaperFigure:
    """Fig. 4 of CVPR."""
    ratios = (1e-4, 1e-3, 1e-2, 1e-1)
    panels = {f"α/β = {ratio:.0e}": _mixed(base, FIRST_OF_EACH_BLOCK, ratio) for ratio in ratios}
    return PaperFigure(_titled("The ratio α/β"), 2, panels)


def _mixed(base: Recipe, layers: Sequence[str], ratio: float) -> Run:
    recipe = replace(weighted(base, ratio), style_layers=tuple(layers))
    return Run(_picture("tubingen"), _picture("composition_vii"), recipe)


def weighted(base: Recipe, ratio: float) -> Recipe:
    """Return the recipe with an alpha / beta of the papers, at the size of the recipe.

    Eq. 1 is a sum over positions, eq. 4 is not. A picture with fewer positions than the papers'
    needs an alpha that is larger by what is missing, to be the same picture.

    Parameters
    ----------
    base : Recipe
        Its `size` is the side of a square with as many pixels.
    ratio : float
        alpha / beta as printed, for `PAPERS_SIZE`.
    """
    missing = (PAPERS_SIZE / base.size) ** 2 if base.content_normalization == "paper" else 1.0
    return replace(base, content_weight=missing, style_weight=round(1 / ratio, 6))


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
    run = Run("china", "rocket", replace(weighted(base, 1e-2), start="content"))
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
    "painters_nearest": _painters_nearest,
    "layers_and_ratio": _layers_and_ratio,
    "rows_nearest": _rows_nearest,
    "ratio": _ratio,
    "content_layer": _content_layer,
    "starts": _starts,
    "photo_to_photo": _photo_to_photo,
    "textures": _textures,
}
