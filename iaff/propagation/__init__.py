"""Propagation by spatial gates: ``propagate``, ``row``, ``column`` and what the gates mean."""

from iaff.propagation.gates import check_gates, gates_from_logits, inside
from iaff.propagation.reach import reach, sample_reach
from iaff.propagation.scan import column, propagate, propagate_back, row

__all__ = [
    "check_gates", "column", "gates_from_logits", "inside", "propagate", "propagate_back", "reach", "row",
    "sample_reach",
]  # fmt: skip
