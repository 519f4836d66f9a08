"""The probe: what it decides, and that it asks the machine only once."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from nst_helpers import device_name, resolve_precision
from nst_helpers.network import precision
from nst_helpers.network.precision import fast_bfloat16


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give each test an empty cache folder and a process that knows no answer yet."""
    monkeypatch.setenv("NST_CACHE", str(tmp_path / "cache"))
    fast_bfloat16.cache_clear()
    yield tmp_path / "cache"
    fast_bfloat16.cache_clear()


@pytest.fixture
def probes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace the stopwatch by a machine whose bfloat16 is twice as fast, and note its use."""
    return clock(monkeypatch, float32=2.0, bfloat16=1.0)


def clock(monkeypatch: pytest.MonkeyPatch, **seconds: float) -> list[str]:
    probed: list[str] = []

    def told() -> tuple[float, float]:
        probed.append("probe")
        return seconds["float32"], seconds["bfloat16"]

    monkeypatch.setattr(precision, "_seconds", told)
    monkeypatch.setattr(precision, "has_bfloat16", lambda: True)
    return probed


def test_a_named_precision_needs_no_probe(probes: list[str]) -> None:
    assert resolve_precision("float32") == "float32"
    assert resolve_precision("bfloat16") == "bfloat16"
    assert probes == []


@pytest.mark.parametrize(
    ("float32", "bfloat16", "expected"),
    [(2.0, 1.0, "bfloat16"), (1.0, 2.0, "float32"), (1.1, 1.0, "float32")],
    ids=["faster", "slower", "hardly faster"],
)
def test_auto_takes_bfloat16_where_it_is_clearly_faster(
    monkeypatch: pytest.MonkeyPatch, float32: float, bfloat16: float, expected: str
) -> None:
    clock(monkeypatch, float32=float32, bfloat16=bfloat16)
    assert resolve_precision("auto") == expected


def test_the_answer_is_kept_for_later_processes(cache: Path, probes: list[str]) -> None:
    assert fast_bfloat16() is fast_bfloat16() is True
    assert probes == ["probe"]
    fast_bfloat16.cache_clear()  # as a new process
    assert fast_bfloat16() is True
    assert probes == ["probe"]


def test_answers_of_other_machines_stay(cache: Path, probes: list[str]) -> None:
    cache.mkdir()
    (cache / "bfloat16.json").write_text('{"another machine": false}')
    fast_bfloat16()
    known = json.loads((cache / "bfloat16.json").read_text())
    assert known.pop("another machine") is False
    assert list(known.values()) == [True]


@pytest.mark.parametrize("content", ["", '{"a": tr', "[1]", "null"])
def test_a_damaged_answer_is_asked_again(cache: Path, probes: list[str], content: str) -> None:
    cache.mkdir()
    (cache / "bfloat16.json").write_text(content)
    assert fast_bfloat16() is True
    assert probes == ["probe"]
    assert list(json.loads((cache / "bfloat16.json").read_text()).values()) == [True]


def test_an_unwritable_cache_costs_nothing_but_time(cache: Path, probes: list[str]) -> None:
    cache.write_text("a file where the folder should be")
    assert fast_bfloat16() is True


def test_the_real_probe_answers(cache: Path) -> None:
    answer = fast_bfloat16()
    (told,) = json.loads((cache / "bfloat16.json").read_text()).items()
    assert told[0].startswith(device_name())
    assert told[1] is answer
