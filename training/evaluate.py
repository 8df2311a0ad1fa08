"""Scores a run: ``iaff evaluate --run DIR --data voc --root VOC2012_DIR --split val --json FILE``.

Every figure comes with the split, the number of photos, how they were chosen, and the thresholds that it was measured
with. mIoU is pooled over all non-void pixels at the size of the photo; a figure "with tags" restricts every map to the
photo's tags and the background, one of "proposed tags" to those that the run's own classifier proposes (what an own
photo gets), one without tags to nothing. The figures of each photo, and of ``--propagators``, are left in the run for
the explorer.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor
from tqdm import tqdm

from iaff.data import Dataset, Subset, open_split
from iaff.data.agreement import MaskCheck
from iaff.data.check import check_masks
from iaff.data.transforms import enlarge
from iaff.errors import UserError
from iaff.grid import UNKNOWN
from iaff.inference import Predictor
from iaff.method.figures import (
    RUN_ROWS,
    MapFigures,
    RoundFigures,
    mean_leak,
    median_reach,
    photo_labels,
    relabelled_cells,
)
from iaff.method.labels import allowed_classes
from iaff.method.metrics import Partial, Segmentation, Sweep, counted, to_photo
from iaff.method.photo import RoundMaps
from iaff.method.seeds import find_seeds
from iaff.method.superpixels import on_grid
from iaff.places import expanded
from iaff.propagation.regions import region_mean
from iaff.run import Run

from . import propagators
from .evaluated import PhotoRows, store
from .propagators import PROTOCOLS, Comparison
from .storage import first_line

PROG = f"python -m {__package__}.evaluate"
BINS = 20  # of the histogram of region scores
SEED = 0  # chooses the photos of --size
TAGS = (
    "cam, seeds, confident, region_scores and all *_tags: with the photo's tags; *_proposed: with those that the "
    "classifier proposes; miou, iou, objects: without; reach, leak: of G alone, which knows no tags"
)


def device() -> torch.device | str:
    """Where a run's networks score photos: on the GPU, if there is one."""
    return torch.accelerator.current_accelerator(check_available=True) or "cpu"


class CamScore:
    """CAM at every threshold, and the seeds."""

    def __init__(self, predictor: Predictor):
        self.names, self.how = predictor.run.classes, predictor.config.seeds
        self.sweep, self.seeds = Sweep(predictor.classes + 1), Partial()

    def add(self, cam: Tensor, tags: Tensor, ids: Tensor, truth: Tensor) -> None:
        fine = to_photo(cam, *truth.shape)
        strength, best = (fine * tags[:, None, None]).max(0)
        self.sweep.add(strength, best + 1, truth)
        self.seeds.add(enlarge(find_seeds(cam, tags, on_grid(ids), self.how), *truth.shape), truth)

    def result(self) -> dict[str, Any]:
        names = self.names
        threshold, oracle = self.sweep.oracle()
        fixed = self.sweep.at(self.how.threshold)
        return {
            "cam": {
                "fixed": {"threshold": self.how.threshold, **_scores(fixed, names, "_tags")},
                "oracle": {"threshold": threshold, **_scores(oracle, names, "_tags")},
            },
            "seeds": {
                "foreground": self.how.foreground,
                "background": self.how.background,
                "precision": self.seeds.precision(),
                "coverage": self.seeds.coverage(),
            },
        }


class RoundScore:
    """One round: alpha^u and alpha^p with and without tags, and the confident regions (with tags)."""

    def __init__(self, t: int, names: tuple[str, ...]):
        self.t, self.names = t, names
        self.maps = {key: {tags: Segmentation(len(names)) for tags in PROTOCOLS} for key in ("unary", "refined")}
        self.confident, self.labels = Partial(), Partial()
        self.relabelled = self.known = 0
        self.reach: list[float] = []
        self.leaks: list[float] = []
        self.region_scores = {verdict: torch.zeros(BINS) for verdict in ("right", "wrong", "unknown")}

    def add(self, maps: dict[str, RoundMaps], ids: Tensor, truth: Tensor) -> None:
        """Adds a photo's maps by protocol (of :data:`PROTOCOLS`), its superpixels and its mask."""
        labels = {}
        for tags, made in maps.items():
            for key, alpha in (("unary", made.alpha_u), ("refined", made.alpha_p)):
                labels[key, tags] = photo_labels(alpha, made.classes, truth)
                self.maps[key][tags].add(labels[key, tags], truth)
        tagged = maps["_tags"]
        self._add_regions(tagged.scores, tagged.classes, on_grid(ids), on_grid(truth))
        self.labels.add(labels["unary", "_tags"], truth)
        self.confident.add(enlarge(tagged.confident, *truth.shape), truth)
        known, relabelled = relabelled_cells(tagged.confident, tagged.classes[tagged.alpha_u.argmax(0)])
        self.known += known
        self.relabelled += relabelled
        self.reach.append(median_reach(tagged.g, RUN_ROWS))
        leak = mean_leak(tagged.g, truth)
        if leak is not None:  # else a photo of void alone
            self.leaks.append(leak)

    def _add_regions(self, scores: Tensor, classes: Tensor, ids: Tensor, truth: Tensor) -> None:
        """Sorts superpixels by score and by whether their verdict is the label of most of their pixels."""
        one_hot = (truth == torch.tensor([*range(len(self.names)), UNKNOWN])[:, None, None]).float()
        shares, sizes = region_mean(one_hot, ids, len(scores))
        majority, (best, verdict) = shares.argmax(0), scores.max(1)
        void = majority == len(self.names)
        right = classes[verdict] == majority
        for key, mask in (("right", right & ~void), ("wrong", ~right & ~void), ("unknown", void)):
            self.region_scores[key] += torch.histc(best[mask & (sizes > 0)], BINS, 0, 1)

    def result(self) -> RoundFigures:
        return {
            "round": self.t,
            "region_scores": {key: counts.int().tolist() for key, counts in self.region_scores.items()},
            "unary": {**self._map("unary"), "precision_tags": self.labels.precision()},
            "refined": self._map("refined"),
            "confident": {
                "precision": self.confident.precision(),
                "coverage": self.confident.coverage(),
                "relabelled": self.relabelled / max(1, self.known),
            },
            "reach": statistics.median(self.reach),
            "leak": statistics.fmean(self.leaks) if self.leaks else None,
        }

    def _map(self, key: str) -> MapFigures:
        figures = {}
        for tags, score in self.maps[key].items():
            figures |= {**_scores(score, self.names, tags), f"objects{tags}": score.objects()[0]}
        return cast(MapFigures, figures)  # whose keys end in the protocols' names


@torch.no_grad()
def proposals(predictor: Predictor, data: Dataset) -> list[Tensor]:
    """The tags that the classifier proposes for each photo, ``bool (C,)``: the same in all rounds."""
    return [predictor.proposed(data.image(i)) for i in range(len(data))]


@torch.no_grad()
def evaluate(
    predictor: Predictor,
    data: Dataset,
    rounds: list[int] | None = None,
    cam: bool = True,
    comparison: Comparison | None = None,
    proposed: list[Tensor] | None = None,
    photos: PhotoRows | None = None,
) -> dict[str, Any]:
    """Scores a run on a split.

    Args:
        rounds: which of them (from 1); default: all. cam: whether to score CAM and seeds too.
        comparison: propagators to try on the unary maps of its round, which is among ``rounds``.
        proposed: the tags that the classifier proposes for each photo, where they are known (:func:`proposals`).
        photos: takes the figures of each photo, too.

    Returns:
        ``images`` (those that were scored), ``without_mask`` (how many were not, where there are such), ``objects``
        (their share of the non-void pixels in truth), ``absent`` (classes that no mask shows, which a mIoU leaves out
        unless they are predicted), ``cam``, ``seeds``, ``rounds``, ``comparison``; shares and mIoU in 0..1. A round's
        ``leak`` is the mean over photos of
        :func:`iaff.propagation.leak_rate` against the masks on the grid: the share of a pixel's decision that pixels of
        other classes, or void, make. It asks G alone, the same with and without tags.

    Raises:
        UserError: no photo has a mask that can be read, or the masks contradict the tags, or are all void. Where some
            photos have none, these are left out, and it is said.
    """
    names = predictor.run.classes
    rounds = rounds or list(range(1, len(predictor.rounds) + 1))
    first = CamScore(predictor) if cam else None
    scores = [RoundScore(t, names) for t in rounds]
    everything, check = torch.arange(len(names)), MaskCheck.of(data)
    without, said = [], len(data.notes)
    for i in tqdm(range(len(data)), "evaluate", unit="photo", mininterval=5):
        try:
            mask = data.mask(i)
        except UserError as error:
            without.append(error)
            continue
        image, tags = data.image(i), data.tags(i)
        check.add(data.ids[i], mask, tags)
        tags, truth = torch.from_numpy(tags), torch.from_numpy(mask.copy())
        ids = predictor.superpixels(image)
        if first:
            evidence = predictor.evidence(image, tags)
            first.add(evidence.cam, tags, ids, truth)
        if proposed:
            own = proposed[i]
        else:
            own = evidence.proposed if first else predictor.proposed(image)
        choices = {"": everything, "_proposed": allowed_classes(own), "_tags": allowed_classes(tags)}
        for score in scores:
            made = predictor.round(score.t, image, ids, *choices.values())
            maps = dict(zip(choices, made, strict=True))
            score.add(maps, ids, truth)
            if photos:
                photos.add(data.ids[i], score.t, maps["_tags"], truth)
            if comparison and score.t == comparison.t:
                comparison.add(image, maps, truth)
    for note in data.notes[said:]:
        print(note)
    if without and len(without) == len(data):
        raise UserError(f"None of the {len(data)} photos has a mask to be scored with. The first: {without[0]}")
    if without:
        print(f"Left out: {len(without)} of {len(data)} photos, without a mask. The first: {without[0]}")
    if refusal := check.refusal():
        raise UserError(refusal)
    if not check.seen:
        raise UserError(f"{len(data)} masks: got void (255) alone, expected labels to measure against. Mend the masks.")
    objects = scores[0].maps["unary"][""].objects()[1]
    seen = first.result() if first else {}
    result = {
        "images": len(data) - len(without),
        **({"without_mask": len(without)} if without else {}),
        "objects": objects,
        "absent": check.absent(),
        **seen,
        "rounds": [s.result() for s in scores],
    }
    return {**result, "comparison": comparison.result()} if comparison else result


def _scores(segmentation: Segmentation, names: tuple[str, ...], suffix: str = "") -> dict[str, Any]:
    iou = {name: _number(value) for name, value in zip(names, segmentation.iou().tolist(), strict=True)}
    return {f"miou{suffix}": segmentation.miou(), f"iou{suffix}": iou}


def _number(value: float) -> float | None:
    return None if value != value else value  # NaN: the class does not occur; JSON has no NaN


def table(result: dict[str, Any]) -> str:
    """The result as a table of the paper's form, in percent."""
    row = "{:<16}{:>9}{:>11}{:>11}{:>11}{:>11}".format
    used, choice = result["thresholds"], result.get("choice")
    chosen = f" of {choice['of']}, chosen by seed {choice['seed']}" if choice else ""
    background = f" (background {used['tau_background']})" if used.get("tau_background") else ""
    lines = [
        f"{result['run']} on {result['data']} {result['split']}: {result['images']} photos{chosen}, "
        f"tau {used['tau']}{background}, purity {used['purity']}; objects fill {_percent(result['objects'])} %",
        "",
        row("in percent", "mIoU", "mIoU", "mIoU", "precision", "coverage"),
        row("", "no tags", "proposed", "with tags", "with tags", "with tags"),
    ]
    if "cam" in result:
        for key in ("fixed", "oracle"):
            cam = result["cam"][key]
            lines.append(row(f"CAM {key} {cam['threshold']:.2f}", "", "", _percent(cam["miou_tags"]), "", ""))
        seeds = result["seeds"]
        name = f"seeds {seeds['foreground']:g}/{seeds['background']:g}"
        lines.append(row(name, "", "", "", _percent(seeds["precision"]), _percent(seeds["coverage"])))
    for r in result["rounds"]:
        t, confident = r["round"], r["confident"]
        unary, refined = r["unary"], r["refined"]
        lines += [
            row(
                f"round {t} unary",
                *(_percent(unary[f"miou{tags}"]) for tags in PROTOCOLS),
                _percent(unary["precision_tags"]),
                _percent(1),
            ),
            row("  confident", "", "", "", _percent(confident["precision"]), _percent(confident["coverage"])),
            row("  refined", *(_percent(refined[f"miou{tags}"]) for tags in PROTOCOLS), "", ""),
            f"  with tags: objects {_percent(unary['objects_tags'])} -> {_percent(refined['objects_tags'])} %, "
            f"relabelled {_percent(confident['relabelled'])} % of the confident pixels; "
            f"of G, tags or not: median reach {r['reach']:.0f} grid pixels, leak {_percent(r['leak'])} %",
        ]
    names = list(result["rounds"][-1]["refined"]["iou_tags"]) if result["rounds"] else []
    for tags, title in PROTOCOLS.items():
        if names:
            iou = result["rounds"][-1]["refined"][f"iou{tags}"]
            text = "  ".join(f"{n} {_percent(iou[n])}" for n in names)
            lines.append(f"IoU of the last refined map, {title} ({counted([iou])}): {text}")
    lines.insert(1, f"mIoU: {counted([*_ious(result)], result['absent'])}")
    if "comparison" in result:
        lines += ["", propagators.table(result["comparison"])]
    return "\n".join(lines)


def _ious(result: dict[str, Any]) -> Iterator[dict[str, float | None]]:
    """The IoU by class of every map in the table."""
    yield from (cam["iou_tags"] for cam in result.get("cam", {}).values())
    for entry in result["rounds"]:
        yield from (entry[key][f"iou{tags}"] for key in ("unary", "refined") for tags in PROTOCOLS)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}"


def main(argv: list[str] | None = None, prog: str = PROG) -> None:
    parser = argparse.ArgumentParser(prog=prog, description=first_line(__doc__))
    parser.add_argument("--run", required=True, help="folder of the run")
    parser.add_argument("--data", default="voc", choices=("voc", "coco", "folder", "shapes"))
    parser.add_argument("--root", default="", help="the VOC2012, COCO or photos folder")
    parser.add_argument("--split", default="val")
    parser.add_argument("--size", type=int, default=0, help=f"score so many, chosen by seed {SEED} (default: all)")
    known = ", ".join(f"{name} ({what})" for name, what in propagators.MEANING.items())
    parser.add_argument("--propagators", nargs="*", metavar="NAME", help=f"compare on the last unary maps: {known}")
    parser.add_argument("--pairwise", nargs="*", default=[], metavar="DIR", help="and the affinities of these runs")
    parser.add_argument("--json", type=expanded, help="write the figures here")
    arguments = parser.parse_args(argv)
    try:
        run = Run.load(arguments.run)
        foreground = None if arguments.data == "shapes" else run.classes[1:]
        data = open_split(arguments.data, arguments.root, arguments.split, foreground, arguments.size, SEED)
        compared = arguments.propagators or arguments.pairwise  # which is done, and timed, on the CPU
        predictor = Predictor(run, "cpu" if compared else device())
        others = {Path(folder).name: Predictor(Run.load(folder)) for folder in arguments.pairwise}
        comparison, last = None, len(predictor.rounds)
        if arguments.propagators or others:
            comparison = Comparison(arguments.propagators or [], len(run.classes), last, others)
        check_masks(data)
        for note in data.notes:
            print(note)
        photos = PhotoRows(run.classes)
        result = evaluate(predictor, data, comparison=comparison, photos=photos)
    except UserError as error:
        sys.exit(f"{prog}: {error}")
    used = predictor.config.mining.model_dump(include={"tau", "tau_background", "purity"})
    choice = {"of": len(data.data), "seed": SEED} if isinstance(data, Subset) else None  # None: all
    head = {
        "run": run.name,
        "data": arguments.data,
        "split": arguments.split,
        "choice": choice,
        "thresholds": used,
        "tags": TAGS,
    }
    result = {**head, **result}
    print(table(result))
    print(f"\n{store(run, result, photos)}")
    if arguments.json:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
