"""How much of each edge is painted, without and with the frame that is cut off again.

`frame` prints the mean change from the photo in strips of seven pixels along the four edges,
averaged over the photo and the photo turned upside down, since a photo's own edges differ. `figure`
writes the default picture, 512 x 341 pixels, both ways to docs/edges.jpg. `rim` prints how loud
the features are in the outer 16 pixels, as a share of the middle, for both kinds of padding.

    python benchmarks/edges.py frame | figure | rim
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import typer

from nst_helpers import VGG19, Recipe, data, load_weights, save_image, stylize
from nst_helpers.architecture import smallest_side
from nst_helpers.course.figures import side_by_side
from nst_helpers.transfer import inputs

FIGURE = Path(__file__).parent.parent / "docs" / "edges.jpg"
SHAPES = (80, 96), (79, 95), (103, 160), (89, 111)
STRIP = 7
RIM = 16

app = typer.Typer(add_completion=False, no_args_is_help=True)


def unframed(run: Callable[[], np.ndarray]) -> np.ndarray:
    """Do a run as it was before there was a frame."""
    framed, inputs.frame = inputs.frame, lambda image, multiple: image
    try:
        return run()
    finally:
        inputs.frame = framed


def change(photo: np.ndarray, framed: bool) -> np.ndarray:
    """Return the mean change along the left, right, top and bottom edge."""
    recipe = Recipe(size=max(photo.shape), pyramid=((1.0, 25),))

    def run() -> np.ndarray:
        return stylize(photo, "swirling_night", recipe, weights=load_weights()).image

    changed = np.abs((run() if framed else unframed(run)) - photo).mean(-1)
    edges = changed[:, :STRIP], changed[:, -STRIP:], changed[:STRIP], changed[-STRIP:]
    return np.array([edge.mean() for edge in edges])


@app.command()
def frame() -> None:
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


@app.command()
def figure() -> None:
    """Write the default picture without and with the frame."""

    def run() -> np.ndarray:
        return stylize("china", "swirling_night").image

    save_image(side_by_side([unframed(run), run()], height=341), FIGURE)


@app.command()
def rim() -> None:
    """Print the mean squared feature of the rim over that of the middle, by layer and padding."""
    layers = Recipe().style_layers
    names = [name for name in data.names() if "url" not in data.info(name).source]
    print("layer          " + "".join(f"{padding:>9}" for padding in ("zero", "reflect")))
    pictures = [data.load(name, size=256) for name in names]
    networks = [
        VGG19(layers, pooling="average", padding=padding) for padding in ("zero", "reflect")
    ]
    for layer in layers:
        shares = [np.median([loudness(n, p, layer) for p in pictures]) for n in networks]
        print(f"{layer:15}" + "".join(f"{share:9.2f}" for share in shares), flush=True)


def loudness(network: VGG19, picture: np.ndarray, layer: str) -> float:
    """Return the mean squared feature in the outer 16 pixels over that of the middle."""
    whole = picture[: picture.shape[0] // 16 * 16, : picture.shape[1] // 16 * 16]
    squares = (network(whole[None])[layer][0].numpy() ** 2).mean(-1)
    inner = np.zeros(squares.shape, bool)
    cells = RIM // smallest_side(layer)
    inner[cells:-cells, cells:-cells] = True
    return float(squares[~inner].mean() / squares[inner].mean())


if __name__ == "__main__":
    app()
