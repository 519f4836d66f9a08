"""Loss against seconds for the choices behind the default recipe.

Optimizers (L-BFGS, Adam, Adam with averaged iterates), one scale or coarse to fine, bfloat16 or
float32; three pairs of pictures; from the content and from noise. Every run gets the same seconds
of steps, compilation apart. Every image is judged by the default recipe's objective in float32 at
the final size, coarse ones enlarged.

    python benchmarks/choices.py run     # choices.json beside this file; the CPU must be idle
    python benchmarks/choices.py draw    # docs/choices.png from it
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import typer

from nst_helpers import (
    VGG19,
    Objective,
    Recipe,
    data,
    device_name,
    make_extractor,
    make_optimizer,
    recipe_objective,
    resize_to,
    tf,
)
from nst_helpers.transfer.scales import scaled

RECORD = Path(__file__).with_suffix(".json")
PICTURE = Path(__file__).parent.parent / "docs" / "choices.png"
PAIRS = (
    ("china", "swirling_night"),
    ("chelsea", "woodcut_waves"),
    ("astronaut", "stained_glass"),
)
STARTS = ("content", "noise")
ONE_SCALE = ((1.0, 1.0),)
COARSE_TO_FINE = ((0.4, 0.25), (0.7, 0.35), (1.0, 0.4))  # share of each side, share of the seconds
RECORDS = 12  # images per run

app = typer.Typer(add_completion=False, no_args_is_help=True)


@dataclass(frozen=True)
class Choice:
    """One way to minimize the objective."""

    optimizer: str
    scales: tuple[tuple[float, float], ...]
    precision: str = "bfloat16"
    average: float = 0.0  # decay of the running mean of the iterates; 0: the last one
    bands: bool = True  # whether L-BFGS knows that x is an image


CHOICES = {
    "L-BFGS, one scale": Choice("lbfgs", ONE_SCALE),
    "L-BFGS, coarse to fine": Choice("lbfgs", COARSE_TO_FINE),
    "L-BFGS without bands, coarse to fine": Choice("lbfgs", COARSE_TO_FINE, bands=False),
    "L-BFGS, coarse to fine, float32": Choice("lbfgs", COARSE_TO_FINE, "float32"),
    "Adam, one scale": Choice("adam", ONE_SCALE),
    "Adam, coarse to fine": Choice("adam", COARSE_TO_FINE),
    "Adam averaged, coarse to fine": Choice("adam", COARSE_TO_FINE, average=0.9),
}


@app.command()
def run(size: int = 256, seconds: float = 15.0) -> None:
    """Measure every choice."""
    extractors = {p: make_extractor(Recipe(precision=p)) for p in ("bfloat16", "float32")}
    found: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for (content, style), start in ((pair, start) for pair in PAIRS for start in STARTS):
        pictures = data.load(content, size), data.load(style, size)
        judge = recipe_objective(extractors["float32"], Recipe(), pictures[0], [pictures[1]])
        curves = found[f"{content}, {style}, from {start}"] = {}
        for name, choice in CHOICES.items():
            extractor = extractors[choice.precision]
            records = list(images(choice, extractor, *pictures, start, seconds))
            curves[name] = [
                (round(t, 2), loss(judge, resize_to(image, pictures[0].shape[:2])))
                for t, image in records
            ]
            print(f"{content:10} {start:8} {name:32} {curves[name][-1][1]:.3g}", flush=True)
        setting = {"size": size, "seconds": seconds, "machine": device_name()}
        RECORD.write_text(json.dumps({**setting, "curves": found}, indent=1) + "\n")


def images(
    choice: Choice,
    extractor: VGG19,
    content: np.ndarray,
    style: np.ndarray,
    start: str,
    seconds: float,
) -> Iterator[tuple[float, np.ndarray]]:
    """Yield (seconds of steps so far, image), coarse images too."""
    noise = np.random.default_rng(0).random(content.shape, np.float32)
    image, passed = noise if start == "noise" else content, 0.0
    yield passed, image
    for share, part in choice.scales:
        shape = scaled(content.shape, share)
        objective = recipe_objective(
            *(extractor, Recipe(), resize_to(content, shape)),
            [resize_to(style, scaled(style.shape, share))],
        )
        steps = descend(choice, objective, resize_to(image, shape))
        next(steps)  # compiles
        began, due = time.perf_counter(), 0.0
        while (now := time.perf_counter() - began) < part * seconds:
            image = next(steps)
            if now >= due:
                yield passed + time.perf_counter() - began, image
                due += seconds / RECORDS
        passed += time.perf_counter() - began
        yield passed, image


def descend(choice: Choice, objective: Objective, image: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the image after each step; the first step is taken twice, since it compiles."""
    optimizer = make_optimizer(replace(Recipe(), optimizer=choice.optimizer))

    @tf.function(autograph=False)
    def step(state, x):
        _, gradient = objective.terms_and_gradient(tf.reshape(x, (1, *image.shape)))
        return optimizer.update(state, x, tf.reshape(gradient, x.shape), clip=True)

    first = tf.constant(image if choice.bands else image.ravel())
    step(optimizer.init(first), first)
    yield image
    state, x, mean, weight = optimizer.init(first), first, tf.zeros_like(first), 0.0
    while True:
        state, x = step(state, x)
        mean = choice.average * mean + (1 - choice.average) * x
        weight = choice.average * weight + 1 - choice.average
        yield tf.reshape(mean / weight, image.shape).numpy()


def loss(judge: Objective, image: np.ndarray) -> float:
    """Return the total loss in float32."""
    return float(tf.reduce_sum(judge.terms(tf.constant(image[None]))))


@app.command()
def draw() -> None:
    """Draw the record: one panel for each pair and start."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    record = json.loads(RECORD.read_text())
    figure, panels = pyplot.subplots(
        *(2, len(PAIRS)), figsize=(11, 6), sharex=True, layout="constrained"
    )
    for axes, (title, curves) in zip(panels.T.flat, record["curves"].items(), strict=True):
        for number, (name, curve) in enumerate(curves.items()):
            axes.semilogy(*zip(*curve, strict=True), label=name, color=f"C{number}")
        axes.set_title(title, fontsize=9)
    for axes in panels[-1]:
        axes.set_xlabel("seconds of steps")
    figure.supylabel("total loss of the default recipe, in float32")
    figure.legend(*panels.flat[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, dpi=100)


if __name__ == "__main__":
    app()
