"""Make the paper's two large figures again, at 384 x 384 pixels' worth: `docs/paper/`.

    python tools/make_showcase.py

The paper's pictures are fetched, or read from the folder that NST_PAPER_IMAGES names. A run that
was stopped goes on where it was; the panels are kept in `outputs/showcase`.
"""

from pathlib import Path

import PIL.Image
from tqdm import tqdm

from nst_helpers import paper

FIGURES = ("painters", "layers_and_ratio")
# Coarse to fine, since from noise half the size settles the layout at a quarter of the cost.
BUDGET = paper.Budget(384, ((0.5, 150), (1.0, 120)))
PANELS = Path("outputs", "showcase")
FOLDER = Path(__file__).parent.parent / "docs" / "paper"


def main() -> None:
    wanted = paper.figures(BUDGET, FIGURES)
    FOLDER.mkdir(exist_ok=True)
    with tqdm(total=len(paper.named_runs(wanted))) as bar:
        files = paper.make(wanted, PANELS, callback=lambda run: bar.update())
        bar.update(bar.total - bar.n)  # the runs that were there already
    for file in files.values():
        PIL.Image.open(file).convert("RGB").save(FOLDER / f"{file.stem}.jpg", quality=88)
        settings = file.with_suffix(".json")
        (FOLDER / settings.name).write_text(settings.read_text(encoding="utf-8"), encoding="utf-8")


if __name__ == "__main__":
    main()
