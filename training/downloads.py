"""Large archives: downloaded so that an interruption costs nothing, verified, unpacked file by file."""

import hashlib
import shutil
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from pathlib import Path
from ssl import SSLError
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen
from zipfile import ZipFile

from tqdm import tqdm

from iaff.errors import UserError

BLOCK = 1 << 20  # bytes
TIMEOUT = 60  # s without a byte


@dataclass(frozen=True)
class Source:
    """An archive on the web."""

    url: str
    md5: str
    prefix: str = ""  # of the paths in it that are wanted

    @property
    def name(self) -> str:
        return self.url.rsplit("/", 1)[1]


def once(source: Source, folder: Path, use: Callable[[Path], None]) -> None:
    """Downloads an archive into ``folder`` and hands it to ``use``, unless ``use`` has finished with it before.

    ``use`` may be stopped at any time: it is called again with the same archive.

    Raises:
        UserError: the download fails, the file is damaged, or the disk is full.
    """
    done = folder / f"{source.name}.done"
    if done.exists():
        print(f"{source.name} was unpacked before (to do it again, delete {done}).")
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        use(fetch(source, folder))
        done.touch()
    except OSError as error:
        raise UserError(
            f"{source.name}: {error}. Expected room and permission to write in {folder.parent}: make room, or give "
            "another folder with --root; the same command goes on from here."
        ) from error


def fetch(source: Source, folder: Path) -> Path:
    """The verified archive in ``folder``; what is missing of it is downloaded.

    ``NAME.part`` holds what has come so far, and loses its ending once its MD5 is right. A file that was put there
    by hand under its full name is verified too.

    Raises:
        UserError: the download fails, or the file is damaged; OSError: it cannot be written.
    """
    path, part = folder / source.name, folder / f"{source.name}.part"
    if not path.exists():
        try:
            _download(source.url, part, source.name)
        except (URLError, HTTPException, SSLError, TimeoutError, ConnectionError) as error:
            raise UserError(
                f"{source.url}: {error}. The same command goes on from here. If that does not help, get the file by "
                f"hand (MD5 {source.md5}) and put it at {path}."
            ) from error
    found = part if not path.exists() else path
    print(f"Checking {source.name}.")
    with found.open("rb") as file:
        md5 = hashlib.file_digest(file, "md5").hexdigest()
    if md5 != source.md5:
        part.unlink(missing_ok=True)  # what was put there by hand is not ours to delete
        raise UserError(
            f"{found}: got MD5 {md5}, expected {source.md5}: the file is damaged or another one. "
            + ("Delete it and try again." if found == path else "It was deleted; the same command downloads it again.")
        )
    return found.rename(path)


def unpack(archive: Path, target: Path, prefix: str = "") -> None:
    """Unpacks a tar or zip archive below ``target``; a file that is there with its full size is left alone."""
    for name, size, opened in members(archive):
        path = target / name
        if not name.startswith(prefix) or (path.is_file() and path.stat().st_size == size):
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        with opened() as source, path.open("wb") as file:
            shutil.copyfileobj(source, file)


def members(archive: Path) -> Iterator[tuple[str, int, Callable[[], IO[bytes]]]]:
    """The files in a tar or zip archive, in its order: path, size in bytes, and a function that opens it."""
    bar = partial(tqdm, desc=archive.name, unit="file", mininterval=1)
    if archive.suffix == ".zip":
        with ZipFile(archive) as pack:
            for item in bar(pack.infolist()):
                if not item.is_dir():
                    yield item.filename, item.file_size, partial(pack.open, item)
    else:
        with tarfile.open(archive) as pack:
            for item in bar(pack):
                if item.isfile():
                    yield item.name, item.size, partial(_extracted, pack, item)


def _extracted(pack: tarfile.TarFile, item: tarfile.TarInfo) -> IO[bytes]:
    file = pack.extractfile(item)
    assert file  # what has none is a folder or a link
    return file


def _download(url: str, part: Path, name: str) -> None:
    have = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": "iaff"} | ({"Range": f"bytes={have}-"} if have else {})
    try:
        response = urlopen(Request(url, headers=headers), timeout=TIMEOUT)
    except HTTPError as error:
        if have and error.code == 416:  # nothing follows: it was stopped between the last byte and the check
            return
        raise
    with response:
        if response.status != 206:
            have = 0  # this server sends the whole file, always
        total = have + int(response.headers["Content-Length"]) if "Content-Length" in response.headers else None
        with (
            part.open("ab" if have else "wb") as file,
            tqdm(desc=name, initial=have, total=total, unit="B", unit_scale=True, mininterval=1) as bar,
        ):
            while block := response.read(BLOCK):
                file.write(block)
                bar.update(len(block))
    if total is not None and part.stat().st_size < total:
        raise ConnectionError(f"the connection broke off after {part.stat().st_size:,} of {total:,} bytes")
