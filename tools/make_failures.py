"""Paint the failure gallery: each usual mistake beside the right picture, and the page of them.

    python tools/make_failures.py [NAME ...]

Writes `docs/failures/NAME.jpg` and the page.
"""

import sys
from pathlib import Path

from nst_helpers import save_image
from nst_helpers.course.failures import FAILURES, make
from nst_helpers.course.figures import side_by_side

FOLDER = Path(__file__).parent.parent / "docs" / "failures"
SIZE, STEPS = 224, 60
HEAD = f"""# What it looks like when something is wrong

Left, what is right; right, the mistake. Same photo, painting, size ({SIZE} pixels) and {STEPS} steps from the photo, unless the start is the mistake; made by `python tools/make_failures.py`. In a notebook: `from nst_helpers.course import failures; failures.show("reshape")`.

Photo: danielbuechele (Flickr, CC BY 2.0), out of scikit-learn. Painting: ours.
"""  # noqa: E501  # one paragraph of the page


def main() -> None:
    """Paint the failures named, or all, and rewrite the page."""
    FOLDER.mkdir(exist_ok=True)
    for name in sys.argv[1:] or FAILURES:
        save_image(side_by_side(list(make(name, SIZE, STEPS).values())), FOLDER / f"{name}.jpg")
    parts = [HEAD]
    for name, (symptom, cause, cure, _) in FAILURES.items():
        alt = f"Two pictures, right and wrong. Wrong: {symptom}"
        parts.append(
            f"## {name.replace('_', ' ').capitalize()}\n\n![{alt}]({name}.jpg)\n\n"
            f"**Symptom.** {symptom}\n\n**Cause.** {cause}\n\n**Cure.** {cure}\n"
        )
    (FOLDER / "README.md").write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
