"""What every lesson keeps, read from the stored notebooks; nbval runs them in `make test`."""

import ast
import builtins
import importlib
import io
import re
import symtable
from base64 import b64decode
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import Any
from urllib.parse import unquote

import nbformat
import numpy as np
import PIL.Image
import pytest
from lesson_cells import DEEP, LESSONS
from nbformat import NotebookNode
from nbval.plugin import get_sanitize_patterns

from nst_helpers.course import figures
from nst_helpers.course.checks.exercise import Exercise
from nst_helpers.course.checks.judge import CORRECT, NOT_ANSWERED
from tools import editions

ROOT = Path(__file__).parent.parent
NOTEBOOKS = LESSONS + DEEP
DOCUMENTS = [*NOTEBOOKS, *sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]

lessons = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.name)
notebooks = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
documents = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)


def cells(path: Path, kind: str) -> list[NotebookNode]:
    return [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == kind]


def text(path: Path) -> str:
    """Return the text of a notebook or Markdown file, without blocks of code."""
    if path.suffix == ".ipynb":
        source = "\n\n".join(cell.source for cell in cells(path, "markdown"))
    else:
        source = path.read_text()
    return re.sub(r"^ *```.*?^ *```", "", source, flags=re.DOTALL | re.MULTILINE)


def prose(path: Path) -> str:
    """Return the text without code and formulas."""
    return re.sub(r"`[^`]*`|\$\$.*?\$\$|\$[^$\n]*\$", "", text(path), flags=re.DOTALL)


class Tags(HTMLParser):
    """Collects the attributes of each tag of one name."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__()
        self.name = name
        self.found: list[dict[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == self.name:
            self.found.append({name: value or "" for name, value in attrs})


def test_there_are_lessons() -> None:
    assert LESSONS
    assert DEEP


@notebooks
def test_starts_with_its_title(path: Path) -> None:
    first = nbformat.read(path, 4).cells[0]
    assert first.cell_type == "markdown"
    assert first.source.startswith("# ")


@notebooks
def test_was_run_once_from_top_to_bottom(path: Path) -> None:
    # nbval runs a cell without a count but compares nothing.
    counts = [cell.execution_count for cell in cells(path, "code")]
    assert counts == list(range(1, len(counts) + 1)), "run all cells in a fresh kernel, then save"


@notebooks
def test_fails_only_where_it_says_so(path: Path) -> None:
    for cell in cells(path, "code"):
        failed = any(output.output_type == "error" for output in cell.outputs)
        assert failed == ("raises-exception" in cell.metadata.get("tags", [])), cell.source


@notebooks
def test_stores_no_messages(path: Path) -> None:
    for cell in cells(path, "code"):
        messages = [output.text for output in cell.outputs if output.get("name") == "stderr"]
        assert not messages, cell.source


@notebooks
def test_stores_no_place_of_the_machine_that_ran_it(path: Path) -> None:
    for cell in cells(path, "code"):
        for output in cell.outputs:
            lines = [*output.get("traceback", ()), output.get("text", "")]
            plain = re.sub(r"\x1b\[[\d;]*m", "", "\n".join(lines))
            assert not re.search(r"(?<![\w.])/\w+/\S*\.py\b", plain), cell.source


PICTURES = {"image/png", "image/jpeg"}


def described(picture: NotebookNode, following: NotebookNode) -> bool:
    """Tell whether a picture's description is in its metadata and, as text, right below it.

    JupyterLab and nbconvert's default page drop the metadata, other readers make it the alt
    attribute: it takes both to reach everyone.
    """
    kind = next(kind for kind in PICTURES if kind in picture.data)
    alt = picture.metadata.get(kind, {}).get("alt", "").strip()
    data = following.get("data", {})
    return bool(alt) and alt in unescape(data.get("text/html", data.get("text/markdown", "")))


def undescribed(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Return the outputs that hold a picture without words."""
    pictures = [
        output
        for output, following in pairwise([*outputs, NotebookNode()])
        if PICTURES & output.get("data", {}).keys() and not described(output, following)
    ]
    html = [
        output
        for output in outputs
        for tag in Tags("img", output.get("data", {}).get("text/html", "")).found
        if not tag.get("alt")
    ]
    return pictures + html


@notebooks
def test_every_picture_is_described(path: Path) -> None:
    for cell in cells(path, "code"):
        assert not undescribed(cell.outputs), cell.source
        formats = {kind for output in cell.outputs for kind in output.get("data", {})}
        assert "image/svg+xml" not in formats, "publish figures as PNG or JPEG"


@notebooks
def test_stored_descriptions_are_those_of_the_source(path: Path) -> None:
    """Words changed in a cell that was not run again are still the old ones for a reader."""
    for cell in filter(lambda cell: cell.outputs, cells(path, "code")):
        given = {
            word.value.value
            for word in ast.walk(ast.parse(cell.source))
            if isinstance(word, ast.keyword) and word.arg == "alt"
            if isinstance(word.value, ast.Constant)
        }
        stored = {
            output.get("metadata", {}).get(kind, {}).get("alt")
            for output in cell.outputs
            for kind in PICTURES
        }
        assert given <= stored, cell.source


@notebooks
def test_no_picture_has_a_palette(path: Path) -> None:
    """256 colors give a clear sky a texture that is not there."""
    for cell in cells(path, "code"):
        for output in cell.outputs:
            for kind in PICTURES & output.get("data", {}).keys():
                picture = PIL.Image.open(io.BytesIO(b64decode(output.data[kind])))
                assert picture.mode != "P", cell.source


@pytest.mark.parametrize(("side", "kind"), [(50, "png"), (1500, "jpeg")])
def test_large_pictures_become_jpeg(side: int, kind: str, rng: np.random.Generator) -> None:
    coarse = rng.integers(0, 256, (side // 2, side // 2, 3), np.uint8)  # the hardest to compress
    enlarged = PIL.Image.fromarray(coarse).resize((side, side), PIL.Image.Resampling.LANCZOS)
    noise = np.asarray(enlarged)  # as figures enlarge their pictures, at least so much
    png = io.BytesIO()
    PIL.Image.fromarray(noise).save(png, "PNG")
    compact, format_ = figures._compact(png.getvalue())
    picture = PIL.Image.open(io.BytesIO(compact))
    assert (format_, picture.format) == (kind, kind.upper())
    assert np.abs(np.float32(picture.convert("RGB")) - noise).mean() < 25  # an even gray: 64


@notebooks
def test_cells_and_file_stay_small(path: Path) -> None:
    lines = [len(cell.source.splitlines()) for cell in cells(path, "code")]
    assert max(lines) <= 25
    assert median(lines) <= 6
    assert path.stat().st_size < 2_000_000, "show smaller pictures"


def words(path: Path) -> int:
    """Count what a reader of the text reads; what is folded is asked for."""
    return len(re.sub(r"<details.*?</details>", "", text(path), flags=re.DOTALL).split())


@pytest.mark.parametrize(
    ("path", "most_cells", "most_words"),
    [(path, 90, 2500) for path in LESSONS] + [(path, 70, 1800) for path in DEEP],
    ids=lambda value: getattr(value, "name", ""),
)
def test_is_an_hour_of_learning(path: Path, most_cells: int, most_words: int) -> None:
    assert len(nbformat.read(path, 4).cells) <= most_cells
    assert words(path) <= most_words


@pytest.mark.parametrize("path", DEEP, ids=lambda path: path.name)
def test_what_is_deep_is_asked_for_in_a_lesson(path: Path) -> None:
    assert any(f"deep/{path.name}" in text(lesson) for lesson in LESSONS)
    assert not tagged(path, "exercise")


OPTIONAL = r"\*\(optional\)\*$"
SET_APART = rf"^(Exercise|Explain|Experiment)\b|{OPTIONAL}"


def outside(path: Path, titles: str) -> list[bool]:
    """Return for each cell whether it stands outside all sections with such titles."""
    apart, marks = 0, []  # the level of the heading that sets apart what we read, or 0
    for cell in nbformat.read(path, 4).cells:
        headings = re.findall(r"^(#+) (.*)$", cell.source, re.MULTILINE)
        for level, title in headings if cell.cell_type == "markdown" else []:
            if not apart or len(level) <= apart:
                apart = len(level) * bool(re.search(titles, title))
        marks.append(not apart)
    return marks


@pytest.mark.parametrize(
    ("path", "titles"),
    [(path, OPTIONAL) for path in LESSONS]
    + [(path, SET_APART) for path in LESSONS if "its core" in text(path)],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_lesson_runs_without_what_is_set_apart(path: Path, titles: str) -> None:
    """No cell uses a name that only optional ones give; nor, in the core, one of an exercise."""
    known = set(dir(builtins)) | {"display"}
    for cell, kept in zip(nbformat.read(path, 4).cells, outside(path, titles), strict=True):
        if is_code(cell) and kept:
            given, taken = names(cell.source)
            assert taken <= known | given, cell.source
            known |= given


def test_the_first_lesson_repeats_the_minutes_of_every_core() -> None:
    found = [re.search(r"its core (\d+)", text(path)) for path in LESSONS]
    minutes = [match[1] for match in found if match]
    assert len(minutes) == len(LESSONS) - 5, "five lessons are not part of it"
    assert re.findall(r"\| [½1] \| (\d+) \|", text(LESSONS[0])) == minutes


def test_the_path_of_one_class_takes_ninety_minutes() -> None:
    """It names sections that are there; a section runs after all cells above it."""
    table = text(LESSONS[0]).partition("one class?**")[2].partition("\n\nThe stored")[0]
    rows = re.findall(r"^\| (\d\d[^|]*) \| (.*) \| (\d+) \|$", table, re.MULTILINE)
    assert 60 < sum(int(minutes) for *_, minutes in rows) <= 90
    for numbers, sections, _ in rows:
        where = [path for path in LESSONS if path.name[:2] in numbers.split()]
        headings = {title for path in where for title in re.findall(r"^#+ (.*)$", text(path), re.M)}
        assert set(re.findall(r"\*(.+?)\*", sections)) <= headings
    assert len(rows) == 7


ONE_NAME = {  # what is not said: what is said instead
    r"finite difference|difference quotient|numerical (gradient|slope)": "central difference",
    r"permutations? \$P": "a permutation is pi; P is the photo's features",
    r"\bthe mend\b|\bfor the head\b|\bquarrel": "plain words",
    r"@@": "a number that was to be measured",
}


@notebooks
@pytest.mark.parametrize("never", ONE_NAME)
def test_one_thing_has_one_name(path: Path, never: str) -> None:
    assert not re.search(never, text(path), re.IGNORECASE), ONE_NAME[never]


@documents
def test_pictures_in_text_are_described(path: Path) -> None:
    assert re.findall(r"!\[\s*\]\([^)]*\)", prose(path)) == []
    assert [tag for tag in Tags("img", prose(path)).found if not tag.get("alt")] == []


def anchors(path: Path) -> set[str]:
    """Return what `#...` can name in a document, by the rule of its usual reader."""
    headings = re.findall(r"^#+ +(.+?) *$", text(path), re.MULTILINE)
    plain = [re.sub(r"[`*]|\]\([^)]*\)|\[", "", heading) for heading in headings]
    if path.suffix == ".ipynb":
        return {heading.replace(" ", "-") for heading in plain}
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in plain}


def targets(path: Path) -> list[str]:
    """Return where a document's links and pictures point to."""
    found = re.findall(r"\]\(<?([^)\s>]+)", prose(path))
    found += [tag.get("href", "") for tag in Tags("a", prose(path)).found]
    return found + [tag.get("src", "") for tag in Tags("img", prose(path)).found]


def broken(path: Path) -> list[str]:
    """Return the local links of a document that lead nowhere."""
    bad = []
    for target in targets(path):
        name, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        file = path.parent / unquote(name) if name else path
        if not file.exists() or (anchor and unquote(anchor) not in anchors(file)):
            bad.append(target)
    return bad


@documents
def test_local_links_resolve(path: Path) -> None:
    assert broken(path) == []


SANITIZER = (ROOT / "tests" / "nbval_sanitize.cfg").read_text()
EXAMPLES = {
    "<function f at 0x7f3a5c1e2b90>": "<function f at ADDRESS>",
    "<Figure size 1250x417.5 with 3 Axes>": "FIGURE",
    "100%|████| 60/60 [00:12<00:00,  4.9it/s]": "100%|████| 60/60 CLOCK",
    "took 12.5 s, then 3 min and 40 ms": "took TIME, then TIME and TIME",
    "loss 4.21e+05, color 0xff, 3 steps, 5 mins": "loss 4.21e+05, color 0xff, 3 steps, 5 mins",
}


@pytest.mark.parametrize("output", EXAMPLES)
def test_sanitizer_replaces_what_differs_between_runs(output: str) -> None:
    replaced = output
    for pattern, replacement in get_sanitize_patterns(SANITIZER):
        replaced = re.sub(pattern, replacement, replaced)
    assert replaced == EXAMPLES[output]


def test_nbval_reads_every_sanitizer_pattern() -> None:
    patterns = get_sanitize_patterns(SANITIZER)
    assert len(patterns) == len(re.findall(r"^\s*regex", SANITIZER, re.MULTILINE))
    unused = [p for p, _ in patterns if not any(re.search(p, output) for output in EXAMPLES)]
    assert unused == []


# Exercises: blanks, checks, and solutions in folds


def is_code(cell: NotebookNode) -> bool:
    return cell.cell_type == "code"


def has_tag(cell: NotebookNode, tag: str) -> bool:
    return tag in cell.metadata.get("tags", [])


def tagged(path: Path, tag: str) -> list[NotebookNode]:
    return [cell for cell in cells(path, "code") if has_tag(cell, tag)]


def checks_of(path: Path) -> ModuleType:
    return importlib.import_module(f"nst_helpers.course.checks.{path.stem[3:]}")


def exercises(path: Path) -> list[tuple[NotebookNode, NotebookNode, NotebookNode]]:
    """Return each blank with its check and its solution, which follow each other."""
    every = nbformat.read(path, 4).cells
    at = [number for number, cell in enumerate(every) if has_tag(cell, "exercise")]
    return [tuple(every[number : number + 3]) for number in at]


@lessons
def test_has_what_every_lesson_has(path: Path) -> None:
    assert 3 <= len(exercises(path)) <= 5
    assert len(tagged(path, "raises-exception")) == 1, "one cell fails on purpose"
    assert tagged(path, "live"), "one element can be moved by the reader"
    questions = cells(path, "markdown")[-1].source
    assert questions.count("<details>") == questions.count("</details>") == 3


@lessons
def test_live_elements_store_no_output(path: Path) -> None:
    # A stored widget shows as an error where no kernel runs; a figure stands beside it.
    widgets = tagged(path, "live") + tagged(path, "prediction")
    assert [cell.outputs for cell in widgets if cell.outputs] == []


ASKED = re.compile(r"(\w+) = predictions\.(?:ask|estimate|sketch)\(|(\w+)\.compare\(")


@lessons
def test_every_prediction_is_compared_and_counted(path: Path) -> None:
    """Each has a name of its own: who goes back after Run All commits to the right one."""
    asked, compared = list[str](), set[str]()
    for cell in cells(path, "code"):
        for name, other in ASKED.findall(cell.source):
            assert has_tag(cell, "prediction") if name else other in asked
            asked += [name] * bool(name)
            compared |= {other} - {""}
    assert len(set(asked)) == len(asked)
    assert compared == set(asked)
    code = [cell.source for cell in cells(path, "code")]
    assert code.count("predictions.count()") == bool(asked)


@lessons
def test_exercises_are_marked_for_grading(path: Path) -> None:
    marks = [
        (task.metadata.nbgrader, check.metadata.nbgrader) for task, check, _ in exercises(path)
    ]
    assert all(task.solution and not task.grade for task, _ in marks)
    assert all(check.grade and check.locked and not check.solution for _, check in marks)
    assert len({mark.grade_id for pair in marks for mark in pair}) == 2 * len(marks)
    table = {n: one for n, one in vars(checks_of(path)).items() if isinstance(one, Exercise)}
    called = [check.source.split("(")[0].removeprefix("check.") for _, check, _ in exercises(path)]
    assert sorted(called) == sorted(table)


@lessons
def test_exercises_have_the_number_and_level_of_their_heading(path: Path) -> None:
    table = [one for one in vars(checks_of(path)).values() if isinstance(one, Exercise)]
    circles = {one.number: "●" * one.level + "○" * (3 - one.level) for one in table}
    heading = r"^### Exercise (\d\d\.\d+) .*\n+Difficulty: ([●○]{3})"
    assert dict(re.findall(heading, text(path), re.MULTILINE)) == circles


@lessons
def test_lesson_and_solutions_are_one_source(path: Path) -> None:
    """Blanks follow from the solutions, and the solved lesson differs in nothing else."""
    lesson = nbformat.read(path, 4)
    solved = editions.solved(lesson)
    kept = [cell for cell in lesson.cells if not has_tag(cell, "solution")]
    for before, after in zip(kept, solved.cells, strict=True):
        if has_tag(before, "exercise"):
            assert before.source == editions.blank(after.source)
            after.source = before.source
        if has_tag(before, "check"):
            assert [output.data["text/plain"] for output in after.outputs] == ["'Correct.'"]
            assert [eval(output.data["text/plain"]) for output in before.outputs] == [NOT_ANSWERED]
            after.outputs = before.outputs
        assert before == after


def names(code: str) -> tuple[set[str], set[str]]:
    """Return the global names that code gives and takes."""
    top = symtable.symtable(code, "cell", "exec")
    given = {one.get_name() for one in top.get_symbols() if one.is_assigned() or one.is_imported()}
    taken = {one.get_name() for one in top.get_symbols() if one.is_referenced()}
    inner = list(top.get_children())
    for table in inner:
        inner.extend(table.get_children())
        taken |= {one.get_name() for one in table.get_symbols() if one.is_global()}
    return given, taken


@lessons
def test_no_other_cell_depends_on_an_answer(path: Path) -> None:
    answers = {name for task, *_ in exercises(path) for name in names(task.source)[0]}
    for cell in cells(path, "code"):
        if not (has_tag(cell, "exercise") or has_tag(cell, "check")):
            given, taken = names(cell.source)
            assert not answers & (given | taken), cell.source


def needed(before: str, code: str) -> str:
    """Return the statements before some code without which it would not run."""
    _, missing = names(code)
    chosen: list[str] = []
    for statement in reversed(ast.parse(before).body):
        text = ast.unparse(statement)
        given, taken = names(text)
        if given & missing:
            chosen.insert(0, text)
            missing = (missing - given) | taken
    return "\n".join(chosen)


@lessons
def test_every_solution_is_correct(path: Path) -> None:
    """Each runs with what it needs of its lesson; all of it would take as long as the lesson."""
    solved = [cell for cell in editions.solved(nbformat.read(path, 4)).cells if is_code(cell)]
    for number, check in enumerate(solved):
        if has_tag(check, "check"):
            before = "\n".join(cell.source for cell in solved[: number - 1])
            answer, space = solved[number - 1].source, dict[str, Any]()
            exec(f"{needed(before, answer + chr(10) + check.source)}\n{answer}", space)
            assert eval(check.source, space) == CORRECT
