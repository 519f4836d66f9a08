"""Peak memory and time of one step, in one piece and by tiles.

Every row is a process of its own, since a process never gives its peak back. The peak includes
TensorFlow and the network's weights, which the first line shows alone. Random weights do: neither
memory nor time depends on their values.

    python benchmarks/memory.py [--tile 512] [256 512 1024 2048 ...]
"""

import argparse
import multiprocessing
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import product

import numpy as np

PRECISIONS = ("float32", "bfloat16")
STEPS = 2


def measure(size: int, precision: str, tile: int | None) -> tuple[float, float]:
    """Return the peak in GB and the seconds per step of a square picture; size 0 takes no step."""
    from nst_helpers import (
        VGG19,
        Recipe,
        TiledObjective,
        load_weights,
        recipe_objective,
        tf,
    )

    recipe, seconds = Recipe(), 0.0
    extractor = VGG19(recipe.layers, load_weights("random"), pooling="average", precision=precision)
    if size:
        picture = np.random.default_rng(0).random((size, size, 3), np.float32)
        if tile is None:
            objective = recipe_objective(extractor, recipe, picture, [picture])
        else:
            objective = TiledObjective(extractor, recipe, picture, [picture], tile=tile)
        step = tf.function(objective.terms_and_gradient, autograph=False)
        images = tf.constant(picture[None])
        step(images)[0].numpy()  # compiles
        began = time.perf_counter()
        for _ in range(STEPS):
            step(images)[0].numpy()
        seconds = (time.perf_counter() - began) / STEPS
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9, seconds


def in_a_process(size: int, precision: str, tile: int | None) -> tuple[float, float]:
    """Return what `measure` does, from a fresh interpreter."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(measure, size, precision, tile).result()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sizes", nargs="*", type=int, default=[256, 512, 1024])
    parser.add_argument("--tile", type=int, default=512)
    options = parser.parse_args()
    alone, _ = in_a_process(0, "float32", None)
    print(f"tiles of {options.tile}; TensorFlow and the weights alone: {alone:.2f} GB")
    print(f"{'size':>5} {'precision':>9} {'whole':>16} {'tiled':>20}   tiled / whole")
    for size, precision in product(options.sizes, PRECISIONS):
        whole = in_a_process(size, precision, None)
        tiled = in_a_process(size, precision, options.tile)
        print(
            f"{size:5d} {precision:>9} {whole[0]:5.2f} GB {whole[1]:5.2f} s "
            f"{tiled[0]:9.2f} GB {tiled[1]:5.2f} s "
            f" x {tiled[0] / whole[0]:.2f} GB, x {tiled[1] / whole[1]:.2f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
