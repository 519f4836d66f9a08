"""Paint the gallery: content, style and result side by side, and the page around them.

    python tools/make_gallery.py [STYLE ...]

Each picture is written to `docs/gallery/` with its record beside it; the page is made from the
records.
"""

import json
import sys
from pathlib import Path

from nst_helpers import data, load_image, save_image, stylize
from nst_helpers.course.figures import side_by_side

CONTENTS = {  # by style
    "swirling_night": "china",
    "woodcut_waves": "china",
    "stained_glass": "flower",
    "pointillist_meadow": "china",
    "cubist_facets": "coffee",
    "ink_mountains": "rocket",
    "turning_discs": "chelsea",
}
FOLDER = Path(__file__).parent.parent / "docs" / "gallery"
HEAD = """# Gallery

All of them were made by `python tools/make_gallery.py`, which writes this page and the pictures; the style pictures were painted by `tools/artworks`. The seconds are those of 2 cores with AVX2 beside other programs.
"""  # noqa: E501  # one paragraph of the page


def paint(content: str, style: str) -> None:
    """Run the default recipe and write the three pictures as one, with the record."""
    result = stylize(content, style, progress=True)
    three = side_by_side([data.load(content), load_image(data.path(style)), result.image])
    record = {key: value for key, value in result.record().items() if key != "trace"}
    save_image(three, FOLDER / f"{content}-{style}.jpg", metadata=record)
    (FOLDER / f"{content}-{style}.json").write_text(json.dumps(record, indent=1) + "\n")


def row(content: str, style: str) -> str:
    """Return the page's lines for one picture."""
    photo, painting = data.info(content), data.info(style)
    run = json.loads((FOLDER / f"{content}-{style}.json").read_text())
    last = run["scales"][-1]
    alt = f"The photo {photo.title}, the painting {painting.title}, and the photo painted like it."
    return (
        f"![{alt}]({content}-{style}.jpg)\n\n"
        f"*{photo.title}* in the style of *{painting.title}*: recipe `default`, "
        f"{last['width']} x {last['height']} pixels, {run['seconds']:.0f} s in {run['precision']}. "
        f"Photo: {photo.author}, {photo.license}.\n"
    )


def main() -> None:
    """Paint the styles named, or all, and rewrite the page."""
    FOLDER.mkdir(exist_ok=True)
    for style in sys.argv[1:] or CONTENTS:
        paint(CONTENTS[style], style)
    rows = [row(content, style) for style, content in CONTENTS.items()]
    (FOLDER / "README.md").write_text("\n".join([HEAD, *rows]))


if __name__ == "__main__":
    main()
