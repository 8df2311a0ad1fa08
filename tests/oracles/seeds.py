"""Seeds at any thresholds, by iaff.method.seeds on the activation of a trace, and what an affinity makes of them."""

import numpy as np
import torch

from iaff.config import Seeds
from iaff.data.transforms import enlarge
from iaff.grid import UNKNOWN
from iaff.method.metrics import Partial
from iaff.method.seeds import find_seeds
from iaff.trace import Trace
from tests.oracles.mining import cells_of
from tests.oracles.traces import Traces
from tests.ui.synthetic import make_walk, numpy_scan


def answers(traces: Traces) -> dict:
    return {
        "found": [at_thresholds(traces, path, averaged) for path in traces.made_and_trained() for averaged in (1, 0)],
        "figures": figures(traces.astronaut),
        "carried": [carried(path) for path in (traces.chelsea, traces.astronaut)],
        "walked": walked(traces),
    }


def found(trace: Trace, fg: float, bg: float, averaged: bool) -> np.ndarray:
    """Seeds of iaff.method.seeds from the activation in the trace, as channels."""
    tags = trace.tensors["cam"].astype(np.float32)
    untagged = np.ones((1, *tags.shape[1:]), np.float32)
    cam = torch.from_numpy(np.concatenate([tags, untagged]))
    how = Seeds(foreground=fg, background=bg, superpixels=averaged)
    return find_seeds(cam, torch.arange(len(cam)) < len(tags), cells_of(trace), how).numpy()


def at_thresholds(traces: Traces, path, averaged: int) -> dict:
    """Seeds as channels; ``trained`` are those that the trace has, where it was trained as it says."""
    trace = Trace.load(path)
    said = trace.meta["thresholds"]
    said["seed_superpixels"] = float(averaged)
    copy = traces.folder / f"{trace.meta['run']['name']}_{path.stem}_{averaged}.safetensors"
    trace.save(copy)
    trained = averaged and trace.meta["run"]["name"] != "synthetic"
    asked = [
        {"fg": fg, "bg": bg, "expected": found(trace, fg, bg, bool(averaged))}
        for fg, bg in [(0.3, 0.05), (0.62, 0.31), (0, 0), (1, 1)]
    ]
    own = {"fg": said["seed_fg"], "bg": said["seed_bg"], "seeds": trace.labels("seeds")} if trained else None
    return {"trace": copy, "asked": asked, "trained": own}


def figures(path) -> dict:
    trace = Trace.load(path)
    seeds, truth, score = trace.labels("seeds"), torch.from_numpy(trace.labels("truth").copy()), Partial()
    score.add(enlarge(torch.from_numpy(seeds.copy()), *truth.shape), truth)
    unknown, background = (seeds == UNKNOWN).mean(), (seeds == 0).mean()
    return {"trace": path, "precision": score.precision(), "unknown": unknown, "background": background}


def one_hot(trace: Trace) -> np.ndarray:
    return (trace.labels("seeds") == np.array(trace.meta["class_ids"])[:, None, None]).astype(np.float64)


def carried(path) -> dict:
    """The seeds, unknown as 0, after the scan of round 2."""
    trace = Trace.load(path)
    moved = one_hot(trace)
    for _ in range(trace.meta["rounds"][1]["affinity"]["passes"]):
        moved = numpy_scan(moved, trace.rounds[2].affinity.gates)
    return {"trace": path, "moved": moved, "arrived": moved.sum(0)}


def walked(traces: Traces) -> dict:
    """The same with a random walk, whose refined map is another."""
    plain = make_walk(steps=16)
    w, h = plain.meta["grid"]
    seeds = np.full((h, w), UNKNOWN, np.uint8)
    seeds[5:20, 5:20], seeds[40:50, 50:70] = 0, 1
    walk = plain.rounds[1].affinity
    given = {"alpha_u": plain.rounds[1].alpha_u, "offsets": walk.offsets, "weights": walk.weights, "steps": walk.steps}
    trace = Trace.from_arrays(plain.image(), ["background", "cat"], [given], seeds=seeds)
    path = traces.folder / "walked_seeds.safetensors"
    trace.save(path)
    moved = trace.rounds[1].affinity.propagate(one_hot(trace).astype(np.float32))
    return {"trace": path, "arrived": moved.sum(0), "refined": trace.rounds[1].alpha_p}
