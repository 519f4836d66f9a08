"""What is gathered while a run goes on: its trace, for the callback and for the result."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from .._tensorflow import tf
from ..network.precision import device_name
from ..network.vgg19 import VGG19
from .inputs import Pictures
from .progress import Progress
from .result import Result


class Log:
    """Gathers the trace and tells the callback."""

    def __init__(
        self, pictures: Pictures, extractor: VGG19, callbacks: Sequence[Callable[[Progress], None]]
    ) -> None:
        self.pictures, self.extractor, self.callbacks = pictures, extractor, callbacks
        self.rows: list[list[np.ndarray]] = []
        self.names: tuple[str, ...] = ()
        self.interrupted = self.ends_all = False
        self.began = time.perf_counter()

    def begin(self, names: tuple[str, ...]) -> None:
        """Begin the next scale, with these terms."""
        self.names = names
        self.rows.append([])

    def add(self, best: tf.Tensor, rows: np.ndarray) -> None:
        """Take what the loop yields, and tell the callbacks."""
        self.rows[-1].append(rows)
        seconds, scales = time.perf_counter() - self.began, self.pictures.scales
        done, work = self._work(self._steps()), self._work([scale.steps for scale in scales])
        state = Progress(
            step=sum(self._steps()),
            steps=sum(scale.steps for scale in scales),
            losses=dict(zip(self.names, map(float, rows[-1]), strict=True)),
            seconds=seconds,
            seconds_left=seconds * (work - done) / done,
            _best=best,
            _shape=scales[len(self.rows) - 1].content,
            _finish=self.pictures.finished,
        )
        for callback in self.callbacks:
            callback(state)

    def result(self, image: np.ndarray) -> Result:
        """Return the result, with this image."""
        rows = [row for scale in self.rows for row in scale]
        weights, pictures = self.extractor.weights, self.pictures
        taken = zip(pictures.scales, self._steps(), strict=False)
        return Result(
            image=pictures.finished(image),
            recipe=pictures.recipe,
            content=pictures.names[0],
            styles=tuple(pictures.names[1:]),
            sha256=pictures.sha256,
            names=self.names,
            trace=np.concatenate(rows) if rows else np.empty((0, len(self.names)), np.float32),
            scales=tuple((*scale.content, steps) for scale, steps in taken if steps),
            seconds=time.perf_counter() - self.began,
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
