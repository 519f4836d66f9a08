"""What a style is measured by, compared: textures from noise, and pictures of many pairs.

    python benchmarks/statistics.py textures [--size 128]
    python benchmarks/statistics.py pictures [--size 256]

`textures` grows a texture from noise with each statistic and prints what is left of its loss.
`pictures` paints four photos like six paintings with every method, judges all and writes
docs/statistics.json and docs/statistics_PAINTING.jpg. Its runs are kept in outputs/statistics, so
that what was stopped goes on.
"""

import json
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import typer
from tqdm import tqdm

from nst_helpers import Recipe, Run, data, get_recipe, options, stylize, sweep
from nst_helpers.course.figures import draw_images
from nst_helpers.judge import Judge

ROOT = Path(__file__).parent.parent
FOLDER, DOCS = ROOT / "outputs" / "statistics", ROOT / "docs"
PHOTOS = ("china", "flower", "chelsea", "rocket")
PAINTINGS = (
    *("swirling_night", "woodcut_waves", "stained_glass"),
    *("pointillist_meadow", "cubist_facets", "ink_mountains"),
)
TOGETHER = {"transport": "strotss", "neighbors": "nnst"}  # recipes of their own

# First guesses. To be fair, set them so that as much of the photo is kept as by the default.
WEIGHTS: dict[str, dict[str, Any]] = {
    "mean_covariance": {},
    "wasserstein": {"layer_weights": "mean", "style_weight": 1.0},
    "sliced": {"layer_weights": "mean", "style_weight": 1.0},
    "shifted_gram": {},
}
app = typer.Typer()


def method(statistic: str) -> Recipe:
    """Return the recipe that stands for a statistic."""
    if statistic in TOGETHER:
        return get_recipe(TOGETHER[statistic])
    return Recipe(statistic=statistic, **WEIGHTS.get(statistic, {}))


@app.command()
def textures(size: int = 128, source: str = "gravel", steps: int = 150) -> None:
    """Print for every statistic what share of its loss a texture from noise has left."""
    texture = data.load(source, 2 * size)[:size, :size]
    for statistic in get_args(options.StyleStatistic):
        how = {"content_layers": (), "start": "noise", "size": size, "pyramid": ((1.0, steps),)}
        if statistic == "transport":
            how["content_weight"] = 0.0
        began = time.perf_counter()
        totals = stylize(texture, texture, replace(method(statistic), **how)).totals
        left = np.flatnonzero(totals < 0.01 * totals[0])
        first = f"below 1 % after {left[0]}" if len(left) else "never below 1 %"
        seconds = time.perf_counter() - began
        print(f"{statistic:16} {totals.min() / totals[0]:.5f} left, {first}, {seconds:.0f} s")


@app.command()
def pictures(size: int = 256) -> None:
    """Do what is missing of the runs, judge all, and write table and pictures."""
    methods = {name: replace(method(name), size=size) for name in get_args(options.StyleStatistic)}
    pairs = [(photo, painting) for painting in PAINTINGS for photo in PHOTOS]
    runs = {
        f"{photo} {painting} {name}": Run(photo, painting, recipe)
        for photo, painting in pairs
        for name, recipe in methods.items()
    }
    with tqdm(total=len(runs)) as bar:
        results = sweep(runs, FOLDER, callback=lambda name: bar.update())
    table = []
    for photo, painting in pairs:
        judge = Judge(photo, painting, size=size)
        for name in methods:
            result = results[f"{photo} {painting} {name}"]
            row: dict[str, Any] = {"photo": photo, "painting": painting, "statistic": name}
            row |= asdict(judge(result.image))
            table.append(row | {"seconds": round(result.seconds, 1)})
    (DOCS / "statistics.json").write_text(json.dumps(table, indent=1) + "\n")
    for painting in PAINTINGS:
        sheet = {
            f"{photo}, {name}": results[f"{photo} {painting} {name}"].image
            for photo in PHOTOS
            for name in methods
        }
        drawn = draw_images(sheet, columns=len(methods), width=2.2 * len(methods))
        drawn.savefig(DOCS / f"statistics_{painting}.jpg", dpi=100, pil_kwargs={"quality": 85})


if __name__ == "__main__":
    app()
