"""Sparse affinities in traces, and grids of any stride: against the dense matrix, and what breaks the format."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iaff import Trace, UserError

quick = settings(max_examples=60, deadline=None, derandomize=True)


def sparse(seed, h=4, w=5, k=6, steps=2, stride=4):
    """A photo of that grid and stride, one round's arrays with a sparse affinity, and its dense matrix G."""
    rng, n = np.random.default_rng(seed), h * w
    partners = np.stack([rng.choice(n, k, replace=False) for _ in range(n)])
    weights = rng.dirichlet(np.ones(k) / 2, n) * rng.choice([0, 0.5, 1], (n, 1))
    weights[rng.random((n, k)) < 0.2] = 0
    step = np.diag(1 - weights.sum(1))
    for i in range(n):
        step[i, partners[i]] += weights[i]
    if k == n and rng.random() < 0.5:
        partners, weights = None, step
    image = rng.integers(0, 255, (h * stride - rng.integers(stride), w * stride - rng.integers(stride), 3), np.uint8)
    alpha = rng.dirichlet([1, 1], (h, w)).transpose(2, 0, 1)
    arrays = {"alpha_u": alpha, "partners": partners, "weights": weights, "steps": steps}
    return image, arrays, np.linalg.matrix_power(step, steps)


@quick
@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.integers(2, 6), st.data())
def test_what_was_written_answers_as_the_dense_matrix(seed, h, w, data):
    k, steps = data.draw(st.integers(1, h * w), "k"), data.draw(st.integers(1, 3), "steps")
    stride = data.draw(st.sampled_from([1, 3, 4, 7, 16]), "stride")
    image, arrays, dense = sparse(seed, h, w, k, steps, stride)
    trace = Trace.from_bytes(Trace.from_arrays(image, ["background", "cat"], [arrays], stride=stride).to_bytes())
    affinity = trace.rounds[1].affinity
    assert (trace.stride, affinity.kind, affinity.grid) == (stride, "sparse", (h, w))
    r, c = data.draw(st.integers(0, h - 1)), data.draw(st.integers(0, w - 1))
    x, y = c * stride, min((r + 1) * stride, len(image)) - 1
    far = 1e-3 * steps
    np.testing.assert_allclose(affinity.row(x, y).ravel(), dense[r * w + c], atol=far)
    np.testing.assert_allclose(affinity.column(x, y).ravel(), dense[:, r * w + c], atol=far)
    refined = dense @ arrays["alpha_u"].reshape(2, -1).T
    np.testing.assert_allclose(trace.rounds[1].alpha_p.reshape(2, -1).T, refined, atol=far)
    assert (trace.tensors["rounds.1.weights"].astype(float).sum(1) <= 1).all()  # rounded down
    with pytest.raises(UserError, match=f"x below {w * stride}, y below {h * stride}"):
        affinity.row(w * stride, 0)


def poked(name, change):
    def spoil(trace):
        array = trace.tensors[name].copy()
        trace.tensors[name] = change(array) if change(array) is not None else array

    return spoil


def poke(index, value):
    def change(array):
        array[index] = value

    return change


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            poked("rounds.1.partners", lambda a: a.astype(np.int32)),
            r"partners: got int32 .*, expected uint16 \(20, 6\)",
        ),
        (poked("rounds.1.partners", lambda a: a[:, :5]), r"partners: got uint16 \(20, 5\), expected uint16 \(20, 6\)"),
        (poked("rounds.1.partners", poke((3, 2), 20)), r"partners: got 20 at \(cell, slot\) \(3, 2\).* 0\.\.19"),
        (
            poked("rounds.1.weights", lambda a: a.astype(np.float32)),
            r"weights: got float32 \(20, 6\), expected float16",
        ),
        (poked("rounds.1.weights", lambda a: a[:19]), r"weights: got float16 \(19, 6\), expected float16 \(20, 6\)"),
        (poked("rounds.1.weights", lambda a: a[:, :0]), r"weights: got float16 \(20, 0\), expected float16 \(20, 1\)"),
        (poked("rounds.1.weights", poke((4, 0), np.nan)), r"weights: got nan at \(4, 0\), expected finite"),
        (poked("rounds.1.weights", poke((4, 0), -0.5)), r"weights: got -0.5 at \(4, 0\), expected values in 0"),
        (poked("rounds.1.weights", poke((4, slice(None)), 0.25)), r"a row sums to 1.5, first that of cell 4;"),
        (lambda t: t.tensors.pop("rounds.1.partners"), r"weights: got float16 \(20, 6\), expected float16 \(20, 20\)"),
        (lambda t: t.tensors.pop("rounds.1.weights"), r"weights: missing"),
        (lambda t: t.meta["rounds"][0]["affinity"].update(steps=0), r"affinity.sparse.steps.* got 0"),
        (lambda t: t.meta.update(stride=5), r"grid: got \(5, 4\), expected \(4, \d\) .* cells of 5 x 5 px"),
        (lambda t: t.meta.update(stride=65), r"wrong at stride: .* got 65"),
        (lambda t: t.meta.update(stride="4"), r"wrong at stride: .* got 4"),
        (lambda t: t.meta.update(stride=None), r"wrong at stride"),
    ],
)
def test_what_breaks_the_format_is_named(spoil, message):
    trace = Trace.from_arrays(sparse(0)[0], ["background", "cat"], [sparse(0)[1]])
    Trace.from_bytes(trace.to_bytes())
    spoil(trace)
    with pytest.raises(UserError, match=message):
        Trace.from_bytes(trace.to_bytes())


def test_a_partner_counts_once():
    image, arrays, _ = sparse(0)
    partners = arrays["partners"].copy()
    partners[7, 1] = partners[7, 0]
    weights = np.full((20, 6), 0.1)
    with pytest.raises(UserError, match=r"\['partners'\]: got cell \d+ twice among the partners of cell 7"):
        Trace.from_arrays(image, ["background", "cat"], [{**arrays, "partners": partners, "weights": weights}])
    weights[7, 1] = 0  # a slot that counts for nothing may hold anything
    partners[7, 1] = -1
    trace = Trace.from_arrays(image, ["background", "cat"], [{**arrays, "partners": partners, "weights": weights}])
    assert trace.tensors["rounds.1.partners"][7, 1] == 0


def test_a_dropped_share_only_decorates():
    trace = Trace.from_arrays(sparse(0)[0], ["background", "cat"], [sparse(0)[1]])
    trace.meta["rounds"][0]["affinity"]["dropped"] = 0.25
    assert Trace.from_bytes(trace.to_bytes()).rounds[1].affinity.dropped == 0.25
    trace.meta["rounds"][0]["affinity"]["dropped"] = "much"
    assert Trace.from_bytes(trace.to_bytes()).rounds[1].affinity.dropped is None


def plain(h, w):
    return {"alpha_u": np.full((2, h, w), 0.5), "partners": np.zeros((h * w, 1), int), "weights": np.ones((h * w, 1))}


@pytest.mark.parametrize(
    ("photo", "grid", "stride", "size"),
    [
        ((64, 96), (4, 6), 16, (64, 96)),
        ((61, 90), (4, 6), 16, (61, 90)),  # with a last cell that is cut off
        ((61, 90), (16, 23), 4, (61, 90)),
        ((5, 6), (2, 2), 4, (5, 6)),  # of 3 and 4, the usual one
        ((450, 448), (28, 28), 16, (448, 448)),
        ((230, 226), (14, 14), 16, (224, 224)),  # 17 would do too, with cells that are shifted by up to half
        ((51, 68), (3, 4), 17, (51, 68)),  # evenly
        ((30, 45), (14, 14), 3, (42, 42)),  # squeezed into a square, as ViT's inputs are
    ],
)
def test_the_stride_is_that_of_the_maps(photo, grid, stride, size):
    rng = np.random.default_rng(0)
    image, patches = rng.integers(0, 255, (*photo, 3), np.uint8), rng.integers(0, 9, photo)
    truth = rng.choice([0, 1, 255], photo)
    layers = {"superpixels": patches, "truth": truth, "note": "Mine."}
    trace = Trace.from_arrays(image, ["background", "cat"], [plain(*grid) | {"steps": 1}], **layers)
    assert (trace.stride, trace.image().shape[:2], trace.labels("truth").shape) == (stride, size, size)
    assert ("stride" in trace.meta) == (stride != 4)
    assert set(np.unique(trace.labels("truth"))) == {0, 1, 255}
    resized = f"Resized from {photo[1]} x {photo[0]} to {size[1]} x {size[0]} px: each of its"
    assert trace.meta["note"].startswith("Mine." if size == photo else f"Mine. {resized}")
    assert Trace.from_bytes(trace.to_bytes()).superpixels().shape == size


@pytest.mark.parametrize(
    ("photo", "stride", "message"),
    [
        ((64, 96), 8, "stride: got 8, which makes 8 rows and 12 columns .*, expected .* give 16, or leave it out"),
        ((50, 97), 16, "stride: got 16, .* leave it out, and the photo is resized"),
        ((64, 96), 65, "stride: got 65, expected a whole number from 1 to 64"),
        ((96, 64), None, "got maps of 4 rows and 6 columns for a photo of 64 x 96 px, .* exchange them"),
        ((300, 96), None, "got maps of 4 rows and 6 columns for a photo of 96 x 300 px, .* about square"),
    ],
)
def test_a_photo_that_the_maps_do_not_fit(photo, stride, message):
    image = np.zeros((*photo, 3), np.uint8)
    with pytest.raises(UserError, match=message):
        Trace.from_arrays(image, ["background", "cat"], [plain(4, 6) | {"steps": 1}], stride=stride)
