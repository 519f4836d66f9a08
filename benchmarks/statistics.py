"""What a style is measured by, compared: textures from noise, and pictures of many pairs.

    python benchmarks/statistics.py textures [--size 128]
    python benchmarks/statistics.py weights [--size 128]
    python benchmarks/statistics.py pictures [METHOD ...] [--size 256]
    python benchmarks/statistics.py seconds [--size 256]

`textures` grows a texture from noise with each statistic and prints what is left of its loss.
`weights` finds for each statistic the weight at which as much of the photo is kept as by the
default recipe. `pictures` paints four photos like six paintings with the methods that are named;
without names, with all, and then judges them and writes docs/statistics.json and
docs/statistics_PAINTING.jpg. Its runs are kept in outputs/statistics, so that what was stopped goes
on. `seconds` times one pair with each method, on an otherwise idle machine.
"""

import json
import time
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any, get_args

import numpy as np
import typer
from tqdm import tqdm

from nst_helpers import (
    Recipe,
    Run,
    data,
    get_recipe,
    make_extractor,
    options,
    recipe_objective,
    stylize,
    sweep,
    tf,
)
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
        began, recipe = time.perf_counter(), replace(method(statistic), **how)
        totals = stylize(texture, texture, recipe).totals
        left = np.flatnonzero(totals < 0.01 * totals[0])
        first = f"below 1 % after {left[0]}" if len(left) else "never below 1 %"
        seconds = time.perf_counter() - began
        itself = least(texture, recipe) / totals[0]
        print(
            f"{statistic:16} {totals.min() / totals[0]:.5f} left, {first}, {seconds:.0f} s; "
            f"{itself:.5f} at the texture itself",
            flush=True,
        )


def least(texture: np.ndarray, recipe: Recipe) -> float:
    """Return the loss of a texture by its own measure, which is 0 where nothing is drawn."""
    objective = recipe_objective(make_extractor(recipe), recipe, texture, [texture])
    return float(np.sum(objective.terms(tf.constant(texture[None]))))


def kept(recipe: Recipe) -> float:
    """Return how much of the photo is kept, on average over three pairs."""
    pairs = list(zip(PHOTOS[:3], PAINTINGS[:3], strict=True))
    images = [stylize(*pair, recipe).image for pair in pairs]
    judges = [Judge(*pair, size=recipe.size) for pair in pairs]
    return np.mean([judge(image).ssim for judge, image in zip(judges, images, strict=True)])


@app.command()
def weights(size: int = 128, steps: int = 50, trials: int = 6) -> None:
    """Halve the range of a style weight's logarithm until the default's SSIM is between."""
    how: dict[str, Any] = {"size": size, "pyramid": ((1.0, steps),)}
    aim = kept(replace(method("gram"), **how))
    print(f"default: SSIM {aim:.3f}")
    for statistic in WEIGHTS:
        recipe = replace(method(statistic), **how)
        low, high = (np.log10(recipe.style_weight) + away for away in (-2, 2))
        for _ in range(trials):
            middle = (low + high) / 2
            found = kept(replace(recipe, style_weight=10**middle))
            print(f"{statistic:16} {10**middle:10.4g}: SSIM {found:.3f}", flush=True)
            low, high = (middle, high) if found > aim else (low, middle)


def methods(size: int) -> dict[str, Recipe]:
    """Return all methods by name."""
    return {name: replace(method(name), size=size) for name in get_args(options.StyleStatistic)}


PAIRS = [(photo, painting) for painting in PAINTINGS for photo in PHOTOS]


def painted(only: Iterable[str], size: int) -> dict[tuple[str, str, str], np.ndarray]:
    """Return the pictures by photo, painting and method, and make those that are missing."""
    recipes = methods(size)
    for name in only:
        if name not in recipes:
            raise typer.BadParameter(f"no method {name!r}; choose from {', '.join(recipes)}")
    runs = {" ".join((*pair, name)): Run(*pair, recipes[name]) for name in only for pair in PAIRS}
    with tqdm(total=len(runs)) as bar:
        results = sweep(runs, FOLDER, callback=lambda name: bar.update())
    return {tuple(name.split()): result.image for name, result in results.items()}


@app.command()
def pictures(only: Annotated[list[str] | None, typer.Argument()] = None, size: int = 256) -> None:
    """Do what is missing of the runs; if all methods are there, write table and pictures."""
    names = list(methods(size))
    images = painted(only or names, size)
    if only:
        return
    table = []
    for pair in PAIRS:
        judge = Judge(*pair, size=size)
        for name in names:
            row = dict(zip(("photo", "painting", "statistic"), (*pair, name), strict=True))
            table.append(row | asdict(judge(images[*pair, name])))
    (DOCS / "statistics.json").write_text(json.dumps(table, indent=1) + "\n")
    for painting in PAINTINGS:
        sheet = {
            f"{photo}, {name}": images[photo, painting, name] for photo in PHOTOS for name in names
        }
        drawn = draw_images(sheet, columns=len(names), width=2.2 * len(names))
        drawn.savefig(DOCS / f"statistics_{painting}.jpg", dpi=100, pil_kwargs={"quality": 85})


@app.command()
def seconds(size: int = 256) -> None:
    """Print the seconds that each method takes for one pair."""
    for name, recipe in methods(size).items():
        print(f"{name:16} {stylize(*PAIRS[0], recipe).seconds:.0f} s", flush=True)


if __name__ == "__main__":
    app()
