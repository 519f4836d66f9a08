"""How much of each edge is painted, without and with the frame that is cut off again.

Prints the mean change from the photo in strips of seven pixels along the four edges, averaged over
the photo and the photo turned upside down, since a photo's own edges differ. With `--figure` it
writes the default picture, 512 x 341 pixels, both ways to docs/edges.jpg.

    python benchmarks/edges.py [--figure]
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from nst_helpers import Recipe, data, load_weights, save_image
from nst_helpers.course.figures import side_by_side
from nst_helpers.transfer import stylize as transfer

FIGURE = Path(__file__).parent.parent / "docs" / "edges.jpg"
SHAPES = (80, 96), (79, 95), (103, 160), (89, 111)
STRIP = 7


def unframed(run: Callable[[], np.ndarray]) -> np.ndarray:
    """Do a run as it was before there was a frame."""
    frame, transfer.frame = transfer.frame, lambda image, multiple: image
    try:
        return run()
    finally:
        transfer.frame = frame


def change(photo: np.ndarray, framed: bool) -> np.ndarray:
    """Return the mean change along the left, right, top and bottom edge."""
    recipe = Recipe(size=max(photo.shape), pyramid=((1.0, 25),))

    def run() -> np.ndarray:
        return transfer.stylize(photo, "swirling_night", recipe, weights=load_weights()).image

    changed = np.abs((run() if framed else unframed(run)) - photo).mean(-1)
    edges = changed[:, :STRIP], changed[:, -STRIP:], changed[:STRIP], changed[-STRIP:]
    return np.array([edge.mean() for edge in edges])


def table() -> None:
    """Print one row per size and way."""
    photo = data.load("china", size=256)[20:, 40:]
    print("height x width  frame     left  right    top  bottom")
    for height, width in SHAPES:
        part = np.ascontiguousarray(photo[:height, :width])
        turned = np.ascontiguousarray(part[::-1, ::-1])
        for framed in (False, True):
            mean = (change(part, framed) + change(turned, framed)) / 2
            row = "  ".join(f"{value:.3f}" for value in mean)
            print(f"{height:4d} x {width:3d}      {'with' if framed else 'without':7}  {row}")


def figure() -> None:
    """Write the default picture without and with the frame."""

    def run() -> np.ndarray:
        return transfer.stylize("china", "swirling_night").image

    save_image(side_by_side([unframed(run), run()], height=341), FIGURE)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--figure", action="store_true")
    if parser.parse_args().figure:
        figure()
    else:
        table()
