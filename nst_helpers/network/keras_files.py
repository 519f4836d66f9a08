"""Reads VGG19's kernels and biases out of every file that Keras writes, with or without top."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..architecture import ARCHITECTURE
from ..errors import WeightsError

Arrays = dict[str, list[NDArray[np.float32]]]

#: How every HDF5 file starts.
START = b"\x89HDF\r\n\x1a\n"

#: The file with the numbers in a `.keras` archive.
MEMBER = "model.weights.h5"


def load(data: bytes, name: str) -> Arrays:
    """Read the kernel and the bias of each convolution.

    Parameters
    ----------
    data
        The whole file: `.h5`, `.weights.h5` or `.keras`.
    name
        For messages.

    Returns
    -------
    dict
        Layer name to kernel and bias, float32, shaped as `ARCHITECTURE` says.

    Raises
    ------
    WeightsError
        If the file is damaged or is not VGG19's.
    """
    import h5py

    try:
        if not data.startswith(START):
            data = zipfile.ZipFile(io.BytesIO(data)).read(MEMBER)
        with h5py.File(io.BytesIO(data)) as file:
            return {row[0]: _layer(file, number, name) for number, row in enumerate(ARCHITECTURE)}
    except WeightsError:
        raise
    except Exception as error:  # damaged files raise almost any exception
        reason = " ".join(str(error).split())
        raise WeightsError(
            f"{name} is damaged or cut short ({reason}): delete it and get it again."
        ) from error


def _layer(file: Any, number: int, name: str) -> list[NDArray[np.float32]]:
    """Return the kernel and the bias of one layer, whatever names the file gives them."""
    layer, before, after = ARCHITECTURE[number]
    found = sorted(_datasets(file, number), key=lambda data: -len(data.shape))
    shapes, expected = [data.shape for data in found], [(3, 3, before, after), (after,)]
    if shapes != expected:
        raise WeightsError(
            f"{name} has for {layer} the shapes {shapes or 'of nothing'} instead of {expected}: "
            "give VGG19's weights as Keras writes them (.h5, .weights.h5 or .keras)."
        )
    arrays = [np.asarray(data, np.float32) for data in found]
    if not all(np.isfinite(array).all() for array in arrays):
        raise WeightsError(f"{name} has numbers in {layer} that are not finite: get another file.")
    return arrays


def _datasets(file: Any, number: int) -> list[Any]:
    """Find one layer's: by its name, or by its number where Keras 3 gives no name."""
    layer = ARCHITECTURE[number][0]
    for key in (layer, f"model_weights/{layer}"):  # weights alone; a whole model
        if key in file:
            return [file[key][weight] for weight in file[key].attrs.get("weight_names", ())]
    numbered = f"conv2d_{number}" if number else "conv2d"
    for key in (f"layers/{layer}/vars", f"layers/{numbered}/vars"):
        if key in file:
            return list(file[key].values())
    return []
