"""``iaff import``: files of other methods -> traces, for one photo or for a folder of them."""

import argparse
import sys
from dataclasses import fields
from pathlib import Path

from tqdm import tqdm

from iaff.data.voc import VOC_CLASSES
from iaff.errors import UserError
from iaff.images import is_photo_file
from iaff.importing.traces import Files, trace_of

MAPS = ("cam", "scores", "labels")
G = ("affinity", "attention", "refined")


def import_files(args: argparse.Namespace) -> int:
    """Writes the traces and says what each file was read as; returns the exit status.

    Where ``--photo`` is a folder, so are the others, and files belong together whose names without endings are equal. A
    photo whose files are not right is named, and the others go on.
    """
    classes: list[str] = [name.strip() for name in args.classes.split(",")] if args.classes else [*VOC_CLASSES]
    check(args, classes)
    given = {field.name: getattr(args, field.name) for field in fields(Files)}
    if not args.photo.is_dir():
        convert(Files(**given), classes, args.steps, args.out)
        return 0
    photos, failed = sorted(filter(is_photo_file, args.photo.iterdir())), 0
    if not photos:
        raise UserError(f"There is no photo in {args.photo}. Expected JPEG or PNG files; check the path.")
    with tqdm(photos, unit="photo", leave=False) as bar:
        for photo in bar:
            try:
                files = Files(
                    photo, **{part: companion(path, photo) for part, path in given.items() if part != "photo"}
                )
                convert(files, classes, args.steps, args.out / f"{photo.stem}.safetensors")
            except UserError as error:
                failed += 1
                tqdm.write(f"iaff import: {error}", file=sys.stderr)
    if failed:
        print(f"{len(photos) - failed} of {len(photos)} photos imported.", file=sys.stderr)
    return 1 if failed else 0


def check(args: argparse.Namespace, classes: list[str]) -> None:
    """Raises UserError where options do not go together."""
    if not any(getattr(args, part) for part in MAPS):
        raise UserError("Got no map of the classes, expected --cam, --scores or --labels: what the affinity refines.")
    several = [part for part in G if getattr(args, part)]
    if len(several) > 1:
        raise UserError(f"Got --{several[0]} and --{several[1]}, expected one of them: write a trace for each.")
    if args.scores and args.labels:
        raise UserError("Got --scores and --labels, expected one of them: either is the unary map.")
    if args.steps is not None and (not 1 <= args.steps <= 4096 or not several or several == ["refined"]):
        raise UserError(f"--steps: got {args.steps}, expected 1 to 4096, with --affinity or --attention.")
    if len({name.lower() for name in classes}) < len(classes) or "" in classes or "background" in classes:
        raise UserError(f"--classes: got {args.classes!a}, expected different names without background, as cat,dog.")


def companion(place: Path | None, photo: Path) -> Path | None:
    """The file in a folder whose name without ending is a photo's; UserError where there is none."""
    if place is None:
        return None
    if not place.is_dir():
        raise UserError(f"{place}: got no folder, expected one, as the photos are: a file for each of them.")
    found = sorted(path for path in place.iterdir() if (path.name if path.is_dir() else path.stem) == photo.stem)
    if len(found) != 1:
        what = f"{found[0].name} and {found[1].name}" if found else "nothing"
        raise UserError(f"{photo}: got {what} for it in {place}, expected one file named {photo.stem}.")
    return found[0]


def convert(files: Files, classes: list[str], steps: int | None, out: Path) -> None:
    """Writes one trace."""
    trace, lines = trace_of(files, classes, steps, out.stem)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        trace.save(out)
        size = out.stat().st_size
    except OSError as error:
        raise UserError(f"Cannot write {out}: {error.strerror or error}. Give another --out.") from error
    for i, line in enumerate([*lines, f"-> {out}, {size / 1e6:.2f} MB"]):
        tqdm.write(f"  {line}" if i else line)
