"""The one loop in which networks are trained: it stops, and goes on as if it had not."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from .._tensorflow import tf
from ..errors import WeightsError
from ..files import quoted, reason, write_atomically
from ..network.weights import Weights, load_weights
from .automaton import CROPS, AutomatonTraining
from .decoder_training import DecoderTraining
from .kept import write_arrays
from .style_training import StyleNetworkTraining

_STEPS_PER_CHECKPOINT = 100


class Training(Protocol):
    """What is trained, and how."""

    @property
    def state(self) -> Mapping[str, Any]:
        """All that steps change, for a checkpoint: the network, its optimizer, what else."""

    def step(self, number: int) -> dict[str, float]:
        """Take the step of this number, and return the parts of its loss.

        All that is random in it comes from its number: a training that was stopped goes on as if it
        had not been.
        """

    def arrays(self) -> dict[str, np.ndarray]:
        """Return what is kept of the network."""


class Kind(NamedTuple):
    """How a network is trained.

    `make` takes the steps of the whole training and VGG19's weights; `steps` are those of the
    network that comes with the package.
    """

    make: Callable[[int, Weights | None], Training]
    steps: int


TRAININGS = {
    "decoder": Kind(DecoderTraining, 2000),
    "style_network": Kind(StyleNetworkTraining, 800),
} | {f"automaton_{name}": Kind(partial(AutomatonTraining, painting=name), 500) for name in CROPS}


def training_of(name: str) -> Kind:
    """Return how a network is trained.

    Raises
    ------
    WeightsError
        If there is none of this name.
    """
    if name not in TRAININGS:
        raise WeightsError(f"No network {quoted(name)} can be trained, but {', '.join(TRAININGS)}.")
    return TRAININGS[name]


def train(
    name: str,
    folder: Path,
    steps: int | None = None,
    *,
    weights: Weights | None = None,
    callback: Callable[[int, dict[str, float]], None] | None = None,
) -> Path:
    """Train a network, and write it as ``NAME.npz``; what was begun in the folder goes on.

    Parameters
    ----------
    name : str
        One of `TRAININGS`.
    folder : path
        A new one, or one where such a training was begun: for the network and its checkpoints.
    steps : int, optional
        By default those of the network that comes with the package.
    weights : Weights, optional
        Of VGG19; by default the pretrained ones.
    callback : callable, optional
        Called after every step with its number and the parts of its loss.

    Returns
    -------
    path
        Of the network.

    Raises
    ------
    WeightsError
        If there is no such network, or the folder cannot be used, holds something else, or another
        training's checkpoints.
    """
    kind = training_of(name)
    steps = kind.steps if steps is None else steps
    network = load_weights() if weights is None else weights
    _begin(folder, {"network": name, "steps": steps, "vgg19": network.sha256})
    training, done = kind.make(steps, network), tf.Variable(0)
    state = tf.train.Checkpoint(done=done, **training.state)
    manager = tf.train.CheckpointManager(state, folder / "checkpoint", max_to_keep=1)
    try:
        state.restore(manager.latest_checkpoint)
    except tf.errors.OpError as error:
        raise WeightsError(
            f"The checkpoint in {quoted(folder)} is damaged; remove the folder and begin anew."
        ) from error
    while int(done) < steps:
        parts = training.step(int(done))
        done.assign_add(1)
        if callback:
            callback(int(done), parts)
        if int(done) % _STEPS_PER_CHECKPOINT == 0:
            manager.save()
    write_arrays(folder / f"{name}.npz", training.arrays())
    return folder / f"{name}.npz"


def _begin(folder: Path, about: dict[str, Any]) -> None:
    """Make the folder of a training, or check that it is this one's."""
    note = folder / "training.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not any(folder.iterdir()):
            write_atomically(note, lambda file: file.write(json.dumps(about).encode()))
        begun = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"{quoted(folder)} is no folder for a training ({reason(error)}); name a new one."
        ) from error
    if begun != about:
        raise WeightsError(
            f"{quoted(folder)} holds another training, {begun}; name a new folder, or train so."
        )
