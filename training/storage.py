"""Files of a training: written whole or not at all, with a clear word when the disk is full."""

import errno
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import shorten

import numpy as np
from safetensors import SafetensorError
from torch import Tensor
from tqdm import tqdm

from iaff.errors import UserError
from iaff.extras import missing
from iaff.tensor_files import Damaged, load_tensors, save_tensors

FULL = "the disk is full. Free some space, then give the same command: it goes on from the last checkpoint."
WRITABLE = (
    "Expected a folder that is there and can be written to, without a limit of its files' size (ulimit -f); mend that, "
    "and give the same command: it goes on from the last checkpoint."
)
LITTLE = 1 << 20  # bytes: less than any block that PyTorch writes at once


def write(path: Path, save: Callable[[Path], None]) -> None:
    """Writes beside the target and renames: a reader never sees half a file.

    Raises:
        UserError: the disk is full, or the folder cannot be written to; what was written before is kept.
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
        if isinstance(
            error, (OSError, RuntimeError, SafetensorError)
        ):  # of which none but OSError has a kind of its own
            raise UserError(f"{path} could not be written: {reason(error)}. {WRITABLE}") from error
        raise


def reason(error: Exception) -> str:
    """Why a file could not be read or written, in a few words."""
    return shorten(getattr(error, "strerror", None) or str(error), 200)


def is_full(error: Exception, folder: Path) -> bool:
    """Whether an error in writing means that no space is left.

    safetensors only says so in words, and PyTorch's writer not at all: then the space that is left tells.
    """
    if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or "No space left" in str(error):
        return True
    return isinstance(error, RuntimeError) and shutil.disk_usage(folder).free < LITTLE


def first_line(text: str | None) -> str:
    """What a program's documentation begins with; Python leaves it out when it is told to save memory."""
    return (text or "").partition("\n")[0]


@contextmanager
def one_sentence(program: str) -> Iterator[None]:
    """Ends the program where a user can do something about it, and says what, without a traceback."""
    try:
        yield
    except UserError as error:
        sys.exit(f"{program}: {error}")
    except OSError as error:
        if os.environ.get("IAFF_DEBUG"):
            raise
        file = error.filename or "a file"
        if is_full(error, Path()):
            sys.exit(f"{program}: {file} could not be written: {FULL}")
        sys.exit(
            f"{program}: {file} could not be used: {reason(error)}. {WRITABLE} IAFF_DEBUG=1 shows where it failed."
        )
    except KeyboardInterrupt:
        sys.exit("\nStopped. The same command goes on from the last checkpoint.")


class Maps:
    """Tensors per item in a folder, one safetensors file each: memory does not grow with the data set."""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def _path(self, i: int) -> Path:
        return self.folder / f"{i:06d}.safetensors"

    def sound(self, i: int) -> bool:
        """Whether an item is there, whole; one that is damaged is set aside, which is said."""
        if not self._path(i).exists():
            return False
        try:
            load_tensors(self._path(i))
        except Damaged as error:
            path = self._path(i)
            tqdm.write(f"{path} is damaged ({error}).{set_aside(path)} It is made again.", file=sys.stderr)
            return False
        return True

    def __getitem__(self, i: int) -> dict[str, Tensor]:
        try:
            return load_tensors(self._path(i))
        except (Damaged, OSError) as error:
            raise UserError(
                f"{self._path(i)} cannot be read ({reason(error)}), expected what an earlier stage wrote. Give the "
                "same command: it is computed again."
            ) from error

    def __setitem__(self, i: int, tensors: dict[str, Tensor]) -> None:
        write(self._path(i), lambda path: save_tensors(tensors, path))


def set_aside(path: Path) -> str:
    """Moves a damaged file away, so that it is made again, and says so; nothing where it is not there."""
    aside = path.with_name(path.name + ".damaged")
    try:
        path.replace(aside)
    except OSError:
        return ""
    return f" It is kept as {aside.name}."


class Board:
    """What TensorBoard shows of a run. It waits for ``flush``, after what a training resumes from: no step comes twice.

    Nothing is learnt from it: where it cannot be written, the training goes on without.
    """

    def __init__(self, folder: Path):
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise missing("tensorboard", "train", "Training") from error
        self.open = SummaryWriter
        self.folder, self.writer, self.waiting = folder, None, []

    def add_scalar(self, name: str, value: float, step: int) -> None:
        self.waiting.append((self.open.add_scalar, (name, value, step, time.time())))

    def add_image(self, name: str, image: np.ndarray, step: int, dataformats: str) -> None:
        self.waiting.append((self.open.add_image, (name, image, step, time.time(), dataformats)))

    def flush(self) -> None:
        """Writes what waits."""
        if not self.waiting:
            return
        try:
            self.writer = self.writer or self.open(self.folder)
            for add, what in self.waiting:
                add(self.writer, *what)
            self.writer.flush()
        except OSError as error:
            self.writer = None  # its file may end in half an event: what comes next goes into another
            tqdm.write(f"TensorBoard misses the last steps ({error}); the training goes on.", file=sys.stderr)
        self.waiting = []

    def close(self) -> None:
        """Writes what waits, and ends the file."""
        self.flush()
        if self.writer:
            self.writer.close()
