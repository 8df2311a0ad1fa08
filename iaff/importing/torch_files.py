"""What torch.save writes, read without torch: a pickle, and the tensors' numbers beside it.

Two forms are in use: a ZIP file (since torch 1.6) with ``data.pkl`` and a file for each storage, and pickles in a row
with the storages behind them. The second is also how a tensor lies in an ordinary pickle, as in IRN's ``.npy``
files.
"""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np

from iaff.importing.buffers import array_of
from iaff.importing.pickle_parts import Allowance, Name, Refused, Storage
from iaff.importing.pickles import Reader

MAGIC = 0x1950A86A20F9469CFC6C  # the first number of the older form
HALF = "BFloat16"  # unknown to NumPy: the upper half of a float32
TYPES = {"Double": "f8", "Float": "f4", "Half": "f2", HALF: "u2", "Long": "i8", "Int": "i4", "Short": "i2"}
TYPES |= {"Char": "i1", "Byte": "u1", "Bool": "b1"}


def read_zipped(files: zipfile.ZipFile, member: Callable[[str], bytes], name: str, size: int) -> Any:
    """The value in a ZIP file by torch; ``member`` reads one of its files, ``size`` is what they have in all, bytes."""
    root = next(path for path in files.namelist() if path.endswith("data.pkl")).removesuffix("data.pkl")
    known = set(files.namelist())
    order = member(f"{root}byteorder") if f"{root}byteorder" in known else b"little"
    storages: dict[str, Storage] = {}

    def persistent(pid: Any) -> Storage:
        storage = _storage(pid, name)
        if storage.key not in storages:
            data = member(f"{root}data/{storage.key}")
            storage.numbers = _numbers(data, storage, "<" if order == b"little" else ">")
            storages[storage.key] = storage
        return storages[storage.key]

    allowance = Allowance(4 * size + 1_000_000)
    reader = Reader(name, allowance, persistent, lambda data: _packed(data, name, allowance))
    return reader.finished(reader.read(io.BytesIO(member(f"{root}data.pkl"))))


def read_in_a_row(data: bytes, name: str) -> Any:
    """The value of a pickle in a file of its own, or in one of the older form by torch."""
    file, allowance = io.BytesIO(data), Allowance(4 * len(data) + 1_000_000)
    reader = Reader(name, allowance, None, lambda packed: _packed(packed, name, allowance))
    value = reader.read(file)
    if value != MAGIC:
        return reader.finished(value)
    reader, value = _with_storages(file, name, allowance, lambda packed: _packed(packed, name, allowance))
    return reader.finished(value)


def _packed(data: bytes, name: str, allowance: Allowance) -> Storage:
    """The storage that these bytes are, in the older form."""
    file = io.BytesIO(data)
    if Reader(name, allowance).read(file) != MAGIC:
        raise ValueError("a tensor's storage is none of torch's")
    _, storage = _with_storages(file, name, allowance, None)
    if not isinstance(storage, Storage):
        raise ValueError("a tensor's storage is something else")
    return storage


def _with_storages(
    file: io.BytesIO, name: str, allowance: Allowance, embedded: Callable[[bytes], Storage] | None
) -> tuple[Reader, Any]:
    """What follows the magic number: a version, the system, the value, the keys of storages, and the storages."""
    for _ in range(2):
        Reader(name, allowance).read(file)
    storages: dict[str, Storage] = {}

    def persistent(pid: Any) -> Storage:
        storage = _storage(pid, name)
        return storages.setdefault(storage.key, storage)

    reader = Reader(name, allowance, persistent, embedded)
    value = reader.read(file)
    keys = Reader(name, allowance).read(file)
    for key in keys if isinstance(keys, list) else ():
        storage = storages[key]
        count, width = int.from_bytes(file.read(8), "little"), np.dtype(TYPES[storage.kind]).itemsize
        if count != storage.size:
            raise ValueError(f"a tensor has {count:,} numbers, expected {storage.size:,}")
        storage.numbers = _numbers(file.read(count * width), storage, "<")
    return reader, value


def _storage(pid: Any, name: str) -> Storage:
    """What a persistent id by torch says: ('storage', torch.FloatStorage, key, device, count[, view])."""
    if not isinstance(pid, tuple) or len(pid) not in (5, 6) or pid[0] != "storage" or pid[5:] not in ((), (None,)):
        raise Refused(name, "a persistent id that is no storage of torch's")
    _, kind, key, _, size = pid[:5]
    text = kind.text.removeprefix("torch.").removesuffix("Storage") if isinstance(kind, Name) else ""
    if text not in TYPES or not isinstance(key, str) or type(size) is not int:
        raise Refused(name, "a persistent id that is no storage of torch's")
    return Storage(text, key, size)


def _numbers(data: bytes, storage: Storage, order: str) -> np.ndarray:
    numbers = array_of(data, order + TYPES[storage.kind], (storage.size,))
    return (numbers.astype(np.uint32) << 16).view(np.float32) if storage.kind == HALF else numbers
