"""Arrays from the files that other programs write: .npy, .npz, pickles, and what torch.save makes. Nothing is run."""

import ast
import io
import zipfile
from pathlib import Path
from textwrap import shorten
from typing import Any

import numpy as np

from iaff.errors import UserError
from iaff.importing.buffers import array_of, dtype_of
from iaff.importing.pickle_parts import SAFE
from iaff.importing.torch_files import read_in_a_row, read_zipped

LARGEST = 512 * 2**20  # bytes of a file, and of what is packed in it
MAGIC = b"\x93NUMPY"
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
HEADER = 10_000  # bytes of a .npy file's description
EXPECTED = ".npy, .npz, .pt, .pth or .pkl, as numpy.save, numpy.savez, torch.save or pickle.dump write them"


def read_arrays(path: Path) -> Any:
    """What a file holds: an array, or containers of arrays, texts and numbers.

    What it is, its bytes tell, not its name. An ``.npz`` becomes a dict; an object array of no dimensions, as
    numpy.save makes of a dict, becomes what is in it; tensors become arrays, bfloat16 ``float32``.

    Raises:
        UserError: no such file, too large, damaged, or with something else than arrays and plain containers, which is
            named. Nothing in the file is ever run.
    """
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise UserError(
                f"{path}: got {size / 2**20:,.0f} MB, expected at most {LARGEST / 2**20:.0f}. Save it as float16, or "
                "keep the largest weights of each row (scipy.sparse.save_npz)."
            )
        data = path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"There is no file {path}. Expected {EXPECTED}; check the path.") from None
    except (OSError, ValueError) as error:  # a zero byte in a path is a ValueError
        why = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise UserError(f"{path} cannot be read: {why}. Expected {EXPECTED}.") from error
    return arrays_in(data, str(path))


def arrays_in(data: bytes, name: str) -> Any:
    """As :func:`read_arrays`, of a file's bytes; ``name`` is what errors call it."""
    try:
        if data.startswith(MAGIC):
            return _npy(data, name)
        if data.startswith(b"PK\x03\x04"):
            return _zipped(data, name)
        return read_in_a_row(data, name)
    except UserError:
        raise
    except Exception as error:  # a damaged pickle can make Python stumble over anything
        why = shorten(str(error), 200) if isinstance(error, ValueError) else type(error).__name__
        raise UserError(
            f"{name} cannot be read ({why}). Expected {EXPECTED}, whole, with {SAFE}; copy or write it again."
        ) from error


def _npy(data: bytes, name: str) -> Any:
    width = 2 if data[6:7] == b"\1" else 4
    start = 8 + width
    length = int.from_bytes(data[8:start], "little")
    if length > HEADER:
        raise ValueError(f"its header has {length:,} bytes")
    header = ast.literal_eval(data[start : start + length].decode("latin-1").strip())
    dtype, contents = dtype_of(header["descr"]), memoryview(data)[start + length :]
    if dtype.kind != "O":
        return array_of(contents, dtype, header["shape"], header["fortran_order"] is True)
    value = read_in_a_row(bytes(contents), name)
    return value.item() if isinstance(value, np.ndarray) and value.dtype == object and value.ndim == 0 else value


def _zipped(data: bytes, name: str) -> Any:
    with zipfile.ZipFile(io.BytesIO(data)) as files:
        size = sum(entry.file_size for entry in files.infolist())
        if size > LARGEST:
            raise ValueError(f"it unpacks to {size / 2**20:,.0f} MB, at most {LARGEST / 2**20:.0f} are read")

        odd = [entry.filename for entry in files.infolist() if entry.compress_type not in PACKED]
        if odd:
            raise ValueError(f"{odd[0]!a} in it is packed in a way that NumPy and torch do not use")

        def member(path: str) -> bytes:
            with files.open(path) as file:
                return file.read(files.getinfo(path).file_size)

        if any(path.endswith("data.pkl") for path in files.namelist()):
            return read_zipped(files, member, name, size)
        found = {}
        for entry in files.namelist():
            contents = member(entry)
            if not contents.startswith(MAGIC):
                raise ValueError(f"{entry!a} in it is no array")
            found[entry.removesuffix(".npy")] = _npy(contents, name)
        return found
