"""What the style network gives in one pass, beside what the optimization of the same loss gives.

    python benchmarks/feedforward.py [--steps 125]

Held-out photos at 256 pixels, on the one scale that the default recipe has there. Printed are the
milliseconds of a pass after the first, the loss of its picture over that of the photo beside what
the optimization reaches, and how many steps from the photo are as low as the picture of one pass.
"""

import time

import numpy as np
import typer

from nst_helpers import StyleNetwork, data, stylize

PAIRS = ("china", "swirling_night"), ("chelsea", "woodcut_waves"), ("flower", "cubist_facets")
SIZE, PASSES = 256, 5


def main(steps: int = 125) -> None:
    """Run and print a table."""
    network = StyleNetwork()
    for content, style in PAIRS:
        photo = data.load(content, SIZE)
        painted = network.paint(photo, style)
        seconds = min(_seconds(network, photo, style) for _ in range(PASSES))
        one = {"size": SIZE, "pyramid": ((1.0, 1),)}
        fast = stylize(content, style, start_image=painted, **one).totals[0]
        slow = stylize(content, style, **one | {"pyramid": ((1.0, steps),)}).totals
        reached = np.flatnonzero(slow <= fast)
        print(
            f"{content}, {style}: {1e3 * seconds:.0f} ms; {fast / slow[0]:.4f} of the photo's "
            f"loss, {slow.min() / slow[0]:.4f} after {steps} steps, "
            f"worth {f'{reached[0]} steps' if len(reached) else f'more than {steps} steps'}",
            flush=True,
        )


def _seconds(network: StyleNetwork, photo: np.ndarray, style: str) -> float:
    began = time.perf_counter()
    network.paint(photo, style)
    return time.perf_counter() - began


if __name__ == "__main__":
    typer.run(main)
