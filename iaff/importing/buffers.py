"""Bytes -> NumPy arrays, where a file says their type and shape: never more than the bytes that are there."""

import re
from math import prod
from typing import Any

import numpy as np

# Numbers, truth values, texts, and objects (whose contents are looked at elsewhere).
TYPES = re.compile(r"[<>=|]?(\?|b1|[iu][1248]|f(2|4|8|12|16)|c(8|16|24|32)|O8?|[SU][1-9][0-9]{0,4})")


def dtype_of(text: Any) -> np.dtype:
    """The type that NumPy's files call so.

    Raises:
        ValueError: it is none of numbers, truth values, texts or objects.
    """
    if isinstance(text, bytes):
        text = text.decode("latin-1")
    if not isinstance(text, str) or not TYPES.fullmatch(text):
        raise ValueError(f"it has an array of the type {str(text)[:40]!r}, expected numbers")
    return np.dtype(text)


def array_of(data: Any, dtype: Any, shape: Any, fortran: bool = False) -> np.ndarray:
    """An array of exactly these bytes, which are not copied.

    Raises:
        ValueError: the shape is none, or needs more or fewer bytes than there are.
    """
    shape, dtype = whole(shape), np.dtype(dtype)
    if not isinstance(data, (bytes, bytearray, memoryview)) or prod(shape) * dtype.itemsize != len(data):
        size = len(data) if isinstance(data, (bytes, bytearray, memoryview)) else 0
        raise ValueError(f"an array of {dtype} {shape} has {size:,} bytes, expected {prod(shape) * dtype.itemsize:,}")
    array = np.frombuffer(data, dtype) if len(data) else np.empty(0, dtype)
    if dtype.kind == "U" and (array.view(np.dtype("u4").newbyteorder(dtype.byteorder)) > 0x10FFFF).any():
        raise ValueError("it has a text with characters that do not exist")
    return array.reshape(shape, order="F" if fortran else "C")


def strided(numbers: np.ndarray, offset: int, shape: Any, strides: Any) -> np.ndarray:
    """The part of a one-dimensional array that a tensor shows; strides in numbers, not bytes.

    Raises:
        ValueError: it reaches beyond the array, or shows numbers more often than there are numbers.
    """
    shape, strides, (offset,) = whole(shape), whole(strides), whole((offset,))
    last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
    if prod(shape) and (prod(shape) > len(numbers) or last >= len(numbers)):
        raise ValueError(f"a tensor of {shape} lies beyond its {len(numbers):,} numbers")
    if not prod(shape):
        return np.empty(shape, numbers.dtype)
    steps = [stride * numbers.itemsize for stride in strides]
    return np.lib.stride_tricks.as_strided(numbers[offset:], shape, steps, writeable=False)


def whole(numbers: Any) -> tuple[int, ...]:
    """A tuple of whole numbers, not negative and not huge: a shape.

    Raises:
        ValueError: it is none.
    """
    fine = isinstance(numbers, (tuple, list)) and len(numbers) <= 16
    if not fine or not all(type(number) is int and 0 <= number < 2**48 for number in numbers):
        raise ValueError(f"it has an array of the shape {str(numbers)[:80]}")
    return tuple(numbers)
