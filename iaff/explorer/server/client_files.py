"""The folder of what clients sent and what was made for them to fetch: each file has a path of its own, nobody can fill
the disk, and what nobody needs any more goes.

A file that no job waits for is idle. It stays for a while, but gives way where others need the room: first the idle
files of the client that has the most of them.
"""

import contextlib
import hashlib
import os
import secrets
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from iaff.errors import UserError
from iaff.explorer.files import KEPT
from iaff.explorer.scratch import LOCK, new_folder, remove_left
from iaff.explorer.server.full import Full
from iaff.places import expanded

MOST_BYTES = 2_000_000_000
MOST_OF_ADDRESS = 1_200_000_000  # twenty photos of the largest size, which a page may send at once
FRESH = 20  # s in which an idle file gives no way: its client is about to ask for it
LEAST = 100_000  # bytes that a file counts as, so that small ones are bounded in number
SWEPT_EVERY = 60  # s
GONE = "The photo is no longer there. Send it again."
FULL = "The server has no room for more photos; try again in a minute."


class UploadGone(UserError):
    """The uploaded file is not there any more: sent once more, it would be."""


@dataclass(eq=False)
class ClientFile:
    """A file in the folder; ``path`` changes when the first job takes it."""

    path: Path
    address: str
    size: int = 0
    open: bool = False  # it is still being written
    jobs: int = 0  # that will read it
    since: float = field(default_factory=time.time)

    @property
    def counts(self) -> int:
        return max(LEAST, self.size)

    @property
    def idle(self) -> bool:
        return not self.open and not self.jobs

    @property
    def gives_way(self) -> bool:
        return self.idle and self.since < time.time() - FRESH


class ClientFiles:
    """The folder and what is in it; every method may be called from any thread."""

    def __init__(self, folder: Path):
        self.folder = folder.resolve()
        self.files: dict[Path, ClientFile] = {}  # by the path that the client was told, oldest first
        self.used: Counter[str] = Counter()  # bytes of each address
        self.lock = threading.Lock()

    # --- written -----------------------------------------------------------------------------------------------------

    def new(self, name: str, address: str) -> ClientFile:
        """A file to be written, at a path that nobody guesses, which ends with ``name``.

        Raises:
            Full: there is no room for another.
        """
        file = ClientFile(self.folder / secrets.token_urlsafe(16) / name, address, open=True)
        with self.lock:
            self._make_room(LEAST, address)
            self._remember(file.path, file)
        file.path.parent.mkdir()
        return file

    def grow(self, file: ClientFile, size: int) -> None:
        """Says that so many bytes are added to a file.

        Raises:
            Full: there is no room for them.
        """
        with self.lock:
            more = max(LEAST, file.size + size) - file.counts
            if more:
                self._make_room(more, file.address)
                self.used[file.address] += more
            file.size += size

    def written(self, file: ClientFile) -> None:
        """It is whole, and waits to be taken or fetched."""
        file.open, file.since = False, time.time()

    def keep(self, data: bytes, name: str, address: str) -> Path:
        """Writes a file for a client to fetch.

        Raises:
            Full: there is no room for it.
        """
        file = self.new(name, address)
        try:
            self.grow(file, len(data))
            file.path.write_bytes(data)
        except BaseException:
            self.drop(file)
            raise
        self.written(file)
        return file.path

    def keep_shared(self, data: bytes, name: str, address: str) -> Path:
        """As :meth:`keep`, and one file for all that ask for the same."""
        told = self.folder / hashlib.sha256(data).hexdigest()[:32] / name
        with self.lock:
            file = self.files.get(told)
            if file:
                file.since = time.time()  # it is asked for, so it stays
                return told
        path = self.keep(data, name, address)
        with self.lock:
            file = self.files.pop(path)
            told.parent.mkdir(exist_ok=True)
            path.replace(told)
            self._rmdir(path.parent)
            file.path = told
            earlier = self.files.get(told)  # made in the meantime
            if earlier:
                self.used[file.address] -= file.counts
            else:
                self.files[told] = file
        return told

    # --- read --------------------------------------------------------------------------------------------------------

    def claim(self, path: str, address: str) -> "ClaimedPhoto":
        """An uploaded file for one more job. It is there until its last job lets it go, but not at its path any more.

        Raises:
            UserError: the path lies outside the folder.
            UploadGone: it is not there any more.
        """
        told = self._inside(path)
        with self.lock:
            file = self.files.get(told) or ClientFile(told, address)
            if not file.jobs:
                taken = self.folder / f"{secrets.token_urlsafe(16)}.claimed"
                try:
                    file.path.rename(taken)
                except OSError:
                    self._forget(file)
                    raise UploadGone(GONE) from None
                file.path = taken
                self._rmdir(told.parent)
                if told not in self.files:  # one that Gradio wrote
                    file.size = taken.stat().st_size
                    self._remember(told, file)
            file.jobs += 1
        return ClaimedPhoto(self, file)

    def release(self, file: ClientFile) -> None:
        """A job needs the file no more; the last one deletes it."""
        with self.lock:
            file.jobs -= 1
            last = not file.jobs
        if last:
            self.drop(file)

    def put_back(self, file: ClientFile) -> None:
        """As :meth:`release`, but the file stays, and may be claimed again."""
        with self.lock:
            file.jobs -= 1
            file.since = time.time()

    def drop(self, file: ClientFile) -> None:
        """Deletes a file."""
        with self.lock:
            self._forget(file)

    def _inside(self, path: str) -> Path:
        try:
            file = Path(path).resolve()
            inside = file.is_relative_to(self.folder) and not file.is_dir() and file.name != LOCK
        except (OSError, ValueError):
            inside = False
        if not inside:
            raise UserError("Got a path that is not an upload's. Upload the photo, then give the path that came back.")
        return file

    # --- room --------------------------------------------------------------------------------------------------------

    def _make_room(self, size: int, address: str) -> None:
        while self.used[address] + size > MOST_OF_ADDRESS:
            self._give_way(address)
        while self.used.total() + size > MOST_BYTES:
            idle = Counter()
            for file in self.files.values():
                if file.gives_way:
                    idle[file.address] += file.counts
            self._give_way(max(idle, key=idle.__getitem__, default=None))

    def _give_way(self, address: str | None) -> None:
        """Deletes the oldest idle file of an address."""
        oldest = next((file for file in self.files.values() if file.gives_way and file.address == address), None)
        if oldest is None:
            raise Full(FULL)
        self._forget(oldest)

    def _remember(self, told: Path, file: ClientFile) -> None:
        self.files[told] = file
        self.used[file.address] += file.counts

    def _forget(self, file: ClientFile) -> None:
        for told in [told for told, other in self.files.items() if other is file]:
            del self.files[told]
            self.used[file.address] -= file.counts
            if self.used[file.address] <= 0:
                del self.used[file.address]
        with contextlib.suppress(OSError):
            file.path.unlink()
        self._rmdir(file.path.parent)

    def _rmdir(self, folder: Path) -> None:
        """Deletes a folder that a file had to itself."""
        if folder != self.folder:
            with contextlib.suppress(OSError):  # it is not empty
                folder.rmdir()

    # --- time --------------------------------------------------------------------------------------------------------

    def sweep(self) -> None:
        """Deletes what has been idle for too long, and whatever else was left in the folder."""
        late = time.time() - KEPT
        with self.lock:
            for file in [file for file in self.files.values() if file.idle and file.since < late]:
                self._forget(file)
            needed = {file.path for file in self.files.values()}
        for parent, folders, names in os.walk(self.folder, topdown=False):
            for path in [Path(parent, name) for name in names]:
                with contextlib.suppress(OSError):
                    if path not in needed and path.name != LOCK and path.lstat().st_mtime < late:
                        path.unlink()
            for path in [Path(parent, name) for name in folders]:
                with contextlib.suppress(OSError):  # mostly since it is not empty
                    if path.stat().st_mtime < late:
                        path.rmdir()

    def sweep_regularly(self) -> None:
        """Sweeps this folder, and those of killed processes beside it, until the process ends."""

        def sweeping() -> None:
            while True:
                time.sleep(SWEPT_EVERY)
                with contextlib.suppress(OSError):
                    os.utime(self.folder)  # in use
                    self.sweep()
                    remove_left(self.folder.parent)

        threading.Thread(target=sweeping, daemon=True, name="sweep").start()


@dataclass(eq=False)
class ClaimedPhoto:
    """An uploaded photo, for one job."""

    files: ClientFiles
    file: ClientFile
    held: bool = True

    def read(self) -> bytes:
        """The file's bytes.

        Raises:
            UploadGone: something else than this server has deleted it.
        """
        try:
            return self.file.path.read_bytes()
        except OSError as error:
            raise UploadGone(GONE) from error

    def release(self) -> None:
        """The job needs it no more."""
        if self.held:
            self.held = False
            self.files.release(self.file)

    def put_back(self) -> None:
        """There is no job for it yet: it is idle again, at the path that its client was told."""
        if self.held:
            self.held = False
            self.files.put_back(self.file)


@cache
def client_files() -> ClientFiles:
    """Those of this process: in a new folder, swept while the process runs, and gone with it.

    Raises:
        UserError: there is no folder to be had.
    """
    parent = os.environ.get("GRADIO_TEMP_DIR")
    folder = new_folder("clients", expanded(parent) if parent else None)
    os.environ["GRADIO_TEMP_DIR"] = str(folder)  # Gradio puts there what it makes itself
    files = ClientFiles(folder)
    files.sweep_regularly()
    return files
