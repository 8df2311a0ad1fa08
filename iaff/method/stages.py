"""The stages of a round over all photos: what each network is trained on, and what it makes of every photo."""

import zlib
from collections.abc import Callable
from functools import cache
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from iaff.class_names import check_classes
from iaff.config import Config, Fit
from iaff.data import Dataset
from iaff.errors import UserError
from iaff.method import photo
from iaff.method.cam import CLASSIFIER_LOSS, classifier_sample, find_evidence
from iaff.method.figures import paper_energies
from iaff.method.labels import allowed_classes, as_channels
from iaff.method.mining import REGION_LOSS, label_shares, region_samples
from iaff.method.seeds import find_seeds
from iaff.method.superpixels import on_grid, superpixels
from iaff.method.supervision import BALANCED, HARD, SOFT, hard_sample, labels_at, object_odds, soft_sample
from iaff.nets.classifier import Classifier
from iaff.nets.folding import Network, folded
from iaff.nets.guidance import Pairwise
from iaff.nets.loss import Batch, Loss
from iaff.nets.networks import Networks
from iaff.nets.pairwise import pairwise_collate, pairwise_sample
from iaff.nets.region import Region
from iaff.nets.unary import Unary, restrict


class Maps(Protocol):
    """Tensors by name for each photo, as a stage wrote them."""

    def __getitem__(self, i: int) -> dict[str, Tensor]: ...


class Trainer(Protocol):
    """What the loop asks of a trainer.

    To fit a network, to compute something for every photo, and whether that is there; to read back a network that was
    fitted, and maps that were computed.
    """

    @property
    def device(self) -> torch.device: ...
    def fit(
        self,
        stage: str,
        net: Network,
        count: int,
        sample: Callable[[int], Batch],
        loss: Loss,
        how: Fit,
        collate: Callable | None = None,
        alone: bool = False,
    ) -> Network: ...
    def each(
        self, stage: str, count: int, load: Callable[[int], Any], compute: Callable[[int, Any], Batch] = ...
    ) -> Maps: ...
    def has(self, stage: str, count: int) -> bool: ...
    def load(self, stage: str, net: Network) -> Network: ...
    def maps(self, stage: str) -> Maps: ...


UNCHECKED = -1  # of runs that began with an older version


def checksum(image: np.ndarray) -> int:
    """Short for the pixels of a photo."""
    return zlib.crc32(image.tobytes())


class Unchanged:
    """The photos of a training, which must stay what they were when their superpixels were made: maps on disk, and
    other networks, go with those."""

    def __init__(self, photos: Dataset):
        self.photos = photos
        self.checksums: list[int] = []

    def image(self, i: int) -> np.ndarray:
        """Photo i as ``uint8 (H, W, 3)``; UserError where it has other pixels than before."""
        image = self.photos.image(i)
        if self.checksums and self.checksums[i] not in (UNCHECKED, checksum(image)):
            raise UserError(
                f"The photo {self.photos.ids[i]} has changed since this training began: got other pixels, expected the "
                "same ones, since much of the run was made from them. Restore it, and give the same command; or train "
                "into another folder with --run DIR."
            )
        return image

    def tags(self, i: int) -> np.ndarray:
        """Of photo i, ``bool (C,)``."""
        return self.photos.tags(i)

    def mask(self, i: int) -> np.ndarray:
        """Of photo i, for the upper bound alone."""
        return self.photos.mask(i)


class Stages:
    """The stages of a round over all photos; :meth:`find_superpixels` is the first that later ones build on.

    Raises:
        UserError: there are more classes than labels of 8 bit can tell apart.
    """

    superpixels: Maps  # ids on the grid

    def __init__(self, config: Config, photos: Dataset, trainer: Trainer):
        check_classes(photos.classes[1:], "The data set")
        self.config, self.photos, self.trainer = config, Unchanged(photos), trainer
        self.count, self.classes = len(photos), len(photos.classes) - 1
        self.fresh = Networks(config, self.classes, pretrained=True)

    def seed(self, stage: str) -> None:
        """Makes a stage's first weights depend on the run and the stage alone, not on what ran before."""
        torch.manual_seed(zlib.crc32(f"{self.config.seed}/{stage}/weights".encode()))

    def find_superpixels(self) -> None:
        """Superpixels on the grid, once for all rounds, and before there are processes that load photos with them."""

        def load(i: int) -> Batch:
            image = self.photos.image(i)
            ids = on_grid(superpixels(image, self.config.superpixels))
            return {"ids": ids, "checksum": torch.tensor(checksum(image))}

        self.superpixels = self.trainer.each("superpixels", self.count, load)
        self.photos.checksums = [int(self.superpixels[i].get("checksum", UNCHECKED)) for i in range(self.count)]

    def load(self, i: int, *maps: Maps) -> tuple[Any, ...]:
        """Photo i, its superpixels, and its maps of other stages."""
        return self.photos.image(i), self.superpixels[i]["ids"], *(m[i] for m in maps)

    def class_ids(self, i: int) -> Tensor:
        """Channels of photo i's maps: background and its tags, as class ids ``int64 (K,)``."""
        return allowed_classes(torch.from_numpy(self.photos.tags(i)))

    def train_classifier(self) -> Classifier:
        self.seed("classifier")
        net, how = self.fresh.classifier(), self.config.classifier

        def sample(i: int) -> Batch:
            return classifier_sample(self.photos.image(i), self.photos.tags(i), how.crop)

        return self.trainer.fit("classifier", net, self.count, sample, CLASSIFIER_LOSS, how)

    def find_seeds(self, classifier: Classifier) -> Maps:
        net = folded(classifier)

        def compute(i: int, loaded: tuple) -> Batch:
            image, ids = loaded
            tags = torch.from_numpy(self.photos.tags(i))
            cam = find_evidence(net, image, self.config.cam, tags).cpu().cam
            return {"labels": find_seeds(cam, tags, ids, self.config.seeds)}

        return self.trainer.each("seeds", self.count, self.load, compute)

    def masks(self) -> Maps:
        """The ground truth on the grid: supervision of the upper bound alone."""

        def load(i: int) -> Batch:
            return {"labels": on_grid(torch.from_numpy(np.array(self.photos.mask(i))))}

        return self.trainer.each("masks", self.count, load)

    def train_unary(self, t: int, supervision: Maps, before: Unary | None) -> Unary:
        self.seed(f"unary_{t}")
        net = self.fresh.unary()
        if before and self.config.targets.warm_start:
            net.load_state_dict(before.state_dict())
        sample, loss = self._unary_task(t, supervision, first=before is None)
        return self.trainer.fit(f"unary_{t}", net, self.count, sample, loss, self.config.unary)

    def _unary_task(self, t: int, supervision: Maps, first: bool) -> tuple[Callable[[int], Batch], Loss]:
        crop, targets = self.config.unary.crop, self.config.targets
        balanced = targets.balanced_seeds if first else targets.balanced_later
        refined = "alpha" in supervision[0]
        if targets.soft and refined:
            return lambda i: soft_sample(
                self.photos.image(i), supervision[i]["alpha"], self.class_ids(i), self.classes + 1, crop
            ), SOFT
        odds = None
        if targets.keep_objects and refined:
            odds = object_odds((supervision[i]["alpha"] for i in range(self.count)), self._object_share(t, supervision))

        def sample(i: int) -> Batch:
            maps = supervision[i]
            labels = maps["labels"] if odds is None else labels_at(maps["alpha"], self.class_ids(i), odds)
            return hard_sample(self.photos.image(i), labels, crop)

        return sample, BALANCED if balanced and self.config.supervision == "tags" else HARD

    def _object_share(self, t: int, refined: Maps) -> float:
        """The share of the cells that round 1 ended by calling objects, which the labels of all later rounds keep."""
        if t > 2 and not self.trainer.has("object_share", 1):  # it was lost: round 1 is asked once more
            refined = self.results(1)[2]

        def share(_: int) -> Batch:
            objects = [(refined[i]["labels"] > 0).float().mean() for i in range(self.count)]
            return {"share": torch.stack(objects).mean()}

        return float(self.trainer.each("object_share", 1, share)[0]["share"])

    def predict_unary(self, t: int, f: Unary) -> Maps:
        net = folded(f)

        def compute(i: int, loaded: tuple) -> Batch:
            image, ids = loaded
            logits, pooled = photo.predict_unary(net, image, ids, int(ids.max()) + 1, self.config)
            return {"alpha": restrict(logits, self.class_ids(i)).half(), "pooled": pooled.half()}

        return self.trainer.each(f"unary_{t}", self.count, self.load, compute)

    def train_region(self, t: int, f: Unary, unary: Maps) -> Region:
        self.seed(f"region_{t}")
        net, how = self.fresh.region(f), self.config.mining

        @cache
        def taught() -> tuple[Tensor, Tensor]:
            return self._region_samples(unary)

        def batch(_: int) -> Batch:
            # drawn whole: fetching one superpixel at a time would take longer than the step
            pooled, labels = taught()
            rows = torch.randint(len(labels), (how.batch,))
            return {"pooled": pooled[rows], "label": labels[rows]}

        fit = Fit(steps=how.steps, batch=1, lr_head=how.lr)
        return self.trainer.fit(f"region_{t}", net, self.count, batch, REGION_LOSS, fit, lambda b: b[0], alone=True)

    def _region_samples(self, unary: Maps) -> tuple[Tensor, Tensor]:
        """Features ``half (n, D)`` and class ids ``(n,)`` of superpixels with one dominant unary label."""
        how, pooled, labels, total = self.config.mining, [], [], 0
        for i in np.random.default_rng(self.config.seed).permutation(self.count).tolist():
            maps, ids, classes = unary[i], self.superpixels[i]["ids"], self.class_ids(i)
            shares = label_shares(maps["alpha"].argmax(0), ids, len(maps["pooled"]), len(classes))
            chosen, label = region_samples(shares, how.purity)
            pooled.append(maps["pooled"][chosen])
            labels.append(classes[label])
            total += len(chosen)
            if total >= how.most:
                break
        if not total:
            raise UserError(
                f"mining.purity={how.purity}: got no superpixel in which so large a share has one unary label, "
                "expected some, which teach the region network. Lower mining.purity, or train the unary network longer."
            )
        return torch.cat(pooled), torch.cat(labels)

    def mine(self, t: int, r: Region, unary: Maps) -> Maps:
        def compute(i: int, loaded: tuple) -> Batch:
            ids, maps = loaded
            scores, labels = photo.mine(r, maps["pooled"], maps["alpha"], ids, self.class_ids(i), self.config.mining)
            return {"labels": labels, "scores": scores.half()}

        def load(i: int) -> tuple[Tensor, Batch]:
            return self.superpixels[i]["ids"], unary[i]

        return self.trainer.each(f"confident_{t}", self.count, load, compute)

    def train_pairwise(self, t: int, unary: Maps, confident: Maps, before: Pairwise | None) -> Pairwise:
        self.seed(f"pairwise_{t}")
        net, how = self.fresh.pairwise(), self.config.pairwise
        if before and self.config.pairwise_warm_start:
            net.load_state_dict(before.state_dict())

        def sample(i: int) -> Batch:
            image, ids, maps, known = self.load(i, unary, confident)
            y = as_channels(known["labels"], self.class_ids(i))
            return pairwise_sample(image, maps["alpha"], y, ids, how.crop, net.probes)

        loss = Loss(lambda batch: net.counts(batch), lambda net, batch, counts: net.loss(batch, counts))
        return self.trainer.fit(f"pairwise_{t}", net, self.count, sample, loss, how, pairwise_collate)

    def refine(self, t: int, g: Pairwise, unary: Maps) -> Maps:
        net = folded(g)

        def compute(i: int, loaded: tuple) -> Batch:
            image, alpha = loaded[0], loaded[2]["alpha"].float()
            affinity = net.propagator(image)
            refined = photo.refine(affinity, alpha)
            energies = paper_energies(alpha, refined, photo.refine(affinity, refined))
            labels = self.class_ids(i)[refined.argmax(0)].to(torch.uint8)
            paper = torch.tensor([energies["unary"], energies["refined"]])
            return {"labels": labels, "alpha": refined.half(), "paper_energy": paper}

        return self.trainer.each(f"refined_{t}", self.count, lambda i: self.load(i, unary), compute)

    def results(self, t: int) -> tuple[Unary, Pairwise, Maps]:
        """What round t, which is over, made for the next: f_t and G_t read back, and alpha^p, made again if it is gone.

        Maps that alpha^p was made from may be gone too.
        """
        trained = Networks(self.config, self.classes, pretrained=False)
        f = self.trainer.load(f"unary_{t}", trained.unary())
        g = self.trainer.load(f"pairwise_{t}", trained.pairwise())
        if self.trainer.has(f"refined_{t}", self.count):
            return f, g, self.trainer.maps(f"refined_{t}")
        return f, g, self.refine(t, g, self.predict_unary(t, f))
