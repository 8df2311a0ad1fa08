"""Files of a training: written whole or not at all, with a clear word when the disk is full."""

import errno
import shutil
from collections.abc import Callable
from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import Tensor

from iaff.errors import UserError

FULL = "the disk is full. Free some space, then give the same command: it goes on from the last checkpoint."
LITTLE = 1 << 20  # bytes: less than any block that PyTorch writes at once


def write(path: Path, save: Callable[[Path], None]) -> None:
    """Writes beside the target and renames: a reader never sees half a file.

    Raises:
        UserError: the disk is full; what was written before is kept.
    """
    part = path.with_name(path.name + ".part")
    try:
        save(part)
        part.replace(path)
    except Exception as error:
        full = is_full(error, path.parent)  # asked before the part goes
        part.unlink(missing_ok=True)
        if full:
            raise UserError(f"{path} could not be written: {FULL}") from error
        raise


def is_full(error: Exception, folder: Path) -> bool:
    """Whether an error in writing means that no space is left.

    safetensors only says so in words, and PyTorch's writer not at all: then the space that is left tells.
    """
    if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or "No space left" in str(error):
        return True
    return isinstance(error, RuntimeError) and shutil.disk_usage(folder).free < LITTLE


class Maps:
    """Tensors per item in a folder, one safetensors file each: memory does not grow with the data set."""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def _path(self, i: int) -> Path:
        return self.folder / f"{i:06d}.safetensors"

    def __contains__(self, i: int) -> bool:
        return self._path(i).exists()

    def __getitem__(self, i: int) -> dict[str, Tensor]:
        return load_file(self._path(i))

    def __setitem__(self, i: int, tensors: dict[str, Tensor]) -> None:
        write(self._path(i), lambda path: save_file(tensors, path))
