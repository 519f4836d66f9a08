"""Make the paper's figures again at its size, or near it: `docs/paper/`.

    python tools/make_showcase.py [--size 384] [--last 200] [painters] [ratio] ...

The same as `nst figures --budget full --size 384` (with so many steps on the last scale, the
slowest by far), and every panel's measures beside its settings:
what is kept of the photo, what is missing of the style, the length of structures, and grain
(`course.rulers`). The paper's pictures are fetched, or read from the folder that NST_PAPER_IMAGES
names. A run that was stopped goes on where it was; the panels are kept in `outputs/showcase`.
"""

import json
from pathlib import Path
from typing import Annotated, Any

import PIL.Image
import typer
from tqdm import tqdm

from nst_helpers import Result, Run, data, paper
from nst_helpers.course.rulers import StyleRuler, grain, kept, structure_length

PANELS = Path("outputs", "showcase")
FOLDER = Path(__file__).parent.parent / "docs" / "paper"


def measures(run: Run, result: Result) -> dict[str, float]:
    """Return what the rulers say of a panel."""
    photo, painting = (
        data.load(name, run.recipe.size, "area") for name in (run.content, run.style)
    )
    values = {
        "kept": kept(result.image, photo),
        "missing": StyleRuler(painting, photo).missing(result.image),
        "structure_length": structure_length(result.image),
        "grain": grain(result.image),
    }
    return {name: round(value, 3) for name, value in values.items()}


def store(file: Path, figure: paper.PaperFigure, results: dict[Run, Result]) -> None:
    """Copy a figure as JPEG, and its settings with the measures."""
    PIL.Image.open(file).convert("RGB").save(FOLDER / f"{file.stem}.jpg", quality=88)
    record: dict[str, Any] = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
    for title, run in figure.panels.items():
        record["panels"][title]["measures"] = measures(run, results[run])
    text = json.dumps(record, indent=1, ensure_ascii=False)
    (FOLDER / f"{file.stem}.json").write_text(f"{text}\n", encoding="utf-8")


def main(
    names: Annotated[list[str] | None, typer.Argument()] = None, size: int = 384, last: int = 200
) -> None:
    """Do what is missing of the runs, and store figures, settings and measures."""
    *coarse, (scale, _) = paper.BUDGETS["full"].pyramid
    wanted = paper.figures(paper.Budget(size, (*coarse, (scale, last))), names)
    runs = paper.named_runs(wanted)
    FOLDER.mkdir(exist_ok=True)
    with tqdm(total=len(runs)) as bar:
        files = paper.make(wanted, PANELS, callback=lambda run: bar.update())
        bar.update(bar.total - bar.n)  # the runs that were there already
    results = {run: Result.load(PANELS / "runs" / f"{name}.png") for name, run in runs.items()}
    for name, file in files.items():
        store(file, wanted[name], results)


if __name__ == "__main__":
    typer.run(main)
