"""What lies on the stack while a pickle is read: names, and arrays that are put together."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from iaff.errors import UserError

STEPS = 1_000_000  # opcodes of a pickle, and entries of what it makes
SAFE = "NumPy arrays, torch tensors and plain containers (dict, list, tuple, set, texts, numbers) alone"


class Refused(UserError):
    """A pickle holds what is not read."""

    def __init__(self, name: str, what: str):
        super().__init__(
            f"{name}: got {what} in its pickle, expected {SAFE}; nothing of it was run. Save the arrays again by "
            "themselves, with numpy.savez."
        )


@dataclass
class Name:
    """Something that a pickle names: a class or a function, which is never imported."""

    text: str


@dataclass
class Kind:
    """The type of an array, while it is put together."""

    dtype: np.dtype


@dataclass
class Blank:
    """An array that is put together: of numbers, or of objects."""

    array: np.ndarray | None = None
    objects: list[Any] | None = None
    shape: tuple[int, ...] = ()


@dataclass
class Storage:
    """Numbers of torch's tensors, which may come after the pickle that names them."""

    kind: str
    key: str
    size: int
    numbers: np.ndarray | None = None


@dataclass
class Tensor:
    """A tensor, whose storage may not be read yet."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


@dataclass
class Allowance:
    """What reading one file may still cost."""

    made: int  # bytes that calls may make out of what was read
    steps: int = STEPS

    def step(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise ValueError(f"it has more than {STEPS:,} entries, which is no pickle of arrays")

    def make(self, size: int) -> None:
        self.made -= size
        if self.made < 0:
            raise ValueError("it unpacks to far more than the file holds")


def said(value: Any) -> str:
    """What errors call a value."""
    return value.text if isinstance(value, Name) else type(value).__name__
