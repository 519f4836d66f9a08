"""Paint the README's gallery: content, style and result side by side, and the table around them.

    python docs/make_gallery.py [STYLE ...]

Each picture is written to `docs/gallery/` with its record beside it; the table in the README,
between its two marks, is made from the records.
"""

import json
import sys
from pathlib import Path

from nst_helpers import ProgressBar, Recipe, data, load_image, save_image, stylize
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
FOLDER = Path(__file__).parent / "gallery"
README = Path(__file__).parent.parent / "README.md"
MARKS = "<!-- gallery -->\n", "<!-- end of gallery -->\n"


def paint(content: str, style: str) -> None:
    """Run the default recipe and write the three pictures as one, with the record."""
    with ProgressBar() as bar:
        result = stylize(content, style, Recipe(), callback=bar)
    three = side_by_side([data.load(content), load_image(data.path(style)), result.image])
    record = {key: value for key, value in result.record().items() if key != "trace"}
    save_image(three, FOLDER / f"{content}-{style}.jpg", metadata=record)
    (FOLDER / f"{content}-{style}.json").write_text(json.dumps(record, indent=1) + "\n")


def row(content: str, style: str) -> str:
    """Return the README's lines for one picture."""
    photo, painting = data.info(content), data.info(style)
    run = json.loads((FOLDER / f"{content}-{style}.json").read_text())
    last = run["scales"][-1]
    alt = f"The photo {photo.title}, the painting {painting.title}, and the photo painted like it."
    return (
        f"![{alt}](docs/gallery/{content}-{style}.jpg)\n\n"
        f"*{photo.title}* in the style of *{painting.title}*: recipe `default`, "
        f"{last['width']} x {last['height']} pixels, {run['seconds']:.0f} s in {run['precision']}. "
        f"Photo: {photo.author}, {photo.license}.\n"
    )


def main() -> None:
    """Paint the styles named, or all, and rewrite the README's gallery."""
    FOLDER.mkdir(exist_ok=True)
    for style in sys.argv[1:] or CONTENTS:
        paint(CONTENTS[style], style)
    before, _, rest = README.read_text().partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    table = "\n".join(row(content, style) for style, content in CONTENTS.items())
    README.write_text(f"{before}{MARKS[0]}\n{table}\n{MARKS[1]}{after}")


if __name__ == "__main__":
    main()
