"""The forecast beside what runs then take: seconds per step, and peak memory.

    python benchmarks/forecast.py [--precision float32] [--steps 3] 128 256 512 1024

Every run is a process of its own, on squares of noise and with random weights: neither changes
what a step costs. Ratios are forecast over measured.
"""

import argparse
import dataclasses
import json
import platform
import resource
import subprocess
import sys

import numpy as np

from nst_helpers import Recipe


def table(asked: argparse.Namespace) -> None:
    """Print one row per size, each measured in a process of its own."""
    print("                seconds per step                peak memory, GB")
    print("size   forecast  measured  ratio     forecast  measured  ratio")
    for size in asked.sizes:
        options = ["--precision", asked.precision, "--optimizer", asked.optimizer]
        options += ["--steps", str(asked.steps), "--tile", str(asked.tile), "--here", str(size)]
        command = [sys.executable, __file__, *options]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
        (told, took), (wanted, had) = json.loads(done.stdout)
        print(
            f"{size:4d} {told:10.3f} {took:9.3f} {told / took:6.2f}"
            f" {wanted / 1e9:12.2f} {had / 1e9:9.2f} {wanted / had:6.2f}",
            flush=True,
        )


def row(recipe: Recipe) -> tuple[tuple[float, float], tuple[float, float]]:
    """Do a run and forecast it; return (forecast, measured) of seconds per step and of bytes."""
    from nst_helpers import forecast, load_weights, stylize

    content, style = np.random.default_rng(0).random((2, recipe.size, recipe.size, 3), np.float32)
    clock = []
    stylize(
        *(content, style, recipe),
        weights=load_weights("random"),
        callback=lambda progress: clock.append((progress.step, progress.seconds)),
    )
    (step, began), (steps, ended) = clock[0], clock[-1]  # the first call compiles
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # before the probe adds its own
    one_step = dataclasses.replace(recipe, pyramid=((1.0, 1),))
    told, first = (forecast(r, content.shape, [style.shape]) for r in (recipe, one_step))
    return (
        ((told.seconds - first.seconds) / (recipe.steps - 1), (ended - began) / (steps - step)),
        (told.bytes, peak * (1 if platform.system() == "Darwin" else 1024)),
    )


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("sizes", type=int, nargs="+", help="sides in pixels")
    parser.add_argument("--precision", default="auto", help="auto, float32 or bfloat16")
    parser.add_argument("--optimizer", default="lbfgs", help="lbfgs or adam")
    parser.add_argument("--tile", type=int, default=Recipe.tile)
    parser.add_argument("--steps", type=int, default=10, help="2 or more")
    parser.add_argument("--here", action="store_true", help="one size in this process, as JSON")
    asked = parser.parse_args()
    if not asked.here:
        table(asked)
        return
    pyramid, (size, *_) = ((1.0, asked.steps),), asked.sizes
    how = {"precision": asked.precision, "optimizer": asked.optimizer, "tile": asked.tile}
    print(json.dumps(row(Recipe(size=size, pyramid=pyramid, **how))))


if __name__ == "__main__":
    main()
