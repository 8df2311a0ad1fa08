"""The scan against the dense matrix of method 5.2, rows, columns, gradients and the stated properties."""

import pytest
import torch

from iaff.propagation import (
    check_gates,
    column,
    gates_from_logits,
    inside,
    propagate,
    reach,
    row,
    sample_reach,
)

SIZES = [(5, 7), (7, 5), (1, 6), (6, 1), (1, 1)]


def random_gates(h, w, n=1, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return gates_from_logits(2 * torch.randn(n, 16, h, w, generator=generator, dtype=torch.float64))


def dense(gates):
    """G of one image, from the closed form per direction: (I - P)^-1 diag(1 - P 1), P filled gate by gate."""
    h, w = gates.shape[-2:]
    previous = {0: (0, -1), 1: (0, 1), 2: (-1, 0), 3: (1, 0)}
    total = torch.zeros(h * w, h * w, dtype=gates.dtype)
    for d, (dr, dc) in previous.items():
        p = torch.zeros_like(total)
        for r in range(h):
            for c in range(w):
                for k in (-1, 0, 1):
                    nr, nc = (r + k, c + dc) if d < 2 else (r + dr, c + k)
                    if 0 <= nr < h and 0 <= nc < w:
                        p[r * w + c, nr * w + nc] = gates[0, d, k + 1, r, c]
        eye = torch.eye(h * w, dtype=gates.dtype)
        total += torch.linalg.solve(eye - p, torch.diag(1 - p.sum(1)))
    return total / 4


@pytest.mark.parametrize(("h", "w"), SIZES)
@pytest.mark.parametrize("passes", [1, 3])
def test_scan_row_and_column_equal_the_dense_matrix(h, w, passes):
    gates = random_gates(h, w)
    g = torch.linalg.matrix_power(dense(gates), passes)
    alpha = torch.rand(1, 3, h, w, dtype=torch.float64)
    expected = (g @ alpha[0].flatten(1).T).T.view(3, h, w)
    torch.testing.assert_close(propagate(alpha, gates, passes)[0], expected, rtol=0, atol=1e-12)
    x, y = w // 2, h // 2
    torch.testing.assert_close(row(gates, x, y, passes)[0].flatten(), g[y * w + x], rtol=0, atol=1e-12)
    torch.testing.assert_close(column(gates, x, y, passes)[0].flatten(), g[:, y * w + x], rtol=0, atol=1e-12)
    torch.testing.assert_close(g.sum(1), torch.ones(h * w, dtype=torch.float64))


def test_batch_items_do_not_mix():
    gates = random_gates(6, 4, n=3)
    alpha = torch.rand(3, 2, 6, 4, dtype=torch.float64)
    alone = torch.cat([propagate(alpha[i : i + 1], gates[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(propagate(alpha, gates), alone)


def test_a_distribution_stays_one_and_nothing_exceeds_its_range():
    alpha = torch.rand(1, 4, 9, 11, dtype=torch.float64).softmax(1)
    refined = propagate(alpha, random_gates(9, 11), passes=2)
    torch.testing.assert_close(refined.sum(1), torch.ones(1, 9, 11, dtype=torch.float64))
    assert refined.min() >= alpha.min() - 1e-12
    assert refined.max() <= alpha.max() + 1e-12


def test_gradients():
    gates = random_gates(4, 3).requires_grad_()
    alpha = torch.rand(1, 2, 4, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda a, g: propagate(a, g * inside(4, 3), 2), (alpha, gates))


def test_mirrored_photo_gives_the_mirrored_map():
    """Flipping swaps left and right gates and reverses the neighbour order of the vertical scans (5.2.11)."""
    gates, alpha = random_gates(5, 6), torch.rand(1, 2, 5, 6, dtype=torch.float64)
    swapped = gates[:, [1, 0, 2, 3]].flip(-1)
    mirrored = torch.cat([swapped[:, :2], swapped[:, 2:].flip(2)], 1)
    torch.testing.assert_close(propagate(alpha.flip(-1), mirrored), propagate(alpha, gates).flip(-1))
    assert not torch.allclose(propagate(alpha.flip(-1), swapped), propagate(alpha, gates).flip(-1), atol=1e-3)


def test_reach_counts_the_pixels_that_hold_ninety_percent():
    rows = torch.tensor([[0.5, 0.4, 0.1], [1.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3]]).view(3, 1, 3)
    assert reach(rows).tolist() == [2, 1, 3]
    closed = torch.zeros(1, 4, 3, 8, 8)
    assert sample_reach(closed).unique().tolist() == [1]  # gates shut: G is the identity


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda g: g[:, :3], r"expected \(N, 4, 3, h, w\)"),
        (lambda g: g * 2, "sum to"),
        (lambda g: -g, "non-negative"),
        (lambda g: g + float("nan"), "NaN"),
        (lambda g: g + 0.01, "leave the image"),
    ],
)
def test_broken_gates_are_named(spoil, message):
    with pytest.raises(ValueError, match=message):
        check_gates(spoil(random_gates(4, 5) * 0.9))


def test_pixels_outside_the_grid_are_refused():
    with pytest.raises(IndexError, match="outside the grid"):
        row(random_gates(3, 4), 4, 0)
