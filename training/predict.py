"""Predicts masks: ``iaff predict --run DIR --root VOC2012_DIR --split test --out DIR``.

Tags play no part: a photo is predicted over all classes of the run, by the last round's unary network alone, or
refined by the last affinity with ``--refined``. VOC's predictions come in the layout of its evaluation server, with
VOC's indices and colours, at the size of the photo::

    OUT/results/VOC2012/Segmentation/comp6_test_cls/2008_000006.png

Competition 6 of the development kit is segmentation with any training data but the test photos (5: VOC's trainval
alone); ImageNet weights and SBD's photos belong to 6. For ``coco`` (labels 1..80, or those of the
table's own categories in the order of their ids) and ``folder`` (the run's labels)
the masks are ``OUT/ID.png``; COCO's photos without any annotation are left out. Stopped at any time, the same command
goes on.
"""

import argparse
import json
import sys
from pathlib import Path

import torch
from tqdm import tqdm

from iaff.data import COCO, VOC, VOC_CLASSES, Dataset, Folder, open_split
from iaff.errors import UserError
from iaff.files import write_atomically
from iaff.images import Photo, read_photo
from iaff.inference import Predictor
from iaff.method.labels import winners
from iaff.method.metrics import to_photo
from iaff.places import expanded
from iaff.run import Run
from iaff.trace.encoding import palette_png

from .evaluate import device
from .storage import first_line

PROG = f"python -m {__package__}.predict"
COMPETITION = "comp6"


@torch.no_grad()
def predict(predictor: Predictor, data: Dataset, out: Path, stored: tuple[str, ...], refined: bool = False) -> int:
    """Writes a palette PNG of every photo of a split into ``out``, unless it is there; returns how many it wrote.

    Args:
        stored: what the indices of the PNG mean, background first; refined: whether to apply the affinity.

    Raises:
        UserError: a class of the run is none of ``stored``, or a file cannot be read or written.
    """
    names = predictor.run.classes
    strange = [name for name in names if name not in stored]
    if strange:
        raise UserError(
            f"{predictor.run.dir}: got the class {strange[0]!r}, expected classes of the data set "
            f"({', '.join(stored)}). Predict with a run that was trained on it."
        )
    indices = torch.tensor([stored.index(name) for name in names], dtype=torch.uint8)
    files = [out / f"{name}.png" for name in _names(data)]
    wanted = [i for i, file in enumerate(files) if not file.exists()]
    for i in tqdm(wanted, "predict", unit="photo", mininterval=5):
        photo = _photo(data, i)
        height, width = photo.pixels.shape[:2]
        one = torch.zeros(height, width, dtype=torch.int32)  # superpixels serve to mine regions, which is training
        (maps,) = predictor.round(len(predictor.rounds), photo.pixels, one, torch.arange(len(names)))
        labels = winners(to_photo(maps.alpha_p if refined else maps.alpha_u, height, width), photo.size)
        try:
            write_atomically(files[i], palette_png(indices[labels.long()].numpy()))
        except OSError as error:
            raise UserError(f"Cannot write to {out}: {error.strerror or error}. Give another folder.") from error
    return len(wanted)


def keep_settings(out: Path, settings: dict[str, object]) -> None:
    """Remembers what a folder's predictions are of.

    Raises:
        UserError: the folder holds predictions of other settings, which must not be mixed.
    """
    path = out / "predict.json"
    found = json.loads(path.read_text("utf-8")) if path.is_file() else settings
    if found != settings:
        raise UserError(f"{out}: got predictions of {found}, expected of {settings}. Give another folder with --out.")
    try:
        write_atomically(path, (json.dumps(settings, indent=1) + "\n").encode())
    except OSError as error:
        raise UserError(f"Cannot write to {out}: {error.strerror or error}. Give another folder.") from error


def _names(data: Dataset) -> list[str]:
    return [str(Path(name).with_suffix("")) if isinstance(data, Folder) else name for name in data.ids]


def _photo(data: Dataset, i: int) -> Photo:
    if isinstance(data, Folder):  # which shrinks photos, so that the size of the source has to come along
        return read_photo(data.root / data.ids[i], side=data.side)
    pixels = data.image(i)
    return Photo(pixels, pixels.shape[1::-1])


def main(argv: list[str] | None = None, prog: str = PROG) -> None:
    parser = argparse.ArgumentParser(prog=prog, description=first_line(__doc__))
    parser.add_argument("--run", required=True, help="folder of the run")
    parser.add_argument("--data", default="voc", choices=("voc", "coco", "folder"))
    parser.add_argument("--root", required=True, help="folder of the data set, e.g. VOC2012")
    parser.add_argument("--split", default="test")
    parser.add_argument("--out", type=expanded, required=True, help="folder for the masks")
    parser.add_argument("--refined", action="store_true", help="apply the affinity of the last round")
    arguments = parser.parse_args(argv)
    kind, split, out = arguments.data, arguments.split, arguments.out
    try:
        run = Run.load(arguments.run)
        data = VOC(arguments.root, split, tags=False) if kind == "voc" else open_split(kind, arguments.root, split)
        for note in data.notes:
            print(note)
        predictor = Predictor(run, device())
        keep_settings(
            out,
            {
                "run": run.name,
                "trained": run.changed(),
                "round": len(predictor.rounds),
                "refined": arguments.refined,
                "data": kind,
                "split": split,
            },
        )
        folder = out / "results" / "VOC2012" / "Segmentation" / f"{COMPETITION}_{split}_cls" if kind == "voc" else out
        stored = data.all_classes if isinstance(data, COCO) else ("background", *VOC_CLASSES)
        wrote = predict(predictor, data, folder, run.classes if kind == "folder" else stored, arguments.refined)
    except UserError as error:
        sys.exit(f"{prog}: {error}")
    except KeyboardInterrupt:
        sys.exit("\nStopped. The same command goes on from here.")
    print(f"Done: masks of {len(data)} photos in {folder}, {wrote} of them new.")
    if kind == "voc" and split == "test":
        print(f"For the evaluation server: tar czf results.tgz -C {out} results")


if __name__ == "__main__":
    main()
