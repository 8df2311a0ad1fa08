"""What the names in a pickle stand for: functions of ours, of the reader and the arguments that others write.

Nothing that is missing in :data:`CALLS` is read.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from iaff.importing.buffers import array_of, dtype_of
from iaff.importing.pickle_parts import Blank, Kind, Name, Refused, Storage, Tensor, said

if TYPE_CHECKING:
    from iaff.importing.pickles import Reader


def _reconstruct(reader: "Reader", kind: Name, shape: Any = (0,), code: Any = b"b") -> Blank:
    if not isinstance(kind, Name) or kind.text != "numpy.ndarray":
        raise Refused(reader.name, f"the class {said(kind)}")
    return Blank()


def _dtype(reader: "Reader", text: str, align: Any = False, copy: Any = True) -> Kind:
    return Kind(dtype_of(text))


def _scalar(reader: "Reader", kind: Kind, data: bytes | str) -> Any:
    raw = data.encode("latin-1") if isinstance(data, str) else data
    if not isinstance(kind, Kind) or kind.dtype.kind == "O":
        raise Refused(reader.name, f"a number of the type {said(kind)}")
    reader.allowance.make(kind.dtype.itemsize)
    return array_of(raw, kind.dtype, (1,))[0]


def _from_buffer(reader: "Reader", data: bytes, kind: Kind, shape: tuple[int, ...], order: str = "C") -> Blank:
    blank = Blank()
    reader.fill(blank, shape, kind, order == "F", data)
    return blank


def _ordered(reader: "Reader", pairs: Any = ()) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for pair in _entries(reader, pairs):
        key, value = pair
        found[reader.key(key)] = value
    return found


def _set(reader: "Reader", entries: Any = ()) -> set[Any]:
    return set(map(reader.key, _entries(reader, entries)))


def _frozen(reader: "Reader", entries: Any = ()) -> frozenset[Any]:
    return frozenset(_set(reader, entries))


def _entries(reader: "Reader", entries: Any) -> list[Any] | tuple[Any, ...]:
    if not isinstance(entries, (list, tuple)):
        raise TypeError
    reader.allowance.make(8 * len(entries))
    return entries


def _encoded(reader: "Reader", text: str, encoding: str = "latin1") -> bytes:
    """How bytes are written for Python 2."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise TypeError
    reader.allowance.make(len(text))
    return text.encode("latin-1")


def _no_bytes(reader: "Reader") -> bytes:
    return b""


def _tensor(
    reader: "Reader", storage: Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *rest: Any
) -> Tensor:
    if not isinstance(storage, Storage):
        raise TypeError
    return Tensor(storage, offset, shape, strides)


def _parameter(reader: "Reader", tensor: Tensor, *rest: Any) -> Tensor:
    if not isinstance(tensor, Tensor):
        raise TypeError
    return tensor


def _packed_storage(reader: "Reader", data: bytes) -> Storage:
    if reader.embedded is None or not isinstance(data, bytes):
        raise Refused(reader.name, "a storage within a storage")
    reader.allowance.make(len(data))
    return reader.embedded(data)


def _not_called(reader: "Reader", *arguments: Any) -> Any:
    raise TypeError


CALLS: dict[str, Callable[..., Any]] = {
    "numpy.ndarray": _not_called,
    "numpy.dtype": _dtype,
    "collections.OrderedDict": _ordered,
    "_codecs.encode": _encoded,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_parameter": _parameter,
    "torch.storage._load_from_bytes": _packed_storage,
}
for module in ("numpy.core", "numpy._core"):
    CALLS[f"{module}.multiarray._reconstruct"] = _reconstruct
    CALLS[f"{module}.multiarray.scalar"] = _scalar
    CALLS[f"{module}.numeric._frombuffer"] = _from_buffer
for module in ("builtins", "__builtin__"):
    CALLS |= {f"{module}.set": _set, f"{module}.frozenset": _frozen, f"{module}.bytes": _no_bytes}
for kind in ("Double", "Float", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool"):
    CALLS[f"torch.{kind}Storage"] = _not_called
