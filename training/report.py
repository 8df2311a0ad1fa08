"""What is measured and written after each round: figures, per-photo figures, score histogram, traces."""

from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from iaff.config import Config
from iaff.data import Dataset, Subset, open_split
from iaff.data.agreement import MaskCheck
from iaff.data.check import look
from iaff.data.transforms import grid_photo
from iaff.errors import UserError
from iaff.inference import Predictor
from iaff.method.energy import image_weights
from iaff.method.figures import Energies, RoundFigures, Shares, mean_of_maps, reference_energies
from iaff.method.labels import allowed_classes
from iaff.method.rounds import Round
from iaff.run import Run
from iaff.trace.record import write_traces

from .evaluate import evaluate, proposals
from .pictures import strip

ENERGY_PHOTOS = 200  # energies are means over the first photos: they settle early


class Report:
    """Called after each round; its figures against masks are of those photos of ``tune`` that have one."""

    def __init__(self, run: Run, config: Config, trainer):
        self.run, self.config, self.trainer = run, config, trainer
        self.tune = open_tune(config, run.classes)
        self.masks = readable_masks(self.tune, config.data.tune) if self.tune else []
        self.proposed: list[Tensor] = []

    def __call__(self, r: Round) -> None:
        """Measures round r and rewrites the run's files, each atomically; a round that was measured is left alone."""
        figures = self.run.figures()
        rounds = {entry["round"]: entry for entry in figures["rounds"]}
        if r.t in rounds:
            return
        rounds[r.t] = self._label_free(r)
        predictor = Predictor(self.run, self.trainer.device)
        samples = self._samples(r.photos if self.tune is None else self.tune)
        with self.trainer.accelerator.autocast():
            if self.tune is not None and self.masks:
                photos = Subset(self.tune, self.masks)
                self.proposed = self.proposed or proposals(predictor, photos)
                measured = evaluate(predictor, photos, [r.t], cam=r.t == 1, proposed=self.proposed)
                scored = measured.pop("rounds")[0]
                self._write_histogram(r.t, scored.pop("region_scores"))
                rounds[r.t] = merge(rounds[r.t], scored)
                figures |= measured | {"split": self.config.data.tune}
            if self.config.affinity != "pamr":  # whose stencil has hundreds of neighbours: traces of many megabytes
                write_traces(self.run, predictor, samples)
            self._write_board(rounds[r.t], r.t, predictor, samples)
        figures["rounds"] = [rounds[t] for t in sorted(rounds)]
        self.run.write("figures.json", figures)  # last: it says that the round is measured

    def _label_free(self, r: Round) -> RoundFigures:
        photos, rows, energies = [], [], []
        for i in tqdm(range(len(r.photos)), f"figures_{r.t}", unit="photo", mininterval=5):
            maps = PhotoMaps(r, i)
            photos.append(maps.shares())
            rows.append({"round": r.t, "image": r.photos.ids[i], **asdict(photos[-1])})
            if i < ENERGY_PHOTOS:
                energies.append(maps.energies(r.photos.image(i)))
        self.run.append_images(rows)
        mean = Shares.mean(photos)
        return {
            "round": r.t,
            "photos": len(photos),
            "changed": mean.changed,
            "agreement": mean.agreement,
            "confident": {"coverage_train": mean.coverage, "relabelled_train": mean.relabelled},
            "foreground": {"unary": mean.foreground_unary, "refined": mean.foreground_refined},
            "energy": {
                "paper": mean_of_maps([e["paper"] for e in energies]),
                "ref": mean_of_maps([e["ref"] for e in energies]),
            },
        }

    def _write_histogram(self, t: int, histogram: dict[str, list[int]]) -> None:
        """``mining.json``: superpixels of ``tune`` by region score, and whether the verdict was right."""
        mining = self.run.mining()
        others = [entry for entry in mining["rounds"] if entry["round"] != t]
        entries = sorted([*others, {"round": t, **histogram}], key=lambda entry: entry["round"])
        self.run.write("mining.json", {"split": self.config.data.tune, "rounds": entries})

    def _samples(self, photos: Dataset) -> list[dict[str, Any]]:
        """The fixed photos whose traces are rewritten after each round: the first of ``tune``, else of training."""
        return [
            {
                "name": f"sample_{i}",
                "title": photos.ids[i],
                "image": photos.image(i),
                "tags": photos.tags(i),
                "truth": photos.mask(i) if i in self.masks else None,
            }
            for i in range(min(self.config.traces, len(photos)))
        ]

    def _write_board(self, entry: dict[str, Any], t: int, predictor: Predictor, samples: list[dict[str, Any]]) -> None:
        for key in ("unary", "refined", "confident"):
            for name, value in entry.get(key, {}).items():
                if isinstance(value, float):
                    self.trainer.board.add_scalar(f"rounds/{key}/{name}", value, t)
        for sample in samples:
            image, classes = sample["image"], allowed_classes(torch.from_numpy(sample["tags"]))
            (maps,) = predictor.round(t, image, predictor.superpixels(image), classes)
            picture = strip(image, maps, classes, sample["truth"])
            self.trainer.board.add_image(f"photos/{sample['name']}", picture, t, dataformats="HWC")
        self.trainer.board.flush()


def open_tune(config: Config, classes: tuple[str, ...]) -> Dataset | None:
    """The split ``tune``, with the classes of the run; None where there is none, which is said."""
    data = config.data
    # Each of COCO's tables has its own categories: those of one split are asked for in the other.
    wanted = data.classes or (classes[1:] if data.kind == "coco" else ())
    if not data.tune:
        print("No figures against masks: data.tune names no split.")
        return None
    try:
        photos = open_split(data.kind, data.root, data.tune, wanted, data.tune_size, config.choice)
    except UserError as error:
        print(f"No figures against masks: {error}")
        return None
    print(*look(photos, data.tune, most=0).lines(short=True), sep="\n")
    return photos


def readable_masks(photos: Dataset, split: str) -> list[int]:
    """Indices of the photos with a mask to measure against. All are tried, before hours of training; faults are said.

    A mask that is all void says nothing, and none is measured against if half of them contradict the tags.
    """
    masks, faults, check, said = [], [], MaskCheck.of(photos), len(photos.notes)
    for i in tqdm(range(len(photos)), f"masks of {split}", unit="photo", mininterval=5):
        try:
            fault = check.add(photos.ids[i], photos.mask(i), photos.tags(i))
        except UserError as error:
            fault = str(error)
        if fault:
            faults.append(fault)
        else:
            masks.append(i)
    if refusal := check.rule():
        print(f"No figures against masks: {refusal}")
        return []
    if faults:
        count = f"{len(masks)} of the {len(photos)} photos of {split!r} have one"
        print(f"Figures against masks: {count}. The first without: {faults[0]}")
    for note in photos.notes[said:]:
        print(note)
    if masks and (absent := check.absent()):
        print(f"mIoU leaves out {', '.join(absent)}, which no mask of {split!r} shows, where they are not predicted.")
    return masks


class PhotoMaps:
    """One training photo's maps of one round."""

    def __init__(self, r: Round, i: int):
        self.classes = allowed_classes(torch.from_numpy(r.photos.tags(i)))
        self.unary, self.confident, self.refined = r.unary[i], r.confident[i], r.refined[i]
        self.u = self.classes[self.unary["alpha"].argmax(0)]
        # alpha^p of the round before is what supervised this one; round 1 is compared with its own alpha^u
        self.before = r.supervision[i]["labels"] if r.t > 1 else None

    def shares(self) -> Shares:
        return Shares.of(self.u, self.confident["labels"], self.refined["labels"], self.before)

    def energies(self, image: np.ndarray) -> Energies:
        """Both energies of alpha^u and alpha^p (docs/method.md, 10)."""
        alpha, refined = self.unary["alpha"].float(), self.refined["alpha"].float()
        paper = self.refined["paper_energy"].tolist()  # J was measured where G was at hand
        return {
            "paper": {"unary": paper[0], "refined": paper[1]},
            "ref": reference_energies(alpha, refined, image_weights(grid_photo(image))),
        }


def merge(a: dict, b: dict) -> dict:
    """Two nested dictionaries as one; where both have a value, b's."""
    both = {k: merge(a[k], b[k]) for k in a.keys() & b.keys() if isinstance(a[k], dict)}
    return {**a, **b, **both}
