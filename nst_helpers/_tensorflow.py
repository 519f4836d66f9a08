"""TensorFlow, imported once and without its start-up chatter.

Its libraries write to file descriptor 2 while they load, which no environment variable hides and
which a notebook would store as an error. Modules that compute say `from ._tensorflow import tf`;
the rest of the package stays free of TensorFlow, so that `nst --help` answers at once.
"""

import os
import tempfile

from .errors import NSTError

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# The C library's allocator gives every large tensor back and has it faulted in again: up to a
# quarter of a step on some systems. This one keeps what it has; benchmarks/allocator.py.
os.environ.setdefault("TF_CPU_ALLOCATOR_USE_BFC", "true")


def _failure(error: BaseException, words: bytes) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name == "tensorflow":
        return "TensorFlow is not installed: python -m pip install 'tensorflow>=2.18,<2.22'."
    lines = words.decode(errors="replace").split("\n")[-3:]
    last = [line for line in lines if not line.startswith("I0000")]  # no greetings
    why = " ".join(" ".join([str(error), *last]).split())[-400:]
    return f"TensorFlow cannot be loaded ({why}): `nst doctor` says what can be done."


try:
    _stderr = os.dup(2)
except OSError:  # closed, as services have it
    _stderr = -1
_words = tempfile.TemporaryFile()  # noqa: SIM115  # closed below
try:
    os.dup2(_words.fileno(), 2)
    import tensorflow as tf

    tf.config.list_physical_devices()  # the device libraries speak up here, not at the import
except Exception as error:
    _words.seek(0)
    raise NSTError(_failure(error, _words.read())) from error
finally:
    if _stderr >= 0:
        os.dup2(_stderr, 2)
        os.close(_stderr)
    elif _words.fileno() != 2:
        os.close(2)
    _words.close()

__all__ = ["tf"]
