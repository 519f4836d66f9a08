"""Networks that we trained and that come with the package: found, verified and read."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import WeightsError
from ..files import quoted, sha256, write_atomically
from ..pictures.registry import picture_folder


def kept_network(name: str) -> dict[str, np.ndarray]:
    """Return the arrays of a network that ``data/networks.json`` lists.

    Raises
    ------
    WeightsError
        If there is none of this name, or the file is not the registered one.
    """
    entries = _registry()
    if name not in entries:
        raise WeightsError(f"There is no network {quoted(name)}; there are {', '.join(entries)}.")
    path = picture_folder() / entries[name]["file"]
    try:
        content = path.read_bytes()
    except OSError:
        content = b""
    if sha256(content) != entries[name]["sha256"]:
        raise WeightsError(f"{quoted(path)} is not the registered network; reinstall nst_helpers.")
    return read_arrays(content)


def read_arrays(content: bytes) -> dict[str, np.ndarray]:
    """Return named arrays, never a pickle, out of what `write_arrays` wrote."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return dict(arrays)


def write_arrays(path: Path, arrays: dict[str, Any]) -> None:
    """Write named arrays as one file, whole or not at all."""
    write_atomically(path, lambda file: np.savez(file, **arrays))


def kept_weights(model: Any) -> dict[str, np.ndarray]:
    """Return a Keras model's weights in their order, as what `write_arrays` takes: float16."""
    return {f"w{i:02}": x.astype(np.float16) for i, x in enumerate(model.get_weights())}


def _registry() -> dict[str, Any]:
    text = (picture_folder() / "networks.json").read_text(encoding="utf-8")
    return {entry["name"]: entry for entry in json.loads(text)}
