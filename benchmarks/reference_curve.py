"""Our `gatys_code` run beside the loss curve that the authors saved in their notebook.

The authors' PyTorch notebook prints the loss at every 50th evaluation of L-BFGS, under a label that
is one too high: Neckarfront in the style of The Starry Night, short side 512, from the content
image. This repeats the run in float32 and in bfloat16, evaluates both final images in float32, and
writes the curves and the seconds to `data/reference_curve.json`, which the package ships.

    python benchmarks/reference_curve.py [bfloat16] [float32]

Source of the authors' numbers: leongatys/PytorchNeuralStyleTransfer, commit be6c8e2, stored output.
"""

import dataclasses
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from nst_helpers import (
    LBFGS,
    Objective,
    data,
    device_name,
    get_recipe,
    load_image,
    make_extractor,
    optimize,
    recipe_objective,
)

CONTENT, STYLE = "tubingen", "vangogh_starry_night"
RECIPE = get_recipe("gatys_code")
AUTHORS = {
    50: 1388532.5,
    100: 707860.75,
    150: 538045.44,
    200: 469374.88,
    250: 433804.63,
    300: 411657.56,
    350: 395248.25,
    400: 383885.31,
    450: 375128.75,
    500: 368493.78,
}
RECORD = Path(__file__).parent.parent / "data" / "reference_curve.json"


def objective(precision: str) -> Objective:
    """Return the authors' objective, with the network in this precision."""
    content, style = (
        load_image(data.path(name), RECIPE.size, RECIPE.size_rule, RECIPE.resample)
        for name in (CONTENT, STYLE)
    )
    extractor = make_extractor(dataclasses.replace(RECIPE, precision=precision))
    return recipe_objective(extractor, RECIPE, content, [style])


def run(precision: str) -> dict[str, Any]:
    """Repeat the authors' run, and evaluate its image once more in float32."""
    start = load_image(data.path(CONTENT), RECIPE.size, RECIPE.size_rule, RECIPE.resample)
    target, totals, clock = objective(precision), [], []
    began = time.perf_counter()
    with tqdm(total=RECIPE.steps, desc=precision) as bar:
        for best, rows in optimize(target, start, RECIPE.steps, LBFGS(RECIPE.history)):
            image = best[None]
            totals += [round(float(total), 1) for total in rows.sum(axis=1)]
            clock.append((len(totals), round(time.perf_counter() - began, 1)))
            bar.update(len(rows))
    final = float(np.sum(objective("float32").terms(image)))
    return {
        "device": device_name(),
        "seconds": clock[-1][1],
        "final_loss_in_float32": round(final, 1),
        "seconds_at_step": clock[::20],
        "totals": totals,
    }


def main() -> None:
    """Run what the command line names, and print all that is on record."""
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    for precision in sys.argv[1:] or ["bfloat16", "float32"]:
        record[precision] = run(precision)
        RECORD.write_text(json.dumps(record, indent=1) + "\n")
    report(record)


def report(record: dict[str, dict[str, Any]]) -> None:
    """Print the curves side by side, as ratios to the authors'; their 50 is evaluation 49."""
    print("     label    authors" + "".join(f"{name:>22}" for name in record))
    for label, authors in AUTHORS.items():
        ours = [run["totals"][label - 2] for run in record.values()]
        print(
            f"{label:10d} {authors:10.0f}" + "".join(f"{x:14.0f} x {x / authors:.3f}" for x in ours)
        )
    for name, run in record.items():
        final, seconds = run["final_loss_in_float32"], run["seconds"]
        ahead = next((i + 1 for i, x in enumerate(run["totals"]) if x <= AUTHORS[500]), None)
        print(
            f"{name}: {seconds:.0f} s on {run['device']}; final image in float32 {final:.0f}, "
            f"x {final / AUTHORS[500]:.3f}; the authors' loss reached at evaluation {ahead}"
        )


if __name__ == "__main__":
    main()
