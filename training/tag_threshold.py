"""How sure a run must be: ``python -m training.tag_threshold --run DIR --root VOC2012 --others COCO``.

A run gives every photo scores for its own classes, and nobody told it of any other thing. Photos that show some of its
classes (a split of its data set) and photos that show none (``--others``) say what a score is worth: both kinds count
half, however many there are. What is found (:mod:`iaff.method.tag_rule`), and how often it errs on these photos and on
others that chose nothing, is left in the run as ``tags.json``. Only tags are read, never a mask.
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
from iaff.method.cam import PROPOSED, class_activations
from iaff.method.tag_rule import EDGE, TagRule
from iaff.places import expanded
from iaff.run import Run

from .evaluate import SEED, device
from .storage import first_line

PROG = f"python -m {__package__}.tag_threshold"
STEPS = 50  # of Newton's method; it takes about eight
FLOOR = 1e-3  # of the penalty that keeps the slope finite where scores tell the photos apart without an error


@dataclass
class Scored:
    """Photos that show classes of the run, and photos that show none.

    Attributes:
        scores: of the classifier, ``(N, C)``, 0..1, and tags: ``bool (N, C)``, of the first.
        others: scores ``(M, C)`` of the second.
    """

    scores: Tensor
    tags: Tensor
    others: Tensor


def fitted(photos: Scored) -> tuple[float, float]:
    """Slope and offset of Platt's scaling of all classes alike, both kinds of photos counting half."""
    scores = torch.cat([photos.scores, photos.others]).double()
    truth = torch.cat([photos.tags, torch.zeros_like(photos.others, dtype=torch.bool)]).double()
    weight = torch.cat([torch.full((len(part),), 0.5 / len(part)) for part in (photos.scores, photos.others)])
    x = torch.stack([torch.logit(scores, EDGE).flatten(), torch.ones(scores.numel())], 1).double()
    weight = weight.double().repeat_interleave(scores.shape[1])
    found = torch.tensor([1.0, 0.0], dtype=torch.double)
    start = found.clone()
    for _ in range(STEPS):
        p = (x @ found).sigmoid()
        slope = x.T @ (weight * (p - truth.flatten())) + FLOOR * (found - start)
        curve = (x.T * (weight * p * (1 - p))) @ x + FLOOR * torch.eye(2)
        found = found - torch.linalg.solve(curve, slope)
    return found[0].item(), found[1].item()


def errors(photos: Scored, rule: TagRule) -> dict[str, Any]:
    """How often the rule errs, shares of the photos of each kind; see :class:`iaff.run_files.TagErrors`."""
    claimed, wrong = (rule.tags(scores, scores >= PROPOSED) for scores in (photos.scores, photos.others))
    return {
        "shows": len(claimed),
        "silent": _mean(~claimed.any(1)),
        "missed": _mean((photos.tags & ~claimed).any(1)),
        "none": len(wrong),
        "claims": _mean(wrong.any(1)),
    }


def chosen(photos: Scored) -> TagRule:
    """The rule of fewest errors: photos that show a class and are given none, and the other way round, count alike."""
    slope, offset = fitted(photos)
    rules = [TagRule(slope, offset, share / 100, True) for share in range(1, 100)]
    wrong = [(found := errors(photos, rule))["silent"] + found["claims"] for rule in rules]
    best = [rule for rule, share in zip(rules, wrong, strict=True) if share <= min(wrong) + 1e-9]
    return best[len(best) // 2]  # the middle of those that are as good


def _mean(found: Tensor) -> float:
    return round(found.float().mean().item(), 4)


@torch.no_grad()
def scored(predictor: Predictor, data: Dataset, others: list[Path]) -> Scored:
    """Scores of all photos; of ``others``, which are files, every one that can be read."""
    how = predictor.config.cam

    def score(image: np.ndarray) -> Tensor:
        return class_activations(predictor.classifier, image, how.scales, how.flip)[1].cpu()

    shown = [score(data.image(i)) for i in tqdm(range(len(data)), unit="photo", leave=False)]
    tags = [torch.from_numpy(data.tags(i).copy()) for i in range(len(data))]
    none = [score(read_photo(path).pixels) for path in tqdm(others, unit="photo", leave=False)]
    return Scored(torch.stack(shown), torch.stack(tags), torch.stack(none))


def photos_without(folder: Path, split: str, classes: tuple[str, ...]) -> list[Path]:
    """The photos of a folder, or those of COCO's split in it whose annotations name none of the classes.

    Raises:
        UserError: there is none.
    """
    table = folder / "annotations" / f"instances_{split}.json"
    if table.is_file():
        read = read_table(table)
        named = [place for place, name in enumerate(read.categories.names) if name in classes]
        found = [
            folder / split / e.file for e, tags in zip(read.photos, read.tags, strict=True) if not tags[named].any()
        ]
    else:
        inside = folder / split if (folder / split).is_dir() else folder
        found = sorted(filter(is_photo_file, inside.iterdir())) if inside.is_dir() else []
    if not found:
        raise UserError(
            f"{folder}, split {split!r}: got no photo without {', '.join(classes)[:200]}; expected a folder of such photos, "
            "or COCO's own layout. Name another with --others."
        )
    return found


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
        classes = run.classes[1:]
        predictor = Predictor(run, device())
        parts = []
        for split, other in zip(arguments.splits, arguments.other_splits, strict=True):
            named = None if arguments.data == "shapes" else classes
            data = open_split(arguments.data, arguments.root, split, named, arguments.size, SEED)
            without = photos_without(arguments.others, other, classes)
            parts.append((f"{arguments.data} {split}, others {other}", scored(predictor, data, without)))
        record(run, *parts)
    except UserError as error:
        sys.exit(f"{prog}: {error}")


def record(run: Run, choosing: tuple[str, Scored], checking: tuple[str, Scored]) -> None:
    """Chooses the rule on some photos, checks it on others, says what it found, and leaves it in the run."""
    rule = chosen(choosing[1])
    found = {
        key: {"data": words, **errors(photos, rule)}
        for key, (words, photos) in (("chosen", choosing), ("held_out", checking))
    }
    values = {"slope": round(rule.slope, 4), "offset": round(rule.offset, 4), "claimed": rule.claimed}
    run.write("tags.json", {"schema": 1, **values, **found})
    print(
        f"{run.name}: a class is claimed from {rule.claimed:.0%} on (slope {rule.slope:.2f}, offset {rule.offset:.2f})"
    )
    for part in found.values():
        print(
            f"{part['data']}: of {part['shows']} photos with its classes nothing is claimed for {part['silent']:.1%}, a "
            f"tag is missed in {part['missed']:.1%}; of {part['none']} without, something is claimed for {part['claims']:.1%}"
        )


if __name__ == "__main__":
    main()
