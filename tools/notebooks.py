"""Run notebooks and write their outputs into them, as they are to be committed.

    python tools/notebooks.py [NOTEBOOK.ipynb ...]     all of notebooks/ when none is named

What differs from one run to the next is left out: times of execution, versions, and the views of
widgets, whose pictures stay. A notebook in which a cell fails is left as it was.
"""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

ROOT = Path(__file__).parent.parent
KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
VIEW = "application/vnd.jupyter.widget-view+json"
SECONDS = 60


def run(path: Path) -> None:
    """Run one notebook from top to bottom and write it back; CellExecutionError where it fails."""
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata = NotebookNode({**KERNEL, "language_info": {"name": "python"}})
    client = NotebookClient(
        notebook,
        timeout=SECONDS,
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
    )
    client.execute(cwd=str(path.parent))
    notebook.metadata = NotebookNode({**KERNEL, "language_info": {"name": "python"}})
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            output.get("data", {}).pop(VIEW, None)
    nbformat.validate(notebook)
    nbformat.write(notebook, path)


def main(names: list[str]) -> None:
    """Run the notebooks named, or all."""
    for path in map(Path, names) if names else sorted((ROOT / "notebooks").glob("*.ipynb")):
        run(path)
        print(path)


if __name__ == "__main__":
    main(sys.argv[1:])
