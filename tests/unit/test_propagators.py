"""What else propagates: each against its textbook formula, and the statements of method 5.2 about walks."""

import sys

import numpy as np
import pytest
import torch
from torch.nn.functional import pad

from iaff.config import Walk
from iaff.errors import UserError
from iaff.nets.affinitynet import AffinityNet, pair_labels
from iaff.nets.small import Small
from iaff.propagation import (
    DenseCrf,
    Linear,
    Nothing,
    Pamr,
    RandomWalk,
    Scan,
    Sparse,
    colour_affinities,
    gates_from_logits,
    leak,
    mass,
    neighbours,
    sample_reach,
    transition,
)
from iaff.propagation.walk import both_ways
from iaff.trace.affinity import affinity_of, restored

H, W = 7, 9


def photo(seed=0):
    return 255 * torch.rand(3, H, W, generator=torch.Generator().manual_seed(seed))


def distribution(channels=3):
    return torch.rand(1, channels, H, W, generator=torch.Generator().manual_seed(1)).softmax(1)


def partners(k):
    """Of each cell any k others or itself, and weights that leave something to the cell."""
    generator = torch.Generator().manual_seed(3)
    numbers = torch.stack([torch.randperm(H * W, generator=generator)[:k] for _ in range(H * W)])
    return numbers, 0.9 * torch.rand(H * W, k, generator=generator).mul(5).softmax(1)


def linear_ones():
    offsets, affinities = colour_affinities(photo(), 0.3)
    return {
        "none": Nothing((H, W)),
        "scan": Scan(gates_from_logits(torch.randn(1, 16, H, W, generator=torch.Generator().manual_seed(2))), 2),
        "random walk": RandomWalk(offsets, transition(affinities, 8), 16),
        "pamr": Pamr(photo(), (1, 2)),
        "sparse": Sparse(*partners(12), (H, W), 3),
        "sparse of all cells": Sparse(None, partners(H * W)[1], (H, W)),
    }


def dense(g):
    """G from its columns, (hw, hw)."""
    return g.propagate(torch.eye(H * W).view(1, H * W, H, W))[0].flatten(1).T


@pytest.mark.parametrize("name", linear_ones())
def test_a_trace_can_keep_every_linear_propagator(name):
    g = linear_ones()[name]
    about, tensors = affinity_of(g.to_arrays(), g.grid).stored()
    again = restored(about, tensors.get, g.grid)
    assert again.grid == (H, W)
    torch.testing.assert_close(dense(again.propagator), dense(g), atol=5e-3, rtol=0)


def test_a_propagator_that_no_trace_can_keep_says_what_to_write():
    class Blur(Linear):
        name, grid = "blur", (H, W)
        propagate = propagate_back = staticmethod(lambda alpha: alpha.mean((2, 3), keepdim=True).expand_as(alpha))
        ones = staticmethod(lambda: torch.ones(1, 1, H, W))

    with pytest.raises(UserError, match=r"Got the propagator Blur, .* Give it a method to_arrays"):
        Blur().to_arrays()


@pytest.mark.parametrize("name", linear_ones())
def test_linear_propagators_average_and_can_be_asked(name):
    g = linear_ones()[name]
    assert (g.linear, tuple(g.grid)) == (True, (H, W))
    assert name.startswith(g.name)
    matrix, alpha = dense(g), distribution()
    assert matrix.min() >= 0
    torch.testing.assert_close(matrix.sum(1), torch.ones(H * W))
    refined = g.propagate(alpha)
    torch.testing.assert_close(refined.sum(1), torch.ones(1, H, W))
    torch.testing.assert_close(refined[0].flatten(1).T, matrix @ alpha[0].flatten(1).T)
    xs, ys = [0, 4, 8], [0, 3, 6]
    pixels = [y * W + x for x, y in zip(xs, ys, strict=True)]
    torch.testing.assert_close(g.row(xs, ys)[0].flatten(1), matrix[pixels])
    torch.testing.assert_close(g.column(xs, ys)[0].flatten(1), matrix[:, pixels].T)
    torch.testing.assert_close(g.row(4, 3)[0].flatten(), matrix[pixels[1]])
    torch.testing.assert_close(mass(g)[0].flatten(), matrix.sum(0))
    assert sample_reach(g, 9).min() >= 1
    assert leak(g, torch.zeros(H, W)).abs().max() < 1e-5  # one label: nothing leaks
    with pytest.raises(IndexError, match="outside the grid"):
        g.row(9, 0)


def test_the_pairs_of_psa():
    offsets = neighbours(5)
    assert offsets.shape == (68, 2)  # 34 pairs
    assert (offsets[:34] == -offsets[34:]).all()
    assert len({tuple(o) for o in offsets.tolist()}) == 68
    assert offsets.square().sum(1).max() < 25


def test_the_walk_is_psa_s_dense_one():
    """T = D^-1 A^beta with ones on the diagonal, squared k times (PSA, eq. 3 to 6)."""
    offsets, affinities = colour_affinities(photo(), 0.3, radius=3)
    a = torch.eye(H * W)
    for (r, c), values in zip(offsets.tolist(), affinities, strict=True):
        for y in range(H):
            for x in range(W):
                if 0 <= y + r < H and 0 <= x + c < W:
                    difference = (photo()[:, y, x] - photo()[:, y + r, x + c]) / 255
                    a[y * W + x, (y + r) * W + x + c] = (-difference.square().sum() / (2 * 0.3**2)).exp()
                    assert values[y, x] == pytest.approx(float(a[y * W + x, (y + r) * W + x + c]), abs=1e-6)
                else:
                    assert values[y, x] == 0
    t = a**8
    t = t / t.sum(1, keepdim=True)
    for _ in range(4):
        t = t @ t
    torch.testing.assert_close(dense(RandomWalk(offsets, transition(affinities, 8), 16)), t, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_a_step_of_the_walk_never_raises_the_dirichlet_energy(seed):
    """Of D - A, for a symmetric, non-negative A: the spectrum of D^-1 A lies in -1..1 (method 5.2.8)."""
    offsets, affinities = colour_affinities(photo(seed), 0.2, radius=3)
    alpha = torch.rand(2, H, W, generator=torch.Generator().manual_seed(seed))
    walk = RandomWalk(offsets, transition(affinities, 4), 1)

    def energy(m):
        total = 0
        for (r, c), a in zip(offsets.tolist(), affinities**4, strict=True):
            moved = pad(m, (4, 4, 4, 4))[:, 4 + r : 4 + r + H, 4 + c : 4 + c + W]
            total += (a * (m - moved).square().sum(0)).sum() / 2
        return total

    assert energy(walk.propagate(alpha[None])[0]) <= energy(alpha) + 1e-5


def test_pamr_is_its_published_form():
    """By unfolding, as the paper has it: the weights once from the photo, then ten averages, borders replicated."""
    dilations, alpha, image = (1, 2), distribution(), photo()

    def around(m, centre):
        maps = []
        for d in dilations:
            padded = pad(m[None], (d, d, d, d), mode="replicate")[0]
            maps += [
                padded[:, d + r : d + r + H, d + c : d + c + W]
                for r in (-d, 0, d)
                for c in (-d, 0, d)
                if centre or r or c
            ]
        return torch.stack(maps, 1)

    spread = around(image, True).std(1, keepdim=True)
    score = -(around(image, False) - image[:, None]).abs() / (1e-8 + 0.1 * spread)
    weights = score.mean(0).softmax(0)
    expected = alpha[0]
    for _ in range(10):
        expected = (around(expected, False) * weights).sum(1)
    torch.testing.assert_close(Pamr(image, dilations).propagate(alpha)[0], expected)


def test_the_dense_crf_or_what_it_needs(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydensecrf.densecrf", None)
    with pytest.raises(UserError, match=r'The dense CRF.* pip install "pydensecrf2==1.1"$'):
        DenseCrf(photo())
    monkeypatch.undo()
    pytest.importorskip("pydensecrf")
    crf = DenseCrf(photo())
    refined = crf.propagate(distribution())
    assert not crf.linear
    assert "not linear" in crf.why
    torch.testing.assert_close(refined.sum(1), torch.ones(1, H, W))
    flat = torch.full((3, H, W), 128.0)  # on one colour the outvoted pixel gives in
    alpha = torch.full((1, 2, H, W), 0.3)
    alpha[:, 1] = 0.7
    alpha[0, :, 3, 4] = torch.tensor([0.6, 0.4])
    assert (DenseCrf(flat).propagate(alpha).argmax(1) == 1).all()


def test_pairs_teach_by_the_labels_of_both_ends():
    labels = torch.tensor([[[0, 0, 2, 2, 1, 255]]])
    masks = pair_labels(labels, [(0, 1), (0, 3), (1, 0)])
    right = [[x.int().tolist() for x in m[0, 0]] for m in masks]
    assert right == [[[1, 0, 0, 0, 0, 0]], [[0, 0, 1, 0, 0, 0]], [[0, 1, 0, 1, 0, 0]]]  # background, object, different
    assert [int(m[0, 1].sum()) for m in masks] == [0, 0, 2]  # the third pair of that offset has an unknown end
    assert not any(m[0, 2].any() for m in masks)  # no row below


def test_affinitynet_learns_who_belongs_together():
    """Two halves of different texture: after training, pairs within a half are alike, pairs across are not."""
    torch.manual_seed(0)
    net = AffinityNet(Small(2), Walk(radius=3, steps=16))
    image = np.zeros((32, 48, 3), np.uint8)
    image[:, 24:] = 255
    image[::2, :24, 0] = 200
    labels = torch.zeros(1, 8, 12, dtype=torch.uint8)
    labels[..., 6:] = 3
    batch = {"image": torch.from_numpy(image).permute(2, 0, 1)[None], "confident": labels}
    optimiser = torch.optim.Adam(net.parameters(), 1e-2)
    first = None
    for _ in range(60):
        loss = net.loss(batch, net.counts(batch).clamp(min=1))
        first = first or loss.item()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.5 * first
    walk = net.eval().propagator(image)
    assert walk.weights.shape == (len(neighbours(3)), 8, 12)
    assert leak(walk, labels[0]).mean() < 0.1
    torch.testing.assert_close(both_ways(net(batch["image"])[0], net.offsets), _symmetric(net, batch))


def _symmetric(net, batch):
    """The affinities at both ends, filled pair by pair."""
    half = net(batch["image"])[0]
    out = torch.zeros(len(net.offsets), *half.shape[1:])
    for m, (r, c) in enumerate(net.offsets[: len(half)].tolist()):
        for y in range(half.shape[1]):
            for x in range(half.shape[2]):
                out[m, y, x] = half[m, y, x]
                if 0 <= y + r < half.shape[1] and 0 <= x + c < half.shape[2]:
                    out[len(half) + m, y + r, x + c] = half[m, y, x]
    return out
