"""Where the colored grain of pictures from noise comes from, and what removes it.

One photo, one painting, the preprint's equations as printed, and four ways to the end: strong
noise, the same with four times the steps, the same coarse to fine, and gray with faint noise.
Prints the total loss and the grain that is left (`course.rulers.grain`). The pictures go to
docs/paper/grain.jpg.

    python benchmarks/grain.py [--size 128] [--steps 200]
"""

from dataclasses import replace
from pathlib import Path

import typer

from nst_helpers import Recipe, data, get_recipe, stylize
from nst_helpers.course.figures import draw_images
from nst_helpers.course.rulers import grain

PHOTO, PAINTING = "tubingen", "composition_vii"
PICTURE = Path(__file__).parent.parent / "docs" / "paper" / "grain.jpg"


def ways(size: int, steps: int) -> dict[str, Recipe]:
    """Return the runs by name; the ratio is the one that is 5e-4 at 512 x 512 pixels."""
    ratio = 5e-4 * (512 / size) ** 2
    faint = replace(
        get_recipe("gatys2015"),
        size=size,
        style_weight=1 / ratio,
        pyramid=((1.0, steps),),
        coarsest=16,
    )
    noise = replace(faint, start="noise")
    thirds = ((0.25, steps // 3), (0.5, steps // 3), (1.0, steps // 3))
    return {
        f"strong noise, {steps} steps": noise,
        f"strong noise, {4 * steps} steps": replace(noise, pyramid=((1.0, 4 * steps),)),
        "strong noise, coarse to fine": replace(noise, pyramid=thirds),
        f"faint noise, {steps} steps": faint,
    }


def main(size: int = 128, steps: int = 200) -> None:
    """Do the runs, print the table, and write the pictures."""
    for name in (PHOTO, PAINTING):
        print(f"grain of {name}: {grain(data.load(name, size, 'area')):.1f} gray values")
    panels = {}
    for name, recipe in ways(size, steps).items():
        result = stylize(PHOTO, PAINTING, recipe)
        left = grain(result.image)
        print(f"{name:30} total {result.totals.min():.2e}, grain {left:.1f}", flush=True)
        panels[f"{name}\ngrain {left:.1f}"] = result.image
    drawn = draw_images(panels, columns=2, width=9)
    drawn.savefig(PICTURE, dpi=100, pil_kwargs={"quality": 85})


if __name__ == "__main__":
    typer.run(main)
