import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from nst_helpers import FIRST_OF_EACH_BLOCK, data, paper
from nst_helpers.course.paper import BUDGETS, FIGURES, STAND_INS, Budget
from nst_helpers.errors import DataError, ImageError, RecipeError

TINY = Budget(32, ((1.0, 1),))
# What a title says where no picture is the paper's. Not just "own", which is in "down" too.
WHOSE = re.compile(r"pictures of our own\)|, not the paper's\)|other photos than the paper's\)")


@pytest.fixture(params=[True, False], ids=["the paper's pictures", "shipped pictures"])
def own(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[bool]:
    paper.papers_pictures.cache_clear()

    def path(name: str) -> Path:
        if request.param:
            return Path(name)
        raise DataError("no network")

    monkeypatch.setattr(data, "path", path)
    yield request.param
    paper.papers_pictures.cache_clear()


def test_every_figure_says_whose_pictures_it_shows(own: bool) -> None:
    for name, figure in paper.figures(TINY).items():
        assert set(figure.pictures) <= set(data.names())
        theirs = set(figure.pictures) & set(STAND_INS)
        assert own or not theirs
        assert theirs or WHOSE.search(figure.title), name


def test_the_grid_is_the_papers(own: bool) -> None:
    figure = paper.figures(TINY)["layers_and_ratio"]
    runs = list(figure.panels.values())
    assert (len(runs), figure.columns) == (20, 4)
    for number, run in enumerate(runs):
        row, column = divmod(number, 4)
        recipe = run.recipe
        assert recipe.style_layers == FIRST_OF_EACH_BLOCK[: row + 1]
        assert recipe.style_weight == pytest.approx(10.0 ** (5 - column))
        assert recipe.content_weight == (512 / 32) ** 2  # so many times fewer positions
        assert recipe.content_normalization == recipe.style_normalization == "paper"
        assert (recipe.layer_weights, recipe.start, recipe.pooling, recipe.normalize_network) == (
            *("mean", "gray", "average", False),
        )


def test_four_painters_with_a_tenth_of_the_ratio(own: bool) -> None:
    wanted = paper.figures(TINY)
    nearest = list(wanted["painters_nearest"].panels.values())
    for run, printed in zip(nearest, wanted["painters"].panels.values(), strict=False):
        assert (run.content, run.style) == (printed.content, printed.style)
        assert run.recipe.style_weight == 10 * printed.recipe.style_weight
        assert run.recipe.content_weight == printed.recipe.content_weight
    assert len(nearest) == 4


def test_a_panel_of_two_figures_is_one_run(own: bool) -> None:
    wanted = paper.figures(TINY)
    runs = paper.named_runs(wanted)
    panels = [run for figure in wanted.values() for run in figure.panels.values()]
    assert set(runs.values()) == set(panels)
    assert len(runs) == len(set(panels)) < len(panels)
    shared = set(wanted["ratio"].panels.values()) & set(wanted["layers_and_ratio"].panels.values())
    assert len(shared) == 3


def test_full_budget_has_the_papers_size() -> None:
    assert BUDGETS["full"].size == 512
    full = paper.figures(BUDGETS["full"], ["painters"])["painters"]
    turner = next(iter(full.panels.values())).recipe
    assert (turner.content_weight, turner.style_weight) == (1, 1000)


def test_unknown_figure() -> None:
    with pytest.raises(RecipeError, match=f"'grid'; choose from {', '.join(FIGURES)}"):
        paper.figures(TINY, ["grid"])


@pytest.mark.slow
def test_make_writes_figures_with_their_settings(tmp_path: Path) -> None:
    paper.papers_pictures.cache_clear()
    wanted = paper.figures(TINY, ["ratio", "content_layer"])
    files = paper.make(wanted, tmp_path, weights="random")
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")} == {
        *("ratio.png", "ratio.json", "content_layer.png", "content_layer.json"),
        *(f"runs/{name}.{kind}" for name in paper.named_runs(wanted) for kind in ("png", "json")),
    }
    record = json.loads(files["ratio"].with_suffix(".json").read_text(encoding="utf-8"))
    assert record["title"] == wanted["ratio"].title
    assert list(record["panels"]) == list(wanted["ratio"].panels)
    first = next(iter(record["panels"].values()))
    assert first["recipe"]["style_weight"] == pytest.approx(1e4)
    assert first["seconds"] > 0
    picture = np.asarray(PIL.Image.open(files["ratio"]).convert("RGB"))
    assert picture.shape[1] >= 800
    assert picture.std() > 10


@pytest.mark.parametrize("name", ["ratio.png", "ratio.json"])
def test_a_strangers_file_is_not_overwritten(name: str, tmp_path: Path) -> None:
    mine = tmp_path / name
    mine.write_text('{"mine": 1}')
    with pytest.raises(ImageError, match="no figure of ours and would be lost"):
        paper.make(paper.figures(TINY, ["ratio"]), tmp_path, weights="random")
    assert mine.read_text() == '{"mine": 1}'
    assert list(tmp_path.iterdir()) == [mine]


def test_a_figure_of_ours_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "ratio.json").write_text('{"title": "The ratio", "panels": {}}')
    (tmp_path / "ratio.png").write_bytes(b"old")
    paper._check_outputs([tmp_path / "ratio"])
