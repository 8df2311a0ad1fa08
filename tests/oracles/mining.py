"""Confident regions and their figures at any thresholds, by iaff.method.mining on the scores of a trace."""

import numpy as np
import torch

from iaff.config import Mining
from iaff.data.transforms import enlarge
from iaff.grid import UNKNOWN
from iaff.method.labels import as_channels
from iaff.method.metrics import Partial
from iaff.method.mining import confident_map, label_shares, region_samples
from iaff.method.superpixels import on_grid
from iaff.trace import Trace
from tests.oracles.traces import Traces

BARS = [(0.7, None), (0.9, 0.95), (0.55, 0.8), (1, 1), (0, None)]  # tau, tau of the background


def answers(traces: Traces) -> dict:
    paths = traces.made_and_trained()
    return {
        "regions": [of_round(path, t) for path in paths for t in Trace.load(path).rounds],
        "figures": [at for path in paths[:4] for at in figures(path)],
        "curves": paths[1:4],
        "other_mode": other_mode(traces),
    }


def cells_of(trace: Trace) -> torch.Tensor:
    return on_grid(torch.from_numpy(trace.superpixels()))


def mined(trace: Trace, t: int, tau: float, background: float | None) -> np.ndarray:
    """The confident map of iaff.method.mining from the scores in the trace."""
    r, ids = trace.rounds[t], torch.tensor(trace.meta["class_ids"])
    unary, scores = torch.from_numpy(r.alpha_u.argmax(0)), torch.from_numpy(r.scores.astype(np.float32))
    return confident_map(scores, cells_of(trace), unary, ids, Mining(tau=tau, tau_background=background)).numpy()


def of_round(path, t: int) -> dict:
    """The confident map as the trace has it, and at other thresholds."""
    trace, asked = Trace.load(path), []
    for tau, background in BARS:
        own = trace.meta["thresholds"].get("tau_background") if background is None else background
        asked.append({"tau": tau, "tauBg": background, "expected": mined(trace, t, tau, own)})
    return {"trace": path, "t": t, "stored": trace.rounds[t].confident, "asked": asked}


def figures(path) -> list[dict]:
    """Figures of the last round at some thresholds."""
    trace = Trace.load(path)
    t, truth = max(trace.rounds), torch.from_numpy(trace.labels("truth").copy())
    ids, unary = np.array(trace.meta["class_ids"]), trace.rounds[t].alpha_u.argmax(0)
    shares = label_shares(torch.from_numpy(unary), cells_of(trace), int(trace.superpixels().max()) + 1, len(ids))
    found = []
    for (tau, background), purity in zip(BARS, (0.8, 0.5, 1, 0.9, 0.75)):
        y, score = mined(trace, t, tau, background or tau), Partial()
        score.add(enlarge(torch.from_numpy(y), *truth.shape), truth)
        known = y != UNKNOWN
        expected = {
            "coverage": score.coverage(),
            "precision": score.precision(),
            "relabelled": (known & (y != ids[unary])).sum() / max(1, known.sum()),
            "samples": len(region_samples(shares, purity)[0]),
        }
        at = {"tau": tau, "tauBg": background or tau, "purity": purity}
        found.append({"trace": path, "t": t, "at": at, "expected": expected})
    return found


def other_mode(traces: Traces) -> dict:
    """A trace whose first round has confident regions that no threshold gives, cell by cell."""
    trace = Trace.load(traces.made_and_trained()[0])
    trace.tensors["rounds.1.confident"] = trace.tensors["seeds"]
    path = traces.folder / "other_mode.safetensors"
    trace.save(path)
    channels = as_channels(torch.tensor(trace.labels("seeds")), torch.tensor(trace.meta["class_ids"]))
    return {"trace": path, "cells": cells_of(trace).numpy(), "channels": channels.numpy()}
