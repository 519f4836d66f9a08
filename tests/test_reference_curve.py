"""The stored curve of `deep/loss_curve` comes with the package, wherever the lesson lies."""

import json
from pathlib import Path

import numpy as np
import pytest
from lesson_cells import LESSONS

from nst_helpers.course.paper import reference_curve


def test_the_record_is_found_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    record = reference_curve()
    assert set(record) == {"bfloat16", "float32"}
    for run in record.values():
        assert np.isfinite(run["totals"]).all()
        assert len(run["totals"]) >= 500


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stem[:2])
def test_a_lone_copy_of_a_lesson_finds_what_it_reads(lesson: Path) -> None:
    cells = json.loads(lesson.read_text(encoding="utf-8"))["cells"]
    code = "".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    assert "../" not in code
