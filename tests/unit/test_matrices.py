"""Matrices and attention of any library as sparse affinities, against plain numpy."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from iaff import Trace, UserError

quick = settings(max_examples=40, deadline=None, derandomize=True)
h, w = 4, 6
n = h * w
PHOTO = np.zeros((16 * h, 16 * w, 3), np.uint8)
ALPHA = np.random.default_rng(0).dirichlet([1, 1], (h, w)).transpose(2, 0, 1)


def affinity(**given_):
    trace = Trace.from_arrays(PHOTO, ["background", "cat"], [{"alpha_u": ALPHA, **given_}])
    return Trace.from_bytes(trace.to_bytes()).rounds[1].affinity


def dense(found):
    """Its step T, from the stored arrays alone."""
    partners = np.arange(n)[None].repeat(n, 0) if found.partners is None else found.partners
    step = np.diag(1 - found.weights.sum(1))
    for i in range(n):
        np.add.at(step[i], partners[i], found.weights[i])
    return step


def matrix(seed=0, filled=1.0):
    rng = np.random.default_rng(seed)
    found = rng.random((n, n)) ** 4 * (rng.random((n, n)) < filled)
    return (found / np.maximum(found.sum(1, keepdims=True), 1e-9) * rng.choice([0.5, 1], (n, 1))).astype(np.float32)


def largest(found, keep):
    """Each row's largest entries, and 0 in place of the others."""
    return np.where(found >= np.sort(found, 1)[:, -keep][:, None], found, 0)


FORMS = {
    "numpy": lambda m: m,
    "lists": lambda m: m.tolist(),
    "torch with gradient": lambda m: torch.from_numpy(m).requires_grad_() * 1,
    "bfloat16": lambda m: torch.from_numpy(m).bfloat16(),
    "torch COO": lambda m: torch.from_numpy(m).to_sparse(),
    "torch COO, not coalesced": lambda m: torch.from_numpy(m / 2).to_sparse() + torch.from_numpy(m / 2).to_sparse(),
    "torch COO of bfloat16": lambda m: torch.from_numpy(m).to_sparse().bfloat16(),
    "torch COO with gradient": lambda m: torch.from_numpy(m).to_sparse().requires_grad_() * 1,
    "torch CSR": lambda m: torch.from_numpy(m).to_sparse_csr(),
    "torch CSC of half": lambda m: torch.from_numpy(m).half().to_sparse_csc(),
    "scipy coo": lambda m: pytest.importorskip("scipy.sparse").coo_matrix(m),
    "scipy csr array": lambda m: pytest.importorskip("scipy.sparse").csr_array(m),
    "scipy dok": lambda m: pytest.importorskip("scipy.sparse").dok_matrix(m),
    "scipy lil": lambda m: pytest.importorskip("scipy.sparse").lil_matrix(m),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_largest_of_a_matrix_of_every_form(form):
    given_ = matrix(1, 0.7)
    far = 6e-3 if "bf" in form else 1e-3
    for keep in (3, None):
        kept = given_ if keep is None else largest(given_, keep)
        found = affinity(matrix=FORMS[form](given_), **({"keep": keep} if keep else {}))
        expected = kept + np.diag(1 - kept.sum(1))
        np.testing.assert_allclose(dense(found), expected, atol=far)
        assert found.dropped == pytest.approx((1 - kept.sum(1) / given_.sum(1)).mean(), abs=far)
        assert (found.partners is None) == (keep is None)
    assert found.steps == 1


@quick
@given(st.integers(0, 2**32 - 1), st.integers(1, n), st.floats(0.05, 1), st.booleans(), st.booleans())
def test_what_is_kept(seed, keep, filled, renormalise, sparse):
    given_ = matrix(seed, filled)
    kept = largest(given_, keep)
    found = affinity(
        matrix=torch.from_numpy(given_).to_sparse() if sparse else given_, keep=keep, renormalise=renormalise
    )
    if renormalise:
        kept = kept * np.divide(given_.sum(1), kept.sum(1), out=np.ones(n), where=kept.sum(1) > 0)[:, None]
    np.testing.assert_allclose(dense(found), kept + np.diag(1 - kept.sum(1)), atol=2e-3)
    if found.partners is not None:
        assert found.partners.shape[1] == max(1, (kept > 0).sum(1).max()) < n / 2
    row = found.row(16 * 5 + 3, 16 * 2)
    np.testing.assert_allclose(row.ravel(), dense(found)[2 * w + 5], atol=1e-6)


@pytest.mark.parametrize(("grid", "has", "keeps"), [((28, 28), 784, 784), ((66, 88), 80, 64)])
def test_a_round_is_at_most_a_megabyte_and_a_half(grid, has, keeps):
    cells = grid[0] * grid[1]
    places = torch.stack([torch.arange(cells).repeat_interleave(has), torch.arange(has).repeat(cells)])
    given_ = torch.sparse_coo_tensor(
        places, torch.full((cells * has,), 1 / has), (cells, cells), check_invariants=False
    )
    image, alpha = np.zeros((4 * grid[0], 4 * grid[1], 3), np.uint8), np.full((1, *grid), 1)
    trace = Trace.from_arrays(image, ["all"], [{"alpha_u": alpha, "matrix": given_}])
    tensors = [tensor for name, tensor in trace.tensors.items() if name in ("rounds.1.weights", "rounds.1.partners")]
    assert tensors[0].shape == (cells, keeps)
    assert sum(tensor.nbytes for tensor in tensors) <= 1_500_000
    assert trace.meta["rounds"][0]["affinity"]["dropped"] == pytest.approx(1 - keeps / has, abs=1e-5)


def attention(heads=3, tokens=n + 1):
    rng = np.random.default_rng(4)
    return torch.from_numpy(rng.normal(0, 2, (heads, tokens, tokens))).softmax(-1)


def test_attention_without_cls_and_by_rows():
    given_ = attention()
    for head, expected in ((None, given_.mean(0)), (2, given_[2])):
        expected = (expected / expected[:, 1:].sum(1, keepdim=True))[1:, 1:]
        found = affinity(attention=given_.float(), normalise="rows", **({} if head is None else {"head": head}))
        np.testing.assert_allclose(dense(found), expected, atol=1e-3)
        assert found.dropped == 0
    one = affinity(attention=given_[0, 1:, 1:].bfloat16(), normalise="rows")
    batch = affinity(attention=given_[None, :1].float().requires_grad_(), normalise="rows")
    np.testing.assert_allclose(dense(one), dense(batch), atol=5e-3)


def test_attention_by_sinkhorn_is_that_of_clip_es():
    """Columns and rows three times, then the mean with the transpose; squared by two steps."""
    found = affinity(attention=attention(), steps=2)
    d = attention().mean(0)[1:, 1:]
    for _ in range(3):
        d = d / d.sum(0, keepdim=True)
        d = d / d.sum(1, keepdim=True)
    d = (d + d.T) / 2
    assert (d.sum(1) - 1).abs().max() < 0.02  # its rows nearly sum to 1; ours do
    np.testing.assert_allclose(
        found.propagate(ALPHA.astype(np.float32)).reshape(2, -1).T, (d @ d).numpy() @ ALPHA.reshape(2, -1).T, atol=0.02
    )
    np.testing.assert_allclose(dense(found), d / d.sum(1, keepdim=True), atol=1e-3)


def poked(index, value):
    found = matrix()
    found[index] = value
    return found


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        (
            {"matrix": matrix()[:5]},
            r"\['matrix'\]: got float32 \(5, 24\), expected numbers of shape \(24, 24\) for a photo",
        ),
        ({"matrix": torch.zeros(5, n).to_sparse()}, r"matrix'\]: got float32 \(5, 24\)"),
        ({"matrix": torch.zeros(n, n, 2).to_sparse(2)}, r"matrix'\]: got float32 \(24, 24, 2\)"),
        ({"matrix": np.zeros((n + 1, n + 1))}, r"got float64 \(25, 25\), .*: the row and column of CLS too\?"),
        ({"matrix": "attention"}, r"matrix'\]: got <U9"),
        (
            {"matrix": poked((3, 4), -0.25)},
            r"got -0.25 at \(row, column\) \(3, 4\), expected finite numbers of at least 0: take",
        ),
        ({"matrix": torch.from_numpy(poked((3, 4), -0.25)).to_sparse()}, r"got -0.25 at \(row, column\) \(3, 4\)"),
        ({"matrix": poked((3, 4), np.nan)}, r"got nan at \(row, column\) \(3, 4\)"),
        ({"matrix": poked((3, slice(None)), 0.5)}, r"row 3 sums to 12, expected at most 1: divide each row by its sum"),
        ({"matrix": (m := matrix() ** 2 + np.eye(n)[0] / n) / m.sum(1, keepdims=True)}, None),
        (
            {"matrix": np.ascontiguousarray(matrix().T)},
            r"sums to .*, expected at most 1: its columns do not: give its transpose",
        ),
        ({"matrix": matrix(), "keep": 0}, r"keep'\]: got 0, expected at least 1"),
        ({"matrix": matrix(), "weights": matrix()}, r"got weights beside matrix, expected one affinity"),
        ({"matrix": matrix(), "gates": 1}, r"expected one affinity: gates"),
        ({"matrix": matrix(), "steps": 0}, r"affinity.sparse.steps"),
        (
            {"attention": attention(2, n + 5)},
            r"got 29 tokens, expected 24, or 25 with CLS, .* attention\[\.\.\., 5:, 5:\]",
        ),
        ({"attention": attention(2, n - 1)}, r"got 23 tokens, expected 24"),
        ({"attention": attention(), "head": 3}, r"got head = 3, expected one of 0\.\.2"),
        (
            {"attention": attention(), "normalise": "softmax"},
            r"got normalise = 'softmax', expected 'sinkhorn' or 'rows'",
        ),
        ({"attention": -attention()}, r"attention'\]: got -\S+ at \(row, column\) \(0, 0\), expected finite numbers"),
        (
            {"attention": attention()[:, 0]},
            r"expected attention of one photo, \(heads, N, N\) or \(N, N\)|got float64 \(3, 25\)",
        ),
        ({}, r"expected one affinity: gates \(and passes\); .* matrix; attention; or"),
    ],
)
def test_what_is_no_affinity_is_named(given_, message):
    if message is None:
        assert affinity(**given_).kind == "sparse"
        return
    with pytest.raises(UserError, match=message):
        affinity(**given_)
