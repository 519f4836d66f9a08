"""What a run tells while it goes on, and a bar that shows it, in terminals and notebooks alike."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from tqdm.auto import tqdm

from .._tensorflow import tf
from .scales import Shape, unframed

_log = logging.getLogger(__name__)


class Stop(Exception):
    """Raise this in a callback to end a run and keep its result so far."""


@dataclass(frozen=True)
class Progress:
    """What a callback sees, about once a second.

    Attributes
    ----------
    step, steps : int
        Steps done and to do, over all scales.
    losses : dict of str to float
        The weighted terms of the last step; they sum to the total loss.
    seconds, seconds_left : float
        Since the start, and a guess of the rest from the pixels still to do.
    """

    step: int
    steps: int
    losses: dict[str, float]
    seconds: float
    seconds_left: float
    _best: tf.Tensor = field(repr=False)
    _shape: Shape = field(repr=False, default=(0, 0))
    _finish: Callable[[np.ndarray], np.ndarray] = field(repr=False, default=np.asarray)

    @property
    def image(self) -> np.ndarray:
        """The best image so far, as a result has it: float32 RGB in [0, 1], shape (H, W, 3)."""
        return self._finish(as_image(self._best, self._shape))


def as_image(image: tf.Tensor | np.ndarray, shape: Shape) -> np.ndarray:
    """Return what is inside the frame, clipped to [0, 1]."""
    return np.clip(unframed(np.asarray(image), shape), 0, 1)


_log = logging.getLogger(__name__)
_SECONDS_PER_LINE = 30
_FORMAT = "{percentage:3.0f}% |{bar}| {n_fmt}/{total_fmt}{postfix}"


class ProgressBar:
    """A callback that shows steps, losses and the time left.

    Outside of a terminal, where a bar cannot be drawn anew, it logs a line at every quarter of the
    run and at least twice a minute.

    The time left is `Progress.seconds_left`: a bar's own guess from the steps done would be far
    off, since a step costs more on every finer scale.

    Examples
    --------
    >>> with ProgressBar() as bar:  # doctest: +SKIP
    ...     result = stylize("china", "swirling_night", callback=bar)
    """

    def __init__(self) -> None:
        # Before the first step lie seconds of loading and compiling: show at once that it runs.
        self._bar = tqdm(desc="preparing", bar_format="{desc} ...", disable=None)
        self._logged = (-1, 0.0)  # quarters and seconds at the last line

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.close()

    def __call__(self, progress: Progress) -> None:
        """Show this state of the run."""
        bar = self._bar
        if bar.disable:
            self._log_line(progress)
            return
        if bar.total is None:
            bar.bar_format = _FORMAT
            bar.reset(progress.steps)
        bar.n = progress.step
        left = tqdm.format_interval(progress.seconds_left)
        bar.set_postfix_str(f"{left} left, {_summary(progress.losses)}")

    def _log_line(self, progress: Progress) -> None:
        quarters, (before, at) = 4 * progress.step // progress.steps, self._logged
        if quarters > before or progress.seconds > at + _SECONDS_PER_LINE:
            self._logged = quarters, progress.seconds
            done = f"{progress.step}/{progress.steps} steps"
            if quarters:  # before, compiling is most of the time that was measured
                done += f", {tqdm.format_interval(progress.seconds_left)} left"
            _log.info("%s, %s", done, _summary(progress.losses))


def _summary(losses: dict[str, float]) -> str:
    """Sum the terms by kind; their names are ``kind/layer``.

    Examples
    --------
    >>> _summary({"content/block4_conv2": 1.0, "style/block1_conv1": 20, "style/block2_conv1": 3})
    'loss 24 = content 1 + style 23'
    """
    kinds: dict[str, float] = {}
    for name, value in losses.items():
        kind = name.partition("/")[0]
        kinds[kind] = kinds.get(kind, 0) + value
    parts = " + ".join(f"{kind} {value:.2g}" for kind, value in kinds.items())
    return f"loss {sum(kinds.values()):.2g} = {parts}"
