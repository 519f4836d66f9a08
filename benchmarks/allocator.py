"""What the allocator of large tensors costs: a step's time, page faults and peak memory.

TensorFlow's default on a CPU is the C library's malloc. glibc gives every block of over 32 MB back
to the system when it is freed and has it faulted in again, page by page, in the next step. The
other rows are TensorFlow's own allocator, which keeps what it once got, and glibc told to keep it.
Every row is a process of its own; ratios are to the default in the same run.

    python benchmarks/allocator.py [256 512 1024]        # ONEDNN_MAX_CPU_ISA=AVX2 for that case
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time

ALLOCATORS = {
    "malloc": {"TF_CPU_ALLOCATOR_USE_BFC": "false"},
    "BFC": {"TF_CPU_ALLOCATOR_USE_BFC": "true"},
    "malloc, tuned": {
        "TF_CPU_ALLOCATOR_USE_BFC": "false",
        "GLIBC_TUNABLES": "glibc.malloc.mmap_threshold=4294967296:"
        "glibc.malloc.trim_threshold=17179869184",
    },
}
STEPS = 3


def measure(size: int, precision: str) -> dict[str, float]:
    """Return the least seconds per step, its system time and faults, and the peak in GB."""
    import numpy as np

    from nst_helpers import VGG19, Recipe, load_weights, recipe_objective, tf

    recipe, picture = Recipe(), np.random.default_rng(0).random((size, size, 3), np.float32)
    extractor = VGG19(recipe.layers, load_weights("random"), pooling="average", precision=precision)
    objective = recipe_objective(extractor, recipe, picture, [picture])
    step, images = (
        tf.function(objective.terms_and_gradient, autograph=False),
        tf.constant([picture]),
    )
    step(images)[0].numpy()  # compiles
    before, seconds = resource.getrusage(resource.RUSAGE_SELF), []
    for _ in range(STEPS):
        began = time.perf_counter()
        step(images)[1].numpy()
        seconds.append(time.perf_counter() - began)
    after = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "seconds": min(seconds),
        "system": (after.ru_stime - before.ru_stime) / STEPS,
        "faults": (after.ru_minflt - before.ru_minflt) / STEPS,
        "peak": after.ru_maxrss * 1024 / 1e9,
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sizes", nargs="*", type=int, default=[256, 512, 1024])
    parser.add_argument("--here", help="one row in this process, as JSON")
    asked = parser.parse_args()
    if asked.here:
        print(json.dumps(measure(asked.sizes[0], asked.here)))
        return
    print("size  precision  allocator       s/step  ratio  system s    faults  peak GB  ratio")
    for size in asked.sizes:
        for precision in ("float32", "bfloat16"):
            default = None
            for name, settings in ALLOCATORS.items():
                command = [sys.executable, __file__, str(size), "--here", precision]
                done = subprocess.run(
                    command, env=os.environ | settings, capture_output=True, text=True, check=True
                )
                row = json.loads(done.stdout)
                default = default or row
                print(
                    f"{size:4d}  {precision:9}  {name:14}  {row['seconds']:6.3f}"
                    f"  {row['seconds'] / default['seconds']:5.2f}  {row['system']:8.3f}"
                    f"  {row['faults']:8.0f}  {row['peak']:7.2f}"
                    f"  {row['peak'] / default['peak']:5.2f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
