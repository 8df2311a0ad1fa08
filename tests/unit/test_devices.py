"""Figures of maps on a device that has no float64, as Apple's (MPS): its stand-in computes on the CPU, and refuses."""

import dataclasses

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

from iaff.grid import gates_inside
from iaff.method import energy, figures, metrics
from iaff.propagation import Scan, leak_rate, mass, ranked_leaks, reach

H, W = 6, 7


class OnDevice(torch.Tensor):
    """A tensor that says it lies on another device (``meta``)."""

    @staticmethod
    def __new__(cls, held):
        return torch.Tensor._make_wrapper_subclass(cls, held.shape, dtype=held.dtype, device="meta")

    def __init__(self, held):
        self.held = held

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        raise AssertionError(f"{function} outside of the device")


class Device(TorchDispatchMode):
    """Runs each operation on the CPU; as a device it takes no float64, nor tensors that lie elsewhere."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        tensors = [x for x in tree_leaves((args, kwargs)) if isinstance(x, torch.Tensor)]
        made = kwargs.get("device") == META
        if not made and not any(isinstance(x, OnDevice) for x in tensors):
            return function(*args, **kwargs)
        if function not in CROSSING:
            assert all(isinstance(x, OnDevice) or x.dim() == 0 for x in tensors), f"{function} mixes devices"
        if made:
            kwargs["device"] = CPU
        args, kwargs = tree_map_only(OnDevice, lambda x: x.held, (args, kwargs))
        out = function(*args, **kwargs)
        return out if kwargs.get("device") == CPU and not made else tree_map_only(torch.Tensor, place, out)


CPU, META = torch.device("cpu"), torch.device("meta")
aten = torch.ops.aten
# What may have tensors on both sides: copies, and indices, which may lie on the CPU.
CROSSING = (aten._to_copy.default, aten.copy_.default, aten.index.Tensor, aten.index_put_.default)


def place(x):
    """A tensor's stand-in on the device."""
    if x.dtype in (torch.float64, torch.complex128):
        raise TypeError("Cannot convert a tensor to float64: the device does not support it.")
    return OnDevice(x)


@pytest.fixture(scope="module")
def maps():
    draw = torch.Generator().manual_seed(0)
    alpha = torch.rand(3, H, W, generator=draw).softmax(0)
    gates = torch.rand(1, 4, 3, H, W, generator=draw) * 0.3 * torch.from_numpy(gates_inside(H, W))
    labels = torch.randint(0, 3, (H, W), generator=draw)
    labels[0, 0] = 255
    truth = torch.randint(0, 3, (4 * H, 4 * W), generator=draw)
    return {"alpha": alpha, "gates": gates, "labels": labels, "truth": truth, "ids": torch.tensor([0, 2, 5])}


def segmentation(m):
    score = metrics.Segmentation(6)
    score.add(figures.photo_labels(m["alpha"], m["ids"], m["truth"]), m["truth"])
    return score.miou()


def sweep(m):
    swept = metrics.Sweep(3)
    strength, best = m["alpha"].max(0)
    swept.add(strength, best, m["labels"])
    return swept.oracle()[0]


FIGURES = {
    "paper energy": lambda m: energy.paper_energy(m["alpha"], m["alpha"] ** 2),
    "reference energy": lambda m: energy.reference_energy(m["alpha"], energy.image_weights(m["alpha"])),
    "reach": lambda m: reach(m["alpha"]).tolist(),
    "median reach": lambda m: figures.median_reach(Scan(m["gates"]), 9),
    "leak": lambda m: leak_rate(Scan(m["gates"]), m["labels"]),
    "mass": lambda m: mass(Scan(m["gates"])).cpu().sum().item(),
    "ranked leaks": lambda m: [leak.flow for leak in ranked_leaks(Scan(m["gates"]), m["labels"], 3)],
    "segmentation": segmentation,
    "sweep": sweep,
    "partial": lambda m: figures.partial_figures(m["labels"], m["truth"]),
    "miou": lambda m: figures.photo_miou(figures.photo_labels(m["alpha"], m["ids"], m["truth"]), m["truth"]),
    "shares": lambda m: dataclasses.astuple(figures.Shares.of(m["labels"], m["labels"] % 2, m["labels"], None)),
}


@pytest.mark.parametrize("name", FIGURES)
def test_it_asks_no_float64_of_the_device(name, maps):
    expected = FIGURES[name](maps)
    with Device():
        got = FIGURES[name]({key: place(value) for key, value in maps.items()})
    assert got == pytest.approx(expected, rel=1e-5)


def test_the_stand_in_refuses():
    with Device(), pytest.raises(TypeError, match="float64"):
        place(torch.ones(2)).double()
    with Device(), pytest.raises(AssertionError, match="mixes"):
        place(torch.ones(2)) + torch.ones(2)
