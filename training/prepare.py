"""Downloads a data set and lays it out, or looks at one: ``iaff prepare voc|coco|check --root DIR``.

``voc`` (3.4 GB to download) makes ``DIR/VOCdevkit/VOC2012`` from VOC's trainval archive and SBD's, at the addresses
and with the MD5 sums that torchvision has: ``SegmentationClassAug`` holds VOC's own masks for VOC's train and val,
with their void borders, and SBD's for the rest; ``train_aug.txt`` lists (VOC train + SBD train + SBD val) - VOC val.
Tags come with VOC. Its test photos need a registration, so they are fetched by hand.

``coco`` (20 GB, 2014 or ``--year 2017``) makes ``DIR/annotations`` and the folders of photos. COCO publishes no MD5
sums: these are the ones that several independent public projects check their downloads by.

``check`` looks at the labels of the data set in DIR, as ``iaff doctor --data DIR`` does.

Archives stay in ``DIR/downloads``, where they may be deleted afterwards. Stopped at any time, the same command goes on.
"""

import argparse
import io
import shutil
import sys
from functools import partial
from pathlib import Path

import numpy as np
from scipy.io import loadmat
from torchvision.datasets import SBDataset
from torchvision.datasets.voc import DATASET_YEAR_DICT

from iaff.cli.main import add_check
from iaff.data.check import check_data
from iaff.errors import UserError
from iaff.files import write_atomically
from iaff.places import expanded

from .downloads import Source, members, once, unpack
from .predict import palette_png
from .storage import first_line

PROG = f"python -m {__package__}.prepare"
TRAIN_AUG = 10_582  # photos: the field's augmented training set
COCO_URL = "http://images.cocodataset.org"
SOURCES = {
    "trainval": Source(DATASET_YEAR_DICT["2012"]["url"], DATASET_YEAR_DICT["2012"]["md5"]),
    "sbd": Source(SBDataset.url, SBDataset.md5),
    "test": Source(
        "http://host.robots.ox.ac.uk:8080/eval/downloads/VOC2012test.tar", "9065beb292b6c291fad82b2725749fda"
    ),
    "coco2014": (
        Source(
            f"{COCO_URL}/annotations/annotations_trainval2014.zip",
            "0a379cfc70b0e71301e0f377548639bd",
            "annotations/instances_",
        ),
        Source(f"{COCO_URL}/zips/val2014.zip", "a3d79f5ed8d289b7a7554ce06a5782b3"),
        Source(f"{COCO_URL}/zips/train2014.zip", "0da8c0bd3d6becc4dcb32757491aca88"),
    ),
    "coco2017": (
        Source(
            f"{COCO_URL}/annotations/annotations_trainval2017.zip",
            "f4bbac642086de4f52a3fdda2de5fa2c",
            "annotations/instances_",
        ),
        Source(f"{COCO_URL}/zips/val2017.zip", "442b8da7639aecaf257c1dceb8ba8c80"),
        Source(f"{COCO_URL}/zips/train2017.zip", "cced6f7f71b7629ddf16f17bbcfab6b2"),
    ),
}


def prepare_voc(root: Path) -> None:
    """Makes ``root/VOCdevkit/VOC2012`` with the augmented masks and list.

    Raises:
        UserError: a download fails or is damaged, the disk is full, or the archives hold other photos than expected.
    """
    downloads, devkit = root / "downloads", root / "VOCdevkit" / "VOC2012"
    once(SOURCES["trainval"], downloads, partial(unpack, target=root))
    once(SOURCES["sbd"], downloads, partial(augment, devkit=devkit))
    test = SOURCES["test"]
    if (downloads / test.name).exists():
        once(test, downloads, partial(unpack, target=root))
    elif not (devkit / "ImageSets" / "Segmentation" / "test.txt").exists():
        print(
            f"The test photos need a registration: sign in at {test.url.split('/eval')[0]}, download {test.url} "
            f"(MD5 {test.md5}), put it into {downloads}, and run this command again. Only `training.predict "
            "--split test` needs them."
        )
    print(f"Done: {devkit}, {TRAIN_AUG:,} photos in train_aug.")


def augment(archive: Path, devkit: Path) -> None:
    """Adds ``SegmentationClassAug`` and ``train_aug.txt`` to a devkit, from SBD's archive.

    Raises:
        UserError: the list does not have the expected length, or a mask is missing.
    """
    masks = devkit / "SegmentationClassAug"
    masks.mkdir(exist_ok=True)
    train, val = (
        _lines((devkit / "ImageSets" / "Segmentation" / f"{split}.txt").read_text("utf-8"))
        for split in ("train", "val")
    )
    for name in train | val:
        shutil.copyfile(devkit / "SegmentationClass" / f"{name}.png", masks / f"{name}.png")
    ids = set(train)
    for path, _, opened in members(archive):
        name = Path(path).stem
        if path.endswith(("dataset/train.txt", "dataset/val.txt")):
            ids |= _lines(opened().read().decode())
        elif "dataset/cls/" in path and name not in train | val and not (masks / f"{name}.png").exists():
            labels = loadmat(io.BytesIO(opened().read()))["GTcls"][0]["Segmentation"][0]
            write_atomically(masks / f"{name}.png", palette_png(labels.astype(np.uint8)))
    ids -= val
    missing = sorted(name for name in ids if not (masks / f"{name}.png").exists())
    if len(ids) != TRAIN_AUG or missing:
        raise UserError(
            f"{archive}: got {len(ids):,} photos for train_aug, {len(missing)} of them without a mask (first: "
            f"{(missing or ['none'])[0]}); expected {TRAIN_AUG:,} with. Take SBD's own archive, {SOURCES['sbd'].url}."
        )
    write_atomically(devkit / "ImageSets" / "Segmentation" / "train_aug.txt", ("\n".join(sorted(ids)) + "\n").encode())


def prepare_coco(root: Path, year: int) -> None:
    """Makes ``annotations``, ``trainYEAR`` and ``valYEAR`` in ``root``; of the annotations the instances alone.

    Raises:
        UserError: a download fails or is damaged, or the disk is full.
    """
    for source in SOURCES[f"coco{year}"]:
        once(source, root / "downloads", partial(unpack, target=root, prefix=source.prefix))
    print(f"Done: {root}, splits train{year} and val{year}.")


def _lines(text: str) -> set[str]:
    return set(text.split())


def main(argv: list[str] | None = None, prog: str = PROG) -> None:
    parser = argparse.ArgumentParser(prog=prog, description=first_line(__doc__))
    parser.add_argument("data", choices=("voc", "coco", "check"))
    parser.add_argument("--root", type=expanded, required=True, help="folder for the data set and its downloads")
    add_check(parser)
    parser.add_argument("--year", type=int, default=2014, choices=(2014, 2017), help="of COCO (default: 2014)")
    arguments = parser.parse_args(argv)
    try:
        if arguments.data == "voc":
            prepare_voc(arguments.root)
        elif arguments.data == "check":
            sys.exit(check_data(arguments.root, arguments.kind, arguments.split, arguments.out))
        else:
            prepare_coco(arguments.root, arguments.year)
    except UserError as error:
        sys.exit(f"{prog}: {error}")
    except KeyboardInterrupt:
        sys.exit("\nStopped. The same command goes on from here.")


if __name__ == "__main__":
    main()
