"""Other propagators on a photo: what the server says of them, and what they give by iaff.propagation."""

import base64

import torch

from iaff.data.transforms import grid_photo
from iaff.explorer.server.other_propagators import other_propagators
from iaff.explorer.server.propagator_parameters import table
from iaff.nets.untrained import GRID_DILATIONS, GRID_STEPS
from iaff.propagation import Pamr, colour_walk
from iaff.trace import Trace
from tests.oracles.traces import Traces


def answers(traces: Traces) -> dict:
    trace = Trace.load(traces.chelsea)
    photo = grid_photo(trace.image())
    walks = {"walk": colour_walk(photo), "pamr": Pamr(photo, GRID_DILATIONS, GRID_STEPS)}
    return {"trace": traces.chelsea, "walks": [of_walk(trace, by, g) for by, g in walks.items()]}


def of_walk(trace: Trace, by: str, g) -> dict:
    """What the page must ask, what the server answers, and the refined maps, rows and columns that follow from it."""
    image = base64.b64encode(trace.tensors["image"].tobytes()).decode()
    params = {key: rule["start"] for key, rule in table()[by].items() if not rule.get("walked")}
    request = {"by": by, "grid": trace.meta["grid"], "image": image, "params": params}
    w, h = trace.meta["grid"]
    refined = [
        {"t": t, "expected": g.propagate(torch.from_numpy(trace.rounds[t].alpha_u)[None])[0].numpy()} for t in (1, 2)
    ]
    asked = [
        {"what": what, "p": y * w + x, "expected": getattr(g, what)(x, y)[0].numpy()}
        for x, y in ((40, 30), (0, h - 1))
        for what in ("row", "column")
    ]
    return {"by": by, "request": request, "answer": other_propagators([])(request), "refined": refined, "asked": asked}
