"""iaff: weakly-supervised semantic segmentation by iterative affinity learning (IAL, IJCV 2020).

::

    trace = iaff.explain("cat.jpg", tags=["cat"])  # through all rounds of the shipped run
    trace.rounds[2].alpha_p                         # refined map, float32 (K, h, w)
    trace.rounds[2].affinity.row(120, 80)           # which pixels decide image pixel (120, 80)
    trace.save("cat.safetensors")                   # iaff cat.safetensors
"""

from importlib import import_module
from typing import TYPE_CHECKING

from iaff.errors import UserError

if TYPE_CHECKING:
    from iaff.explaining import explain
    from iaff.explorer.standalone.page import page, show
    from iaff.run import Run
    from iaff.trace import Trace

__all__ = ["Run", "Trace", "UserError", "explain", "page", "show"]
__version__ = "0.1.0"

_HOMES = {
    "explain": "iaff.explaining",
    "page": "iaff.explorer.standalone.page",
    "show": "iaff.explorer.standalone.page",
    "Run": "iaff.run",
    "Trace": "iaff.trace",
}


def __getattr__(name: str):
    """Imported when asked for: ``explain`` brings torch along, and ``doctor`` must run without any package."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'iaff' has no attribute {name!r}")
