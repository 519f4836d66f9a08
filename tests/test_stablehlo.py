"""The exported step: as far as it can be tested without JAX."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent
RELEASE = tuple(int(part) for part in version("tensorflow").split(".")[:2])


@pytest.mark.skipif(RELEASE < (2, 20), reason="TensorFlow before 2.20 does not write StableHLO")
def test_export_holds_the_program_and_its_arguments(tmp_path: Path) -> None:
    script = ROOT / "benchmarks" / "stablehlo.py"
    command = [sys.executable, str(script), "export", str(tmp_path), "32"]
    subprocess.run(command, check=True, capture_output=True)
    program = (tmp_path / "32.mlir").read_text()
    # Forward, and back to the image.
    assert program.count("stablehlo.convolution") == 2 * 13
    signature = next(line for line in program.splitlines() if "@main(" in line)
    with np.load(tmp_path / "32.npz") as arrays:
        arguments = [name for name in arrays if name.startswith("argument")]
    assert len(arguments) == signature.split("->")[0].count("%arg")
