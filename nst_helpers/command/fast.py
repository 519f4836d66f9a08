"""`nst stylize --fast`, and `nst train`, which makes the network behind it again."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import RecipeError
from ..recipe import Recipe
from ..recipes import as_recipe
from .app import Stops, app, credit

_log = logging.getLogger(__name__)


def paint_fast(
    content: str,
    styles: Sequence[str],
    output: Path,
    size: int | None = None,
    style_shares: Sequence[float] | None = None,
    weights: str | None = None,
) -> None:
    """Paint without optimization, and write the picture and its record."""
    from ..pictures import data
    from ..pictures.write import check_output, save_or_rescue, write_record

    if Path(content).expanduser().is_dir():
        raise RecipeError("--fast takes one picture, not a folder; name one of those in it.")
    output = check_output(output, keep=[data.resolve(name) for name in (content, *styles)])
    _log.info("Loading TensorFlow and the networks ...")
    from ..feedforward.decoder import Autoencoder
    from ..feedforward.fast import stylize_fast
    from ..network.weights import load_weights
    from ..transfer.inputs import check_shares, checksums

    check_shares(style_shares, len(styles), Recipe())
    vgg19 = load_weights(weights)
    network, began = Autoencoder(vgg19), time.perf_counter()
    options: dict[str, Any] = {} if size is None else {"size": size}
    options |= {"style_shares": style_shares, "autoencoder": network}
    image = stylize_fast(content, list(styles), **options)
    seconds = round(time.perf_counter() - began, 2)
    record = {"picture": output.name, "content": content, "styles": list(styles), "fast": True}
    record |= {"seconds": seconds, "weights": {"source": vgg19.source, "sha256": vgg19.sha256}}
    record["sha256"] = checksums(Recipe(), content, styles, None)
    save_or_rescue(image, output, metadata=record)
    write_record(output, json.dumps(record, indent=1) + "\n")
    height, width, _ = image.shape
    typer.echo(f"{output}: {width} x {height} pixels in {seconds:.1f} s, without optimization.")
    typer.echo(f"Give it to `nst stylize` as --start-image {output} to go on from it.")
    credit([content, *styles])
    if vgg19.license:
        typer.echo(f"Made with {vgg19.license}.")


def fast_size(asked: dict[str, Any]) -> int | None:
    """Return the size that was asked for, or say what does not go with --fast."""
    others = [name.replace("_", " ") for name in asked if name != "size"]
    if others:
        raise RecipeError(
            f"--fast has no {', no '.join(others)}: it takes --size, --style, --style-share and "
            "--weights."
        )
    return as_recipe(None, asked).size if asked else None


_NAMES = "decoder, style_network, automaton_swirling_night or automaton_stained_glass."


@app.command()
def train(
    name: Annotated[str, typer.Argument(help=_NAMES)] = "decoder",
    folder: Annotated[
        Path | None,
        typer.Option(help="A new one, for the network and its checkpoints: outputs/NAME."),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="By default those of the one in the package.")
    ] = None,
) -> None:
    """Train a network again, as the one that comes with the package.

    What was stopped goes on where it was. The decoder takes about half an hour of two cores, the
    style network a quarter of an hour, an automaton less than ten minutes.
    """
    from tqdm import tqdm

    _log.info("Loading TensorFlow and the network ...")
    from ..feedforward import training

    steps = training.training_of(name).steps if steps is None else steps
    try:
        with tqdm(total=steps, disable=None) as bar:

            def show(done: int, parts: dict[str, float]) -> None:
                bar.update(done - bar.n)
                bar.set_postfix_str(", ".join(f"{k} {v:.3g}" for k, v in parts.items()))

            path = training.train(name, folder or Path("outputs", name), steps, callback=show)
    except KeyboardInterrupt as error:
        raise Stops.exit("Stopped; the same command goes on where it was.") from error
    typer.echo(f"{path}: the {name.replace('_', ' ')}.")
