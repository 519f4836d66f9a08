"""The package's own exceptions: each message says what was wrong and what to do."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any


class NSTError(Exception):
    """Base of every error that `nst_helpers` raises on purpose."""


class ImageError(NSTError, ValueError):
    """A picture could not be read, written or used."""


class DataError(NSTError):
    """A registered picture is unknown, missing or not what its checksum says."""


class WeightsError(NSTError):
    """The network's weights could not be had, or are not what they should be."""


class LayerError(NSTError, ValueError):
    """A layer that VGG19 does not have, or an image too small to reach it."""


class RecipeError(NSTError, ValueError):
    """A recipe with a setting outside its closed set or range."""


class DivergedError(NSTError, ArithmeticError):
    """The optimization left the finite numbers and could not be brought back.

    Attributes
    ----------
    result : Result or None
        The run up to there, with its best image; None if there is none.
    """

    result: Any = None


class CheckpointError(NSTError):
    """A file is no checkpoint, a damaged one, or that of another run."""


class SweepError(NSTError):
    """Some runs of a sweep failed.

    Attributes
    ----------
    results : dict of str to Result
        The runs that did not.
    failures : dict of str to Exception
        What each of the others raised.
    """

    def __init__(self, results: Mapping[str, Any], failures: Mapping[str, Exception]) -> None:
        self.results, self.failures = dict(results), dict(failures)
        reasons = "".join(f"\n  {name}: {error}" for name, error in failures.items())
        super().__init__(
            f"{len(failures)} of {len(results) + len(failures)} runs failed; the others are kept, "
            f"and the same sweep again does only these:{reasons}"
        )


class StudyError(NSTError, ValueError):
    """A folder cannot be made a study with people, or a file of votes not be counted."""


class AnswerError(NSTError, AssertionError):
    """An exercise's answer is not right; the message names the likely mistake."""

    def _render_traceback_(self) -> list[str]:
        """Let notebooks show the sentence alone: a traceback would show the right answer."""
        return textwrap.wrap(f"{type(self).__name__}: {self}", 78)  # JupyterLab would cut words
