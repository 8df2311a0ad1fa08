"""Traces that were changed in one place, and whether Python reads them: the browser must say the same of each."""

import numpy as np

from iaff.errors import UserError
from iaff.trace import Trace
from tests.damage import odd_trace
from tests.oracles.traces import Traces
from tests.ui.small import small_sparse, small_trace

COUNT = 300


def answers(traces: Traces) -> dict:
    originals = [small_trace().to_bytes(), small_sparse().to_bytes()]
    random, found = np.random.default_rng(19), []
    for i in range(COUNT):
        data = originals[i % 2]
        path = traces.folder / f"damaged_{i}.safetensors"
        path.write_bytes(odd_trace(data, random))
        found.append({"trace": path, "said": said(path)})
    return {"damaged": found}


def said(path) -> str:
    """What Python refuses a trace with; empty where it reads it."""
    try:
        Trace.load(path)
    except UserError as error:
        return str(error)
    return ""
