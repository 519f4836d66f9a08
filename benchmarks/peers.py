"""Ours beside other people's loops: same VGG19 weights, same pictures, same size, one process.

    python benchmarks/peers.py steps    # seconds per evaluation of loss and gradient
    python benchmarks/peers.py race     # loss against seconds, to the authors' final loss
    python benchmarks/peers.py draw     # docs/race.png again, from the record

`race` follows the authors' own setting: content start, short side 512, 500 evaluations. (From the
content, and with so much weight on it, coarse scales first cost more than they gain.) Both write to
`peers.json` beside this file. All run on the CPU, which must be idle: PyTorch's threads wait for
each other and lose far more than TensorFlow's when they have to share a core. PyTorch is needed for
the authors' algorithm only: the dependency group `peers`, or `python -m pip install torch==2.13.0`.
"""

import json
import os
import statistics
import sys
import time
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import typer
from peer_loops import (
    Loop,
    authors_pytorch,
    keras_io,
    keras_network,
    ours,
    pattern_card,
    tensorflow_tutorial,
)

from nst_helpers import (
    CHANNELS,
    Recipe,
    Weights,
    data,
    device_name,
    get_recipe,
    load_image,
    load_weights,
    resize_to,
    tf,
    to_network,
)

RECORD = Path(__file__).with_suffix(".json")
PICTURE = Path(__file__).parent.parent / "docs" / "race.png"
AUTHORS = "the authors' algorithm (PyTorch)"
OURS = ("ours, float32", "ours, bfloat16")
SECONDS_PER_ROUND = 1.0  # short steps are timed several at a time
WARM_UP = 2  # the first call traces; after the second, ours knows how many steps to take at once
MOST = 2  # times the authors' evaluations: where ours gives up
PAIRS = 50  # that ours remembers; the authors' algorithm 100
RECORD_EVERY = 10  # evaluations, where a loop yields more often
MOST_BUSY = 10  # percent

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.command()
def steps(
    content: str = "tubingen",
    style: str = "vangogh_starry_night",
    size: int = 256,
    rounds: int = 5,
) -> None:
    """Time every loop with its own objective (ours: the default recipe), in turn, on squares."""
    warn_if_busy()
    pictures = [resize_to(load_image(data.resolve(p)), (size, size)) for p in (content, style)]
    both, weights = (pictures[0], pictures[1]), load_weights()
    loops = {
        "the pattern card, as printed": pattern_card(*both, weights),
        "keras.io's layout": keras_io(*both, weights),
        "TensorFlow's tutorial": tensorflow_tutorial(*both, weights),
        **({AUTHORS: authors_pytorch(*both, weights)} if has_torch() else {}),
        **our_loops(*both, weights, Recipe(pyramid=((1.0, 1),))),
    }
    times: dict[str, list[float]] = {name: [] for name in loops}
    for loop in loops.values():
        for _ in range(WARM_UP):
            next(loop)
    for _ in range(rounds):
        for name, loop in loops.items():
            times[name].append(seconds_per_step(loop))
    found = {n: {"min": min(t), "median": statistics.median(t)} for n, t in times.items()}
    write("steps", {"size": size, "rounds": rounds, "machine": machine(), "seconds": found})
    report_steps(found)


@app.command()
def race(
    content: str = "tubingen",
    style: str = "vangogh_starry_night",
    size: int = 512,
    evaluations: int = 500,
    authors: bool = True,
) -> None:
    """Minimize the authors' objective with theirs and with ours (long: about half an hour).

    Theirs takes `evaluations`; ours goes on until it is as low in float32, judged while its clock
    stands still. With --no-authors their curve of the last race is kept.
    """
    warn_if_busy()
    recipe, weights = replace(get_recipe("gatys_code"), history=PAIRS), load_weights()
    first, second = (
        load_image(data.resolve(picture), size, recipe.size_rule, recipe.resample)
        for picture in (content, style)
    )
    setting = {"content": content, "style": style, "size": size, "machine": machine()}
    judge, curves, goal = Judge(first, second, weights), {}, 0.0
    if not authors:
        curves[AUTHORS] = kept(setting)
    elif has_torch():
        curves[AUTHORS] = run(authors_pytorch(first, second, weights), judge, evaluations)
    if AUTHORS in curves:
        goal = curves[AUTHORS][-1][2]
    for name, loop in our_loops(first, second, weights, recipe).items():
        write("race", {**setting, "curves": curves})
        curves[name] = run(loop, judge, MOST * evaluations, goal)
    write("race", {**setting, "curves": curves})
    report_race(curves)
    draw()


def kept(setting: dict[str, Any]) -> list[tuple[int, float, float]]:
    """Return the authors' curve of the last race, which must have had the same setting."""
    record = json.loads(RECORD.read_text())["race"]
    if {**record, **setting} != record:
        sys.exit("The last race had another setting or machine: leave --no-authors out.")
    return record["curves"][AUTHORS]


@app.command()
def draw() -> None:
    """Draw loss against seconds from the record."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    record = json.loads(RECORD.read_text())["race"]
    figure, axes = pyplot.subplots(figsize=(7, 4), layout="constrained")
    for name, curve in record["curves"].items():
        _, seconds, losses = zip(*curve, strict=True)
        axes.plot(seconds, losses, label=name)
    if AUTHORS in record["curves"]:
        axes.axhline(record["curves"][AUTHORS][-1][2], color="gray", lw=0.8, ls=":")
    axes.set(xlabel="seconds", ylabel="the authors' loss, in float32", yscale="log")
    axes.set_title(f"{record['content']} in the style of {record['style']}, {record['machine']}")
    axes.legend(frameon=False)
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, dpi=100)


class Judge:
    """The authors' objective in float32, sharing no code with the loops that it judges."""

    def __init__(self, content: np.ndarray, style: np.ndarray, weights: Weights) -> None:
        network = keras_network(weights)
        self.names = [f"block{block}_conv1" for block in range(1, 6)]
        layers = [network.get_layer(name).output for name in [*self.names, "block4_conv2"]]
        self.model = tf.keras.Model(network.input, layers)
        self.maps, self.grams = self._look(content)[0], self._look(style)[1]

    def __call__(self, image: np.ndarray) -> float:
        maps, grams = self._look(image)
        total = np.mean((maps - self.maps) ** 2, dtype=np.float64)
        for name, gram, target in zip(self.names, grams, self.grams, strict=True):
            total += 1e3 / CHANNELS[name] ** 2 * np.mean((gram - target) ** 2)
        return float(total)

    def _look(self, image: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        *style_maps, maps = (x[0].numpy() for x in self.model(to_network(image)[None]))
        rows = [x.reshape(-1, x.shape[-1]) for x in style_maps]
        return maps, [x.T @ x / len(x) for x in rows]


def our_loops(
    content: np.ndarray, style: np.ndarray, weights: Weights, recipe: Recipe
) -> dict[str, Loop]:
    recipes = (replace(recipe, precision="float32"), replace(recipe, precision="bfloat16"))
    return {n: ours(content, style, weights, r) for n, r in zip(OURS, recipes, strict=True)}


def seconds_per_step(loop: Loop) -> float:
    """Return the seconds per evaluation, over one second or more."""
    began, passed, done = time.perf_counter(), 0.0, 0
    while passed < SECONDS_PER_ROUND:
        done += next(loop)[0]
        passed = time.perf_counter() - began
    return passed / done


def run(
    loop: Loop, judge: Judge, evaluations: int, goal: float = 0.0
) -> list[tuple[int, float, float]]:
    """Return (evaluations, seconds, loss), up to the goal; judging is not on the clock."""
    done, due, seconds = 0, 0, 0.0
    curve: list[tuple[int, float, float]] = []
    while done < evaluations and (not curve or curve[-1][2] > goal):
        began = time.perf_counter()
        taken, image = next(loop)
        seconds += time.perf_counter() - began
        done += taken
        if done >= min(due, evaluations):
            curve.append((done, round(seconds, 2), round(judge(image), 1)))
            due = done + RECORD_EVERY
    loop.close()  # frees its history for the next one
    return curve


def report_steps(found: dict[str, dict[str, float]]) -> None:
    print(f"{'seconds per step':34}     min  median" + "".join(f"{'/ ' + n:>18}" for n in OURS))
    for name, seconds in found.items():
        ratios = "".join(f"{seconds['min'] / found[o]['min']:18.1f}" for o in OURS)
        print(f"{name:34}{seconds['min']:8.3f}{seconds['median']:8.3f}{ratios}")


def report_race(curves: dict[str, list[tuple[int, float, float]]]) -> None:
    for name, curve in curves.items():
        print("{:34}{:5d} evaluations,{:8.1f} s, loss {:.0f}".format(name, *curve[-1]))
    if AUTHORS not in curves:
        return
    _, seconds, goal = curves[AUTHORS][-1]
    for name in OURS:
        hit = next((point for point in curves[name] if point[2] <= goal), None)
        if hit is None:
            print(f"{name} did not reach the authors' final loss")
        else:
            print(
                f"{name} reached the authors' final loss after {hit[0]} evaluations "
                f"and {hit[1]:.1f} s: {seconds / hit[1]:.1f} times sooner"
            )


def has_torch() -> bool:
    if find_spec("torch"):
        return True
    print("PyTorch is missing, so the authors' algorithm is left out: pip install torch==2.13.0")
    return False


def machine() -> str:
    return f"{device_name()}, {os.cpu_count()} cores"


def warn_if_busy() -> None:
    busy = psutil.cpu_percent(interval=1)
    if busy > MOST_BUSY:
        print(f"Other programs use {busy:.0f} % of this CPU: these times will mean little.")


def write(part: str, found: dict[str, Any]) -> None:
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    RECORD.write_text(json.dumps({**record, part: found}, indent=1) + "\n")


if __name__ == "__main__":
    if tf.config.list_physical_devices("GPU"):
        sys.exit("Hide the GPU, which PyTorch would not use here: set CUDA_VISIBLE_DEVICES=-1.")
    tf.keras.utils.set_random_seed(0)
    app()
