"""What it looks like when something is wrong: symptom, cause and cure of the usual mistakes.

Each was found in programs or tutorials in use. `show` paints a failure beside the right picture, of
the same photo and painting, size and steps, and says what to do.
"""

from __future__ import annotations

from typing import NamedTuple

from IPython.display import Markdown, display

from ..errors import RecipeError
from ..pictures import data
from ..pictures.sizes import resize_to
from . import mistakes
from .figures import show_images
from .mistakes import Images, Painter, Scene

_COUNTED = ("block1_conv1", "block1_conv2", "block2_conv1", "block2_conv2", "block3_conv1")


class Failure(NamedTuple):
    """One mistake: what is seen, why, what helps, and how it is painted, by title."""

    symptom: str
    cause: str
    cure: str
    paint: Painter


def make(name: str, size: int = 160, steps: int = 60) -> Images:
    """Paint a failure beside what is right.

    Parameters
    ----------
    name : str
        One of `FAILURES`.
    size : int
        Pixels of the longer side.
    steps : int

    Returns
    -------
    dict of str to ndarray, float32, shape (H, W, 3)
        RGB in [0, 1], by title; the right one first.

    Raises
    ------
    RecipeError
        If there is no failure of that name.
    """
    if name not in FAILURES:
        raise RecipeError(f"There is no failure {name!r}; choose from {', '.join(FAILURES)}.")
    photo = data.load("china", size)
    painting = resize_to(data.load("swirling_night", size), photo.shape[:2])
    return FAILURES[name].paint(Scene(photo, painting, steps))


def show(name: str, size: int = 160, steps: int = 60) -> None:
    """Display a failure beside what is right, with symptom, cause and cure.

    Parameters
    ----------
    name, size, steps
        As for `make`.

    Raises
    ------
    RecipeError
        If there is no failure of that name.
    """
    pictures = make(name, size, steps)
    symptom, cause, cure, _ = FAILURES[name]
    show_images(pictures, alt=f"Two pictures, right and wrong. Wrong: {symptom}", columns=2)
    display(Markdown(f"**Symptom.** {symptom}\n\n**Cause.** {cause}\n\n**Cure.** {cure}"))


FAILURES: dict[str, Failure] = {
    "channel_order": Failure(
        "Nearly right, so that nobody notices: paler, with other swirls.",
        "VGG19 from Caffe was trained on blue, green, red, and gets red, green, blue.",
        "Turn the channels round in the preprocessing (lesson 01), and test one red pixel.",
        mistakes.swapped,
    ),
    "reshape": Failure(
        "The loss falls, and the picture takes loud colors that are not the painting's.",
        "`reshape(features, (N, M))` cuts the numbers into N rows as they lie in memory; a row "
        "then mixes all channels of some positions.",
        "`reshape(features, (M, N))`, and transpose where N x M is wanted (lesson 05).",
        mistakes.statistic(mistakes.reshaped),
    ),
    "collapsed": Failure(
        "The photo with more contrast and ripples in the sky, in its own colors.",
        "A reshape to one row makes the Gram matrix one number, the mean square of all features. "
        'Published code that compares methods by such a "Gram loss" has it.',
        "Print the shape: N x N (lesson 05).",
        mistakes.statistic(mistakes.collapsed),
    ),
    "preprocessing": Failure(
        "The photo under a faint net; weights that work for others do nothing.",
        "The network gets RGB in [0, 1] where it was trained on 0 to 255 minus the mean color.",
        "Preprocess (lesson 01).",
        mistakes.settings(preprocessing="none"),
    ),
    "float16": Failure(
        "The loss is infinite or not a number.",
        "Sums of squares of features exceed 65,504, the largest float16, and become infinite: most "
        "entries of the Gram matrix of conv4_1, drawn on a logarithmic scale, are white.",
        "Divide before the product, or take bfloat16, which has float32's range (lesson 09).",
        mistakes.half,
    ),
    "layer_names": Failure(
        "Small strokes and specks, and no stars.",
        '"conv_1 to conv_5" are counted: the first five convolutions, not the first of each block.',
        "Name layers by block and convolution (lesson 03).",
        mistakes.settings(style_layers=_COUNTED),
    ),
    "zero_padding": Failure(
        "A rim along the border, some ten pixels wide.",
        "The network sees zeros beyond the border, in the photo and in the painting.",
        'Continue pictures by reflection: `padding="reflect"`.',
        mistakes.settings(padding="zero"),
    ),
    "grain": Failure(
        "Colored dots of a pixel or two all over.",
        "The start is strong noise, and even conv1_1 hardly sees fine color: what it does not see "
        "stays.",
        "Start from the photo, from faint noise, or from a coarser scale.",
        mistakes.settings(start="noise"),
    ),
}
