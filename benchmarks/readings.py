"""What the papers' alpha / beta multiplies: five readings, tried at two sizes.

A reading says what the content loss and the style loss are divided by, and on which network they
are taken. All runs start from gray with faint noise, with average pooling and L-BFGS; only the
reading, the ratio and the size change. Each picture is judged by what no run optimizes:

- kept: the similarity of its luminance with the photo's (1: the photo);
- missing: distance of Gram matrices in other layers (1: the photo, 0: the painting).

    python benchmarks/readings.py [--steps 250] [96 192]

The panels are kept in outputs/readings, so that what was stopped goes on. The table goes to
docs/paper/readings.json, the pictures of each size to docs/paper/readings_SIZE.jpg.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from tqdm import tqdm

from nst_helpers import Recipe, Run, data, get_recipe, sweep
from nst_helpers.course.figures import draw_images
from nst_helpers.course.rulers import StyleRuler, kept

PHOTO, PAINTING = "tubingen", "composition_vii"
RATIOS = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
SIZES = [96, 192]
MEANS = {"content_normalization": "mean", "style_normalization": "mean"}
READINGS: dict[str, dict[str, Any]] = {
    "printed": {},
    "means": MEANS,
    "printed rescaled": {"normalize_network": True},
    "means rescaled": {"normalize_network": True} | MEANS,
    "released": {"layer_weights": "inverse_square"} | MEANS,
}
ROOT = Path(__file__).parent.parent
FOLDER, PAPER = ROOT / "outputs" / "readings", ROOT / "docs" / "paper"


def recipe_of(reading: str, ratio: float, size: int, steps: int) -> Recipe:
    """Return a reading of a printed alpha / beta as a recipe."""
    base = get_recipe("gatys2015")
    how = {"size": size, "pyramid": ((1.0, steps),), "style_weight": 1 / ratio}
    return replace(base, **how, **READINGS[reading])


def judged(image: np.ndarray, photo: np.ndarray, style: StyleRuler) -> dict[str, float]:
    """Return what of the photo is kept and what of the style missing."""
    return {"kept": round(kept(image, photo), 3), "missing": round(style.missing(image), 3)}


def main(sizes: Annotated[list[int], typer.Argument()] = SIZES, steps: int = 250) -> None:
    """Do what is missing of the runs, judge all, and write table and pictures."""
    table: list[dict[str, Any]] = []
    for size in sizes:
        runs = {
            f"{size} {reading} {ratio:.0e}": Run(
                PHOTO, PAINTING, recipe_of(reading, ratio, size, steps)
            )
            for reading in READINGS
            for ratio in RATIOS
        }
        with tqdm(total=len(runs), desc=f"{size} px") as bar:
            results = sweep(runs, FOLDER, callback=lambda name, bar=bar: bar.update())
        photo, painting = (data.load(name, size, "area") for name in (PHOTO, PAINTING))
        style, panels = StyleRuler(painting, photo), {}
        for name, result in results.items():
            _, rest = name.split(" ", 1)
            reading, ratio = rest.rsplit(" ", 1)
            row = {"size": size, "reading": reading, "ratio": float(ratio)}
            row |= judged(result.image, photo, style)
            table.append(row | {"steps": steps, "seconds": round(result.seconds, 1)})
            panels[f"{rest}\nkept {row['kept']:.2f}, missing {row['missing']:.2f}"] = result.image
        drawn = draw_images(panels, columns=len(RATIOS), width=2.2 * len(RATIOS))
        drawn.savefig(PAPER / f"readings_{size}.jpg", dpi=100, pil_kwargs={"quality": 85})
    (PAPER / "readings.json").write_text(json.dumps(table, indent=1) + "\n")
    for row in table:
        print(*row.values(), sep="\t")


if __name__ == "__main__":
    typer.run(main)
