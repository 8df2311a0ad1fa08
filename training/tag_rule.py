"""How sure a run is of a tag: ``python -m training.tag_rule --run DIR --root VOC2012 --others COCO``.

A run gives every photo scores for its own classes, and nobody told it of any other thing. Photos that show some of its
classes (a split of its data set) and photos that show none (among ``--others``) say what the peak of a class's
activation is worth; both kinds count half, however many there are. What is found (:mod:`iaff.method.tag_rule`), and
how often it errs, on these photos and on others that chose nothing, is left in the run as ``tags.json``. Only tags are
read, never a mask.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from iaff.data import Dataset, open_split
from iaff.data.coco_table import read_table
from iaff.errors import UserError
from iaff.images import is_photo_file, read_photo
from iaff.inference import Predictor
from iaff.method.cam import class_activations
from iaff.method.tag_rule import CLAIMED, TagRule
from iaff.places import expanded
from iaff.run import Run

from .evaluate import SEED, device
from .storage import first_line

PROG = f"python -m {__package__}.tag_rule"
RATES = ("silent", "missed", "claims")
STEPS = 50  # of Newton's method; it takes about ten
PENALTY = 1e-5  # on both numbers: they stay finite where peaks tell the photos apart without an error


@dataclass
class Peaks:
    """Photos, some of which show none of the run's classes: ``peaks (N, C)``, and ``tags``, ``bool (N, C)``."""

    peaks: Tensor
    tags: Tensor

    @property
    def none(self) -> Tensor:
        """Which of them show none, ``bool (N,)``."""
        return ~self.tags.any(1)


def fitted(photos: Peaks) -> TagRule:
    """Platt's scaling of all classes alike, both kinds of photos counting half.

    Raises:
        UserError: there are photos of one kind alone.
    """
    none = photos.none
    if none.all() or not none.any():
        raise UserError(f"Got {int(none.sum())} photos without the run's classes of {len(none)}, expected both kinds.")
    weight = torch.where(none, 0.5 / none.sum(), 0.5 / (~none).sum()).double().repeat_interleave(photos.tags.shape[1])
    scale = photos.peaks.abs().max().clamp(min=1e-6).double()
    x = torch.stack([photos.peaks.double().flatten() / scale, torch.ones(weight.shape, dtype=torch.double)], 1)
    truth, found = photos.tags.double().flatten(), torch.zeros(2, dtype=torch.double)
    for _ in range(STEPS):
        p = (x @ found).sigmoid()
        slope = x.T @ (weight * (p - truth)) + PENALTY * found
        curve = (x.T * (weight * p * (1 - p))) @ x + PENALTY * torch.eye(2)
        found = found - torch.linalg.solve(curve, slope)
    return TagRule((found[0] / scale).item(), found[1].item())


def errors(photos: Peaks, rule: TagRule) -> dict[str, Any]:
    """How often the rule errs, shares of the photos of each kind; see :class:`iaff.run_files.TagErrors`."""
    claimed, none = rule.tags(photos.peaks), photos.none
    return {
        "shows": int((~none).sum()),
        "silent": _mean(~claimed[~none].any(1)),
        "missed": _mean((photos.tags & ~claimed)[~none].any(1)),
        "none": int(none.sum()),
        "claims": _mean(claimed[none].any(1)),
    }


def _mean(found: Tensor) -> float | None:
    return round(found.float().mean().item(), 4) if len(found) else None


@torch.no_grad()
def measured(predictor: Predictor, photos: "Dataset | Files") -> Peaks:
    """The peaks of all photos, and their tags."""
    how, peaks, order = predictor.config.cam, [], range(len(photos))
    for i in tqdm(order, unit="photo", leave=False):
        peaks.append(class_activations(predictor.classifier, photos.image(i), how.scales, how.flip)[2].cpu())
    return Peaks(torch.stack(peaks), torch.from_numpy(np.stack([photos.tags(i) for i in order])))


def together(a: Peaks, b: Peaks) -> Peaks:
    """The photos of both."""
    return Peaks(torch.cat([a.peaks, b.peaks]), torch.cat([a.tags, b.tags]))


class Files:
    """Photos beside the run's data set, read when they are asked for: of COCO with tags, of a folder without any."""

    def __init__(self, folder: Path, split: str, classes: tuple[str, ...]):
        table = folder / "annotations" / f"instances_{split}.json"
        if table.is_file():
            read = read_table(table)
            names = read.categories.names
            self.files = [folder / split / entry.file for entry in read.photos]
            tags = [read.tags[:, names.index(c)] if c in names else np.zeros(len(self.files), bool) for c in classes]
            self._tags = np.stack(tags, 1)
        else:
            inside = folder / split if (folder / split).is_dir() else folder
            self.files = sorted(filter(is_photo_file, inside.iterdir())) if inside.is_dir() else []
            self._tags = np.zeros((len(self.files), len(classes)), bool)
        if self._tags.any(1).all():
            raise UserError(
                f"{folder}, split {split!r}: got no photo without {', '.join(classes)[:200]}; expected a folder of "
                "such photos, or COCO's own layout. Name another with --others."
            )

    def __len__(self) -> int:
        return len(self.files)

    def image(self, i: int) -> np.ndarray:
        """Photo i as ``uint8 (H, W, 3)``, as an own photo is read."""
        return read_photo(self.files[i]).pixels

    def tags(self, i: int) -> np.ndarray:
        """Its tags, ``bool (C,)``."""
        return self._tags[i]


def main(argv: list[str] | None = None, prog: str = PROG) -> None:
    parser = argparse.ArgumentParser(prog=prog, description=first_line(__doc__))
    parser.add_argument("--run", required=True, help="folder of the run")
    parser.add_argument("--data", default="voc", choices=("voc", "coco", "folder", "shapes"))
    parser.add_argument("--root", default="", help="the VOC2012, COCO or photos folder, whose photos show its classes")
    parser.add_argument("--splits", nargs=2, default=("tune", "val"), metavar=("CHOOSE", "CHECK"))
    parser.add_argument(
        "--others", type=expanded, required=True, metavar="DIR", help="photos without its classes, or COCO"
    )
    parser.add_argument("--other-splits", nargs=2, default=("train2017", "val2017"), metavar=("CHOOSE", "CHECK"))
    parser.add_argument("--size", type=int, default=0, help=f"so many of a split, chosen by seed {SEED} (default: all)")
    arguments = parser.parse_args(argv)
    try:
        run = Run.load(arguments.run)
        predictor, named = Predictor(run, device()), None if arguments.data == "shapes" else run.classes[1:]
        parts = []
        for split, other in zip(arguments.splits, arguments.other_splits, strict=True):
            files = Files(arguments.others, other, run.classes[1:])
            data = open_split(arguments.data, arguments.root, split, named, arguments.size, SEED)
            part = together(measured(predictor, data), measured(predictor, files))
            parts.append((f"{arguments.data} {split} and {arguments.others.name} {other}", part))
        record(run, *parts)
    except UserError as error:
        sys.exit(f"{prog}: {error}")


def record(run: Run, choosing: tuple[str, Peaks], checking: tuple[str, Peaks]) -> None:
    """Fits the rule on some photos, checks it on others, says what it found, and leaves it in the run."""
    rule = fitted(choosing[1])
    found = {
        key: {"data": words, **errors(photos, rule)}
        for key, (words, photos) in (("chosen", choosing), ("held_out", checking))
    }
    run.write("tags.json", {"schema": 1, "slope": round(rule.slope, 4), "offset": round(rule.offset, 4), **found})
    print(f"{run.name}: how sure = sigmoid({rule.slope:.4f} peak {rule.offset:+.4f}); claimed from {CLAIMED:.0%} on")
    for part in found.values():
        shares = {key: "-" if part[key] is None else f"{part[key]:.1%}" for key in RATES}
        print(
            f"{part['data']}: of {part['shows']} photos with its classes nothing is claimed for {shares['silent']}, "
            f"and a tag is missed in {shares['missed']}; of {part['none']} without any, something is claimed for "
            f"{shares['claims']}"
        )


if __name__ == "__main__":
    main()
