"""The map of the method, each station with the lesson that derives it (`drawings.method`)."""

from __future__ import annotations

from matplotlib.axes import Axes

from ..errors import NSTError
from . import figures
from .sketch import BLUE, DARK, ORANGE, PALE, VERMILLION, Point, arrow, box, sheet, tag, write

#: The lessons that the map shows, by number.
STATIONS = {
    "01": "images as tensors",
    "02": "a network by hand",
    "03": "VGG19 features",
    "04": "content loss",
    "05": "Gram matrices",
    "06": "style loss",
    "07": "total loss",
    "08": "optimization",
    "09": "numbers and the loop",
    "10": "the printed ratio",
    "11": "the paper's figures",
    "12": "what is a style?",
}
_PAPER, _TITLE = "10 11", "the paper's figures"  # both lessons are about the frame
_ROWS = (5.3, 4.3, 3.1, 2.1)  # of the map: photo, twice x, painting
_FRAME: tuple[Point, Point] = ((4.5, 3.16), (8.8, 6.0))  # center, size
_TOTAL = "total loss, eq. 7:\n$\\alpha$ · content loss + $\\beta$ · style loss"
_BOXES: tuple[tuple[str, Point, Point, str, str], ...] = (  # lessons, center, size, words, color
    ("01", (1.25, 5.3), (1.1, 0.72), "photo $\\vec p$", BLUE),
    ("01", (1.25, 3.7), (1.1, 1.92), "picture $\\vec x$", DARK),
    ("01", (1.25, 2.1), (1.1, 0.72), "painting $\\vec a$", VERMILLION),
    ("02 03", (2.65, 3.7), (0.84, 3.92), "VGG19", DARK),
    ("02 03", (4.1, 5.3), (1.24, 0.72), "features $P$\nof one layer", BLUE),
    ("02 03", (4.1, 4.3), (1.24, 0.72), "features $F$\nof one layer", BLUE),
    ("02 03", (4.1, 3.1), (1.24, 0.72), "features $F$\nof five layers", VERMILLION),
    ("02 03", (4.1, 2.1), (1.24, 0.72), "features $S$\nof five layers", VERMILLION),
    ("05 12", (5.67, 3.1), (1.14, 0.72), "Gram $G$", VERMILLION),
    ("05 12", (5.67, 2.1), (1.14, 0.72), "Gram $A$", VERMILLION),
    ("04", (7.35, 4.8), (1.4, 1.72), "content loss\neq. 1", BLUE),
    ("06", (7.35, 2.6), (1.4, 1.72), "style loss\neqs. 4 and 5", VERMILLION),
    ("07", (7.3, 0.85), (2.7, 0.96), _TOTAL, DARK),
    ("08 09", (2.65, 0.85), (1.7, 0.96), "optimizer:\none step for $\\vec x$", DARK),
)
_ALT = (
    "A flow chart, each station with the number of its lesson. Photo, picture x and painting (01) "
    "enter VGG19 (02, 03). The features P of the photo and F of x meet in the content loss (04). "
    "Other features, of x and of the painting, are measured by Gram matrices (05) or in other ways "
    "(12), which meet in the style loss (06). Both losses make the total loss (07), whose gradient "
    "leads back to the optimizer (08, 09), and from there to x. The frame around all of it is the "
    "paper's figures (10, 11)."
)


def method(here: str | None = None) -> None:
    """Display the map of the method, each station with the lesson that derives it.

    Parameters
    ----------
    here : str, optional
        The number of a lesson, "01" to "12"; its stations are marked.

    Raises
    ------
    NSTError
        If the map has no such lesson.
    """
    if here not in (None, *STATIONS):
        raise NSTError(f"The map has no lesson {here!r}; choose from {', '.join(STATIONS)}.")
    figure, axis = sheet(6.3)
    box(axis, *_FRAME, color=ORANGE if here in _PAPER.split() else PALE)
    for lessons, center, size, words, color in _BOXES:
        box(axis, center, size, words, color, marked=here in lessons.split())
    stations = {_PAPER: _FRAME} | {lessons: where for lessons, *where, _, _ in reversed(_BOXES)}
    for lessons, ((x, y), (width, height)) in stations.items():
        label = ", ".join(lessons.split())
        label += f"  {_TITLE}" if lessons == _PAPER else ""
        marked = here in lessons.split()
        tag(axis, (x - width / 2 + 0.07, y + height / 2), label, marked=marked, ha="left")
        if marked:
            tag(axis, (x, y - height / 2), "you are here", marked=True)
    _arrows(axis)
    figures.show(figure, _ALT + (f" Marked: {here}, {STATIONS[here]}." if here else ""))


def _arrows(axis: Axes) -> None:
    for y, color in zip(_ROWS, (BLUE, DARK, DARK, VERMILLION), strict=True):
        arrow(axis, [(1.8, y), (2.23, y)], color)
    for y, color in zip(_ROWS, (BLUE, BLUE, VERMILLION, VERMILLION), strict=True):
        arrow(axis, [(3.07, y), (3.48, y)], color)
        arrow(axis, [(4.72, y), (6.65 if color == BLUE else 5.1, y)], color)
    for y in _ROWS[2:]:
        arrow(axis, [(6.24, y), (6.65, y)], VERMILLION)
    arrow(axis, [(7.35, 1.74), (7.35, 1.33)], VERMILLION)
    arrow(axis, [(8.05, 4.8), (8.4, 4.8), (8.4, 1.33)], BLUE)
    arrow(axis, [(5.95, 0.85), (3.5, 0.85)], dashed=True)
    write(axis, (4.74, 1.05), "gradient, back through")
    write(axis, (4.74, 0.64), "VGG19 to the pixels of $\\vec x$")
    arrow(axis, [(1.8, 0.85), (0.4, 0.85), (0.4, 3.7), (0.7, 3.7)])
