"""The drawings of the lessons: what they say, what they mark, and that nothing overlaps."""

import io
from collections.abc import Callable
from html import unescape
from itertools import combinations
from typing import Any

import numpy as np
import PIL.Image
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Patch, Rectangle
from matplotlib.path import Path as MplPath
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from nst_helpers import data
from nst_helpers.architecture import ARCHITECTURE, CHANNELS, LAYERS
from nst_helpers.course import drawings, figures
from nst_helpers.errors import LayerError, NSTError

LESSONS = [f"{number:02d}" for number in range(1, 13)]
FIRSTS = [name for name in LAYERS if name.endswith("conv1")]
FEATURES = np.maximum(0, np.random.default_rng(0).normal(size=(12, 16, 8))).astype(np.float32)

Draw = Callable[..., tuple[Figure, str]]


def photo(height: int = 171, width: int = 256) -> np.ndarray:
    return np.linspace(0, 1, height * width * 3, dtype=np.float32).reshape(height, width, 3)


@pytest.fixture
def draw(monkeypatch: pytest.MonkeyPatch) -> Draw:
    """Return the figure that a drawing shows, laid out, and its description."""
    shown: list[tuple[Figure, str]] = []
    monkeypatch.setattr(figures, "show", lambda *given: shown.append(given))

    def run(drawing: Callable[..., None], *args: Any) -> tuple[Figure, str]:
        shown.clear()
        assert drawing(*args) is None
        ((figure, alt),) = shown
        figure.draw_without_rendering()
        return figure, alt

    return run


def pixels(figure: Figure) -> bytes:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return bytes(canvas.buffer_rgba())


def texts(figure: Figure) -> list[Text]:
    return [text for text in figure.findobj(Text) if text.get_visible() and text.get_text()]


def words(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in texts(figure))


def place(text: Text) -> Bbox:
    """Return where a text is, with its background, in the figure's pixels."""
    patch = text.get_bbox_patch()
    return place_of(patch) if patch else text.get_window_extent()


def place_of(patch: Patch) -> Bbox:
    return patch.get_path().get_extents(patch.get_transform())


def overlap(a: Bbox, b: Bbox) -> bool:
    both = Bbox.intersection(a, b)
    return both is not None and min(both.width, both.height) > 0.5  # of a pixel


def drawn(arrow: FancyArrowPatch) -> list[MplPath]:
    path, to_pixels = arrow.get_path(), arrow.axes.transData
    return [MplPath(stroke) for stroke in path.to_polygons(to_pixels, closed_only=False)]


def contains(outer: Bbox, inner: Bbox, rim: float = 0) -> bool:
    return bool((outer.min + rim <= inner.min).all() and (inner.max <= outer.max - rim).all())


TALL, SMALL = photo(300, 100), photo(8, 8)
HUGE = np.full((4, 4, 512), 1e5)
DRAWINGS: list[tuple[Callable[..., None], tuple[Any, ...]]] = [
    *((drawings.method, (here,)) for here in (None, *LESSONS)),
    *((drawings.vgg19, (layers,)) for layers in ((), FIRSTS, LAYERS)),
    (drawings.two_roads, ()),
    *((drawings.gram_entry, args) for args in ((FEATURES, 2, 5), (FEATURES, 3, 3))),
    *((drawings.gram_entry, args) for args in ((HUGE, 510, 511), (-HUGE, 0, 1), (0 * HUGE, 0, 1))),
    *((drawings.receptive_fields, (photo(), layers)) for layers in (FIRSTS, LAYERS[9:10], LAYERS)),
    *((drawings.receptive_fields, (image, FIRSTS)) for image in (TALL, SMALL)),
]
everything = pytest.mark.parametrize(
    ("drawing", "args"), DRAWINGS, ids=lambda value: getattr(value, "__name__", "")
)


@everything
def test_words_fit_and_overlap_nothing(
    draw: Draw, drawing: Callable[..., None], args: tuple[Any, ...]
) -> None:
    figure, alt = draw(drawing, *args)
    assert len(alt) > 60
    assert figure.get_figwidth() <= 9
    places = {text: place(text) for text in texts(figure)}
    for text, where in places.items():
        assert contains(figure.bbox, where), text
        assert text.get_fontsize() >= 10
    for (one, here), (other, there) in combinations(places.items(), 2):
        assert not overlap(here, there), (one, other)
    labels = [text.get_bbox_patch() for text in places]  # they lie on edges, on purpose
    boxes = [place_of(box) for box in figure.findobj(FancyBboxPatch) if box not in labels]
    strokes = [stroke for arrow in figure.findobj(FancyArrowPatch) for stroke in drawn(arrow)]
    for text, where in places.items():
        if not text.get_bbox_patch():
            assert not any(stroke.intersects_bbox(where, filled=False) for stroke in strokes), text
            for box in boxes:
                assert contains(box, where, rim=5) or not overlap(box, where), text


@pytest.mark.parametrize(
    "drawing",
    [
        lambda: drawings.method("04"),
        lambda: drawings.vgg19(FIRSTS),
        drawings.two_roads,
        lambda: drawings.gram_entry(FEATURES, 0, 1),
        lambda: drawings.receptive_fields(data.load("china", 128), FIRSTS),
    ],
)
def test_is_displayed_with_its_description(
    drawing: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Any] = []
    monkeypatch.setattr(figures, "display", lambda *things: shown.extend(things))
    drawing()
    picture, html = shown
    assert unescape(html.data).endswith(f"</summary>{picture.alt}</details>")
    assert 640 < picture.width < 800, "as displayed"
    assert PIL.Image.open(io.BytesIO(picture.data)).width > 1.8 * picture.width, "as stored"


@pytest.mark.parametrize("here", LESSONS)
def test_the_map_marks_one_lesson(draw: Draw, here: str) -> None:
    plain, plain_alt = draw(drawings.method)
    figure, alt = draw(drawings.method, here)
    for text in (words(plain), words(figure), plain_alt, alt):
        assert all(lesson in text for lesson in LESSONS)
    assert "you are here" not in words(plain)
    assert words(figure).count("you are here") == 1
    assert "Marked" not in plain_alt
    assert f"Marked: {here}, " in alt
    assert pixels(figure) != pixels(plain)


@pytest.mark.parametrize("here", ["13", "3", 3, "content loss", ""])
def test_a_lesson_that_the_map_does_not_have(here: Any) -> None:
    with pytest.raises(NSTError, match=r"^The map has no lesson .*; choose from 01, .*, 12\.$"):
        drawings.method(here)


def test_vgg19_has_all_layers_and_shapes(draw: Draw) -> None:
    figure, _ = draw(drawings.vgg19)
    shown = [text.get_text() for text in texts(figure)]
    assert [name for name in shown if name.startswith("conv")] == [
        name.replace("block", "conv").replace("_conv", "_") for name in LAYERS
    ]
    assert shown.count("pool") == 4
    shapes = [text.split("\n") for text in shown if text.startswith("$N$")]
    assert [n for n, _ in shapes] == [f"$N$ = {n}" for n in (3, *(CHANNELS[n] for n in FIRSTS))]
    halved = ["", "", "/2", "/4", "/8", "/16"]
    assert [size for _, size in shapes] == [f"$H${part} × $W${part}" for part in halved]
    marked, alt = draw(drawings.vgg19, ["block4_conv2"])
    assert alt.endswith("Marked: conv4_2.")
    assert pixels(marked) != pixels(figure)


def test_vgg19_is_to_scale(draw: Draw) -> None:
    figure, _ = draw(drawings.vgg19)
    boxes = figure.findobj(FancyBboxPatch)[1:]  # without the picture
    assert len(boxes) == len(ARCHITECTURE)
    for box, (name, _, channels) in zip(boxes, ARCHITECTURE, strict=True):
        assert box.get_height() == pytest.approx(boxes[0].get_height() / 2 ** (int(name[5]) - 1))
        assert (box.get_width() > boxes[0].get_width()) == (channels > 64)


def test_two_roads_end_in_one_number_each(draw: Draw) -> None:
    figure, _ = draw(drawings.two_roads)
    assert words(figure).count("1 number") == 2
    assert all(f"gradient ∝ {start}" in words(figure) for start in ("$F - P$", "$(G - A)"))
    dashed = [arrow.get_linestyle() != "-" for arrow in figure.findobj(FancyArrowPatch)]
    assert sum(dashed) == 3


def test_gram_entry_is_the_sum_of_the_product(draw: Draw) -> None:
    figure, alt = draw(drawings.gram_entry, FEATURES, 2, 5)
    first, second, product = (image.get_array() for image in figure.axes[0].images)
    np.testing.assert_allclose(first * second, product)
    gram = np.einsum("hwi,hwj->ij", FEATURES, FEATURES)
    assert f"= {gram[2, 5]:.4g}\nmean: {gram[2, 5] / 192:.4g}" in words(figure)
    assert "Channel 2 times channel 5" in alt


def seen(layer: str, position: int) -> set[int]:
    """Walk back from a position of a layer to all pixels of an axis that it depends on."""
    positions = {position}
    for name in reversed(LAYERS[: LAYERS.index(layer) + 1]):
        positions = {p + step for p in positions for step in (-1, 0, 1)}
        if name.endswith("conv1") and name != "block1_conv1":
            positions = {2 * p + step for p in positions for step in (0, 1)}
    return positions


@pytest.mark.parametrize("layer", LAYERS)
def test_receptive_fields(draw: Draw, layer: str) -> None:
    height, width = 301, 430
    figure, alt = draw(drawings.receptive_fields, photo(height, width), [layer])
    cell = 2 ** (int(layer[5]) - 1)
    rows, columns = (seen(layer, side // 2 // cell) for side in (height, width))
    assert f"sees {len(rows)} × {len(columns)} pixels" in words(figure)
    assert words(figure) in alt
    (square,) = (p for p in figure.axes[0].patches if isinstance(p, Rectangle))
    left, right, _, top = figure.axes[0].images[0].get_extent()
    inch = (right - left) / width
    (x0, y0), (x1, y1) = square.get_bbox().get_points()
    assert (np.array([x0, x1]) - left) / inch == pytest.approx([min(columns), max(columns) + 1])
    assert (top - np.array([y1, y0])) / inch == pytest.approx([min(rows), max(rows) + 1])


def test_receptive_fields_of_the_papers_layers(draw: Draw) -> None:
    _, alt = draw(drawings.receptive_fields, data.load("china", 128), FIRSTS)
    for block, size in enumerate((3, 10, 24, 68, 156), start=1):
        assert f"conv{block}_1 sees {size} × {size} pixels" in alt


@pytest.mark.parametrize(
    ("drawing", "args"), [(drawings.vgg19, ()), (drawings.receptive_fields, (photo(),))]
)
def test_an_unknown_layer(drawing: Callable[..., None], args: tuple[Any, ...]) -> None:
    with pytest.raises(LayerError, match=r"^VGG19 has no layer 'conv4_2'; did you mean .*\?$"):
        drawing(*args, ["conv4_2"])


def test_no_receptive_field_without_a_layer() -> None:
    with pytest.raises(LayerError, match="No layer was asked for"):
        drawings.receptive_fields(photo(), [])


def frames_of(monkeypatch: pytest.MonkeyPatch, frames: list[Any]) -> PIL.Image.Image:
    shown: list[Any] = []
    monkeypatch.setattr(figures, "display", lambda *outputs: shown.extend(outputs))
    figures.show_frames(frames, "Something <moves>.", seconds=0.5)
    image, words = shown
    assert image.alt == "Something <moves>."
    assert "Something &lt;moves&gt;." in words.data
    return PIL.Image.open(io.BytesIO(image.data))


def test_frames_play_and_come_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    grays = [np.full((4, 6, 3), value, np.float32) for value in (0, 0.5, 1)]
    film = frames_of(monkeypatch, grays)
    assert (film.format, film.mode, film.n_frames, film.info["loop"]) == ("PNG", "RGB", 3, 3)
    times, colors = [], []
    for number in range(film.n_frames):
        film.seek(number)
        times.append(film.info["duration"])
        colors.append(film.convert("RGB").getpixel((9, 9)))
    assert times == [500, 500, 2000]
    assert colors == [(0, 0, 0), (128, 128, 128), (255, 255, 255)]
    assert film.width % 6 == film.height % 4 == 0, "enlarged, without smoothing"


def test_figures_are_frames_of_one_size(monkeypatch: pytest.MonkeyPatch) -> None:
    sheets = []
    for end in (1, 2):
        figure = Figure(figsize=(4, 2))
        figure.add_subplot().plot([0, end])
        sheets.append(figure)
    film = frames_of(monkeypatch, sheets)
    assert film.size == (600, 300)
    assert film.n_frames == 2
