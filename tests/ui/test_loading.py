"""What the page has of a trace once it is loaded: bytes, pictures as the browser decodes them, reach."""

import base64

import numpy as np
import torch

from iaff.propagation import reach, row
from iaff.trace import Trace


def test_bytes_are_those_on_disk(view, run_folder):
    view.open()
    length = view.page.evaluate(
        "async () => (await (await fetch(__iaff.photos.url('chelsea.safetensors'))).arrayBuffer()).byteLength"
    )
    assert length == (run_folder / "traces" / "chelsea.safetensors").stat().st_size


def test_label_maps_arrive_exactly(view, run_folder):
    view.open()
    trace = Trace.load(run_folder / "traces" / "chelsea.safetensors")
    got = view.page.evaluate("[...__iaff.trace.superpixels]")
    np.testing.assert_array_equal(np.array(got).reshape(trace.superpixels().shape), trace.superpixels())
    for name, key in [("seeds", "seeds"), ("truth", "truth"), ("rounds.2.confident", "confident[1]")]:
        got = view.page.evaluate(f"[...__iaff.trace.{key}]")
        np.testing.assert_array_equal(np.array(got).reshape(trace.labels(name).shape), trace.labels(name))


def test_reach_is_pythons(view, run_folder):
    view.open("?stage=affinity&x=176&y=118&round=2")
    trace = Trace.load(run_folder / "traces" / "chelsea.safetensors")
    weights = row(torch.from_numpy(trace.rounds[2].affinity.gates)[None], 44, 29, 1)[0]
    assert abs(view.page.evaluate("__iaff.picture.query.count") - int(reach(weights))) <= 1


def test_bytes_travel_as_they_are(view):
    """Also where the browser has no base64 of its own."""
    data = bytes(range(256)) * 300
    text = base64.b64encode(data).decode()
    code = """async (text) => {
      const { fromBase64, toBase64 } = await import(__iaff.base + __iaff.scripts + "/trace/base64.js");
      const first = toBase64(fromBase64(text)) === text;
      delete Uint8Array.fromBase64;
      delete Uint8Array.prototype.toBase64;
      return [first, toBase64(fromBase64(text)) === text];
    }"""
    view.open()
    assert view.page.evaluate(code, text) == [True, True]
