"""Kills a run at random moments, again and again, and compares what comes out in the end.

``python benchmarks/kills.py 100`` kills `nst stylize` a hundred times, at moments drawn from all of
its time; it writes a checkpoint at every step. A run is lost if it ends with an error, goes on
before a place where it has been, or comes to other bits.
"""

import os
import random
import re
import signal
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from nst_helpers import Result, save_image
from nst_helpers.command import cli, plan
from nst_helpers.transfer import loop, resume  # loads TensorFlow: unused, it survives a fork

SETTINGS = (
    "--weights random --precision float32 --content-layers block1_conv2 --optimizer adam "
    "--style-layers block1_conv1 --size 48 --coarsest 16 --pyramid 0.5:60,1:90"
)


def begin(folder: Path) -> int:
    """Run the command in a process of its own and return its number."""
    if pid := os.fork():
        return pid
    sys.stdout = sys.stderr = open(folder / "log", "w", buffering=1)  # noqa: SIM115  # till its end
    plan.LONG, resume._SECONDS, resume._SHARE, loop._MOST_STEPS_PER_CALL = -1, 0.0, 0, 1
    save, code = Result.save, 1
    Result.save = lambda self, path: (  # type: ignore[method-assign]  # all bits, beside a PNG's
        np.savez(folder / "bits", self.image, self.trace) or save(self, path)
    )
    sys.argv = ["nst", "stylize", *(str(folder / name) for name in ("photo.png", "painting.png"))]
    sys.argv += ["-o", str(folder / "out" / "it.png"), *SETTINGS.split()]
    try:
        cli.main()
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        os._exit(code)


def ended(folder: Path) -> list[np.ndarray]:
    """Return what a complete run has made, and make place for the next."""
    made = {path.name for path in (folder / "out").iterdir()}
    assert made == {"it.json", "it.png"}, made
    for name in made:
        (folder / "out" / name).unlink()
    return list(np.load(folder / "bits.npz").values())


def main(kills: int, folder: Path) -> None:
    rng, began = random.Random(0), time.perf_counter()
    (folder / "out").mkdir()
    for name in ("photo.png", "painting.png"):
        save_image(np.random.default_rng(len(name)).random((32, 48, 3)), folder / name)
    assert os.waitpid(begin(folder), 0)[1] == 0
    whole, seconds = ended(folder), time.perf_counter() - began
    killed = writing = complete = lost = 0
    before = first = (0, 0)
    while killed < kills or before != first:
        pid = begin(folder)
        if killed < kills:
            time.sleep(rng.uniform(0, 1.2 * seconds))
            os.kill(pid, signal.SIGKILL)
        status = os.waitpid(pid, 0)[1]
        for left in (folder / "out").glob(".nst-*"):  # in the middle of a file
            writing, _ = writing + 1, left.unlink()
        found = re.search(r"Going on after (\d+) of .* scale (\d)", (folder / "log").read_text())
        place = (int(found[2]), int(found[1])) if found else before
        lost, before, killed = lost + (place < before), place, killed + os.WIFSIGNALED(status)
        if not os.WIFSIGNALED(status):
            alike = status == 0 and all(map(np.array_equal, ended(folder), whole))
            complete, lost, before = complete + 1, lost + (not alike), first
        print(f"{killed} kills ({writing} while writing), {complete} runs, {lost} lost", flush=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        main(int(sys.argv[1]), Path(name))
