"""The stages of a round over all photos: what each network is trained on, and what it makes of every photo."""

import zlib
from collections.abc import Callable
from functools import cached_property, partial
from typing import Protocol

import torch
from torch import Tensor, nn

from iaff.cam import class_activation, classifier_loss, classifier_sample
from iaff.config import Config, Fit
from iaff.data import Dataset
from iaff.energy import paper_energy
from iaff.labels import allowed_classes, as_channels
from iaff.mining import (
    confident_map,
    label_shares,
    pool_features,
    region_loss,
    region_samples,
    region_scores,
)
from iaff.nets.backbones import Depth, build_trunk
from iaff.nets.classifier import Classifier
from iaff.nets.pairwise import Pairwise, build_pairwise, pairwise_collate, pairwise_sample
from iaff.nets.region import Region
from iaff.nets.unary import Unary, restrict, unary_logits, unary_loss, unary_sample
from iaff.seeds import find_seeds
from iaff.superpixels import on_grid, superpixels


class Maps(Protocol):
    """Tensors by name for each photo, as a stage wrote them."""

    def __getitem__(self, i: int) -> dict[str, Tensor]: ...


class Trainer(Protocol):
    """What the loop asks of a trainer: to fit a network, and to compute something for every photo."""

    device: torch.device

    def fit(self, stage: str, net: nn.Module, count: int, sample: Callable, loss: Callable, how: Fit, collate=None
            ) -> nn.Module: ...  # fmt: skip
    def each(self, stage: str, count: int, compute: Callable[[int], dict[str, Tensor]]) -> Maps: ...


class Stages:
    """The stages of a round over all photos."""

    def __init__(self, config: Config, photos: Dataset, trainer: Trainer):
        self.config, self.photos, self.trainer = config, photos, trainer
        self.count, self.classes = len(photos), len(photos.classes) - 1

    def seed(self, stage: str) -> None:
        """Makes a stage's first weights depend on the run and the stage alone, not on what ran before."""
        torch.manual_seed(zlib.crc32(f"{self.config.seed}/{stage}/weights".encode()))

    @cached_property
    def superpixels(self) -> Maps:
        """Superpixels on the grid, once for all rounds."""
        how = self.config.superpixels
        compute = lambda i: {"ids": on_grid(superpixels(self.photos.image(i), how))}  # noqa: E731
        return self.trainer.each("superpixels", self.count, compute)

    def class_ids(self, i: int) -> Tensor:
        """Channels of photo i's maps: background and its tags, as class ids ``int64 (K,)``."""
        return allowed_classes(torch.from_numpy(self.photos.tags(i)))

    def trunk(self, depth: Depth) -> nn.Module:
        """A fresh backbone with the weights that training starts from."""
        config = self.config
        return build_trunk(config.backbone, depth, config.output_stride, config.weights)

    def train_classifier(self) -> Classifier:
        self.seed("classifier")
        net = Classifier(self.trunk("classifier"), self.classes)
        how = self.config.classifier
        sample = lambda i: classifier_sample(self.photos.image(i), self.photos.tags(i), how.crop)  # noqa: E731
        return self.trainer.fit("classifier", net, self.count, sample, classifier_loss, how)

    def find_seeds(self, classifier: Classifier) -> Maps:
        how = self.config.cam

        def compute(i: int) -> dict[str, Tensor]:
            cam, _ = class_activation(classifier, self.photos.image(i), how.scales, how.flip)
            tags = torch.from_numpy(self.photos.tags(i))
            return {"labels": find_seeds(cam.cpu(), tags, self.superpixels[i]["ids"], self.config.seeds)}

        return self.trainer.each("seeds", self.count, compute)

    def train_unary(self, t: int, supervision: Maps, before: Unary | None) -> Unary:
        self.seed(f"unary_{t}")
        net = Unary(self.trunk("unary"), self.classes, self.config.output_stride)
        if before and self.config.targets.warm_start:
            net.load_state_dict(before.state_dict())
        how = self.config.unary
        sample = lambda i: unary_sample(self.photos.image(i), supervision[i]["labels"], how.crop)  # noqa: E731
        loss = partial(unary_loss, balanced=before is None and self.config.targets.balanced_seeds)
        return self.trainer.fit(f"unary_{t}", net, self.count, sample, loss, how)

    def predict_unary(self, t: int, f: Unary) -> Maps:
        def compute(i: int) -> dict[str, Tensor]:
            logits, features = unary_logits(f, self.photos.image(i))
            ids = self.superpixels[i]["ids"]
            pooled = pool_features(features.cpu(), ids, int(ids.max()) + 1)
            return {"alpha": restrict(logits.cpu(), self.class_ids(i)).half(), "pooled": pooled.half()}

        return self.trainer.each(f"unary_{t}", self.count, compute)

    def train_region(self, t: int, f: Unary, unary: Maps) -> Region:
        self.seed(f"region_{t}")
        net = Region(f.feature_channels, self.classes)
        how = self.config.mining
        pooled, labels = [], []
        for i in range(self.count):
            maps, ids = unary[i], self.superpixels[i]["ids"]
            classes = self.class_ids(i)
            shares = label_shares(maps["alpha"].argmax(0), ids, len(maps["pooled"]), len(classes))
            chosen, label = region_samples(shares, how.purity)
            pooled.append(maps["pooled"][chosen])
            labels.append(classes[label])
        pooled, labels = torch.cat(pooled), torch.cat(labels)

        def batch(_: int) -> dict[str, Tensor]:
            # drawn whole: fetching one superpixel at a time would take longer than the step
            rows = torch.randint(len(labels), (how.batch,))
            return {"pooled": pooled[rows], "label": labels[rows]}

        fit = Fit(steps=how.steps, batch=1, lr_head=how.lr)
        return self.trainer.fit(
            f"region_{t}", net, len(labels), batch, region_loss, fit, collate=lambda batches: batches[0]
        )

    def mine(self, t: int, r: Region, unary: Maps) -> Maps:
        def compute(i: int) -> dict[str, Tensor]:
            maps, ids, classes = unary[i], self.superpixels[i]["ids"], self.class_ids(i)
            scores = region_scores(r, maps["pooled"].to(next(r.parameters()).device), classes).float().cpu()
            labels = confident_map(scores, ids, maps["alpha"].argmax(0), classes, self.config.mining)
            return {"labels": labels, "scores": scores.half()}

        return self.trainer.each(f"confident_{t}", self.count, compute)

    def train_pairwise(self, t: int, unary: Maps, confident: Maps, before: Pairwise | None) -> Pairwise:
        self.seed(f"pairwise_{t}")
        net = build_pairwise(self.config, self.trunk("pairwise"))
        if before and self.config.targets.warm_start:
            net.load_state_dict(before.state_dict())
        how = self.config.pairwise

        def sample(i: int) -> dict[str, Tensor]:
            y = as_channels(confident[i]["labels"], self.class_ids(i))
            return pairwise_sample(self.photos.image(i), unary[i]["alpha"], y, self.superpixels[i]["ids"], how.crop)

        loss = lambda net, batch: net.loss(batch)  # noqa: E731
        return self.trainer.fit(f"pairwise_{t}", net, self.count, sample, loss, how, pairwise_collate)

    def refine(self, t: int, g: Pairwise, unary: Maps) -> Maps:
        def compute(i: int) -> dict[str, Tensor]:
            alpha = unary[i]["alpha"].float()
            affinity = g.propagator(self.photos.image(i))
            refined = affinity.propagate(alpha[None].to(self.trainer.device))
            twice = affinity.propagate(refined)
            refined, twice = refined.cpu(), twice.cpu()
            energies = [paper_energy(alpha, refined[0]), paper_energy(refined[0], twice[0])]
            labels = self.class_ids(i)[refined[0].argmax(0)].to(torch.uint8)
            return {"labels": labels, "alpha": refined[0].half(), "paper_energy": torch.tensor(energies)}

        return self.trainer.each(f"refined_{t}", self.count, compute)
