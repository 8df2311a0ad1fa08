"""Traces: what is written is what is read, gates never grow, and broken files are refused in one sentence."""

import numpy as np
import pytest
import torch

from iaff.errors import UserError
from iaff.propagation import gates_from_logits, propagate
from iaff.trace import Trace, decode_png, encode_png, encode_superpixels, half_down


def small_trace(seed=0):
    generator = torch.Generator().manual_seed(seed)
    alpha = torch.rand(3, 6, 8, generator=generator).softmax(0)
    gates = gates_from_logits(torch.randn(1, 16, 6, 8, generator=generator))[0]
    tensors = {"rounds.1.alpha_u": alpha.half().numpy(), "rounds.1.gates": half_down(gates.numpy())}
    meta = {"name": "small", "rounds": [{"round": 1, "affinity": {"kind": "scan", "passes": 2}}]}
    return Trace(meta, tensors), alpha, gates


def test_saved_and_loaded_is_the_same(tmp_path):
    trace, alpha, gates = small_trace()
    trace.save(tmp_path / "a.safetensors")
    loaded = Trace.load(tmp_path / "a.safetensors")
    assert loaded.meta == trace.meta
    assert loaded.tensors.keys() == trace.tensors.keys()
    assert all((loaded.tensors[k] == v).all() for k, v in trace.tensors.items())
    expected = propagate(alpha[None], gates[None], 2)[0].numpy()
    np.testing.assert_allclose(loaded.alpha_p(1), expected, atol=2e-3)


def test_half_precision_gates_never_grow():
    gates = np.random.default_rng(0).random((4, 3, 50, 50), np.float32) / 3
    half = half_down(gates).astype(np.float32)
    assert (half <= gates).all()
    assert np.abs(half - gates).max() < 3e-4


def test_label_maps_survive_as_png():
    labels = np.random.default_rng(0).choice(np.array([0, 1, 6, 255], np.uint8), (33, 21))
    assert (decode_png(encode_png(labels)) == labels).all()
    ids = np.arange(70 * 20).reshape(70, 20)
    assert (Trace({}, {"superpixels": encode_superpixels(ids)}).superpixels() == ids).all()


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "is not a trace"), (b"hello, this is text", "is not a trace"), (None, "No trace")],
)
def test_broken_files_are_refused(tmp_path, content, message):
    path = tmp_path / "broken.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=message):
        Trace.load(path)


def test_a_cut_off_trace_and_another_schema_are_refused(tmp_path):
    trace, _, _ = small_trace()
    path = tmp_path / "t.safetensors"
    path.write_bytes(trace.to_bytes()[:-10])
    with pytest.raises(UserError, match="is not a trace"):
        Trace.load(path)
    path.write_bytes(trace.to_bytes().replace(b'"schema":"1"', b'"schema":"9"'))
    with pytest.raises(UserError, match="schema '9'"):
        Trace.load(path)
