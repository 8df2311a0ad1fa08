"""iaff: weakly-supervised semantic segmentation by iterative affinity learning (IAL, IJCV 2020).

::

    trace = iaff.explain("cat.jpg", tags=["cat"])  # through all rounds of the shipped run
    trace.rounds[2].alpha_p                         # refined map, float32 (K, h, w)
    trace.rounds[2].affinity.row(120, 80)           # which pixels decide image pixel (120, 80)
    trace.save("cat.safetensors")                   # python -m iaff explore cat.safetensors
"""

from typing import TYPE_CHECKING

from iaff.errors import UserError
from iaff.run import Run
from iaff.trace import Trace

if TYPE_CHECKING:
    from iaff.own import explain

__all__ = ["Run", "Trace", "UserError", "explain"]
__version__ = "0.1.0"


def __getattr__(name: str):
    """``explain`` brings torch along: imported when it is asked for."""
    if name == "explain":
        from iaff.own import explain

        return explain
    raise AttributeError(f"module 'iaff' has no attribute {name!r}")
