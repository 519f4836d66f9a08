"""Fill the blanks of the lessons with the solutions folded below them: `make solutions`.

    python tools/editions.py solutions

A lesson is one file, and a learner opens it as it is: exercises are blank, and a check says "not
answered yet". Each solution stands once, in the fold below its check. A copy of the lesson with the
solutions in the blanks is cut from it, for teachers, and for the tests that run every solution.
"""

import ast
import copy
import re
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parent.parent
_FOLD = re.compile(
    r"<details><summary>Solution</summary>\n\n```python\n(.*)\n```\n\n(?:\S.*\n\n)?</details>",
    re.DOTALL,
)


def tagged(notebook: NotebookNode, tag: str) -> list[NotebookNode]:
    """Return the cells with a tag."""
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


def solution(cell: NotebookNode) -> str:
    """Return the code of a folded solution; a sentence may follow it."""
    fold = _FOLD.fullmatch(cell.source)
    if not fold:
        raise ValueError(f"This is no folded solution:\n{cell.source}")
    return fold[1]


def blank(code: str) -> str:
    r"""Return what a learner gets of a solution: names and arguments, and dots.

    Examples
    --------
    >>> print(blank("def double(x):\n    return 2 * x\n\n\nanswer = double(3)"))
    def double(x):
        return ...
    <BLANKLINE>
    <BLANKLINE>
    answer = ...
    """
    parts = []
    for node in ast.parse(code).body:
        if isinstance(node, ast.FunctionDef):
            header = "\n".join(code.splitlines()[node.lineno - 1 : node.body[0].lineno - 1])
            parts.append(f"{header.rstrip()}\n    return ...\n")
        elif isinstance(node, ast.Assign):
            parts.append(f"{ast.unparse(node.targets[0])} = ...")
    return "\n\n".join(parts).rstrip("\n")


def solved(notebook: NotebookNode) -> NotebookNode:
    """Return a copy with the solutions in the blanks, the checks confirmed, and no folds."""
    lesson = copy.deepcopy(notebook)
    exercises, checks = tagged(lesson, "exercise"), tagged(lesson, "check")
    folds = tagged(lesson, "solution")
    for exercise, check, fold in zip(exercises, checks, folds, strict=True):
        exercise.source = solution(fold)
        for output in check.outputs:
            output.data["text/plain"] = "'Correct.'"
    lesson.cells = [cell for cell in lesson.cells if cell not in folds]
    return lesson


def main(folder: Path) -> None:
    """Write the solved copy of every lesson into a folder, over nothing but itself."""
    copies = {
        folder / path.name: nbformat.writes(solved(nbformat.read(path, 4))) + "\n"
        for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
    }
    changed = [
        path for path, text in copies.items() if path.exists() and path.read_text("utf-8") != text
    ]
    if changed:
        sys.exit(f"{changed[0]} has been changed and would be lost; move it away.")
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in copies.items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
