"""Traces: what is written is what is read, gates never grow, and what breaks the format is named."""

import numpy as np
import pytest
import torch

from iaff import Trace, UserError
from iaff.propagation import propagate
from iaff.trace.encoding import decode_png, encode_png, encode_superpixels, half_down
from tests.arrays import CLASSES, W, arrays


def dense_walk(offsets, weights):
    """The one-step matrix of a stencil, from its definition."""
    _, h, w = weights.shape
    matrix = np.zeros((h * w, h * w))
    for r in range(h):
        for c in range(w):
            matrix[r * w + c, r * w + c] = 1 - weights[:, r, c].sum()
            for (dr, dc), weight in zip(offsets, weights[:, r, c], strict=True):
                if weight:
                    matrix[r * w + c, (r + dr) * w + c + dc] += weight
    return matrix


def test_saved_and_loaded_is_the_same(tmp_path):
    image, scan, walk = arrays()
    trace = Trace.from_arrays(image, CLASSES, [scan, walk], name="both")
    trace.save(tmp_path / "a.safetensors")
    loaded = Trace.load(tmp_path / "a.safetensors")
    assert loaded.meta == trace.meta
    assert loaded.tensors.keys() == trace.tensors.keys()
    assert all((loaded.tensors[k] == v).all() for k, v in trace.tensors.items())
    expected = propagate(torch.from_numpy(scan["alpha_u"])[None], torch.from_numpy(scan["gates"])[None], 2)[0]
    np.testing.assert_allclose(loaded.rounds[1].alpha_p, expected, atol=2e-3)
    assert loaded.rounds[1].confident is None
    assert loaded.superpixels() is None


def test_rows_and_columns_of_both_kinds_are_those_of_the_dense_matrix():
    trace = Trace.from_arrays(arrays()[0], CLASSES, list(arrays()[1:]))
    walk = trace.rounds[2].affinity
    step = dense_walk(walk.offsets, walk.weights)
    g = np.linalg.matrix_power(step, 5)
    np.testing.assert_allclose(g.sum(1), 1, atol=1e-6)
    np.testing.assert_allclose(walk.row(13, 9).ravel(), g[2 * 8 + 3], atol=1e-6)  # image px (13, 9): row 2, column 3
    np.testing.assert_allclose(walk.column(13, 9).ravel(), g[:, 2 * 8 + 3], atol=1e-6)
    np.testing.assert_allclose(
        trace.rounds[2].alpha_p.reshape(3, -1).T, g @ trace.rounds[2].alpha_u.reshape(3, -1).T, atol=1e-5
    )
    scan = trace.rounds[1].affinity
    rows = np.stack([scan.row(4 * c, 4 * r).ravel() for r in range(6) for c in range(8)])
    columns = np.stack([scan.column(4 * c, 4 * r).ravel() for r in range(6) for c in range(8)])
    np.testing.assert_allclose(rows, columns.T, atol=1e-6)
    with pytest.raises(UserError, match="expected one inside the photo"):
        scan.row(W, 0)


def broken(change):
    """from_arrays of arrays that ``change`` has spoilt."""
    image, scan, walk = arrays()
    given = {"image": image, "classes": CLASSES, "rounds": [scan, walk], "layers": {}}
    change(given)
    return Trace.from_arrays(given["image"], given["classes"], given["rounds"], **given["layers"])


def put(path, value):
    """A change of one of the given arrays: ``put("rounds.0.gates", f)`` applies f to it."""

    def change(given):
        *parents, last = [int(key) if key.isdigit() else key for key in path.split(".")]
        for key in parents:
            given = given[key]
        given[last] = value(given.get(last) if isinstance(given, dict) else given[last])

    return change


def poke(index, value):
    def change(array):
        array = np.array(array)
        array[index] = value
        return array

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (put("image", lambda a: a / 255), r"image: got float64 \(22, 32, 3\), expected uint8"),
        (put("classes", lambda c: c[:2]), r"rounds\[0\]\['alpha_u'\]: got float32 .*\(2, 6, 8\).*32 x 22 px"),
        (put("rounds.0.gates", lambda a: a[:3]), r"rounds\[0\]\['gates'\]: got float32 \(3, 3, 6, 8\)"),
        (put("rounds.0.gates", poke((1, 1, 2, 3), np.nan)), r"\['gates'\]: got nan at \(1, 1, 2, 3\)"),
        (put("rounds.0.gates", poke((0, slice(None), 2, 3), 0.5)), r"sum to 1.5, first at .*\(0, 2, 3\)"),
        (put("rounds.0.gates", poke((0, 1, 2, 0), 0.1)), r"got 0.1 at .*\(0, 1, 2, 0\), where the neighbour"),
        (put("rounds.0.alpha_u", poke((0, 2, 3), 0.9)), r"alpha_u'\]: sums to"),
        (put("rounds.1.weights", poke((slice(None), 2, 3), 0.5)), r"\['weights'\]: the neighbours sum to 4"),
        (put("rounds.1.offsets", lambda a: a.astype(float)), r"offsets'\]: got float64 \(8, 2\), expected int"),
        (put("rounds.1.alpha_p", lambda _: arrays()[1]["alpha_u"]), r"alpha_p'\]: differs by .* other conventions"),
        (put("rounds.0.gate", lambda _: 1), r"got the key 'gate', expected some of alpha_p"),
        (put("rounds.0.steps", lambda _: 1), None),
        (put("rounds.0.passes", lambda _: 0), r"rounds.0.affinity.scan.passes"),
        (put("layers.cam", lambda _: np.full((2, 6, 8), 2.0)), r"cam: got 2 at \(0, 0, 0\), expected values in 0..1"),
        (put("layers.cam_climb", lambda _: 7), r"wrong at cam_climb: Input should be a valid dictionary, got 7"),
        (put("layers.seeds", lambda _: np.full((6, 8), 7)), r"seeds: got class 7, expected \[0, 1, 2\] or 255"),
        (put("layers.superpixels", lambda _: np.zeros((6, 8), int)), r"superpixels: .* 0..65535 of shape \(22, 32\)"),
        (put("rounds.0.scores", lambda _: np.zeros((5, 3))), r"scores'\]: given without superpixels"),
        (put("layers.class_ids", lambda _: [0, 1, 1]), r"class_ids: got \[0, 1, 1\]"),
    ],
)
def test_wrong_arrays_are_named(change, message):
    if message is None:
        assert len(broken(change).rounds) == 2
        return
    with pytest.raises(UserError, match=message):
        broken(change)


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [((1, 2, 6, 8), np.uint8), ((4, 1, 6, 8), np.uint8), ((4, 2, 6, 8), np.float16), ((), np.uint8)],
)
def test_a_climb_of_another_form_is_named(shape, dtype):
    image, scan, _ = arrays()
    trace = Trace.from_arrays(image, CLASSES, [scan])
    trace.tensors["cam_climb"] = np.zeros((4, 2, 6, 8), np.uint8)
    Trace.from_bytes(trace.to_bytes())
    trace.tensors["cam_climb"] = np.zeros(shape, dtype)
    with pytest.raises(UserError, match=r"cam_climb: got .*, expected uint8 \([24], 2, 6, 8\)"):
        Trace.from_bytes(trace.to_bytes())


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
