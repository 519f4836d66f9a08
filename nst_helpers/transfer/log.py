"""What is gathered while a run goes on: its trace, for the callback and for the result."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from .._tensorflow import tf
from ..network.precision import device_name
from ..network.vgg19 import VGG19
from .inputs import Pictures
from .progress import Progress, as_image
from .result import Result


class Log:
    """Gathers the trace and tells the callback."""

    def __init__(
        self, pictures: Pictures, extractor: VGG19, callbacks: Sequence[Callable[[Progress], None]]
    ) -> None:
        self.pictures, self.extractor, self.callbacks = pictures, extractor, callbacks
        self.rows: list[list[np.ndarray]] = []
        self.names: tuple[str, ...] = ()
        self.image: np.ndarray | None = None
        self.interrupted = self.ends_all = False
        self.began = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Used so far, with those before a stop."""
        return time.perf_counter() - self.began

    def go_on(self, scales: Sequence[np.ndarray], seconds: float) -> None:
        """Go on after these seconds, in which these scales were completed."""
        self.rows = [[rows] for rows in scales]
        self.began -= seconds

    def begin(self, names: tuple[str, ...]) -> None:
        """Begin the next scale, with these terms."""
        self.names = names
        self.rows.append([])

    def add(self, best: tf.Tensor, rows: np.ndarray) -> np.ndarray:
        """Take what the loop yields, tell the callbacks, and return the image."""
        self.rows[-1].append(rows)
        seconds, scales = self.seconds, self.pictures.scales
        shape = scales[len(self.rows) - 1].content
        self.image = image = as_image(best, shape)
        done, work = self._work(self._steps()), self._work([scale.steps for scale in scales])
        state = Progress(
            step=sum(self._steps()),
            steps=sum(scale.steps for scale in scales),
            losses=dict(zip(self.names, map(float, rows[-1]), strict=True)),
            seconds=seconds,
            seconds_left=seconds * (work - done) / done,
            _best=best,
            _shape=shape,
            _finish=self.pictures.finished,
        )
        for callback in self.callbacks:
            callback(state)
        return image

    def result(self) -> Result:
        """Return the result so far: the start, without a trace, before the first step is told."""
        if self.image is None:
            self.rows, self.image = [], self.pictures.start
        rows = [row for scale in self.rows for row in scale]
        weights, pictures = self.extractor.weights, self.pictures
        taken = zip(pictures.scales, self._steps(), strict=False)
        return Result(
            image=pictures.finished(self.image),
            recipe=pictures.recipe,
            content=pictures.names[0],
            styles=tuple(pictures.names[1:]),
            sha256=pictures.sha256,
            names=self.names,
            trace=np.concatenate(rows) if rows else np.empty((0, len(self.names)), np.float32),
            scales=tuple((*scale.content, steps) for scale, steps in taken if steps),
            seconds=self.seconds,
            interrupted=self.interrupted,
            precision=self.extractor.precision,
            device=device_name(),
            weights={
                "source": weights.source,
                "sha256": weights.sha256,
                "license": weights.license,
            },
        )

    def _steps(self) -> list[int]:
        return [sum(map(len, scale)) for scale in self.rows]

    def _work(self, steps: Sequence[int]) -> float:
        """Return pixels times steps, for the steps of the first scales."""
        shapes = [scale.content for scale in self.pictures.scales]
        return float(sum(h * w * n for (h, w), n in zip(shapes, steps, strict=False)))
