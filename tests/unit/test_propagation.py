"""The scan: every form against the reference, the reference against the dense matrix; what method 5.2 and 5.3 state."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from iaff.grid import UNKNOWN
from iaff.propagation import (
    Scan,
    column,
    gates_from_logits,
    inside,
    leak,
    leak_rate,
    mass,
    propagate,
    propagate_back,
    ranked_leaks,
    reach,
    row,
    sample_reach,
    signed_gates,
)
from iaff.propagation.leaks import source_offset
from tests.dense import dense, dense_direction, gate_matrix

SIZES = [(5, 7), (7, 5), (1, 6), (6, 1), (1, 1)]
FORMS = ["reference", "cpu"]


def random_gates(h, w, n=1, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return gates_from_logits(2 * torch.randn(n, 16, h, w, generator=generator, dtype=torch.float64))


def test_neighbours_stand_where_the_contract_says():
    assert [source_offset(0, k) for k in range(3)] == [(-1, -1), (0, -1), (1, -1)]  # left to right: previous column
    assert [source_offset(d, 1) for d in range(4)] == [(0, -1), (0, 1), (-1, 0), (1, 0)]
    assert source_offset(2, 0) == (-1, -1)  # top to bottom: previous row, column - 1


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("h", "w"), SIZES)
@pytest.mark.parametrize("passes", [1, 3])
def test_scan_row_and_column_equal_the_dense_matrix(h, w, passes, form, monkeypatch):
    monkeypatch.setenv("IAFF_SCAN", form)
    gates = random_gates(h, w)
    g = torch.linalg.matrix_power(dense(gates), passes)
    alpha = torch.rand(1, 3, h, w, dtype=torch.float64)
    expected = (g @ alpha[0].flatten(1).T).T.view(3, h, w)
    close = {"rtol": 0, "atol": 1e-12}
    torch.testing.assert_close(propagate(alpha, gates, passes)[0], expected, **close)
    back = (g.T @ alpha[0].flatten(1).T).T.view(3, h, w)
    torch.testing.assert_close(propagate_back(alpha, gates, passes)[0], back, **close)
    xs, ys = [0, w // 2, w - 1], [0, h // 2, h - 1]
    pixels = [y * w + x for x, y in zip(xs, ys, strict=True)]
    torch.testing.assert_close(row(gates, xs, ys, passes)[0].flatten(1), g[pixels], **close)
    torch.testing.assert_close(column(gates, xs, ys, passes)[0].flatten(1), g[:, pixels].T, **close)
    torch.testing.assert_close(row(gates, xs[1], ys[1], passes)[0].flatten(), g[pixels[1]], **close)
    for d in range(4):
        one = torch.linalg.matrix_power(dense_direction(gates, d), passes)
        torch.testing.assert_close(row(gates, xs, ys, passes, direction=d)[0].flatten(1), one[pixels], **close)
        torch.testing.assert_close(column(gates, xs, ys, passes, direction=d)[0].flatten(1), one[:, pixels].T, **close)


def test_every_form_is_the_reference_on_any_size_dtype_and_stride():
    """Random shapes and batches; alpha and gates plain, channels-last, or cut out of larger tensors."""
    generator = torch.Generator().manual_seed(1)
    for trial in range(24):
        n, c, h, w = (int(torch.randint(1, top, (), generator=generator)) for top in (4, 6, 24, 24))
        dtype = (torch.float32, torch.float64, torch.bfloat16)[trial % 3]
        gates = random_gates(h, w, n, seed=trial).to(torch.float32 if dtype == torch.bfloat16 else dtype)
        alpha = torch.rand(n, c, h, w, generator=generator).to(dtype)
        if trial % 4 == 1:
            alpha = alpha.contiguous(memory_format=torch.channels_last)
        elif trial % 4 == 2:
            alpha, gates = alpha.mT.contiguous().mT, gates.flip(-1).contiguous().flip(-1)
        elif trial % 4 == 3:
            alpha = torch.nn.functional.pad(alpha, (1, 2, 3, 0))[..., 3:, 1 : w + 1]
        passes, direction = 1 + trial % 2, (None, 0, 3)[trial % 3]
        results = []
        for form in FORMS:
            a, g = alpha.detach().clone().requires_grad_(), gates.detach().clone().requires_grad_()
            out = propagate(a, g, passes, direction=direction, form=form)
            (out.float() * torch.linspace(-1, 1, out.numel()).view(out.shape)).sum().backward()
            assert out.dtype == dtype
            results.append((out, a.grad, g.grad))
        tolerance = {torch.float64: 1e-12, torch.float32: 1e-5, torch.bfloat16: 2e-2}[dtype]
        for expected, got in zip(*results, strict=True):
            torch.testing.assert_close(got, expected, rtol=tolerance, atol=tolerance)


def test_low_precision_is_computed_in_float32():
    gates, alpha = random_gates(40, 40).float(), torch.rand(1, 2, 40, 40)
    exact = propagate(alpha.bfloat16().float(), gates, 4)
    torch.testing.assert_close(propagate(alpha.bfloat16(), gates, 4), exact.bfloat16(), rtol=0, atol=0)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("apply", [propagate, propagate_back])
def test_gradients(form, apply):
    gates = random_gates(4, 3, n=2).requires_grad_()
    alpha = torch.rand(2, 2, 4, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda a, g: apply(a, g * inside(4, 3), 2, form=form), (alpha, gates))


def test_gates_that_leave_the_image_get_no_gradient():
    logits = torch.randn(1, 16, 4, 5, dtype=torch.float64, requires_grad=True)
    gates = gates_from_logits(logits)
    gates.retain_grad()
    slope = torch.autograd.grad(propagate(torch.rand(1, 2, 4, 5).double(), gates).square().sum(), logits)[0]
    slope = slope.view(1, 4, 4, 4, 5)[:, :, :3]
    assert slope[:, 0, :, :, 0].abs().max() == 0  # the first column of the scan from the left listens to nobody


def test_batch_items_do_not_mix():
    gates = random_gates(6, 4, n=3)
    alpha = torch.rand(3, 2, 6, 4, dtype=torch.float64)
    alone = torch.cat([propagate(alpha[i : i + 1], gates[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(propagate(alpha, gates), alone)


def test_the_scan_survives_a_fork():
    """Threads do not cross a fork: a loader's worker that propagates must not wait for them."""
    gates, alpha = random_gates(6, 6), torch.rand(1, 2, 6, 6, dtype=torch.float64)
    expected = propagate(alpha, gates)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, b"same" if torch.equal(propagate(alpha, gates), expected) else b"else")
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 4) == b"same"


# True statements of method 5.2


def test_a_distribution_stays_one_and_nothing_exceeds_its_range():
    alpha = torch.rand(1, 4, 9, 11, dtype=torch.float64).softmax(1)
    refined = propagate(alpha, random_gates(9, 11), passes=2)
    torch.testing.assert_close(refined.sum(1), torch.ones(1, 9, 11, dtype=torch.float64))
    assert refined.min() >= alpha.min() - 1e-12
    assert refined.max() <= alpha.max() + 1e-12


@pytest.mark.parametrize("seed", range(3))
def test_g_is_row_stochastic_and_dense_with_known_eigenvalues(seed):
    h, w = 4, 5
    gates = random_gates(h, w, seed=seed)
    for d in range(4):
        g = dense_direction(gates, d)
        own = (1 - gates[0, d].sum(0)).flatten()
        torch.testing.assert_close(torch.linalg.eigvals(g).real.sort().values, own.sort().values)
        steps = w if d < 2 else h
        assert torch.linalg.matrix_power(gate_matrix(gates, d), steps).abs().max() == 0  # P is nilpotent
        assert (g > 1e-15).double().mean() < 0.7  # a cone of 90 degrees
    g = dense(gates)
    torch.testing.assert_close(g.sum(1), torch.ones(h * w, dtype=torch.float64))
    assert g.min() > 0  # four cones cover the image
    assert torch.linalg.eigvals(g).abs().max() == pytest.approx(1)


def test_a_row_is_one_backward_pass():
    gates, alpha = random_gates(5, 6), torch.rand(1, 1, 5, 6, dtype=torch.float64, requires_grad=True)
    slope = torch.autograd.grad(propagate(alpha, gates, 2)[0, 0, 3, 2], alpha)[0]
    torch.testing.assert_close(slope[0, 0], row(gates, 2, 3, 2)[0])


def test_rows_sum_to_one_for_signed_gates_too():
    gates = signed_gates(3 * torch.randn(1, 12, 6, 7, dtype=torch.float64))
    assert gates.min() < 0
    torch.testing.assert_close(row(gates, 3, 2).sum(), torch.tensor(1.0, dtype=torch.float64))


def test_mirrored_photo_gives_the_mirrored_map():
    """Flipping swaps left and right gates and reverses the neighbour order of the vertical scans (5.2.11)."""
    gates, alpha = random_gates(5, 6), torch.rand(1, 2, 5, 6, dtype=torch.float64)
    swapped = gates[:, [1, 0, 2, 3]].flip(-1)
    mirrored = torch.cat([swapped[:, :2], swapped[:, 2:].flip(2)], 1)
    torch.testing.assert_close(propagate(alpha.flip(-1), mirrored), propagate(alpha, gates).flip(-1))
    assert not torch.allclose(propagate(alpha.flip(-1), swapped), propagate(alpha, gates).flip(-1), atol=1e-3)


@pytest.mark.parametrize("seed", range(5))
def test_the_fit_bounds_the_energy(seed):
    """J <= |a|^2 - N exp(-H / N), H the cross-entropy of a and Ga: Jensen's form of the paper's argument."""
    gates = random_gates(5, 6, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    a = (4 * torch.rand(3, 5, 6, generator=generator, dtype=torch.float64)).softmax(0)
    refined = propagate(a[None], gates)[0]
    n, fit = 30, -(a * refined.log()).sum()
    energy = a.square().sum() - (a * refined).sum()
    assert energy <= a.square().sum() - n * (-fit / n).exp() + 1e-12


# False ones of method 5.3: their counter-examples


def test_signed_gates_do_not_bound_g():
    gates = torch.full((1, 4, 3, 8, 64), -1 / 3, dtype=torch.float64) * inside(8, 64)
    rows = row(gates, list(range(64)), [4] * 64, direction=0)[0]
    assert rows.abs().sum((1, 2)).max() > 10  # the norm that would be 1 for an average
    zero_one = torch.rand(1, 1, 8, 64, dtype=torch.float64).round()
    moved = propagate(zero_one, gates, direction=0)
    assert moved.min() < -0.2  # L_alpha would take the log of it
    assert moved.max() > 1.2


def test_the_papers_energy_can_be_negative_and_can_rise():
    """L = I - G is not symmetric: its symmetric part has a negative eigenvalue, and a map built from it has J < 0."""
    negative = rising = 0
    for seed in range(4):
        g = dense(random_gates(7, 7, seed=seed))
        laplacian = torch.eye(49, dtype=torch.float64) - g
        values, vectors = torch.linalg.eigh((laplacian + laplacian.T) / 2)
        assert values[0] < -1e-3
        v = vectors[:, 0] / vectors[:, 0].abs().max() / 2
        a = torch.stack([0.5 + v, 0.5 - v], 1)  # a probability map of two classes

        def energy(m, laplacian=laplacian):
            return torch.trace(m.T @ laplacian @ m)

        negative += int(energy(a) < 0)
        rising += int(energy(g @ a) > energy(a))
    assert (negative, rising) == (4, 4)


def test_max_fusion_is_not_linear_and_leaves_the_simplex():
    gates = random_gates(6, 6)
    a, b = torch.rand(2, 1, 3, 6, 6, dtype=torch.float64).softmax(2)

    def fused(m):
        return propagate(m, gates, fusion="max")

    assert (fused(a + b) - fused(a) - fused(b)).abs().max() > 0.01
    assert fused(a).sum(1).max() > 1.05
    each = torch.stack([propagate(a, gates, direction=d) for d in range(4)])
    torch.testing.assert_close(fused(a), each.amax(0))


# Reach, mass, leaks


def test_reach_counts_the_pixels_that_hold_ninety_percent():
    rows = torch.tensor([[0.5, 0.4, 0.1], [1.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3]]).view(3, 1, 3)
    assert reach(rows).tolist() == [2, 1, 3]
    assert sample_reach(Scan(torch.zeros(1, 4, 3, 8, 8))).unique().tolist() == [1]  # gates shut: G is the identity


@pytest.mark.parametrize("passes", [1, 2])
def test_mass_and_leak_are_the_dense_matrix_s(passes):
    gates = random_gates(5, 6)
    g = torch.linalg.matrix_power(dense(gates), passes)
    scan = Scan(gates, passes)
    torch.testing.assert_close(mass(scan)[0].flatten(), g.sum(0))
    labels = torch.randint(0, 3, (5, 6), generator=torch.Generator().manual_seed(0))
    labels[0, :2] = UNKNOWN
    flat = labels.flatten()
    same = (flat[:, None] == flat[None]) & (flat != UNKNOWN)
    expected = (1 - (g * same).sum(1)).masked_fill(flat == UNKNOWN, float("nan"))
    torch.testing.assert_close(leak(scan, labels).flatten(), expected, equal_nan=True)
    assert leak_rate(scan, labels) == pytest.approx(float(expected.nanmean()))
    assert leak_rate(scan, torch.ones(5, 6, dtype=torch.uint8)) == pytest.approx(0)


def test_leaks_are_ranked_by_the_foreign_mass_over_each_edge():
    h, w = 5, 6
    gates = random_gates(h, w)
    labels = torch.zeros(h, w, dtype=torch.long)
    labels[:, 3:] = 1
    labels[0, 3] = UNKNOWN
    flat = labels.flatten()
    expected = {}
    for d in range(4):
        carried = dense_direction(gates, d) @ torch.stack([flat == 0, flat == 1], 1).double()
        for p in range(h * w):
            for k in range(3):
                dr, dc = source_offset(d, k)
                r, c = p // w + dr, p % w + dc
                if 0 <= r < h and 0 <= c < w and UNKNOWN not in (flat[p], labels[r, c]) and flat[p] != labels[r, c]:
                    flow = gates[0, d, k, p // w, p % w] * carried[r * w + c, 1 - flat[p]]
                    expected[d, (c, r), (p % w, p // w)] = float(flow)
    found = ranked_leaks(Scan(gates), labels, 1000)
    assert {(f.direction, f.source, f.target) for f in found} == set(expected)
    flows = [f.flow for f in found]
    assert flows == sorted(flows, reverse=True)
    np.testing.assert_allclose(flows, [expected[f.direction, f.source, f.target] for f in found], atol=1e-12)
    assert len(ranked_leaks(Scan(gates), labels, 3)) == 3
    walled = gates.clone()  # a wall between the two labels: no leak is left
    for d in range(4):
        for k in range(3):
            rolled = torch.roll(labels, [-o for o in source_offset(d, k)], (0, 1))
            walled[0, d, k][rolled != labels] = 0
    assert ranked_leaks(Scan(walled), labels) == []


# What is refused


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((torch.rand(1, 2, 4, 5), torch.zeros(1, 4, 3, 5, 4)), "same"),
        ((torch.rand(2, 4, 5), torch.zeros(1, 4, 3, 4, 5)), r"expected floating \(N, C, h, w\)"),
        ((torch.ones(1, 2, 4, 5).long(), torch.zeros(1, 4, 3, 4, 5)), "got torch.int64"),
        ((torch.rand(1, 2, 4, 5), torch.zeros(1, 3, 3, 4, 5)), r"expected \(N, 4, 3, h, w\)"),
        ((torch.rand(1, 2, 4, 5), torch.zeros(1, 4, 3, 4, 5), 0), "passes: got 0"),
    ],
)
def test_what_does_not_fit_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        propagate(*arguments)


def test_pixels_and_names_outside_are_refused():
    gates = random_gates(3, 4)
    with pytest.raises(IndexError, match=r"pixel \(4, 0\) is outside the grid of 4 x 3"):
        row(gates, [1, 4], [0, 0])
    for wrong, message in (({"direction": 4}, "0..3"), ({"fusion": "min"}, "'max'"), ({"form": "fast"}, "reference")):
        with pytest.raises(ValueError, match=message):
            propagate(torch.rand(1, 1, 3, 4), gates, **wrong)


@pytest.mark.slow
def test_the_gpu_kernel_s_arithmetic_in_triton_s_interpreter():
    """In a process of its own: the interpreter is chosen when Triton is imported."""
    pytest.importorskip("triton", reason="Triton comes with PyTorch on Linux alone")
    environment = {**os.environ, "TRITON_INTERPRET": "1"}
    command = [sys.executable, "-m", "tests.unit.triton_check"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "forms agree" in done.stdout


@pytest.mark.filterwarnings("ignore:TRITON_DEFAULT_FP_FUSION")
@pytest.mark.parametrize("kernel", ["_spread", "_gather"])
def test_the_gpu_kernel_compiles_for_a_gpu(kernel):
    """For compute capability 9.0, no device needed: types, gathers and barriers are settled then."""
    triton = pytest.importorskip("triton", reason="Triton comes with PyTorch on Linux alone")
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    from iaff.propagation import gpu

    fixed = {"C": 16, "L": 64, "SLOPE": True}
    names = getattr(gpu, kernel).arg_names
    kinds = {**dict.fromkeys(("gates", "x", "y"), "*bf16"), "back": "*i32"}
    kinds |= dict.fromkeys(("h", "out", "slope"), "*fp32")
    signature = {name: "constexpr" if name in fixed else kinds.get(name, "i32") for name in names}
    constants = {name: fixed[name] for name in names if name in fixed}
    source = ASTSource(fn=getattr(gpu, kernel), signature=signature, constexprs=constants)
    compiled = triton.compile(source, target=GPUTarget("cuda", 90, 32), options={"num_warps": 4})
    assert "bar.sync" in compiled.asm["ptx"]  # what the lanes hear from each other is synchronised
    assert compiled.asm["cubin"]
