"""Propagation: IAL's G as an operator (``propagate``, ``row``, ``column``), what it means, and what else propagates."""

from iaff.propagation.crf import DenseCrf
from iaff.propagation.gates import gates_from_logits, inside, signed_gates
from iaff.propagation.leaks import Leak, leak, leak_rate, ranked_leaks
from iaff.propagation.pamr import Pamr
from iaff.propagation.propagators import Linear, Nothing, Propagator, Scan
from iaff.propagation.reach import mass, reach, sample_reach
from iaff.propagation.scan import column, propagate, propagate_back, row
from iaff.propagation.smoothness import rademacher, smoothness, superpixel_average
from iaff.propagation.sparse import Sparse
from iaff.propagation.walk import RandomWalk, colour_affinities, colour_walk, neighbours, transition

__all__ = [
    "DenseCrf",
    "Leak",
    "Linear",
    "Nothing",
    "Pamr",
    "Propagator",
    "RandomWalk",
    "Scan",
    "Sparse",
    "colour_affinities",
    "colour_walk",
    "column",
    "gates_from_logits",
    "inside",
    "leak",
    "leak_rate",
    "mass",
    "neighbours",
    "propagate",
    "propagate_back",
    "rademacher",
    "ranked_leaks",
    "reach",
    "row",
    "sample_reach",
    "signed_gates",
    "smoothness",
    "superpixel_average",
    "transition",
]
