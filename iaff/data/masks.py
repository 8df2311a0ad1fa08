"""Reading masks: 8-bit PNG of class indices, for metrics only."""

from pathlib import Path

import numpy as np
from PIL import Image

from iaff.errors import NoMask, UserError
from iaff.grid import UNKNOWN


def read_mask(path: Path, size: tuple[int, int], stored: tuple[str, ...], wanted: tuple[str, ...]) -> np.ndarray:
    """A mask in the labels of ``wanted``.

    Args:
        size: (width, height) that it must have, px; stored: what the indices of the file mean, background first;
            wanted: the classes to keep, background first; pixels of the others become void.

    Returns:
        ``uint8 (H, W)``: 0, 1..C, 255 void.

    Raises:
        NoMask: no such file.
        UserError: no label map, of another size, or with an index that is no class.
    """
    if not path.is_file():
        raise NoMask(f"There is no mask {path}. Expected an 8-bit PNG of class indices; masks serve for figures alone.")
    try:
        with Image.open(path) as image:
            mode, got, indices = image.mode, image.size, np.asarray(image)
    except Exception as error:  # Pillow's readers raise whatever they stumble upon
        raise UserError(
            f"{path} cannot be read ({error}). Expected an 8-bit PNG of class indices; restore it."
        ) from error
    if mode not in ("L", "P"):
        raise UserError(f"{path}: got mode {mode}, expected class indices in 8 bit (palette or grey); export it so.")
    if got != tuple(size):
        raise UserError(
            f"{path}: got {got[0]} x {got[1]} px, expected {size[0]} x {size[1]} as its photo has. "
            "Resize it without interpolation (nearest)."
        )
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
