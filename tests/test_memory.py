"""Memory limits of containers and hubs, from made-up descriptions of them."""

from pathlib import Path

import psutil
import pytest

from nst_helpers.transfer import forecast
from nst_helpers.transfer.memory import available_memory

GB = 10**9


def describe(folder: Path, **files: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in files.items():
        (folder / name.replace("__", ".")).write_text(f"{value}\n")


@pytest.fixture
def membership(tmp_path: Path) -> Path:
    return tmp_path / "cgroup"


def test_version_2(tmp_path: Path, membership: Path) -> None:
    membership.write_text("0::/pod/me\n")
    describe(tmp_path / "fs", cgroup__procs=1)
    describe(
        tmp_path / "fs" / "pod",
        memory__max=GB,
        memory__current=GB // 2,
        memory__stat=f"anon 5\ninactive_file {GB // 10}",
    )
    describe(tmp_path / "fs" / "pod" / "me", memory__max="max", memory__current=GB // 4)
    assert available_memory(tmp_path / "fs", membership) == pytest.approx(0.6 * GB)


def test_version_2_seen_from_inside(tmp_path: Path, membership: Path) -> None:
    membership.write_text("0::/\n")
    describe(tmp_path / "fs", memory__max=GB, memory__current=GB // 4)
    assert available_memory(tmp_path / "fs", membership) == pytest.approx(0.75 * GB)


def test_version_1(tmp_path: Path, membership: Path) -> None:
    membership.write_text("9:cpu:/x\n4:memory:/docker/abc\n")
    describe(
        tmp_path / "fs" / "memory",
        memory__limit_in_bytes=GB,
        memory__usage_in_bytes=GB // 2,
        memory__stat=f"total_inactive_file {GB // 4}\ninactive_file 3",
    )
    assert available_memory(tmp_path / "fs", membership) == pytest.approx(0.75 * GB)


def test_no_limit_and_no_linux(tmp_path: Path, membership: Path) -> None:
    free = psutil.virtual_memory().available
    assert available_memory(tmp_path, membership) == pytest.approx(free, rel=0.2)
    membership.write_text("4:memory:/\n")
    describe(tmp_path / "memory", memory__limit_in_bytes=2**63 - 4096, memory__usage_in_bytes=GB)
    assert available_memory(tmp_path, membership) == pytest.approx(free, rel=0.2)


def test_a_limit_that_is_used_up_leaves_nothing(tmp_path: Path, membership: Path) -> None:
    membership.write_text("0::/\n")
    describe(tmp_path / "fs", memory__max=GB, memory__current=2 * GB)
    assert available_memory(tmp_path / "fs", membership) == 0


def test_hubs(tmp_path: Path, membership: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    used = psutil.Process().memory_info().rss
    monkeypatch.setenv("MEM_LIMIT", str(used + GB))
    assert available_memory(tmp_path, membership) == pytest.approx(GB, rel=0.1)
    assert forecast.available_memory() == pytest.approx(used + 0.9 * GB, rel=0.1)
    monkeypatch.setenv("MEM_LIMIT", "1G")  # not as hubs write it
    assert available_memory(tmp_path, membership) > 0
