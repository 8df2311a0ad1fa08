"""A reader of pickles that runs nothing: it knows NumPy's arrays, torch's tensors and plain containers, and no more.

A pickle is a program: Python's own reader imports what it names and calls it. This one walks over the same opcodes
(:mod:`pickletools` tells them apart), but a name in it is only looked up in :data:`iaff.importing.pickle_calls.CALLS`,
where the answers are functions of ours; what is not there is refused by its name. Arrays must be as large as their
bytes, and everything is counted, so that a small file can neither fill the memory nor keep the reader busy.
"""

import io
import pickletools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from iaff.importing.buffers import array_of, strided
from iaff.importing.pickle_calls import CALLS
from iaff.importing.pickle_parts import Allowance, Blank, Kind, Name, Refused, Storage, Tensor, said

DEEPEST = 32  # containers in each other
KEYS = (str, bytes, int, float, type(None))


@dataclass
class Reader:
    """Walks over one pickle.

    Args:
        name: what errors call the file; persistent: what a persistent id stands for (torch's storages);
        embedded: reads the bytes of a storage that torch packed by themselves; without it they are refused.
    """

    name: str
    allowance: Allowance
    persistent: Callable[[Any], Storage] | None = None
    embedded: Callable[[bytes], Storage] | None = None
    stack: list[Any] = field(default_factory=list)
    marks: list[list[Any]] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    def read(self, file: io.BytesIO) -> Any:
        """The value of the next pickle in a file, which :meth:`finished` completes.

        Raises:
            Refused: it holds something else than arrays and plain containers.
            ValueError, and whatever Python raises of a broken pickle.
        """
        for opcode, argument, _ in pickletools.genops(file):
            self.allowance.step()
            if opcode.name == "STOP":
                return self.stack.pop()
            step = STEP.get(opcode.name)
            if step is None:
                what = REFUSED.get(opcode.name, f"the opcode {opcode.name}")
                raise Refused(self.name, what if argument is None else f"{what} ({ascii(argument)[:80]})")
            step(self, argument)
        raise ValueError("it ends too early")

    def finished(self, value: Any, depth: int = 0) -> Any:
        """What :meth:`read` returned, with its arrays; counts it, so that no list holds itself."""
        self.allowance.step()
        if depth > DEEPEST:
            raise ValueError(f"it is nested deeper than {DEEPEST} levels, or holds itself")
        if isinstance(value, (list, tuple, set, frozenset)):
            return type(value)([self.finished(entry, depth + 1) for entry in value])
        if isinstance(value, dict):
            return {key: self.finished(entry, depth + 1) for key, entry in value.items()}
        if isinstance(value, Blank):
            return self._array(value, depth)
        if isinstance(value, Tensor):
            if value.storage.numbers is None:
                raise ValueError("a tensor's numbers are missing")
            return strided(value.storage.numbers, value.offset, value.shape, value.strides)
        if isinstance(value, Name):
            raise Refused(self.name, f"{value.text} itself")
        if isinstance(value, Kind):
            return value.dtype
        if isinstance(value, Storage):
            raise Refused(self.name, "a bare storage")
        return value

    def _array(self, blank: Blank, depth: int) -> np.ndarray:
        if blank.objects is None:
            if blank.array is None:
                raise ValueError("an array has no contents")
            return blank.array
        array = np.empty(len(blank.objects), object)
        for i, entry in enumerate(blank.objects):
            array[i] = self.finished(entry, depth + 1)
        return array.reshape(blank.shape)

    # What opcodes do. Names of the methods follow those of pickletools.

    def mark(self, _: Any) -> None:
        self.marks.append(self.stack)
        self.stack = []

    def marked(self) -> list[Any]:
        """What lies above the last mark."""
        entries, self.stack = self.stack, self.marks.pop()
        return entries

    def push(self, value: Any) -> None:
        if isinstance(value, int) and value.bit_length() > 128:
            raise ValueError("it holds a whole number beyond 128 bits")
        self.stack.append(value)

    def tuple_of(self, count: int) -> None:
        if len(self.stack) < count:
            raise IndexError("a tuple lacks entries")
        self.stack[-count:] = [tuple(self.stack[-count:])]

    def append(self, entries: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, list):
            raise Refused(self.name, f"append() of {said(target)}")
        target.extend(entries)

    def add(self, entries: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, set):
            raise Refused(self.name, f"add() of {said(target)}")
        target.update(map(self.key, entries))

    def set_items(self, entries: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, dict):
            raise Refused(self.name, f"__setitem__() of {said(target)}")
        if len(entries) % 2:
            raise ValueError("a key has no value")
        for key, value in zip(entries[::2], entries[1::2]):
            target[self.key(key)] = value

    def key(self, key: Any) -> Any:
        """Keys are texts and numbers: hashing something else may take forever."""
        key = key.item() if isinstance(key, np.generic) else key
        if not isinstance(key, KEYS) or (isinstance(key, int) and key.bit_length() > 64):
            raise Refused(self.name, f"{said(key)} as a key")
        return key

    def memoize(self, index: int | None) -> None:
        self.memo[len(self.memo) if index is None else index] = self.stack[-1]

    def named(self, text: str) -> None:
        if text not in CALLS:
            raise Refused(self.name, f"the name {ascii(text)[1:-1][:120]}")
        self.stack.append(Name(text))

    def stack_global(self, _: Any) -> None:
        attribute, module = self.stack.pop(), self.stack.pop()
        if not isinstance(attribute, str) or not isinstance(module, str):
            raise Refused(self.name, f"{said(attribute)} as a name")
        self.named(f"{module}.{attribute}")

    def persistent_id(self, _: Any) -> None:
        pid = self.stack.pop()
        if self.persistent is None:
            raise Refused(self.name, f"a persistent id ({said(pid)})")
        self.stack.append(self.persistent(pid))

    def reduce(self, _: Any) -> None:
        arguments, function = self.stack.pop(), self.stack.pop()
        if not isinstance(function, Name) or not isinstance(arguments, tuple):
            raise Refused(self.name, f"a call of {said(function)}")
        try:
            self.stack.append(CALLS[function.text](self, *arguments))
        except TypeError as error:  # more or fewer arguments, or other ones, than NumPy and torch write
            raise Refused(self.name, f"a call of {function.text} with odd arguments") from error

    def build(self, _: Any) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        if isinstance(target, Kind) and isinstance(state, tuple) and state[2:5] == (None, None, None):
            target.dtype = target.dtype.newbyteorder(state[1])
        elif isinstance(target, Blank) and isinstance(state, tuple) and len(state) == 5:
            self.fill(target, *state[1:])
        else:
            raise Refused(self.name, f"__setstate__() of {said(target)}")

    def fill(self, target: Blank, shape: Any, kind: Any, fortran: Any, contents: Any) -> None:
        if not isinstance(kind, Kind):
            raise Refused(self.name, f"{said(kind)} as the type of an array")
        if not isinstance(contents, (list, bytes, bytearray, str)):
            raise Refused(self.name, f"{said(contents)} as the contents of an array")
        self.allowance.make(len(contents))
        if kind.dtype.kind == "O":
            if not isinstance(contents, list) or array_of(bytes(len(contents)), "u1", shape).size != len(contents):
                raise ValueError("an array of objects has another number of entries than it says")
            target.objects, target.shape = contents, shape
            return
        if isinstance(contents, str):  # Python 2 has bytes as texts
            contents = contents.encode("latin-1")
        target.array = array_of(contents, kind.dtype, shape, bool(fortran))


Step = Callable[[Reader, Any], Any]
VALUES = (
    "INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT STRING BINSTRING SHORT_BINSTRING UNICODE BINUNICODE"
)
VALUES += " SHORT_BINUNICODE BINUNICODE8 BINBYTES SHORT_BINBYTES BINBYTES8 BYTEARRAY8"
REFUSED = {
    **dict.fromkeys(("EXT1", "EXT2", "EXT4"), "an extension code"),
    "PERSID": "a persistent id",
    "INST": "an instance of a class",
    "OBJ": "an instance of a class",
    "NEWOBJ": "an instance of a class",
    "NEWOBJ_EX": "an instance of a class",
    "NEXT_BUFFER": "a buffer outside the file",
    "READONLY_BUFFER": "a buffer outside the file",
}
STEP: dict[str, Step] = {
    **dict.fromkeys(VALUES.split(), Reader.push),
    **dict.fromkeys(("PROTO", "FRAME"), lambda reader, _: None),
    "NONE": lambda reader, _: reader.push(None),
    "NEWTRUE": lambda reader, _: reader.push(True),
    "NEWFALSE": lambda reader, _: reader.push(False),
    "EMPTY_LIST": lambda reader, _: reader.push([]),
    "EMPTY_DICT": lambda reader, _: reader.push({}),
    "EMPTY_SET": lambda reader, _: reader.push(set()),
    "EMPTY_TUPLE": lambda reader, _: reader.push(()),
    "TUPLE1": lambda reader, _: reader.tuple_of(1),
    "TUPLE2": lambda reader, _: reader.tuple_of(2),
    "TUPLE3": lambda reader, _: reader.tuple_of(3),
    "MARK": Reader.mark,
    "TUPLE": lambda reader, _: reader.push(tuple(reader.marked())),
    "LIST": lambda reader, _: reader.push(reader.marked()),
    "DICT": lambda reader, _: _marked_dict(reader),
    "FROZENSET": lambda reader, _: _marked_frozen(reader),
    "APPEND": lambda reader, _: reader.append([reader.stack.pop()]),
    "APPENDS": lambda reader, _: reader.append(reader.marked()),
    "ADDITEMS": lambda reader, _: reader.add(reader.marked()),
    "SETITEM": lambda reader, _: reader.set_items([reader.stack.pop(-2), reader.stack.pop()]),
    "SETITEMS": lambda reader, _: reader.set_items(reader.marked()),
    "POP": lambda reader, _: reader.stack.pop() if reader.stack else reader.marked(),
    "POP_MARK": lambda reader, _: reader.marked(),
    "DUP": lambda reader, _: reader.push(reader.stack[-1]),
    "MEMOIZE": Reader.memoize,
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), Reader.memoize),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), lambda reader, index: reader.stack.append(reader.memo[index])),
    "GLOBAL": lambda reader, name: reader.named(".".join(name.split(" ", 1))),
    "STACK_GLOBAL": Reader.stack_global,
    "BINPERSID": Reader.persistent_id,
    "REDUCE": Reader.reduce,
    "BUILD": Reader.build,
}


def _marked_dict(reader: Reader) -> None:
    entries = reader.marked()
    reader.push({})
    reader.set_items(entries)


def _marked_frozen(reader: Reader) -> None:
    reader.push(frozenset(map(reader.key, reader.marked())))
