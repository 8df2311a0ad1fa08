"""One look at the labels before anything is trained: what a data set holds, what is odd about it, and how it looks."""

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

import numpy as np

from iaff.class_names import check_classes
from iaff.data import Dataset, open_split
from iaff.data.agreement import MaskCheck
from iaff.data.kinds import find_data, find_splits
from iaff.data.sheet import Tile, contact_sheet
from iaff.errors import NoMask, UserError

MOST = 200  # masks that are looked at, spread evenly over the split
SECONDS = 60.0  # after which no further one is looked at
TILES = 9
BAR = 24  # characters of the longest bar


@dataclass
class Report:
    """What was found in one split."""

    split: str
    photos: int
    counts: dict[str, int]  # photos of each class
    untagged: int
    looked: int = 0  # photos that were opened, with their masks
    masks: int = 0  # of these, with a mask that could be read
    refused: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    tiles: list[Tile] = field(default_factory=list)

    def lines(self, short: bool = False) -> list[str]:
        """As text; ``short`` leaves out the chart."""
        classes = f"{len(self.counts)} class{'es' * (len(self.counts) > 1)}"
        photos = f"{self.photos:,} photo{'s' * (self.photos > 1)}"
        none = f", {self.untagged} without a tag" if self.untagged else ""
        found = [f"{self.split}: {photos}, {classes}{none}"]
        if self.looked:
            found[0] += f"; masks: {self.masks} of {self.looked} looked at can be read"
        if short:
            each = sorted(self.counts.items(), key=lambda item: -item[1])
            more = f", and {len(each) - 8} more" if len(each) > 8 else ""
            found[0] += f" ({', '.join(f'{name} {count:,}' for name, count in each[:8])}{more})"
        else:
            width, most = max(map(len, self.counts)), max(1, *self.counts.values())
            for name, count in self.counts.items():
                bar = "█" * -(-BAR * count // most) if count else ""
                found.append(f"  {name:{width}}  {count:>7,}  {bar}".rstrip())
        found += [f"  REFUSED  {text}" for text in self.refused]
        found += [f"  note     {text}" for text in self.warnings]
        return found


def look(data: Dataset, split: str, most: int = MOST, seconds: float = SECONDS) -> Report:
    """Looks at the tags of all photos, and at some photos with their masks.

    Args:
        most: so many photos are opened at most, evenly spread; 0 opens none, which takes no time.
        seconds: after which no further one is opened.
    """
    names = data.classes[1:]
    tags = np.stack([np.asarray(data.tags(i), bool) for i in range(len(data))])
    counts = dict(zip(names, tags.sum(0).tolist(), strict=True))
    report = Report(split, len(data), counts, int((~tags.any(1)).sum()), warnings=list(data.notes))
    try:
        check_classes(names, split)
    except UserError as error:
        report.refused.append(str(error))
    report.warnings += _odd_counts(counts, len(data))
    if most:
        _look_at_masks(report, data, tags, most, seconds)
    return report


def _odd_counts(counts: dict[str, int], photos: int) -> Iterator[str]:
    """What a classifier cannot learn from, and what may be a misspelling."""
    missing = [name for name, count in counts.items() if not count]
    if missing:
        yield f"No photo is tagged {', '.join(missing)}."
    for name, count in counts.items():
        if count == photos > 1:
            yield f"Every photo is tagged {name!r}: from that a classifier cannot learn what it looks like."
        others = [other for other in counts if counts[other] >= 10 * max(1, count)]
        close = get_close_matches(name.lower(), [other.lower() for other in others], 1, 0.8) if count else []
        if close and count < 3:
            yield f"{name!r} is the tag of {count} photo{'s' * (count > 1)}, and {close[0]!r} of many: misspelled?"


def _look_at_masks(report: Report, data: Dataset, tags: np.ndarray, most: int, seconds: float) -> None:
    check, start = MaskCheck.of(data), time.monotonic()
    faults: dict[str, list[str]] = {"photo": [], "mask": []}
    shown: set[int] = set()
    spare: list[Tile] = []
    for i in spread(len(data), most):
        if report.looked and time.monotonic() - start > seconds:
            break
        report.looked += 1
        name = data.ids[i]
        try:
            photo = data.image(i)
        except UserError as error:
            faults["photo"].append(str(error))
            continue
        mask = None
        try:
            mask = data.mask(i)
            report.masks += 1
            check.add(name, mask, tags[i])
        except NoMask:
            pass
        except UserError as error:
            faults["mask"].append(str(error))
        labels = tuple(int(label) for label in np.flatnonzero(tags[i]) + 1)
        tile = Tile(name, photo, labels, mask)
        # Photos of classes that the sheet does not show yet come first; of masks those that can be read.
        if set(labels) - shown and len(report.tiles) < TILES:
            report.tiles.append(tile)
            shown |= set(labels)
        elif len(spare) < TILES:
            spare.append(tile)
    spare.sort(key=lambda tile: tile.mask is None)
    report.tiles += spare[: TILES - len(report.tiles)]
    for what, found in faults.items():
        if found:
            report.refused.append(f"{len(found)} {what}s of {report.looked} cannot be read; the first: {found[0]}")
    if refusal := check.refusal():
        report.refused.append(f"For figures: {refusal}")
    report.warnings += check.warnings()


def check_masks(data: Dataset, most: int = MOST, seconds: float = SECONDS) -> None:
    """Whether figures can be measured against a data set's masks, by some that are evenly spread.

    Raises:
        UserError: they contradict the photos' tags. What cannot be read is not asked here.
    """
    check, start = MaskCheck.of(data), time.monotonic()
    for i in spread(len(data), most):
        with suppress(UserError):
            check.add(data.ids[i], data.mask(i), data.tags(i))
        if time.monotonic() - start > seconds:
            break
    if refusal := check.refusal():
        raise UserError(refusal)


def spread(count: int, most: int) -> list[int]:
    """At most so many of ``count`` indices, evenly spread, in an order of which each beginning is spread too."""
    steps = min(count, most)
    bits = max(1, (steps - 1).bit_length())
    order = sorted(range(steps), key=lambda k: int(f"{k:0{bits}b}"[::-1], 2))
    return [k * count // steps for k in order]


def check_data(root: Path, kind: str = "", splits: Iterable[str] = (), out: Path = Path()) -> int:
    """Prints what the data set in a folder holds, and writes a contact sheet ``check_SPLIT.png`` of each split.

    Args:
        kind: of the data set; empty: what lies in the folder tells. splits: empty: all that are found.
        out: folder for the sheets.

    Returns:
        1 if something is refused, else 0.

    Raises:
        UserError: there is no data set, or a sheet cannot be written.
    """
    kind, root = find_data(root, kind)
    print(f"{root}: a data set of the kind {kind!r}")
    bad = False
    for split in [*splits] or find_splits(kind, root):
        try:
            report = look(data := open_split(kind, str(root), split), split)
        except UserError as error:
            print(f"\n{split}:\n  REFUSED  {error}")
            bad = True
            continue
        bad |= bool(report.refused)
        print("", *report.lines(), sep="\n")
        if report.tiles:
            path = out / f"check_{split}.png"
            try:
                out.mkdir(parents=True, exist_ok=True)
                contact_sheet(report.tiles, data.classes, f"{root} · {split}").save(path)
            except OSError as error:
                raise UserError(f"Cannot write {path}: {error.strerror or error}. Give another folder.") from error
            print(f"  sheet    {path}: {len(report.tiles)} of the photos, with their tags and masks")
    print(
        "\nNothing is refused." if not bad else "\nSomething is refused; the lines above say what and how to mend it."
    )
    return int(bad)
