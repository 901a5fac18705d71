"""Run the notebooks from top to bottom and store their outputs, as a reader on the web sees them.

``python notebooks/execute.py [name.ipynb …]``. Widget views are left out: without a kernel they
would only say that the model was not found.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def execute(path: Path) -> None:
    """Run one notebook in place."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=120,
        coalesce_streams=True,
        store_widget_state=False,
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute()
    for cell in notebook.cells:
        cell.metadata.clear()
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET_VIEW, None)
    notebook.metadata = _metadata(notebook.metadata)
    nbformat.write(notebook, path)


def _metadata(found: dict[str, Any]) -> Any:
    # The version of Python that happened to run it is no part of the notebook.
    kept: dict[str, Any] = {"kernelspec": found["kernelspec"], "language_info": {"name": "python"}}
    return nbformat.from_dict(kept)


if __name__ == "__main__":
    for name in sys.argv[1:] or sorted(HERE.glob("*.ipynb")):
        execute(Path(name))
