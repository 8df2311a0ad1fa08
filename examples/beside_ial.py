"""Files that other methods would have saved of one photo, to lay them beside IAL (docs/other_methods.md goes on).

    python -m examples.beside_ial [DIR]

Writes cow.png, truth.png, scores.npy (the unary map that all refine), attention.npy, walk.npz, crf.npy and
ial.safetensors.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

import iaff
from iaff.config import Walk
from iaff.data.transforms import grid_photo, to_tensor
from iaff.explaining import predictor_of
from iaff.nets.affinitynet import AffinityNet
from iaff.nets.spn import Spn
from iaff.nets.unary import unary_logits
from iaff.places import SHIPPED


def attention(features: Tensor) -> Tensor:
    """A patch attends to those with features ``(D, h, w)`` like its own: ``(4, N, N)``, four heads."""
    heads = features.reshape(4, -1, features[0].numel())
    heads = heads / heads.norm(dim=1, keepdim=True)
    return (heads.mT @ heads / 0.1).softmax(-1)


def affinitynet(trained: Spn, image: np.ndarray, confident: np.ndarray, steps: int = 10) -> AffinityNet:
    """AffinityNet on the features of a trained network; its last layer is taught by this photo's confident regions."""
    torch.manual_seed(0)
    net = AffinityNet(trained.trunk, Walk()).requires_grad_(False)
    net.load_state_dict({k: v for k, v in trained.state_dict().items() if k in net.state_dict()}, strict=False)
    net.embed.requires_grad_(True)
    batch = {"image": to_tensor(image)[None], "confident": torch.from_numpy(confident.copy())[None]}
    optimiser = torch.optim.Adam(net.embed.parameters(), 1e-2)
    for _ in range(steps):
        optimiser.zero_grad()
        net.loss(batch, net.counts(batch)).backward()
        optimiser.step()
    return net


def crf(photo: Tensor, alpha: Tensor, steps: int = 10) -> Tensor:
    """A dense CRF by mean field, with the two kernels that PSA uses, on the grid: ``(K, h, w)`` -> the same."""
    k, h, w = alpha.shape
    rows, columns = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
    place, colour = torch.stack([rows, columns]).flatten(1).T.float(), photo.flatten(1).T.float()
    apart = torch.cdist(place, place).square()
    near = (-apart / (2 * 0.75**2)).exp()  # px / 4: the grid's stride
    alike = (-apart / (2 * 20**2) - torch.cdist(colour, colour).square() / (2 * 13**2)).exp()
    kernel = (3 * near + 10 * alike / alike.sum(1, keepdim=True).sqrt() / alike.sum(0).sqrt()).fill_diagonal_(0)
    unary = alpha.flatten(1).clamp(min=1e-5).log()
    refined = unary.softmax(0)
    for _ in range(steps):
        refined = (unary + refined @ kernel).softmax(0)
    return refined.view(k, h, w)


out = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
out.mkdir(parents=True, exist_ok=True)
ours, networks = iaff.Trace.load(SHIPPED / "traces/cow.safetensors"), predictor_of(iaff.Run.load(SHIPPED)).rounds
image, last, truth = ours.image(), ours.rounds[len(ours.rounds)], ours.labels("truth")
confident = ours.rounds[1].confident
pairwise = networks[-1].g
assert truth is not None
assert confident is not None
assert isinstance(pairwise, Spn)
ours.meta["title"] = "IAL"
ours.save(out / "ial.safetensors")
Image.fromarray(image).save(out / "cow.png")
Image.fromarray(np.where(truth == ours.meta["class_ids"][1], 1, truth)).save(out / "truth.png")  # the cow is 1
np.save(out / "scores.npy", last.alpha_u)
np.save(out / "attention.npy", attention(unary_logits(networks[-1].f, image)[1]).half())
net = affinitynet(pairwise, image, confident)
np.savez(out / "walk.npz", **net.propagator(image).to_arrays())
np.save(out / "crf.npy", crf(grid_photo(image), torch.from_numpy(last.alpha_u)))
print(f"In {out.resolve()}: {', '.join(sorted(path.name for path in out.iterdir()))}")
