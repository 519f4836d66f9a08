"""Figures for the lessons; each carries words for readers who do not see it (every lesson).

A figure's `alt` text is in the output's metadata, and the same words are folded below it:
JupyterLab drops the metadata, the reading edition uses it.
"""

from __future__ import annotations

import html
import io
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import PIL.Image
from IPython.display import HTML, Image, display
from matplotlib.figure import Figure

from ..pictures.sizes import resize_to
from ..transfer.result import Result

_DPI = 150  # as stored; on the page an inch is _INCH pixels, for screens of twice their density
_INCH = 80
_LARGE = 150_000  # bytes


def show(figure: Figure, alt: str) -> None:
    """Display a figure and its description, and close it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    alt : str
        What is to be seen, in a sentence or two.
    """
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=_DPI, bbox_inches="tight")
    plt.close(figure)
    compact, kind = _compact(png.getvalue())
    width = PIL.Image.open(png).width * _INCH // _DPI
    display(Image(compact, format=kind, width=width, alt=alt), _folded(alt))


def show_frames(frames: Sequence[Figure | np.ndarray], alt: str, *, seconds: float = 0.6) -> None:
    """Display a short animation that also plays where no kernel runs, three times.

    It is stored as an animated PNG: what cannot play it shows the first frame.

    Parameters
    ----------
    frames : sequence of matplotlib.figure.Figure of one size, or ndarray of one shape (H, W, 3)
        Figures are closed. Arrays are RGB in [0, 1]; small ones are enlarged without smoothing.
    alt : str
        What moves, in a sentence or two.
    seconds : float
        For each frame; the last one stays four times as long.
    """
    pictures = [_frame(frame) for frame in frames]
    times = [int(1000 * seconds)] * (len(pictures) - 1) + [int(4000 * seconds)]
    png = io.BytesIO()
    pictures[0].save(png, "PNG", save_all=True, append_images=pictures[1:], duration=times, loop=3)
    width = pictures[0].width * _INCH // _DPI
    display(Image(png.getvalue(), format="png", width=width, alt=alt), _folded(alt))


def _frame(frame: Figure | np.ndarray) -> PIL.Image.Image:
    if isinstance(frame, np.ndarray):
        pixels = np.uint8(np.rint(255 * np.clip(frame, 0, 1)))
        times = max(1, 500 // max(frame.shape[:2]))
        return PIL.Image.fromarray(pixels.repeat(times, 0).repeat(times, 1))
    png = io.BytesIO()
    frame.savefig(png, format="png", dpi=_DPI)  # a tight box would differ between frames
    plt.close(frame)
    return PIL.Image.open(png).convert("RGB")


def _folded(alt: str) -> HTML:
    words = html.escape(alt)
    return HTML(f"<details><summary><small>In words</small></summary>{words}</details>")


def _compact(png: bytes) -> tuple[bytes, str]:
    """Turn a picture that is large as PNG, so with photos in it, into a JPEG: a third of it."""
    if len(png) <= _LARGE:
        return png, "png"
    jpeg = io.BytesIO()
    picture = PIL.Image.open(io.BytesIO(png)).convert("RGB")
    picture.save(jpeg, "JPEG", quality=75)
    return jpeg.getvalue(), "jpeg"


def show_images(
    images: Mapping[str, np.ndarray], alt: str, *, columns: int = 3, width: float = 9.0
) -> None:
    """Display pictures side by side, each under its title, all pixels to one scale per picture.

    Parameters
    ----------
    images : mapping of str to ndarray, float32, shape (H, W, 3)
        RGB in [0, 1], by title.
    alt : str
        What is to be seen, in a sentence or two.
    columns : int
        Pictures per row, at the most.
    width : float
        Of the whole figure, in inches.
    """
    show(draw_images(images, columns=columns, width=width), alt)


def draw_images(images: Mapping[str, np.ndarray], *, columns: int, width: float) -> Figure:
    """Draw what `show_images` displays, to be shown or saved.

    Parameters
    ----------
    images, columns, width
        As for `show_images`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    tallest = max(image.shape[0] / image.shape[1] for image in images.values())
    size = (width, rows * (width / columns * tallest + 0.3))
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    for axis in axes.flat:
        axis.set_axis_off()
    for axis, (title, image) in zip(axes.flat, images.items(), strict=False):
        axis.imshow(image, interpolation="lanczos")
        axis.set_title(title, fontsize=10)
    return figure


def show_losses(results: Mapping[str, Result], alt: str) -> None:
    """Display the total loss of each run against its steps, on a logarithmic scale.

    Parameters
    ----------
    results : mapping of str to Result
        Runs by the name that the legend gives them.
    alt : str
        What is to be seen, in a sentence or two.
    """
    figure, axis = plt.subplots(figsize=(6.5, 3), layout="constrained")
    for name, result in results.items():
        axis.semilogy(1 + np.arange(len(result.totals)), result.totals, label=name)
        for end in np.cumsum([steps for *_, steps in result.scales])[:-1]:
            axis.axvline(end, color="0.8", zorder=0)
    axis.set(xlabel="step", ylabel="total loss")
    axis.legend(frameon=False)
    show(figure, alt)


def side_by_side(images: Sequence[np.ndarray], height: int = 240, gap: int = 8) -> np.ndarray:
    """Join pictures into one, scaled to the same height, with white between them.

    Parameters
    ----------
    images : sequence of ndarray, float32, shape (H, W, 3)
        RGB in [0, 1].
    height, gap : int
        Pixels.

    Returns
    -------
    ndarray, float32, shape (height, W', 3)
        RGB in [0, 1].
    """
    white = np.ones((height, gap, 3), np.float32)
    row: list[np.ndarray] = []
    for image in images:
        width = round(image.shape[1] * height / image.shape[0])
        row += [white, resize_to(image, (height, width))]
    return np.concatenate(row[1:], axis=1)
