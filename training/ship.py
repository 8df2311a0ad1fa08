"""Makes a small copy of a run to ship: ``iaff ship --run runs/animals --out assets/runs/animals``.

Weights in half precision, the figures, and a trace of every gallery photo. Nothing of the training photos goes
along: ``images.csv`` of the copy is about the gallery.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from safetensors.torch import load_file, save

from iaff.errors import UserError
from iaff.files import write_atomically
from iaff.inference import Predictor
from iaff.places import GALLERY
from iaff.run import Run, create
from iaff.trace import Trace
from iaff.trace.record import write_traces

from .storage import first_line

PROG = f"python -m {__package__}.ship"
LARGEST = 10_000_000  # bytes, of a shipped file


def gallery_photos(folder: Path, classes: tuple[str, ...]) -> list[dict[str, Any]]:
    """The photos of a gallery folder (``gallery.json``), as :func:`iaff.trace.record.write_traces` takes them.

    Raises:
        UserError: the gallery's labels are not the run's.
    """
    gallery = json.loads((folder / "gallery.json").read_text("utf-8"))
    if tuple(gallery["classes"]) != classes:
        raise UserError(f"{folder}: got masks of {gallery['classes']}, expected the run's classes {list(classes)}.")
    return [
        {
            "image": np.asarray(Image.open(folder / photo["file"]).convert("RGB")),
            "tags": np.array([name in photo["tags"] for name in classes[1:]]),
            "truth": np.asarray(Image.open(folder / photo["mask"])),
            **{key: photo[key] for key in ("name", "title", "credit", "note") if key in photo},
        }
        for photo in gallery["photos"]
    ]


def ship(run: Run, out: Path, gallery: Path) -> Run:
    """Writes the small copy and returns it.

    Raises:
        UserError: the run was taught by masks, a file is too large, or the gallery's labels are not the run's.
    """
    if run.config.get("supervision") == "masks":
        raise UserError(f"{run.dir} was trained with supervision=masks, as an upper bound; expected one of tags alone.")
    rounds = run.finished_rounds()
    figures = run.figures()
    figures["rounds"] = figures["rounds"][:rounds]
    copy = create(out, {**run.config, "rounds": rounds})
    copy.write("figures.json", figures)
    copy.write("mining.json", run.mining())
    nets = [f"{net}_{t}" for t in range(1, rounds + 1) for net in ("unary", "region", "pairwise")]
    for name in ["classifier", *nets]:
        state = load_file(run.weights(name))
        half = {key: value.half() if value.is_floating_point() else value for key, value in state.items()}
        data = save(half)
        if len(data) > LARGEST:
            raise UserError(f"{name}: {len(data)} bytes, expected at most {LARGEST}; ship a smaller backbone.")
        write_atomically(out / "weights" / f"{name}.safetensors", data)
    photos = gallery_photos(gallery, copy.classes)
    write_traces(copy, Predictor(copy), photos)
    for t in range(rounds):
        copy.append_images([_row(Trace.load(copy.trace_path(photo["name"])), t) for photo in photos])
    return copy


def _row(trace: Trace, t: int) -> dict[str, Any]:
    figures = trace.meta["rounds"][t]["figures"]
    return {
        "round": t + 1,
        "image": trace.meta["name"],
        "changed": figures["changed"],
        "agreement": figures["agreement"],
        "coverage": figures["confident"]["coverage"],
        "miou_unary": figures["unary"].get("miou", ""),
        "miou_refined": figures["refined"].get("miou", ""),
        "precision": figures["confident"].get("precision", ""),
        "leak": figures.get("leak", ""),
    }


def main(argv: list[str] | None = None, prog: str = PROG) -> None:
    parser = argparse.ArgumentParser(prog=prog, description=first_line(__doc__))
    parser.add_argument("--run", required=True, help="folder of the trained run")
    parser.add_argument("--out", required=True, type=Path, help="folder of the copy")
    parser.add_argument("--gallery", default=GALLERY, type=Path, help="folder with gallery.json")
    arguments = parser.parse_args(argv)
    try:
        copy = ship(Run.load(arguments.run), arguments.out, arguments.gallery)
    except UserError as error:
        sys.exit(f"{prog}: {error}")
    size = sum(path.stat().st_size for path in copy.dir.rglob("*") if path.is_file())
    print(f"Done: {copy.dir}, {copy.finished_rounds()} rounds, {size / 1e6:.1f} MB.")


if __name__ == "__main__":
    main()
