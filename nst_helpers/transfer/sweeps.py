"""Many independent runs, here or on other machines, safe to stop and to resume (lesson 11)."""

from __future__ import annotations

import functools
import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import CheckpointError, ImageError, NSTError, SweepError
from ..files import as_path
from ..network.weights import Weights, default_source, load_weights
from ..pictures.write import check_output
from ..recipe import Recipe
from .checkpoint import beside, discard, is_there
from .inputs import checksums
from .result import Result
from .stylize import stylize_many

_log = logging.getLogger(__name__)

# On every system: no dot or space at the end, and none of the names of Windows' devices.
_FILE_NAME = r"(?!\.|(?i:con|prn|aux|nul|com\d|lpt\d)(\.|$))[\w .=+-]*[\w=+-]"


@dataclass(frozen=True)
class Run:
    """One run of a sweep, in words that travel to another machine.

    Attributes
    ----------
    content, style : str
        The name of a registered picture (`data.names`), or a file that the workers can read.
    recipe : Recipe
    """

    content: str
    style: str
    recipe: Recipe = field(default_factory=Recipe)


def sweep(
    runs: Mapping[str, Run],
    folder: str | os.PathLike[str],
    executor: Executor | None = None,
    *,
    weights: str | None = None,
    callback: Callable[[str], None] | None = None,
) -> dict[str, Result]:
    """Do every run, and keep each as ``folder/name.png`` with its record beside it.

    A run whose files are there with the same settings, pictures and weights is read instead of
    repeated, so a sweep that was stopped goes on where it was. Files of ours with others are
    replaced. A run of over half a minute is kept meanwhile, see `stylize`, if it is done on this
    machine.

    Parameters
    ----------
    runs : mapping of str to Run
        By name, which becomes the file's: letters, digits, spaces and ``._=+-``.
    folder : str or path
        Made if it is missing. Only the caller writes results there: workers send them back.
    executor : concurrent.futures.Executor, optional
        Where to run: a `ProcessPoolExecutor` (with the context ``"spawn"``, since TensorFlow does
        not survive a fork), a cluster's, such as ``dask.distributed.Client(address)
        .get_executor()``, or any other. By default one run after the other in this process.
    weights : str, optional
        As for `load_weights`; each worker loads its own.
    callback : callable, optional
        Called with the name of each run as it ends, well or badly; not for those read back.

    Returns
    -------
    dict of str to Result
        In the order of `runs`. Images have the 8 bits per channel of their files.

    Raises
    ------
    SweepError
        After the last run, if any failed. The others are in the folder and in the error.
    ImageError
        Before the first run: if a name cannot be a file's, the folder cannot be made or written
        to, or a file in it is not ours.
    NSTError
        For a pool of forked processes, in which TensorFlow would hang.
    """
    _check_executor(executor)
    files = _files(folder, runs)
    kept = {
        name: stored(files[name], run.content, (run.style,), run.recipe, weights)
        for name, run in runs.items()
    }
    for name in [name for name in runs if not kept[name]]:
        check_output(files[name], keep=(runs[name].content, runs[name].style))
        is_there(beside(files[name]))  # refuses what is no checkpoint
    for name in [name for name in runs if kept[name]]:
        discard(beside(files[name]))
    failures: dict[str, Exception] = {}
    left = {name: (runs[name], beside(files[name])) for name in runs if not kept[name]}
    for name, outcome in _outcomes(left, executor, weights):
        if isinstance(outcome, Result):
            outcome = _tried(functools.partial(_saved, outcome, files[name]))
        if isinstance(outcome, Result):
            kept[name] = outcome
        else:
            failures[name] = outcome
            _log.warning("The run %s failed: %s", name, outcome)
        if callback:
            callback(name)
    results = {name: result for name, result in kept.items() if result}
    if failures:
        raise SweepError(results, failures)
    return results


def _files(folder: str | os.PathLike[str], names: Iterable[str]) -> dict[str, Path]:
    _check_names(names := list(names))
    folder = as_path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImageError(f"The folder '{folder}' could not be made ({error.strerror}).") from error
    return {name: folder / f"{name}.png" for name in names}


def _check_names(names: Iterable[str]) -> None:
    """Refuse what cannot be a file's name on every system, before the first run."""
    seen: dict[str, str] = {}
    for name in names:
        if not isinstance(name, str) or not re.fullmatch(_FILE_NAME, name):
            raise ImageError(
                f"The run name {name!r} cannot be a file's; use letters, digits, spaces and ._=+-."
            )
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            raise ImageError(f"The runs {other!r} and {name!r} would share a file; rename one.")


def _check_executor(executor: Executor | None) -> None:
    context: Any = getattr(executor, "_mp_context", None)
    if isinstance(executor, ProcessPoolExecutor) and context.get_start_method() == "fork":
        raise NSTError(
            "TensorFlow does not survive a fork: make the executor with "
            "ProcessPoolExecutor(mp_context=multiprocessing.get_context('spawn'))."
        )


def _saved(result: Result, path: Path) -> Result:
    saved = Result.load(result.save(path))
    discard(beside(path))  # of the checkpoint, which is of no more use
    return saved


def stored(
    path: Path, content: str, styles: tuple[str, ...], recipe: Recipe, weights: str | None
) -> Result | None:
    """Return what an earlier run left, if it has these settings, pictures and weights."""
    try:
        result = Result.load(path)
    except NSTError:
        return None
    made_by = (result.content, result.styles, result.recipe, result.interrupted)
    if made_by != (content, styles, recipe, False):
        return None
    try:
        if result.sha256 != checksums(recipe, content, styles, None):
            return None
    except NSTError:  # a picture is gone: the run itself will say so
        return None
    network = _loaded(weights or default_source())
    return result if result.weights["sha256"] == network.sha256 else None


def _outcomes(
    runs: Mapping[str, tuple[Run, Path]], executor: Executor | None, weights: str | None
) -> Iterator[tuple[str, Result | Exception]]:
    """Yield each run's result or error, as soon as it is there."""
    if executor is None:
        for name, (run, file) in runs.items():
            yield name, _tried(functools.partial(_do, run, weights, file))
        return
    here = isinstance(executor, ProcessPoolExecutor)  # others may not see the folder
    futures = {
        executor.submit(_do, run, weights, file if here else None): name
        for name, (run, file) in runs.items()
    }
    try:
        for future in as_completed(futures):
            yield futures[future], _tried(future.result)
    finally:
        for future in futures:
            future.cancel()


def _tried(get: Callable[[], Result]) -> Result | Exception:
    try:
        return get()
    except Exception as error:  # one run's, whatever it is: the others go on
        return error


def _do(run: Run, weights: str | None, checkpoint: Path | None) -> Result:
    """Do one run, in the worker."""
    network = _loaded(weights or default_source())
    how = ([run.content], run.style, run.recipe)
    try:
        result = next(stylize_many(*how, weights=network, checkpoints=[checkpoint]))
    except CheckpointError:
        if checkpoint is None or not is_there(checkpoint):
            raise
        _log.warning("%s is damaged or of another run; the run is begun anew.", checkpoint)
        discard(checkpoint)
        result = next(stylize_many(*how, weights=network, checkpoints=[checkpoint]))
    if result.interrupted:  # `stylize` keeps what it has; a sweep shall stop, and resume later
        raise KeyboardInterrupt
    return result


@functools.lru_cache(maxsize=1)
def _loaded(source: str) -> Weights:
    return load_weights(source)
