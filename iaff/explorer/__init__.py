"""The explorer: a Gradio app that shows a run's traces; the browser computes what follows the cursor."""

from iaff.explorer.app import build
from iaff.explorer.serve import launch

__all__ = ["build", "launch"]
