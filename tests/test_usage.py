"""The tasks of docs/usage.md, as printed there, on small pictures."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nst_helpers import Result, Verdict, load_image, save_image
from nst_helpers.transfer.loop import Loop

PAGE = (Path(__file__).parent.parent / "docs" / "usage.md").read_text(encoding="utf-8")
TASKS = PAGE[PAGE.index("## Tasks") : PAGE.index("## What happens")]
JUDGING = PAGE[PAGE.index("## Judging results") : PAGE.index("## Recipes")]
BLOCKS = re.findall(r"```python\n(.*?)```", TASKS, re.DOTALL)


@pytest.mark.slow
def test_the_tasks_run_as_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NST_VGG19_WEIGHTS", "random")
    run = Loop.run  # what the page asks for is tested here, not how far 500 steps come
    monkeypatch.setattr(Loop, "run", lambda loop, place, steps: run(loop, place, min(steps, 3)))
    rng = np.random.default_rng(0)
    Path("photos").mkdir()
    Path("painted").mkdir()
    for name in ("photo.jpg", "painting.jpg", "one.jpg", "two.jpg", "photos/a.jpg", "photos/b.jpg"):
        save_image(rng.random((24, 32, 3)), name)
    names: dict[str, Any] = {}
    for block in BLOCKS:
        exec(block.replace("256)", "48)"), names)
    assert load_image("result.png").shape == (24, 32, 3)
    assert Result.load("result.png").recipe.pooling == "max"
    assert names["mixed"].styles == ("one.jpg", "two.jpg")
    assert sorted(path.name for path in Path("painted").glob("*.png")) == ["a.png", "b.png"]
    assert names["goal"].names[0] == "content/block4_conv2"
    assert names["more"].recipe.precision == "float32"
    assert names["more"].scales[-1][:2] == (24, 32)


@pytest.mark.slow
def test_judging_runs_as_printed(
    few_photos: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NST_VGG19_WEIGHTS", "random")
    rng = np.random.default_rng(0)
    for name in ("photo.jpg", "painting.jpg", "result.png", "other.png"):
        save_image(rng.random((64, 80, 3)), name)
    (block,) = re.findall(r"```python\n(.*?)```", JUDGING, re.DOTALL)
    names: dict[str, Any] = {}
    exec(block.replace("256)", "80)"), names)
    assert list(names["verdicts"]) == ["result.png", "other.png"]
    columns = re.findall(r"^\| `(\w+)`", JUDGING, re.MULTILINE)
    assert columns == [field.name for field in fields(Verdict)]


def test_each_task_is_five_lines_or_less() -> None:
    for block in BLOCKS:
        code = re.sub(r"(\(|\{|\[)\n\s+|\n\s*(\)|\})", r"\1\2", block)
        lines = [line for line in code.splitlines() if line and "import" not in line]
        assert len(lines) <= 5, block
