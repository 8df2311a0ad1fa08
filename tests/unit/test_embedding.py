"""The map of the superpixels, and what a trace accepts as one."""

import numpy as np
import pytest
import torch

from iaff import Trace, UserError, explain
from iaff.config import Mining, Seeds
from iaff.method.embedding import embed
from iaff.method.labels import as_channels
from iaff.method.mining import confident_map
from iaff.method.seeds import find_seeds
from iaff.method.superpixels import on_grid
from tests.arrays import CLASSES, H, W, arrays


def features(count=60, channels=24, seed=0):
    """Features that mostly vary along two directions, and sizes of which some are 0."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(count, 2)) * [5, 2] @ rng.normal(size=(2, channels))
    values += 0.05 * rng.normal(size=(count, channels))
    sizes = rng.integers(1, 40, count)
    sizes[::7] = 0
    values[sizes == 0] = 0
    return values.astype(np.float32), sizes


def test_components_are_those_of_the_covariance_and_of_unit_scale():
    values, sizes = features()
    got = embed(values, sizes)
    assert got.dtype == np.float16
    assert (got[sizes == 0] == 0).all()
    seen = values[sizes > 0].astype(float)
    u, _, _ = np.linalg.svd(seen - seen.mean(0), full_matrices=False)
    expected = u[:, :2] * np.sqrt(len(seen) - 1)
    inside = got[sizes > 0].astype(float)
    expected *= np.sign((expected * inside).sum(0))
    np.testing.assert_allclose(inside, expected, atol=5e-3)
    np.testing.assert_allclose(inside.std(0, ddof=1), 1, atol=5e-3)


def test_the_same_at_every_call_and_in_every_order():
    values, sizes = features()
    first = embed(values, sizes)
    np.testing.assert_array_equal(embed(values, sizes), first)
    order = np.random.default_rng(1).permutation(len(sizes))
    np.testing.assert_allclose(embed(values[order], sizes[order]), first[order], atol=2e-3)


@pytest.mark.parametrize("values", [np.zeros((2, 8)), np.ones((30, 8)), np.outer(np.arange(30), np.ones(8))])
def test_finite_where_there_is_little_to_see(values):
    got = embed(values.astype(np.float32), np.ones(len(values), int))
    assert np.isfinite(got).all()
    assert (got[:, 1] == 0).all()


def test_a_trace_holds_it_and_refuses_another_shape(tmp_path):
    image, scan, _ = arrays()
    patches = np.add.outer(np.arange(H) // 8 * (W // 8), np.arange(W) // 8)
    count = patches.max() + 1
    scores = torch.rand(count, 3, generator=torch.Generator().manual_seed(0)).softmax(1).numpy()
    trace = Trace.from_arrays(image, CLASSES, [{**scan, "scores": scores}], superpixels=patches)
    assert trace.rounds[1].embedding is None
    values, _ = features(count)
    trace.tensors["rounds.1.embedding"] = embed(values, np.ones(count, int))
    again = Trace.from_bytes(trace.to_bytes())
    np.testing.assert_array_equal(again.rounds[1].embedding, trace.rounds[1].embedding)
    for wrong, said in [(np.full((count, 2), np.nan), "finite"), (np.zeros((count - 1, 2)), "expected float16")]:
        trace.tensors["rounds.1.embedding"] = wrong.astype(np.float16)
        with pytest.raises(UserError, match=said):
            Trace.from_bytes(trace.to_bytes())


def test_what_a_trace_holds_follows_from_what_it_holds():
    """Whoever reads a trace can try other thresholds and finds its own seeds and regions at its own."""
    image = np.random.default_rng(0).integers(0, 60, (96, 128, 3), np.uint8)
    image[24:72, 32:96] += 120
    trace = explain(image, ["cat", "dog"])
    said, ids = trace.meta["thresholds"], torch.tensor(trace.meta["class_ids"])
    cells = on_grid(torch.from_numpy(trace.superpixels()))
    cam = torch.from_numpy(trace.tensors["cam"].astype(np.float32))
    how = Seeds(foreground=said["seed_fg"], background=said["seed_bg"], superpixels=bool(said["seed_superpixels"]))
    channels = find_seeds(cam, torch.ones(2, dtype=torch.bool), cells, how)
    np.testing.assert_array_equal(as_channels(torch.tensor(trace.labels("seeds")), ids), channels)
    for r in trace.rounds.values():
        mining = Mining(tau=said["tau"], tau_background=said["tau_background"])
        scores = torch.from_numpy(r.scores.astype(np.float32))
        y = confident_map(scores, cells, torch.from_numpy(r.alpha_u.argmax(0)), ids, mining)
        np.testing.assert_array_equal(y, r.confident)
        assert r.embedding.shape == (len(scores), 2)
