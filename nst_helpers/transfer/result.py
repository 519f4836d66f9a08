"""What a run leaves behind: the image, the trace of its losses, and all that made it."""

from __future__ import annotations

import io
import json
import os
import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from .. import __version__
from ..errors import ImageError
from ..files import as_path, quoted
from ..pictures.read import checksum, load_image
from ..pictures.write import check_output, save_or_rescue, write_record
from ..recipe import Recipe

# The fields that JSON holds as they are.
_AS_THEY_ARE = (
    "content",
    "styles",
    "seconds",
    "interrupted",
    "precision",
    "device",
    "weights",
)

# What recipes meant before they could say it.
_BEFORE = {"padding": "zero"}

_NO_CHECKSUMS: dict[str, Any] = {
    "content": "",
    "styles": (),
    "start_image": None,
    "rescaled_on": {},
}


@dataclass(frozen=True, eq=False)
class Result:
    """The outcome of `stylize`. In a notebook it shows its image; two are equal if they are one.

    Attributes
    ----------
    image : ndarray, float32, shape (H, W, 3)
        RGB in [0, 1]. With ``recipe.clip`` false the optimization may leave that range; the
        losses are those before the image was clipped to it; with ``recipe.color`` "luminance"
        before its color was put back.
    recipe : Recipe
    content, styles : str, tuple of str
        The pictures as they were named; ``"array"`` for one that was given as numbers.
    sha256 : dict
        Checksums of the pictures: ``"content"``, ``"styles"`` (a tuple), ``"start_image"`` (None
        without one) and ``"rescaled_on"`` (by name, those that the network was rescaled on).
    names : tuple of str
        The terms of the loss, weighted, in the order of the columns of `trace`.
    trace : ndarray, float32, shape (steps done, T)
        The terms at every step; each row sums to the total loss.
    scales : tuple of (height, width, steps done)
        In the order of the pyramid.
    seconds : float
        Of the optimization, with compilation, without reading pictures and weights.
    interrupted : bool
        Whether the run was stopped before its last step.
    precision, device : str
        Arithmetic of the network, and where it ran.
    weights : dict
        Source, sha256 and license of the network's weights.
    """

    image: np.ndarray
    recipe: Recipe
    content: str
    styles: tuple[str, ...]
    sha256: dict[str, Any]
    names: tuple[str, ...]
    trace: np.ndarray
    scales: tuple[tuple[int, int, int], ...]
    seconds: float
    interrupted: bool
    precision: str
    device: str
    weights: dict[str, str]

    def __repr__(self) -> str:
        height, width, _ = self.image.shape
        made = f"{width} x {height} pixels, {len(self.trace)} steps in {self.seconds:.1f} s"
        return f"Result({self.content!r} in the style of {', '.join(self.styles)}: {made})"

    def _repr_png_(self) -> bytes:
        png = io.BytesIO()
        Image.fromarray(np.rint(self.image * 255).astype(np.uint8)).save(png, "PNG")
        return png.getvalue()

    @property
    def totals(self) -> np.ndarray:
        """Total loss at every step, float32, shape (steps done,)."""
        return self.trace.sum(axis=1)

    @property
    def losses(self) -> dict[str, float]:
        """The weighted terms at the step of the last scale whose total was lowest: the image's."""
        if not len(self.trace):
            return {}
        last = self.trace[-self.scales[-1][2] :]
        return dict(zip(self.names, map(float, last[last.sum(axis=1).argmin()]), strict=True))

    def record(self) -> dict[str, Any]:
        """Return everything but the pixels as plain values, ready for JSON."""
        return {
            "content": self.content,
            "styles": list(self.styles),
            "sha256": self.sha256 | {"styles": list(self.sha256["styles"])},
            "recipe": self.recipe.as_dict(),
            "losses": self.losses,
            "trace": {
                name: [float(f"{value:.6g}") for value in column]
                for name, column in zip(self.names, self.trace.T, strict=True)
            },
            "scales": [
                {"height": height, "width": width, "steps": steps}
                for height, width, steps in self.scales
            ],
            "seconds": round(self.seconds, 2),
            "interrupted": self.interrupted,
            "precision": self.precision,
            "device": self.device,
            "weights": self.weights,
            "versions": versions(),
        }

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the image, its recipe inside it, and beside it the whole record as JSON.

        Parameters
        ----------
        path : str or path
            ``name.png``, ``.jpg``, ``.webp`` or ``.tif``; the record becomes ``name.json``.

        Raises
        ------
        ImageError
            If `check_output` refuses the path, the file there is the start image, or writing fails.
            A picture that cannot be written is kept in the system's folder for temporary files, or
            in the cache, and the message names the place.
        """
        path = check_output(path, keep=(self.content, *self.styles))
        self._check_start(path)
        record = self.record() | {"picture": path.name}
        short = {key: value for key, value in record.items() if key != "trace"}
        save_or_rescue(self.image, path, metadata=short)
        write_record(path, json.dumps(record, indent=1) + "\n")
        return path

    def _check_start(self, path: Path) -> None:
        """Refuse to replace the picture that this run started from, known by its bytes alone."""
        start = self.sha256["start_image"]
        if start is not None and path.is_file() and checksum(path) == start:
            raise ImageError(
                f"{quoted(path)} is the picture that this run started from and would be lost; "
                "choose another name for the result."
            )

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Result:
        """Read back what `save` wrote: the image as its file has it, numbers with six digits.

        Parameters
        ----------
        path : str or path
            The image's.

        Raises
        ------
        ImageError
            If the image or the record beside it cannot be read.
        """
        path = as_path(path)
        image = load_image(path)
        file = path.with_suffix(".json")
        try:
            record = _frozen(json.loads(file.read_text(encoding="utf-8")))
            return cls(
                image=image,
                recipe=Recipe(**(_BEFORE | record["recipe"])),
                names=tuple(record["trace"]),
                trace=_columns(record["trace"]),
                scales=tuple((s["height"], s["width"], s["steps"]) for s in record["scales"]),
                sha256=record.get("sha256", _NO_CHECKSUMS),
                **{name: record[name] for name in _AS_THEY_ARE},
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ImageError(
                f"{quoted(file)} is not the record of a run ({error!r}); "
                "it lies beside the picture that Result.save wrote."
            ) from error


def _columns(trace: dict[str, Any]) -> np.ndarray:
    """Return the terms at every step, shape (steps, T), also for no steps and for no terms."""
    columns = [np.asarray(column, np.float32) for column in trace.values()]
    return np.stack(columns, 1) if columns else np.empty((0, 0), np.float32)


def _frozen(value: Any) -> Any:
    """Return plain values with tuples for JSON's lists, as recipes have them."""
    if isinstance(value, dict):
        return {key: _frozen(inner) for key, inner in value.items()}
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def versions() -> dict[str, str]:
    """Return those that the numbers depend on."""
    return {
        "nst_helpers": __version__,
        "python": platform.python_version(),
        "tensorflow": version("tensorflow"),
        "numpy": version("numpy"),
    }
