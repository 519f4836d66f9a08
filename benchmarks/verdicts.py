"""Numbers of three verdicts of lesson 11 that take longer than a lesson.

    python benchmarks/verdicts.py structures [--size 192] [--steps 500]
    python benchmarks/verdicts.py rows [--size 96] [--steps 300]
    python benchmarks/verdicts.py starts [--size 112] [--steps 960]

`structures` prints how large the structures of style reconstructions are, by the number of layers,
and what is missing of the style (Fig. 1). `rows` prints what is kept of the photo in the first
column of rows A to C of the grid, at smaller ratios, after few steps and after many (Fig. 3 of
2015). `starts` prints what is kept of the photo from each start, and the totals (Fig. 6 of CVPR).
The runs are kept in outputs/verdicts, so that what was stopped goes on.
"""

from pathlib import Path

import typer

from nst_helpers import Result, data, sweep
from nst_helpers.course import paper, rulers

FOLDER = Path(__file__).parent.parent / "outputs" / "verdicts"
app = typer.Typer()


def panels(name: str, size: int, steps: int, first: int, count: int) -> dict[str, Result]:
    """Make some panels of a figure, in one scale."""
    figure = paper.figures(paper.Budget(size, ((1.0, steps),)), [name])[name]
    titles = list(figure.panels)[first : first + count]
    labels = {title: f"{name} {size} {steps} {first + n}" for n, title in enumerate(titles)}
    results = sweep({labels[title]: figure.panels[title] for title in titles}, FOLDER)
    return {title: results[labels[title]] for title in titles}


@app.command()
def structures(size: int = 192, steps: int = 500) -> None:
    """Print structure length, in pixels, and what is missing, for one to five style layers."""
    for title, result in panels("reconstructions", size, steps, 10, 5).items():
        painting, photo = (data.load(x, size, "area") for x in (result.styles[0], result.content))
        missing = rulers.StyleRuler(painting, photo).missing(result.image)
        length = rulers.structure_length(result.image)
        print(f"{title:40} length {length:.1f}, missing {missing:.2f}", flush=True)


@app.command()
def rows(size: int = 96, steps: int = 300) -> None:
    """Print what is kept of the photo, and the total, after 40 steps and after all."""
    for count in (40, steps):
        for title, result in panels("rows_nearest", size, count, 0, 3).items():
            print(f"{count} {title:40} {kept_and_total(result, size)}", flush=True)


def kept_and_total(result: Result, size: int) -> str:
    """Return two numbers of a run: what is kept of its photo, and the lowest total loss."""
    kept = rulers.kept(result.image, data.load(result.content, size, "area"))
    return f"kept {kept:.2f}, total {result.totals.min():.4e}"


@app.command()
def starts(size: int = 112, steps: int = 960) -> None:
    """Print what is kept of the photo, and the total, after a quarter of the steps and all."""
    for count in (steps // 4, steps):
        for title, result in panels("starts", size, count, 0, 3).items():
            print(f"{count} {title:40} {kept_and_total(result, size)}", flush=True)


if __name__ == "__main__":
    app()
