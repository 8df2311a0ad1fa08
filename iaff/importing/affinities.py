"""Affinities from other programs' files, as :meth:`iaff.Trace.from_arrays` takes them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from iaff.errors import UserError
from iaff.importing.files import read_arrays
from iaff.importing.maps import plain_or_refused

ROUNDING = 0.02  # by how much half precision may bring a sum above 1
LARGEST_SIDE = 65536  # cells
MATRIX = "a matrix (N, N) of N cells (.npy, .npz, .pt), a scipy.sparse matrix by save_npz, or a propagator's arrays"
FORMS = ({"gates"}, {"offsets", "weights", "steps"}, {"partners", "weights", "steps"})


def read_affinity(path: Path) -> tuple[dict[str, Any], int | None, str]:
    """What a round's dict holds of it, the number of its cells (None: its arrays tell), and what it was read as.

    Rows must sum to at most 1: G alpha averages what each cell listens to. A matrix whose *columns* do, as PSA and IRN
    have it, is transposed.

    Raises:
        UserError: what was got, expected, and what to do.
    """
    value = read_arrays(path)
    if isinstance(value, Mapping) and any(form <= value.keys() for form in FORMS):
        return dict(value), None, f"arrays of a propagator: {', '.join(value)}"
    matrix = _matrix(path, value)
    said = f"{'matrix' if isinstance(matrix, np.ndarray) else 'sparse matrix'} {matrix.shape}"
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not 0 < len_of(matrix) <= LARGEST_SIDE:
        raise UserError(f"{path}: got {said}, expected {MATRIX}, at most {LARGEST_SIDE:,} of them.")
    if not np.isfinite(matrix.data if not isinstance(matrix, np.ndarray) else matrix).all() or matrix.min() < 0:
        raise UserError(f"{path}: got negative weights, NaN or infinity, expected weights in 0..1.")
    rows, columns = sums(matrix, 1), sums(matrix, 0)
    by_rows, by_columns = rows.max() <= 1 + ROUNDING, columns.max() <= 1 + ROUNDING
    if by_columns and not (by_rows and _off(rows) <= _off(columns) + ROUNDING):
        matrix, rows, said = matrix.T, columns, f"{said}, columns sum to {_range(columns)}: transposed"
    elif by_rows:
        said += f", rows sum to {_range(rows)}"
    else:
        raise UserError(
            f"{path}: got rows that sum to {_range(rows)}, expected at most 1. Divide each row by "
            "its sum (or each column, as PSA and IRN do); give raw attention with --attention."
        )
    if rows.max() > 1:
        matrix = divided(matrix, np.maximum(rows, 1))
    return {"matrix": matrix}, len_of(matrix), said


def read_attention(path: Path) -> tuple[dict[str, Any], int, str]:
    """As :func:`read_affinity`, of attention ``(heads, N, N)`` or ``(N, N)``; the number of its tokens.

    Raises:
        UserError: it is something else.
    """
    value = read_arrays(path)
    if isinstance(value, Mapping) and len(value) == 1:
        value = next(iter(value.values()))
    attention = plain_or_refused(path, value)
    while attention.ndim > 2 and len(attention) == 1:
        attention = attention[0]
    if attention.ndim not in (2, 3) or attention.shape[-1] != attention.shape[-2] or not attention.size:
        raise UserError(
            f"{path}: got {attention.dtype} {attention.shape}, expected attention (heads, N, N) or (N, N) of one layer "
            "and one photo. Choose a layer, or take their mean."
        )
    heads = f"{len(attention)} heads, their mean" if attention.ndim == 3 else "one head"
    return {"attention": attention}, attention.shape[-1], f"attention {attention.shape}: {heads}, by Sinkhorn"


def _matrix(path: Path, value: Any) -> Any:
    """A dense array, or a matrix of scipy's."""
    if isinstance(value, Mapping) and "format" in value and "data" in value:
        return _sparse(path, value)
    if isinstance(value, Mapping) and len(value) == 1:
        value = next(iter(value.values()))
    if isinstance(value, Mapping):
        raise UserError(f"{path}: got a dict of {', '.join(map(repr, [*value][:6]))}, expected {MATRIX}.")
    matrix = plain_or_refused(path, value)
    while matrix.ndim > 2 and len(matrix) == 1:
        matrix = matrix[0]
    return matrix


def _sparse(path: Path, parts: Mapping[str, Any]) -> Any:
    """What scipy.sparse.save_npz wrote: csr, csc or coo."""
    from scipy import sparse

    kind = np.asarray(parts["format"]).item()
    kind = kind.decode("latin-1") if isinstance(kind, bytes) else str(kind)
    if kind not in ("csr", "csc", "coo"):
        raise UserError(f"{path}: got a sparse matrix of the kind {kind!a}, expected csr, csc or coo (matrix.tocsr()).")
    try:
        shape = tuple(int(size) for size in parts["shape"])
        if len(shape) != 2 or not all(0 < size <= LARGEST_SIDE for size in shape):
            raise ValueError(f"its shape is {shape}")
        if kind == "coo":
            matrix = sparse.coo_array((parts["data"], (parts["row"], parts["col"])), shape=shape)
        else:
            make = sparse.csr_array if kind == "csr" else sparse.csc_array
            matrix = make((parts["data"], parts["indices"], parts["indptr"]), shape=shape)
            matrix.check_format(full_check=True)
        return matrix.astype(np.float32).tocsr()
    except Exception as error:  # damaged parts make scipy raise this and that
        raise UserError(
            f"{path} cannot be read ({error}). Expected what scipy.sparse.save_npz writes, whole."
        ) from error


def len_of(matrix: Any) -> int:
    """The number of rows."""
    return matrix.shape[0]


def sums(matrix: Any, axis: int) -> np.ndarray:
    """Sums of a dense or sparse matrix along an axis, ``float64 (N,)``."""
    return np.asarray(matrix.sum(axis, dtype=np.float64)).ravel()


def divided(matrix: Any, by: np.ndarray) -> Any:
    """Rows of a dense or sparse matrix, divided."""
    if isinstance(matrix, np.ndarray):
        return matrix / by[:, None]
    from scipy import sparse

    return (sparse.diags_array(1 / by) @ matrix).tocsr()


def _off(total: np.ndarray) -> float:
    """How far sums are from 1, at most."""
    return float(np.abs(total - 1).max())


def _range(total: np.ndarray) -> str:
    return "1" if _off(total) <= ROUNDING else f"{total.min():.3g}..{total.max():.3g}"
