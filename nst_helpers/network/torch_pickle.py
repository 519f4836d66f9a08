"""Reads the old `torch.save` format without torch, and runs nothing that a file asks for.

Such a file is a row of pickles (magic number, protocol, machine, the object, the storages' keys)
followed by each storage: its element count as int64, then its raw little-endian numbers.
"""

import io
import math
import pickle
from collections import OrderedDict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import WeightsError

#: How every such file starts: the magic number, pickled with protocol 2.
START = b"\x80\x02\x8a\x0a" + 0x1950A86A20F9469CFC6C.to_bytes(10, "little")


def load(data: bytes) -> dict[str, NDArray[Any]]:
    """Read a dictionary of byte and float tensors that `torch.save` wrote before version 1.6.

    Parameters
    ----------
    data
        The whole file.

    Returns
    -------
    dict
        Tensor name to array: uint8 or float32, shaped as it was saved.

    Raises
    ------
    WeightsError
        If the file is cut short, is of another kind, or asks for anything but tensors.
    """
    try:
        return _load(io.BytesIO(data))
    except WeightsError:
        raise
    except Exception as error:  # damaged pickles raise almost any exception
        raise WeightsError(
            f"The weights file is damaged ({error}): delete it and run `nst fetch`."
        ) from error


def _load(file: io.BytesIO) -> dict[str, NDArray[Any]]:
    for _ in range(3):  # magic number, protocol, machine
        _Unpickler(file).load()
    unpickler = _Unpickler(file)
    tensors: dict[str, NDArray[Any]] = unpickler.load()
    keys = _Unpickler(file).load()
    if set(keys) != set(unpickler.storages):
        raise ValueError("storages are missing")
    for key in keys:
        _fill(unpickler.storages[key], file)
    return tensors


def _fill(storage: NDArray[Any], file: io.BytesIO) -> None:
    count = int.from_bytes(file.read(8), "little")
    if count != storage.size or file.readinto(storage.data) != storage.nbytes:
        raise EOFError("cut short")


def _tensor(
    storage: NDArray[Any], offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object
) -> NDArray[Any]:
    """Return a view, because the storage's numbers follow only after all the pickles."""
    view = storage[offset : offset + math.prod(shape)].reshape(shape)
    if view.strides != tuple(stride * view.itemsize for stride in strides):
        raise ValueError("a tensor that is not contiguous")
    return view


_ALLOWED: dict[str, Any] = {
    "collections.OrderedDict": OrderedDict,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch.ByteStorage": np.dtype("u1"),
    "torch.FloatStorage": np.dtype("<f4"),
}


class _Unpickler(pickle.Unpickler):
    """Unpickles tensors only: any other global in the file is refused, not imported."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.storages: dict[str, NDArray[Any]] = {}

    def find_class(self, module: str, name: str) -> Any:
        wanted = f"{module}.{name}"
        if wanted not in _ALLOWED:
            raise WeightsError(
                f"The file asks for {wanted}, which no file of weights needs: it was refused and "
                "nothing was run. Delete the file and get the weights from a source you trust."
            )
        return _ALLOWED[wanted]

    def persistent_load(self, pid: Any) -> NDArray[Any]:
        _kind, dtype, key, _device, size, _view = pid
        return self.storages.setdefault(key, np.empty(size, dtype))
