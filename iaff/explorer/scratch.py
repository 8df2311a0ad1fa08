"""Temporary folders that end with the process, however it ends.

A folder is deleted at the end of the process. One that was killed leaves its folder to the next, which knows it by its
lock: the system lets that go when the process is gone.
"""

import atexit
import contextlib
import os
import re
import shutil
import stat
import tempfile
import time
from pathlib import Path
from typing import IO

from iaff.errors import UserError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

NAME = re.compile(r"iaff-[a-z]+-\d+-\w+")
LOCK = ".in-use"
UNLOCKED_KEPT = 3600  # s after its last change that a folder counts as left where no lock is to be had
LOCKS: list[IO] = []  # open as long as the process lives


def new_folder(kind: str, parent: Path | None = None) -> Path:
    """A new folder of this process and this user alone; those that killed processes left beside it are deleted.

    Args:
        kind: lower-case letters, what lies in it.
        parent: where it is made; default: the system's folder for temporary files.

    Raises:
        UserError: there is none to be had.
    """
    try:
        parent = Path(parent or tempfile.gettempdir())
        parent.mkdir(parents=True, exist_ok=True)
        remove_left(parent)
        folder = Path(tempfile.mkdtemp(prefix=f"iaff-{kind}-{os.getpid()}-", dir=parent)).resolve()
    except OSError as error:
        raise UserError(
            f"No folder for uploads and traces: got {error.strerror or error} for {parent or 'the temporary folder'}, "
            "expected one that can be written to; name another by TMPDIR or, for uploads, GRADIO_TEMP_DIR."
        ) from error
    _lock(folder)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def remove_left(parent: Path) -> None:
    """Deletes the folders of this module whose processes are gone."""
    for folder in parent.glob("iaff-*"):
        with contextlib.suppress(OSError):  # another process is just deleting it too
            if _is_left(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _lock(folder: Path) -> None:
    if fcntl is None:
        return
    with contextlib.suppress(OSError):  # a file system without locks
        lock = (folder / (LOCK + ".new")).open("w", encoding="utf-8")
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        (folder / (LOCK + ".new")).rename(folder / LOCK)  # so that nobody ever finds it unlocked
        LOCKS.append(lock)


def _is_left(folder: Path) -> bool:
    """Whether a folder is one of this user's whose process is gone."""
    about = folder.lstat()
    mine = not hasattr(os, "getuid") or about.st_uid == os.getuid()
    if not (NAME.fullmatch(folder.name) and stat.S_ISDIR(about.st_mode) and mine):
        return False
    lock = folder / LOCK
    if fcntl is None or lock.is_symlink() or not lock.exists():
        return about.st_mtime < time.time() - UNLOCKED_KEPT
    with lock.open("r+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
    return True
