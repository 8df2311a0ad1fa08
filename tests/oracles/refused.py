"""Traces that break the format, and what the refusal says."""

import io

import numpy as np
from PIL import Image

from iaff.trace import Trace
from tests.oracles.traces import Traces
from tests.ui.small import H, K, W, small_sparse, small_trace
from tests.ui.synthetic import png


def answers(traces: Traces) -> dict:
    sound = traces.folder / "sound.safetensors"
    small_trace().save(sound)
    small = [*of_small(traces, small_trace, REFUSED), *of_small(traces, small_sparse, REFUSED_SPARSE)]
    mapped = traces.folder / "sound map.safetensors"
    small_map().save(mapped)
    small += of_small(traces, small_map, REFUSED_MAP)
    return {"sound": [sound, mapped, traces.astronaut, traces.attention], "refused": [*small, *of_places(traces)]}


def small_map() -> Trace:
    """Its first round was refined without a matrix."""
    trace = small_trace()
    trace.meta["rounds"][0]["affinity"] = {"kind": "map", "why": "A CRF has none."}
    trace.tensors["rounds.1.alpha_p"] = trace.tensors["rounds.1.alpha_u"][::-1].copy()
    return trace


def of_small(traces: Traces, make, changes: dict) -> list[dict]:
    refused = []
    for name, (change, said) in changes.items():
        trace, path = make(), traces.folder / f"refused {name}.safetensors"
        change(trace)
        path.write_bytes(trace.to_bytes())
        refused.append({"name": name, "trace": path, "said": said})
    return refused


def of_places(traces: Traces) -> list[dict]:
    """The map of the superpixels' features: too few places, and one that is nowhere."""
    trace, refused = Trace.load(traces.astronaut), []
    places = trace.rounds[1].embedding
    for wrong, said in [(places[:-1], "rounds.1.embedding"), (np.where(places == places[3], np.inf, places), "finite")]:
        trace.tensors["rounds.1.embedding"] = np.ascontiguousarray(wrong)
        path = traces.folder / f"places_{said}.safetensors"
        path.write_bytes(trace.to_bytes())
        refused.append({"name": f"places, {said}", "trace": path, "said": said})
    return refused


def put(name, index, value):
    def change(trace):
        trace.tensors[name] = trace.tensors[name].copy()
        trace.tensors[name][index] = value

    return change


def tell(**meta):
    return lambda trace: trace.meta.update(meta)


def bomb(trace):
    """A PNG that says it is 60,000 px wide and high."""
    data = trace.tensors["truth"].copy()
    data[16:24] = np.frombuffer(np.array([60000, 60000], ">u4").tobytes(), np.uint8)
    trace.tensors["truth"] = data


def far(trace):
    """A neighbour in another country, and someone who listens to it."""
    put("rounds.2.offsets", 0, (2**31 - 1, 0))(trace)


def palette(trace):
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((H // 4, W // 4), np.uint8)).convert("P").save(buffer, "PNG")
    trace.tensors["seeds"] = np.frombuffer(buffer.getvalue(), np.uint8)


def climb(*shape):
    return lambda trace: trace.tensors.update(cam_climb=np.zeros(shape, np.uint8))


def without(name):
    return lambda trace: trace.tensors.pop(name)


REFUSED = {
    "a PNG bomb": (bomb, "60000 × 60000 px. Expected 64 × 48"),
    "a palette": (palette, "Expected a grey PNG"),
    "a huge offset": (far, "outside the image"),
    "a gate beyond the image": (put("rounds.1.gates", (0, 1, 5, 0), 0.5), "outside the image"),
    "gates above 1": (put("rounds.1.gates", (3, slice(None), 2, 2), 0.5), "at most 1"),
    "NaN": (put("rounds.1.alpha_u", (0, 2, 2), np.nan), "holds NaN"),
    "infinity": (put("cam", (0, 2, 2), np.inf), "holds Infinity"),
    "a climb without steps": (climb(1, K - 1, H // 4, W // 4), "Expected U8 (2, 2, 12, 16)"),
    "a climb of one number": (climb(), "Expected U8 (2, 2, 12, 16)"),
    "probabilities": (put("rounds.2.alpha_u", (0, 2, 2), 0), "sums to"),
    "too few scores": (lambda t: t.tensors.update({"rounds.1.scores": t.tensors["rounds.1.scores"][:5]}), "scores"),
    "one id twice": (tell(class_ids=[0, 1, 1]), "class_ids"),
    "a large photo": (tell(size=[40000, 40000], grid=[10000, 10000]), "size"),
    "another grid": (tell(grid=[15, 12]), "grid"),
    "a label of no class": (lambda t: t.tensors.update(seeds=png(np.full((H // 4, W // 4), 9, np.uint8))), "class 9"),
    "no unary map": (without("rounds.2.alpha_u"), "missing"),
    "no image": (without("image"), "missing"),
    "an unknown affinity": (tell(rounds=[{"affinity": {"kind": "magic"}}]), "affinity of round 1"),
}


REFUSED_MAP = {
    "a map without a reason": (tell(rounds=[{"affinity": {"kind": "map"}}]), "affinity of round 1"),
    "a refined map that sums to more than 1": (put("rounds.1.alpha_p", np.s_[:, 3, 4], 1), "rounds.1.alpha_p"),
    "no refined map": (without("rounds.1.alpha_p"), "rounds.1.alpha_p"),
}
REFUSED_SPARSE = {
    "a partner twice": (put("rounds.2.partners", 7, 3), "cell 3 twice for cell 7"),
    "a partner that is no cell": (put("rounds.2.partners", (5, 2), 48), "holds cell 48"),
    "a row above 1": (put("rounds.1.weights", 9, 0.5), "sums to 24.000 at cell 9"),
    "a weight below 0": (put("rounds.1.weights", (9, 9), -0.5), "holds -0.5"),
    "some partners alone": (without("rounds.2.partners"), "Expected F16 (48, 48)"),
    "another stride": (tell(stride=16), "grid"),
    "an endless walk": (tell(rounds=[{"affinity": {"kind": "sparse", "steps": 4097}}]), "affinity of round 1"),
}
