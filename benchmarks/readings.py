"""What the papers' alpha / beta multiplies: five readings, tried at two sizes (lesson 08).

A reading says what the content loss and the style loss are divided by, and on which network they
are taken. All runs start from noise, with average pooling and L-BFGS; only the reading, the ratio
and the size change. Each picture is judged by what no run optimizes:

- kept: SSIM of its luminance with the photo's (1: the photo);
- missing: distance of Gram matrices in layers that no loss uses (1: the photo, 0: the painting).

    python benchmarks/readings.py [--steps 500] [160 320]

The panels are kept in outputs/readings, so that what was stopped goes on. The table goes to
docs/paper/readings.json, the pictures of each size to docs/paper/readings_SIZE.jpg.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from skimage.metrics import structural_similarity
from tqdm import tqdm

from nst_helpers import VGG19, Recipe, Run, data, gram_matrix, sweep
from nst_helpers.course.figures import draw_images

PHOTO, PAINTING = "tubingen", "composition_vii"
RATIOS = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
SIZES = [160, 320]
READINGS: dict[str, dict[str, Any]] = {
    "printed": {"content_normalization": "paper", "style_normalization": "paper"},
    "means": {},
    "printed rescaled": {
        "content_normalization": "paper",
        "style_normalization": "paper",
        "normalize_network": True,
    },
    "means rescaled": {"normalize_network": True},
    "released": {"layer_weights": "inverse_square"},
}
JUDGES = ("block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3")
ROOT = Path(__file__).parent.parent
FOLDER, PAPER = ROOT / "outputs" / "readings", ROOT / "docs" / "paper"


def recipe_of(reading: str, ratio: float, size: int, steps: int) -> Recipe:
    """Return a reading of a printed alpha / beta as a recipe."""
    base = Recipe(
        layer_weights="mean",
        start="noise",
        size=size,
        size_rule="area",
        pyramid=((1.0, steps),),
        clip=False,
    )
    return replace(base, style_weight=1 / ratio, **READINGS[reading])


class Yardstick:
    """How much of the photo is kept and how much of the style missing, at one size."""

    def __init__(self, size: int) -> None:
        self.network = VGG19(JUDGES, pooling="average")
        self.photo, painting = (data.load(name, size, "area") for name in (PHOTO, PAINTING))
        self.target, of_photo = self._grams(painting), self._grams(self.photo)
        self.whole = self._distances(of_photo)

    def _grams(self, image: np.ndarray) -> list[np.ndarray]:
        return [gram_matrix(maps)[0].numpy() for maps in self.network(image[None]).values()]

    def _distances(self, grams: list[np.ndarray]) -> np.ndarray:
        pairs = zip(grams, self.target, strict=True)
        return np.array([np.linalg.norm(one - other) for one, other in pairs])

    def __call__(self, image: np.ndarray) -> dict[str, float]:
        gray = [picture @ np.float32([0.299, 0.587, 0.114]) for picture in (image, self.photo)]
        kept = structural_similarity(*gray, data_range=1.0, gaussian_weights=True)
        missing = np.mean(self._distances(self._grams(image)) / self.whole)
        return {"kept": round(float(kept), 3), "missing": round(float(missing), 3)}


def main(sizes: Annotated[list[int], typer.Argument()] = SIZES, steps: int = 500) -> None:
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
        judge, panels = Yardstick(size), {}
        for name, result in results.items():
            _, rest = name.split(" ", 1)
            reading, ratio = rest.rsplit(" ", 1)
            row = {"size": size, "reading": reading, "ratio": float(ratio), **judge(result.image)}
            table.append(row | {"steps": steps, "seconds": round(result.seconds, 1)})
            panels[f"{rest}\nkept {row['kept']:.2f}, missing {row['missing']:.2f}"] = result.image
        drawn = draw_images(panels, columns=len(RATIOS), width=2.2 * len(RATIOS))
        drawn.savefig(PAPER / f"readings_{size}.jpg", dpi=100, pil_kwargs={"quality": 85})
    (PAPER / "readings.json").write_text(json.dumps(table, indent=1) + "\n")
    for row in table:
        print(*row.values(), sep="\t")


if __name__ == "__main__":
    typer.run(main)
