"""TensorFlow, imported once and without its start-up chatter.

Its libraries write to file descriptor 2 while they load, which no environment variable hides and
which a notebook would store as an error. Modules that compute say `from ._tensorflow import tf`;
the rest of the package stays free of TensorFlow, so that `nst --help` answers at once.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# The C library's allocator gives every large tensor back and has it faulted in again: up to a
# quarter of a step on some systems. This one keeps what it has; benchmarks/allocator.py.
os.environ.setdefault("TF_CPU_ALLOCATOR_USE_BFC", "true")
_stderr, _null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
try:
    os.dup2(_null, 2)
    import tensorflow as tf

    tf.config.list_physical_devices()  # the device libraries speak up here, not at the import
finally:
    os.dup2(_stderr, 2)
    os.close(_stderr)
    os.close(_null)

__all__ = ["tf"]
