"""Arrays of any framework as plain ones, without importing any: what is given says itself how it becomes one."""

from typing import Any

import numpy as np


def plain_array(name: str, given: Any) -> np.ndarray:
    """What anyone calls an array, as one of numpy's: whole numbers, truth values, or floating-point numbers.

    Tensors of torch on any device, with gradients, of any precision; arrays of JAX, TensorFlow and CuPy; masked arrays
    of which nothing is masked; nested lists of all these. Halves and bfloat16 become ``float32``; bytes of any order
    and layout become this machine's.

    Args:
        name: what to call it in errors.

    Raises:
        ValueError: it is no array, or not one of numbers.
    """
    try:
        array = _array(given)
        if array.dtype.kind == "V":  # bfloat16 and the like, which numpy does not know
            array = array.astype(np.float32)
    except Exception as error:  # frameworks raise whatever they like
        raise ValueError(f"{name}: got {type(given).__name__}, expected an array of numbers ({error})") from error
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name}: got {array.dtype} {array.shape}, expected an array of numbers")
    precise = np.dtype(np.float32) if array.dtype == np.float16 else array.dtype
    return np.asarray(array.astype(precise.newbyteorder("="), copy=False), order="C")


def _array(given: Any) -> np.ndarray:
    if isinstance(given, np.ma.MaskedArray):
        masked = int(np.ma.getmaskarray(given).sum())
        if masked:
            raise ValueError(f"{masked:,} of its values are masked: fill them")
        return given.data
    if isinstance(given, (list, tuple)):
        return np.asarray([entry if isinstance(entry, (int, float)) else _array(entry) for entry in given])
    if hasattr(given, "detach"):  # torch's
        given = given.detach().cpu()
        given = given.to_dense() if "sparse" in str(given.layout) else given
        given = given.float() if given.is_floating_point() else given
    elif hasattr(given, "__cuda_array_interface__") and hasattr(given, "get"):  # CuPy's, which copies only when asked
        given = given.get()
    return np.asarray(given)
