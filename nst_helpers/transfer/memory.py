"""How much memory this process may still take: the machine's, its container's, its hub's.

A container sees the whole machine's memory and is killed at its own limit; so is a kernel on a hub.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psutil

CGROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


def available_memory(cgroups: Path = CGROUPS, membership: Path = MEMBERSHIP) -> float:
    """Return the bytes that may still be taken without anything being killed or swapped.

    The least of what the machine has free, of what every control group above this process has left
    (Linux, version 1 or 2), and of what ``MEM_LIMIT`` leaves, as JupyterHub and Binder set it.

    Parameters
    ----------
    cgroups, membership : path
        Where the system describes control groups.
    """
    left = [float(psutil.virtual_memory().available), *_groups(cgroups, membership)]
    limit = os.environ.get("MEM_LIMIT", "")
    if limit.isdigit() and int(limit):
        left.append(int(limit) - psutil.Process().memory_info().rss)
    return max(0.0, min(left))


def _groups(cgroups: Path, membership: Path) -> Iterator[float]:
    """Yield what each control group has left, of those that have a limit."""
    for folder, names in _folders(cgroups, membership):
        limit, used = (_number(folder / name) for name in names)
        if limit is not None and used is not None:
            yield limit - used + _reclaimable(folder / "memory.stat")


def _folders(cgroups: Path, membership: Path) -> Iterator[tuple[Path, tuple[str, str]]]:
    """Yield this process's groups up to the root, each with the names of its limit and its use."""
    try:
        lines = membership.read_text().splitlines()
    except OSError:  # not Linux
        return
    for line in lines:
        _, kinds, path = line.split(":", 2)
        if not kinds:
            root, names = cgroups, ("memory.max", "memory.current")
        elif "memory" in kinds.split(","):
            root = cgroups / "memory"
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes")
        else:
            continue
        here = root / path.lstrip("/")
        # A container may see its own group at the root, whatever the path says.
        for folder in (here, *here.parents):
            yield folder, names
            if folder == root:
                break


def _number(file: Path) -> float | None:
    try:
        return float(file.read_text())
    except (OSError, ValueError):  # no such group here, or "max"
        return None


def _reclaimable(file: Path) -> float:
    """Return the cached file pages, which the kernel drops before it kills."""
    try:
        rows = dict(line.split() for line in file.read_text().splitlines())
    except (OSError, ValueError):
        return 0.0
    return float(rows.get("total_inactive_file", rows.get("inactive_file", 0)))
