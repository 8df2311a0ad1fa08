"""Which kind of data set lies in a folder, and which splits it has."""

from pathlib import Path

from iaff.errors import UserError

MARKS = {"voc": "ImageSets", "coco": "annotations", "folder": "tags.csv"}  # what lies in a data set's folder
INSIDE = ("", "VOCdevkit/VOC2012", "VOC2012")  # where `iaff prepare` and VOC's own archive put it


def find_data(root: Path, kind: str = "") -> tuple[str, Path]:
    """The kind of the data set in a folder, and the folder that is its root.

    Raises:
        UserError: there is no such folder, or no data set (of this kind) in it.
    """
    if not root.is_dir():
        raise UserError(f"There is no folder {root}. Expected the folder of a data set; check the path.")
    for inside in INSIDE:
        for name, mark in MARKS.items():
            if kind in ("", name) and (root / inside / mark).exists():
                return name, root / inside
    marks = ", ".join(f"{mark} ({name})" for name, mark in MARKS.items() if kind in ("", name))
    raise UserError(f"{root}: got a folder without a data set, expected one with {marks} in it; check the path.")


def find_splits(kind: str, root: Path) -> list[str]:
    """The splits that have tags, by what lies in the folder; of a plain folder those of the usual names.

    Raises:
        UserError: there is none.
    """
    if kind == "folder":
        return ["train", *(name for name in ("tune", "val", "test") if (root / f"{name}.csv").is_file())]
    if kind == "voc":
        found = [path.stem for path in sorted((root / "ImageSets" / "Segmentation").glob("*.txt"))]
        splits = [name for name in found if name != "test" and not name.startswith(".")]
    else:
        found = [path.stem for path in sorted((root / "annotations").glob("instances_*.json"))]
        splits = [name.removeprefix("instances_") for name in found]
    if not splits:
        place = "ImageSets/Segmentation/*.txt" if kind == "voc" else "annotations/instances_*.json"
        raise UserError(f"{root}: got no split, expected {place}; check the path, or name one with --split.")
    return splits
