"""The tests on other processors, Pythons and dependencies: `make test-matrix` calls this.

A row runs the unit tests and two lessons, either in this environment, made to act as an older
processor, or in one of its own under outputs/matrix with other versions. A row whose tests came
to an end is kept there and not repeated: delete outputs/matrix to begin anew. A row that cannot be
run says why. The table goes to standard output.

    python benchmarks/matrix.py [ROW ...]
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "outputs" / "matrix"
OLDEST = "the oldest releases that pyproject.toml admits"
CHECKERS = ("mypy", "ruff")  # no test runs them
# Its transitive dependencies are the newest, and deprecate what the old ones call: not our affair.
FORGIVEN = ["-W", "ignore::DeprecationWarning"]
LESSONS = ("01_images_as_tensors", "05_gram_matrices")

PROCESSORS: dict[str, dict[str, str]] = {
    "AVX2": {"ONEDNN_MAX_CPU_ISA": "AVX2"},
    "SSE4.1": {"ONEDNN_MAX_CPU_ISA": "SSE41"},
    "one thread": {"TF_NUM_INTRAOP_THREADS": "1"},
    "without oneDNN": {"TF_ENABLE_ONEDNN_OPTS": "0"},
}
VERSIONS: dict[str, tuple[str, list[str]]] = {
    "oldest, Python 3.11": ("python3.11", [OLDEST]),
    "Colab's, Python 3.13": ("python3.13", ["-c", "tests/constraints-colab.txt"]),
    "newest, Python 3.12": ("python3.12", []),
    "newest, Python 3.13": ("python3.13", []),
}


def slug(name: str) -> str:
    """Return a name for files."""
    return re.sub(r"\W+", "-", name.lower())


def oldest(requirement: str) -> str:
    """Pin a range to the release that it begins with: "numpy>=1.26,<3" to "numpy==1.26.*"."""
    return re.sub(r">=([\d.]+).*", r"==\1.*", requirement)


def packages(wanted: list[str]) -> list[str]:
    """Return what pip installs in a row's environment beside this project."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())
    test = [name for name in told["dependency-groups"]["test"] if not name.startswith(CHECKERS)]
    if wanted != [OLDEST]:
        return [*wanted, *test]
    course = told["project"]["optional-dependencies"]["course"]
    return [oldest(name) for name in [*told["project"]["dependencies"], *course, *test]]


def environment(name: str) -> Path:
    """Make the environment of a row, and return its Python."""
    interpreter, wanted = VERSIONS[name]
    found, place = shutil.which(interpreter), FOLDER / slug(name)
    if found is None or subprocess.run([found, "--version"], capture_output=True).returncode:
        raise RuntimeError(f"no {interpreter} here")
    python, pip = place / "bin" / "python", ["-m", "pip", "install", "--quiet"]
    subprocess.run([found, "-m", "venv", "--clear", place], check=True)
    subprocess.run([python, *pip, *packages(wanted), "-e", "."], check=True, cwd=ROOT)
    return python


def counted(python: Path, log: Path, settings: dict[str, str], *arguments: str) -> str:
    """Run pytest, and return its last line's words, such as "12 passed, 1 skipped"."""
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    with log.open("w") as file:
        how = {"env": os.environ | settings, "cwd": ROOT, "stdout": file, "stderr": file}
        code = subprocess.run(command, **how).returncode
    if code not in (0, 1):  # 1: some test failed
        raise RuntimeError(f"pytest ended with {code}: {log.name}")
    last = log.read_text().rstrip().splitlines()[-1]
    return re.sub(r" in [\d.]+s.*", "", last).strip("= ")


def row(name: str) -> dict[str, Any]:
    """Run one row."""
    python = Path(sys.executable) if name in PROCESSORS else environment(name)
    settings, began = PROCESSORS.get(name, {}), time.perf_counter()
    nbval = ["--nbval", "--nbval-current-env", "--nbval-cell-timeout=600"]
    nbval += ["--nbval-sanitize-with=tests/nbval_sanitize.cfg"]
    lessons = [f"notebooks/{lesson}.ipynb" for lesson in LESSONS]
    log, forgiven = FOLDER / slug(name), FORGIVEN if name.startswith("oldest") else []
    units = counted(python, log.with_suffix(".units.log"), settings, "-n", "2", *forgiven)
    lesson = counted(
        *(python, log.with_suffix(".lessons.log"), settings),
        *("-x", "-n", "2", "--dist", "loadfile", *nbval, *lessons),
    )
    minutes = (time.perf_counter() - began) / 60
    return {"units": units, "lessons": lesson, "minutes": round(minutes, 1)}


def main() -> None:
    """Run what is missing of the rows, and print the table."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    print("| variant | unit tests | lessons 01 and 05 | minutes |\n| --- | --- | --- | ---: |")
    for name in sys.argv[1:] or [*PROCESSORS, *VERSIONS]:
        kept = FOLDER / f"{slug(name)}.json"
        try:
            if not kept.exists():
                kept.write_text(json.dumps(row(name)))
            done = json.loads(kept.read_text())
        except (RuntimeError, subprocess.CalledProcessError) as error:
            done = {"units": f"not run: {error}", "lessons": "", "minutes": ""}
        print(f"| {name} | {done['units']} | {done['lessons']} | {done['minutes']} |", flush=True)


if __name__ == "__main__":
    main()
