"""Where a step's time goes, and how close it comes to what this processor can do.

For every size: each convolution alone, forward and back to its input; the best rate among them; and
the rate of the whole step, which is the operations of its convolutions over its time. What the step
takes beyond the sum of its convolutions is everything else: ReLUs, pooling, Gram matrices, casts.

    python benchmarks/step.py [--precision bfloat16] [256 512 1024]

Random numbers do: neither rates nor times depend on values.
"""

import argparse
import time
from collections.abc import Callable, Iterator

import numpy as np

from nst_helpers import (
    CHANNELS,
    LAYERS,
    VGG19,
    Recipe,
    device_name,
    load_weights,
    recipe_objective,
    resolve_precision,
    smallest_side,
    tf,
)

SECONDS = 1.0  # per measurement, so that short ones are repeated


def seconds(function: Callable[..., tf.Tensor], *inputs: tf.Tensor) -> float:
    """Return the least seconds per call: other programs only ever add."""
    compiled = tf.function(function, autograph=False)
    compiled(*inputs)
    times, began = [], time.perf_counter()
    while len(times) < 3 or time.perf_counter() - began < SECONDS:
        start = time.perf_counter()
        compiled(*inputs).numpy()
        times.append(time.perf_counter() - start)
    return min(times)


def convolutions(size: int, precision: str) -> Iterator[tuple[str, float, float, float]]:
    """Yield each layer's name, its operations one way, and its seconds forward and backward."""
    inputs = 3
    for name in LAYERS[: LAYERS.index(Recipe().layers[-1]) + 1]:
        side, outputs = size // smallest_side(name), CHANNELS[name]
        maps, slope, kernel = (
            tf.cast(tf.random.normal(shape), precision)
            for shape in (
                (1, side, side, inputs),
                (1, side, side, outputs),
                (3, 3, inputs, outputs),
            )
        )
        forward = seconds(lambda x, k: tf.nn.conv2d(x, k, 1, "SAME")[0, 0, 0], maps, kernel)
        backward = seconds(
            lambda s, k, x: tf.nn.conv2d_transpose(s, k, x.shape, 1, "SAME")[0, 0, 0],
            *(slope, kernel, maps),
        )
        yield name, 2 * 9 * inputs * outputs * side**2, forward, backward
        inputs = outputs


def step_seconds(size: int, precision: str) -> float:
    """Return the seconds of one evaluation of the default recipe's loss and gradient."""
    recipe = Recipe()
    weights = load_weights("random")
    extractor = VGG19(recipe.layers, weights, pooling=recipe.pooling, precision=precision)
    picture = np.random.default_rng(0).random((size, size, 3), np.float32)
    objective = recipe_objective(extractor, recipe, picture, [picture])
    return seconds(lambda x: objective.terms_and_gradient(x)[1], tf.constant(picture[None]))


def report(size: int, precision: str) -> None:
    """Print one size."""
    work = alone = best = 0.0
    print(f"\n{size} px, {precision:12} forward            backward")
    for name, operations, forward, backward in convolutions(size, precision):
        rates = operations / forward / 1e12, operations / backward / 1e12
        print(
            f"  {name}   {forward * 1e3:6.1f} ms {rates[0]:5.2f} Top/s"
            f" {backward * 1e3:6.1f} ms {rates[1]:5.2f} Top/s",
            flush=True,
        )
        work, alone, best = work + 2 * operations, alone + forward + backward, max(best, *rates)
    step = step_seconds(size, precision)
    rate = work / step / 1e12
    print(
        f"  the step       {step * 1e3:6.0f} ms {rate:5.2f} Top/s: {rate / best:.2f} of the best"
        f" convolution; its convolutions alone take {alone / step:.2f} of its time"
    )


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("sizes", nargs="*", type=int, default=[256, 512, 1024])
    parser.add_argument("--precision", default="auto", help="auto, float32 or bfloat16")
    asked = parser.parse_args()
    print(device_name())
    for size in asked.sizes:
        report(size, resolve_precision(asked.precision))


if __name__ == "__main__":
    main()
