"""Which arithmetic the network should use on this machine: measured, not guessed (lesson 09)."""

from __future__ import annotations

import functools
import json
import logging
import os
import platform
import time
from pathlib import Path

import numpy as np

from .._tensorflow import tf
from ..files import cache_folder
from ..options import Precision

_log = logging.getLogger(__name__)
_ROUNDS = 15
_MARGIN = 1.2  # a gain below 20 % is not worth the rounding


@functools.cache
def fast_bfloat16() -> bool:
    """Tell whether a convolution and its gradient run clearly faster in bfloat16 than in float32.

    Some processors multiply bfloat16 in hardware (Intel AMX, AVX512-BF16, tensor cores), others
    emulate it at a loss. A probe of under a second decides; the cache folder keeps its answer for
    this processor and this TensorFlow.
    """
    record = cache_folder() / "bfloat16.json"
    known = _read(record)
    if _machine() not in known:
        single, half = _seconds() if has_bfloat16() else (0.0, np.inf)
        known[_machine()] = bool(single > _MARGIN * half)
        _write(record, known)
    return known[_machine()]


@functools.cache
def has_bfloat16() -> bool:
    """Tell whether this machine's convolutions take bfloat16 at all, slowly or not.

    Where they do not, the extractor rounds to bfloat16 and computes in float32.
    """
    try:
        with tf.init_scope():  # asked for while something is being traced, too
            maps, kernel = tf.zeros((1, 8, 8, 16), "bfloat16"), tf.zeros((3, 3, 16, 16), "bfloat16")
            tf.nn.conv2d(maps, kernel, 1, "SAME")
    except tf.errors.OpError:  # oneDNN has no such convolution for every processor
        return False
    return True


def resolve_precision(precision: Precision) -> str:
    """Return ``"float32"`` or ``"bfloat16"``, probing the machine for ``"auto"``."""
    if precision != "auto":
        return precision
    return "bfloat16" if fast_bfloat16() else "float32"


def device_name() -> str:
    """Name the device that the computation runs on."""
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        return str(tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU"))
    return f"CPU ({platform.machine()})"


def compute_capability() -> tuple[int, int]:
    """Return the version of an NVIDIA GPU's architecture, or (0, 0)."""
    gpus = tf.config.list_physical_devices("GPU")
    details = tf.config.experimental.get_device_details(gpus[0]) if gpus else {}
    major, minor = details.get("compute_capability", (0, 0))
    return int(major), int(minor)


def _seconds() -> tuple[float, float]:
    """Return the least seconds of the probe in float32 and in bfloat16.

    They are timed in turn, so that another program's load falls on both: the answer is kept.
    """
    probes = [_probe(precision) for precision in ("float32", "bfloat16")]
    rounds = [[_timed(probe) for probe in probes] for _ in range(_ROUNDS)]
    single, half = (min(times) for times in zip(*rounds, strict=True))
    return single, half


def _probe(precision: str) -> tf.types.experimental.GenericFunction:
    maps = tf.cast(tf.random.stateless_normal((1, 64, 64, 128), (0, 0)), precision)
    kernel = tf.cast(tf.random.stateless_normal((3, 3, 128, 128), (0, 1)), precision)

    @tf.function
    def convolve_and_back() -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(maps)
            out = tf.nn.relu(tf.nn.conv2d(maps, kernel, 1, "SAME"))
        return tape.gradient(out, maps)

    convolve_and_back()  # compiles
    return convolve_and_back


def _timed(function: tf.types.experimental.GenericFunction) -> float:
    start = time.perf_counter()
    function()[0, 0, 0, 0].numpy()  # waits for the device
    return time.perf_counter() - start


def _machine() -> str:
    limits = (os.environ.get(name, "") for name in ("ONEDNN_MAX_CPU_ISA", "TF_ENABLE_ONEDNN_OPTS"))
    return " ".join(
        [f"{device_name()} {_processor()} tensorflow-{tf.__version__}", *limits]
    ).strip()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # not Linux
        return platform.processor()
    known = dict(line.split(":", 1) for line in lines if ":" in line)
    known = {key.strip(): value.strip() for key, value in known.items()}
    return " ".join(known.get(key, "?") for key in ("model name", "cpu family", "model"))


def _read(record: Path) -> dict[str, bool]:
    try:
        return dict(json.loads(record.read_text()))
    except (OSError, TypeError, ValueError):  # none yet, or cut off: probe again
        return {}


def _write(record: Path, known: dict[str, bool]) -> None:
    try:
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(json.dumps(known, indent=1))
    except OSError as error:  # a read-only cache costs a second per run, nothing else
        _log.info("The bfloat16 probe could not be kept: %s", error)
