"""The notebook runs from top to bottom, as a reader runs it: in a folder of its own, in a kernel of its own."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOUR = ROOT / "notebooks" / "tour.ipynb"


@pytest.mark.slow
def test_the_tour_runs(tmp_path, monkeypatch):
    if not os.environ.get("CI"):
        pytest.importorskip("nbclient")
        pytest.importorskip("ipykernel")
    import nbformat
    from nbclient import NotebookClient

    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # a clone that is not installed
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    notebook = nbformat.read(TOUR, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "clear all outputs before you commit the notebook"
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    printed = "".join(o.get("text", "") for cell in notebook.cells for o in cell.get("outputs", []))
    assert "['background', 'cow'] in 5 rounds" in printed
    assert "the row sums to 1.000" in printed
    shown = notebook.cells[-1]["outputs"][0]["data"]["text/html"]
    assert "<iframe" in shown, "trace.show() is a frame with the explorer"
