"""A run that goes on where it was stopped: what is kept of it, when, and what must be the same."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .._tensorflow import tf
from ..errors import CheckpointError
from ..files import as_path, quoted, reason
from ..network.precision import device_name
from ..network.vgg19 import VGG19
from . import checkpoint
from .inputs import Pictures
from .log import Log
from .loop import Loop
from .place import Place
from .result import versions

_log = logging.getLogger(__name__)

_SECONDS = 30.0  # at least, from one checkpoint to the next
_SHORT = 60  # characters of two values in a message
_SHARE = 50  # at most one part in so many of the time is spent on writing them


class Keeper:
    """Keeps a run's checkpoint, now and then, and lets it go on from one.

    Parameters
    ----------
    path : path, optional
        None keeps nothing.
    pictures, extractor, shares, log
        Of the run.
    """

    def __init__(
        self,
        path: Path | None,
        pictures: Pictures,
        extractor: VGG19,
        shares: Sequence[float],
        log: Log,
    ) -> None:
        self.path, self.pictures, self.log = path, pictures, log
        self.run = _identity(pictures, extractor, shares)
        self.made_with = _machine(extractor)
        self.last: tuple[int, np.ndarray, Place | None] = 0, pictures.start, None
        self.saved: list[np.ndarray] = []
        self.due, self.failed = time.perf_counter() + _SECONDS, False

    def begin(self) -> tuple[int, np.ndarray]:
        """Return the scale where the run begins, and the picture from the scale before.

        Brings the log there.

        Raises
        ------
        CheckpointError
            If the file is none, damaged, or of another run.
        """
        if self.path is None:
            return 0, self.pictures.start
        checkpoint.tidy(self.path.parent)
        if not checkpoint.is_there(self.path):
            return 0, self.pictures.start
        header, (image, *arrays) = checkpoint.read(self.path)
        self._check(header, self.path)
        scale = header["scale"]
        rows, self.saved = arrays[:scale], arrays[scale:]
        self.log.go_on(rows, header["seconds"])
        scales = self.pictures.scales
        done = header["steps"], scales[scale].steps, scale + 1, len(scales)
        _log.info("Going on after %d of %d steps of scale %d of %d.", *done)
        return scale, image

    def note(self, scale: int, image: np.ndarray) -> None:
        """Take note of the scale that is begun, with this picture; let the last one's place go."""
        self.last = scale, image, None

    def place(self, loop: Loop, start: np.ndarray) -> Place:
        """Return the place where this scale begins, or goes on."""
        place = loop.begin(start, self.saved)
        self.last = *self.last[:2], place
        return place

    def write_if_due(self) -> None:
        """Write a checkpoint, if the last one is old enough."""
        if self.path is not None and time.perf_counter() > self.due:
            began = time.perf_counter()
            self.write()
            now = time.perf_counter()
            self.due = now + max(_SECONDS, _SHARE * (now - began))

    def write(self) -> None:
        """Write a checkpoint if there is news; the run goes on if that fails, and says so once."""
        if self.path is None or self.log.image is None:
            return
        try:
            checkpoint.write(self.path, *self._content())
        except Exception as error:  # whatever it is, it must not cost the run
            if not self.failed:
                _log.warning(
                    "The checkpoint %s cannot be written (%s); the run goes on, but if it is "
                    "killed it will begin anew.",
                    *(quoted(self.path), reason(error)),
                )
            self.failed = True

    def _content(self) -> tuple[dict[str, Any], list[np.ndarray]]:
        scale, image, place = self.last
        header = {"run": self.run, "made_with": self.made_with, "scale": scale}
        header |= {"steps": place.steps if place else 0, "seconds": self.log.seconds}
        rows = [np.concatenate(rows) for rows in self.log.rows[:scale]]
        return header, [image, *rows, *(place.arrays() if place else [])]

    def remove(self) -> None:
        """Remove the checkpoint of a run that is complete."""
        try:
            if self.path is not None and checkpoint.run_of(self.path) == self.run:
                checkpoint.discard(self.path)
        except CheckpointError as error:
            _log.warning("%s", error)

    def _check(self, header: dict[str, Any], path: Path) -> None:
        """Refuse the checkpoint of another run; say so if the machine is another."""
        other = differences(header["run"], self.run)
        if other:
            raise CheckpointError(
                f"{quoted(path)} is of a run with other settings: {', '.join(other)}. "
                f"Give the same as then to go on, or {checkpoint.ANEW}."
            )
        other = differences(header["made_with"], self.made_with)
        if other:
            _log.warning("The run was begun elsewhere, and may differ: %s.", ", ".join(other))


def check_path(path: Any) -> Path:
    """Return the path of a checkpoint, which may be there already.

    Raises
    ------
    ImageError
        If this is no path.
    CheckpointError
        If its folder is missing, or there is anything else.
    """
    path = as_path(path)
    if not path.parent.is_dir():
        raise CheckpointError(f"The folder {quoted(path.parent)} does not exist; make it first.")
    checkpoint.is_there(path)
    return path


def differences(then: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Name what is not the same, with both values if they are short."""
    names = [name for name in {**then, **now} if then.get(name) != now.get(name)]
    pairs = [f" ({then.get(name)}, now {now.get(name)})" for name in names]
    return [
        name + (pair if len(pair) < _SHORT else "") for name, pair in zip(names, pairs, strict=True)
    ]


def _identity(pictures: Pictures, extractor: VGG19, shares: Sequence[float]) -> dict[str, Any]:
    """Return what must be the same, as JSON gives it back: its names are for messages."""
    sha256, weights = pictures.sha256, extractor.weights
    identity = {
        "content picture": sha256["content"],
        "style pictures": sha256["styles"],
        "start image": sha256["start_image"],
        "pictures that the network is rescaled on": sha256["rescaled_on"],
        "style shares": list(map(float, shares)),
        "weights": (weights.source, weights.sha256),
        **pictures.recipe.as_dict(),
    }
    return dict(json.loads(json.dumps(identity)))


def _machine(extractor: VGG19) -> dict[str, Any]:
    """Return what the last digits depend on beside the settings."""
    threads = tf.config.threading.get_intra_op_parallelism_threads()
    threads = threads or os.environ.get("TF_NUM_INTRAOP_THREADS") or os.cpu_count()
    about = {"device": device_name(), "precision": extractor.precision, "threads": str(threads)}
    return versions() | about
