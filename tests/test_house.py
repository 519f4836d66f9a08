"""The house: rooms in the order in which data walks, no import against it, no long file."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import nbformat
import pytest
from lesson_cells import DEEP, LESSONS

import nst_helpers

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "nst_helpers"
# Each sees the former ones.
ROOMS = ["pictures", "network", "losses", "optimizers", "transfer", "feedforward", "judge"]
ABOVE = ["course", "command"]  # see everything, and nothing below sees them
LONGEST, LONGEST_TABLE = 250, 310  # lines; the second for all exercises of one lesson
TABLES = {f"course.checks.{path.stem[3:]}" for path in LESSONS}
MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
    for path in sorted(PACKAGE.rglob("*.py"))
}


def imports(module: str) -> set[str]:
    """Return the modules of the package that this one imports, for types and in functions too."""
    here, found = module.split("."), set()
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert not any(alias.name.startswith("nst_helpers") for alias in node.names)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("nst_helpers"):
            raise AssertionError(f"{module} imports by the package's name; say it relatively")
        if isinstance(node, ast.ImportFrom) and node.level:
            base = [*here[: len(here) - node.level], *(node.module or "").split(".")]
            for alias in node.names:
                inner = ".".join(filter(None, [*base, alias.name]))
                found.add(inner if inner in MODULES else ".".join(filter(None, base)))
    return {name for name in found if name in MODULES}


def room(module: str) -> str:
    """Return the folder of a module; those beside the rooms have none."""
    return module.split(".")[0] if "." in module else ""


def allowed(module: str) -> set[str]:
    here = room(module)
    if here in ABOVE or module in ("__init__", "__main__"):
        return {"", *ROOMS, *ABOVE}
    return {"", *ROOMS[: ROOMS.index(here) + 1]} if here else {""}


@pytest.mark.parametrize("module", MODULES)
def test_imports_follow_the_data(module: str) -> None:
    assert {room(name) for name in imports(module)} <= allowed(module)


def test_no_module_imports_itself_through_others() -> None:
    TopologicalSorter({name: imports(name) for name in MODULES}).prepare()  # raises CycleError


@pytest.mark.parametrize("module", MODULES)
def test_modules_are_short(module: str) -> None:
    most = LONGEST_TABLE if module in TABLES else LONGEST
    assert len(MODULES[module].read_text(encoding="utf-8").splitlines()) <= most


PUBLIC = [f"nst_helpers.{name}" for name in ("feedforward", "losses", "optimizers", "recipes")]
COURSE = [
    f"nst_helpers.course.{name}"
    for name in (
        *("album", "checks", "drawings", "figures", "living"),
        *("paper", "predictions", "rulers"),
    )
]


@pytest.mark.parametrize("path", LESSONS + DEEP, ids=lambda path: path.name)
def test_lessons_use_public_names_only(path: Path) -> None:
    code = [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    for node in (node for source in code for node in ast.walk(ast.parse(source))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("nst_helpers"):
            names = [alias.name for alias in node.names]
            assert not any(name.startswith("_") for name in names)
            if node.module == "nst_helpers":
                assert set(names) <= set(nst_helpers.__all__)
            else:
                modules = {f"{node.module}.{name}" for name in names}
                assert node.module in PUBLIC + COURSE or modules <= set(COURSE)
