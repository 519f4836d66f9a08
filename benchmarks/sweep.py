"""Twenty panels by one worker and by two, each with its share of the cores.

The panels are those of the paper's grid of layers and ratios, small. The workers are processes of
their own, started on the clock, as `nst figures --workers` starts them.

    python benchmarks/sweep.py [--size 160] [--steps 60]
"""

import os
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import psutil
import typer

from nst_helpers import paper, sweep

MOST_BUSY = 10  # % of the CPU that others may use


def seconds(workers: int, threads: int, budget: paper.Budget) -> float:
    """Return how long the grid takes."""
    os.environ["TF_NUM_INTRAOP_THREADS"] = str(threads)  # the workers inherit it
    runs = paper.named_runs(paper.figures(budget, ["layers_and_ratio"]))
    began = time.perf_counter()
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool,
    ):
        sweep(runs, folder, pool)
    return time.perf_counter() - began


def main(size: int = 160, steps: int = 60) -> None:
    if psutil.cpu_percent(interval=1) > MOST_BUSY:
        print("Other programs use this CPU: these times will mean little.")
    cores = os.cpu_count() or 1
    budget = paper.Budget(size, ((1.0, steps),))
    print(f"20 panels of {size} x {size} pixels' worth, {steps} steps, {cores} cores")
    print("workers  threads each  seconds")
    for workers, threads in ((1, 1), (1, cores), (2, max(1, cores // 2))):
        print(f"{workers:7}{threads:14}{seconds(workers, threads, budget):9.0f}", flush=True)


if __name__ == "__main__":
    typer.run(main)
