"""``python -m iaff refine``: label maps of every round at the photo's own size, and the trace."""

import sys
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from iaff.errors import UserError
from iaff.explaining import explain_photo, predictor_of, tag_vector
from iaff.images import SUFFIXES, is_photo_file, read_photo
from iaff.method.labels import winners
from iaff.method.metrics import to_photo
from iaff.places import SHIPPED
from iaff.run import Run
from iaff.trace import Trace
from iaff.trace.encoding import palette_png


def refine(photos: list[Path], tags: list[str] | None, run_folder: str | Path | None, out: Path) -> int:
    """Writes ``OUT/PHOTO/round_T.png`` and ``trace.safetensors`` for every photo; returns the exit status.

    A photo that cannot be read is named, and the others go on.
    """
    run = Run.load(run_folder or SHIPPED)
    chosen = None if tags is None else tag_vector(tags, run)
    predictor = predictor_of(run)
    files, failed = expand(photos), 0
    folders = folders_for(files)
    with tqdm(files, unit="photo", leave=False, disable=len(files) == 1) as bar:
        for file in bar:
            try:
                photo = read_photo(file)
                trace = explain_photo(
                    predictor, photo, chosen, file.name, lambda stage, share: bar.set_postfix_str(stage)
                )
                write(trace, photo.size, out / folders[file])
                tqdm.write(said(file, trace, out / folders[file]))
            except UserError as error:
                failed += 1
                tqdm.write(f"iaff refine: {error}", file=sys.stderr)
            except OSError as error:
                raise UserError(f"Cannot write to {out}: {error.strerror or error}. Give another folder.") from error
    return 1 if failed else 0


def expand(photos: list[Path]) -> list[Path]:
    """The photos, folders replaced by the pictures in them."""
    files = []
    for path in photos:
        found = sorted(filter(is_photo_file, path.iterdir())) if path.is_dir() else [path]
        if not found:
            raise UserError(f"There is no photo in {path}. Expected files ending in {', '.join(sorted(SUFFIXES))}.")
        files += found
    return list(dict.fromkeys(files))


def folders_for(files: list[Path]) -> dict[Path, str]:
    """A folder name for every photo: its name without ending, numbered where two are the same."""
    used: dict[str, int] = {}
    names = {}
    for file in files:
        used[file.stem] = used.get(file.stem, 0) + 1
        names[file] = file.stem if used[file.stem] == 1 else f"{file.stem}_{used[file.stem]}"
    return names


def write(trace: Trace, size: tuple[int, int], folder: Path) -> None:
    """The label maps of a trace for a photo of ``size`` (width, height), and the trace."""
    folder.mkdir(parents=True, exist_ok=True)
    width, height = trace.meta["size"]
    ids = np.array(trace.meta["class_ids"], np.uint8)
    for t, r in trace.rounds.items():
        alpha = to_photo(torch.from_numpy(r.alpha_p), height, width)
        (folder / f"round_{t}.png").write_bytes(palette_png(ids[winners(alpha, size).numpy()]))
    trace.save(folder / "trace.safetensors")


def said(file: Path, trace: Trace, folder: Path) -> str:
    """One line about a photo: what was found, how much of the photo it fills, and where it lies."""
    last = trace.rounds[len(trace.rounds)].alpha_p.argmax(0)
    found = [
        f"{name} {(last == k).mean():.0%} of the photo ({how_sure(trace, name)})"
        for k, name in enumerate(trace.classes)
        if k
    ]
    values = trace.meta.get("tag_sure") or trace.meta["tag_scores"]
    likeliest = max(values, key=values.__getitem__)
    best = f"{likeliest}, {how_sure(trace, likeliest)}"
    what = ", ".join(found) or f"none of the run's classes (best: {best}; name them with --tags if you know better)"
    return f"{file}: {what} -> {folder}/round_1.png ... round_{len(trace.rounds)}.png, trace.safetensors"


def how_sure(trace: Trace, name: str) -> str:
    """How sure the run is of a class, or, where it is not calibrated, the class's score."""
    sure = trace.meta.get("tag_sure")
    return f"{sure[name]:.0%} sure" if sure else f"score {trace.meta['tag_scores'][name]:.2f}"
