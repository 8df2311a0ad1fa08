"""Files of a training: written whole or not at all, with a clear word when the disk is full."""

import errno
from collections.abc import Callable
from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import Tensor

from iaff.errors import UserError


def write(path: Path, save: Callable[[Path], None]) -> None:
    """Writes beside the target and renames: a reader never sees half a file.

    Raises:
        UserError: the disk is full; what was written before is kept.
    """
    part = path.with_name(path.name + ".part")
    try:
        save(part)
        part.replace(path)
    except (OSError, RuntimeError) as error:
        part.unlink(missing_ok=True)
        if not _full(error):
            raise
        raise UserError(
            f"The disk is full: {path} could not be written. Free some space (each round needs as much again), then "
            "give the same command: it goes on from the last checkpoint."
        ) from error


def _full(error: Exception) -> bool:
    """Whether an error says that no space is left; PyTorch's writer and safetensors' wrap the system's error."""
    return getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or "No space left on device" in str(error)


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
