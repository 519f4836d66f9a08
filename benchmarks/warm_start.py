"""How many steps of an optimization a picture of one pass replaces, as its start.

    python benchmarks/warm_start.py [--size 224] [--steps 80]

Two pairs and two recipes, on one scale: from the photo, and from what `stylize_fast` makes of it.
Printed is the loss at some steps, over that of the photo, and how many steps from the photo each of
the other run's is worth.
"""

from typing import Annotated

import numpy as np
import typer

from nst_helpers import Autoencoder, get_recipe, stylize, stylize_fast

PAIRS = ("china", "swirling_night"), ("chelsea", "stained_glass")
RECIPES = "default", "gatys_code"
SHOWN = 0, 5, 10, 20, 50


def main(
    size: Annotated[int, typer.Option(help="Longest side in pixels.")] = 224, steps: int = 80
) -> None:
    """Run and print a table."""
    autoencoder = Autoencoder()
    for name in RECIPES:
        for content, style in PAIRS:
            painted = stylize_fast(content, style, size=size, autoencoder=autoencoder)
            how = {
                "size": size,
                "start": "content",
                "size_rule": "longest",
                "pyramid": ((1.0, steps),),
            }
            cold = stylize(content, style, get_recipe(name), **how).totals
            warm = stylize(content, style, get_recipe(name), start_image=painted, **how).totals
            print(f"{name}, {content}, {style}")
            for step in [step for step in SHOWN if step < steps]:
                reached = np.flatnonzero(cold <= warm[step])
                worth = f"{reached[0]} steps" if len(reached) else f"more than {steps} steps"
                print(
                    f"  after {step:3}: {cold[step] / cold[0]:.4f} from the photo, "
                    f"{warm[step] / cold[0]:.4f} from one pass, worth {worth}",
                    flush=True,
                )


if __name__ == "__main__":
    typer.run(main)
