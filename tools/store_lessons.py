"""Run lessons from top to bottom and store their outputs: `make lessons` calls this.

    python tools/store_lessons.py notebooks/04_content_loss.ipynb

Cells tagged `live` are left out: a stored widget shows as an error where no kernel runs, and the
client that stores notebooks now and then waits forever for a widget with an output of its own.
nbval runs them. Cells tagged `prediction` are run, but their widget is not stored either.
"""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent


def store(path: Path) -> None:
    """Run one lesson in its folder, number its cells, and write it back."""
    notebook = nbformat.read(path, 4)
    NotebookClient(
        notebook,
        timeout=600,
        record_timing=False,
        coalesce_streams=True,  # else one line may be stored in two parts
        skip_cells_with_tag="live",
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for number, cell in enumerate(code, 1):
        cell.execution_count = number
        if {"live", "prediction"} & set(cell.metadata.get("tags", [])):
            cell.outputs = []
        for output in cell.outputs:
            if output.output_type == "execute_result":  # where a live cell was left out before it
                output.execution_count = number
            if output.output_type == "error":  # its traceback names files where they lie here
                output.traceback = [line.replace(f"{ROOT}/", "") for line in output.traceback]
    nbformat.write(notebook, path)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(name, flush=True)
        store(Path(name))
