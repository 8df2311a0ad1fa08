"""Reading masks: 8-bit PNG of class indices, for metrics only."""

from pathlib import Path

import numpy as np
from PIL import ExifTags, Image

from iaff.errors import NoMask, UserError
from iaff.grid import UNKNOWN
from iaff.images import Photo

# What EXIF's orientations do to the stored pixels, as steps of turning to the left and then of mirroring.
TURNS = {1: (0, False), 2: (0, True), 3: (2, False), 4: (2, True), 5: (3, True), 6: (3, False), 7: (1, True)}
TURNS |= {8: (1, False)}
TURNED = (
    "Masks of the size in which their photos are stored are turned along with them, as EXIF turns the photos; the "
    "first is {}."
)


def read_mask(
    path: Path, photo: Photo, stored: tuple[str, ...], wanted: tuple[str, ...], notes: list[str] | None = None
) -> np.ndarray:
    """A mask in the labels of ``wanted``.

    Args:
        photo: whose mask it is; stored: what the indices of the file mean, background first; wanted: the classes to
            keep, background first; pixels of the others become void.
        notes: where it is said, once, that masks were turned along with their photos.

    Returns:
        ``uint8 (H, W)`` of the photo's size: 0, 1..C, 255 void.

    Raises:
        NoMask: no such file.
        UserError: no label map, of another size, or with an index that is no class.
    """
    if not path.is_file():
        raise NoMask(f"There is no mask {path}. Expected an 8-bit PNG of class indices; masks serve for figures alone.")
    try:
        with Image.open(path) as image:
            mode, own, indices = image.mode, image.getexif().get(ExifTags.Base.Orientation), np.asarray(image)
    except Exception as error:  # Pillow's readers raise whatever they stumble upon
        raise UserError(
            f"{path} cannot be read ({error}). Expected an 8-bit PNG of class indices; restore it."
        ) from error
    if mode not in ("L", "P"):
        raise UserError(f"{path}: got mode {mode}, expected class indices in 8 bit (palette or grey); export it so.")
    indices = upright(indices, photo, str(path), own, notes)
    table = np.full(256, UNKNOWN, np.uint8)
    for index, name in enumerate(stored):
        if name in wanted:
            table[index] = wanted.index(name)
    strange = set(np.unique(indices).tolist()) - {*range(len(stored)), UNKNOWN}
    if strange:
        raise UserError(
            f"{path}: got class index {min(strange)}, expected 0..{len(stored) - 1} ({', '.join(stored)}) or 255."
        )
    return table[indices]


def upright(
    labels: np.ndarray, photo: Photo, name: str, own: int | None = None, notes: list[str] | None = None
) -> np.ndarray:
    """A label map as its photo is seen: photos are turned as their EXIF says, and their masks may not be yet.

    A map of the size in which the photo is stored is turned along with it; of the size in which it is seen it stays.
    Where both sizes are the same (a square, half a turn, a mirrored photo), only an orientation in the mask's own EXIF
    can tell, and without one the map is refused.

    Args:
        labels: ``(H, W)``; own: the orientation in the mask's own EXIF, which its pixels are turned by, if it has one.
        name: what errors call the map; notes: where it is said, once, that masks were turned along with their photos.

    Raises:
        UserError: it has another size than its photo, or fits it in two ways.
    """
    got, seen, stored = labels.shape[::-1], tuple(photo.size), stored_size(photo)
    if own in TURNS:
        labels = turned(labels, own)
        got = labels.shape[::-1]
    elif photo.orientation != 1 and got == stored == seen:
        raise UserError(
            f"{name}: the photo is turned by its EXIF (orientation {photo.orientation}), and this mask of "
            f"{got[0]} x {got[1]} px fits it turned or not; expected to be told. Save the photo turned, without "
            "orientation in its EXIF, and check that its mask lies on it."
        )
    elif got == stored != seen:
        _say(notes, name)
        labels = turned(labels, photo.orientation)
        got = labels.shape[::-1]
    if got != seen:
        as_stored = f" (or {stored[0]} x {stored[1]}, as it is stored)" if stored != seen else ""
        raise UserError(
            f"{name}: got {got[0]} x {got[1]} px, expected {seen[0]} x {seen[1]} as its photo has{as_stored}. "
            "Take the photo that it was drawn for, or resize it without interpolation (nearest)."
        )
    return labels


def stored_size(photo: Photo) -> tuple[int, int]:
    """(width, height) of the pixels in a photo's file, before EXIF turns them."""
    width, height = photo.size
    return (height, width) if TURNS[photo.orientation][0] % 2 else (width, height)


def turned(labels: np.ndarray, orientation: int) -> np.ndarray:
    """Pixels ``(H, W)`` as they are seen that EXIF gives this orientation (1..8)."""
    quarters, mirrored = TURNS[orientation]
    labels = np.rot90(labels, quarters)
    return np.fliplr(labels) if mirrored else labels


def _say(notes: list[str] | None, name: str) -> None:
    start = TURNED.split("{")[0]
    if notes is not None and not any(note.startswith(start) for note in notes):
        notes.append(TURNED.format(name))


def shrunk(labels: np.ndarray, photo: Photo) -> np.ndarray:
    """A label map ``(H, W)`` of the photo's own size at the size of its pixels, which a large photo is shrunk to."""
    if labels.shape == photo.pixels.shape[:2]:
        return labels
    return np.asarray(Image.fromarray(labels).resize(photo.pixels.shape[1::-1], Image.Resampling.NEAREST))
