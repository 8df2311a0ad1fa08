"""Whole affinity matrices of anyone's model as a sparse affinity: the largest entries of each row, and attention.

Entry (i, j) of a matrix is what cell i takes from cell j; cells are numbered row * w + column. NumPy's, scipy.sparse's
and torch's are told apart by what they can do, so that neither library is imported.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from iaff.arrays import plain_array
from iaff.trace.values import SUM_TOLERANCE

MOST_BYTES = 1_500_000  # of the tensors of a round's affinity, unless the user says how many entries to keep
BLOCK = 1 << 22  # entries of a dense matrix that are sorted at once
ALTERNATIONS = 3  # of columns and rows, as CLIP-ES has it


@dataclass
class Kept:
    """The largest entries of each row: ``int (n, k)`` (None: column j is cell j), ``float32 (n, k)``; see ``Sparse``.

    ``dropped`` is the mean share 0..1 of a row's sum that the other entries had.
    """

    partners: np.ndarray | None
    weights: np.ndarray
    dropped: float


def keep_largest(name: str, given: Any, n: int, because: str, keep: int | None, renormalise: bool) -> Kept:
    """The ``keep`` largest entries of each row of a matrix.

    Args:
        name: what errors call the matrix; given: ``(n, n)``, dense, of scipy.sparse, or a sparse tensor of torch, which
            stays sparse; because: why n, for errors.
        keep: at least 1; None: all where the trace's round stays below 1.5 MB (n up to 866), else as many as that.
        renormalise: whether the kept entries of a row get the sum that all had; else the rest stays with the cell.

    Raises:
        ValueError: another shape, an entry that is negative or not finite, or a row that sums to more than 1. (Up to
            0.02 more is what half precision costs; such rows are divided by their sum.)
    """
    keep = min(n, _most(n) if keep is None else keep)
    entries = _entries(name, given)
    if entries is None:
        matrix = plain_array(name, given)
        _check_shape(name, matrix.dtype, matrix.shape, n, because)
        matrix = matrix.astype(np.float32, copy=False)
        total = _check_values(name, matrix, matrix.sum(1, dtype=np.float64), matrix.sum(0, dtype=np.float64))
        partners, weights = _largest(matrix, keep)
    else:
        rows, columns, values, shape = entries
        _check_shape(name, values.dtype, shape, n, because)
        sums = [np.bincount(index, values, n) for index in (rows, columns)]
        total = _check_values(name, values, *sums, at=lambda i: (int(rows[i]), int(columns[i])))
        partners, weights = _largest_entries(rows, columns, values, n, keep)
    kept = weights.sum(1, dtype=np.float64)
    share = np.divide(kept, total, out=np.ones(n), where=total > 0).clip(0, 1)
    if renormalise:
        weights = (weights / np.where(share > 0, share, 1)[:, None]).astype(np.float32)
    return Kept(*_smallest_form(partners, weights), dropped=float(1 - share.mean()))


def attention_matrix(name: str, given: Any, n: int, because: str, head: int | None, normalise: str) -> np.ndarray:
    """Attention of a transformer as a matrix ``float32 (n, n)`` whose rows sum to 1.

    ``sinkhorn`` is what CLIP-ES does (Lin et al., CVPR 2023, after Sinkhorn, 1964): columns and rows are divided by
    their sums in turn, three times, and the matrix is averaged with its transpose. Its rows then nearly sum to 1, and
    are divided by their sums once more. (CLIP-ES squares it: ``steps=2``.) ``rows`` divides rows alone. AFA (Ru et al.,
    CVPR 2022) walks over a prediction made of symmetrised attention, squared elementwise and divided by columns, which
    it multiplies from the left: give ``matrix=`` the transpose of that.

    Args:
        given: ``(heads, N, N)`` or ``(N, N)``, of one photo, after the softmax; N = n, or n + 1 with CLS first.
        head: from 0; None: their mean. normalise: ``sinkhorn`` or ``rows``.

    Raises:
        ValueError: another shape, or entries that are negative or not finite.
    """
    if normalise not in ("sinkhorn", "rows"):
        raise ValueError(f"{name}: got normalise = {str(normalise)[:40]!r}, expected 'sinkhorn' or 'rows'")
    heads = plain_array(name, given)
    if heads.ndim == 4 and len(heads) == 1:  # a batch of one photo
        heads = heads[0]
    heads = heads[None] if heads.ndim == 2 else heads
    if heads.dtype.kind not in "fiu" or heads.ndim != 3 or heads.shape[1] != heads.shape[2] or not len(heads):
        raise ValueError(
            f"{name}: got {heads.dtype} {heads.shape}, expected attention of one photo, (heads, N, N) or (N, N)"
        )
    before = _tokens_before(name, heads.shape[1], n, because)
    heads = heads[:, before:, before:]
    if head is not None and not 0 <= head < len(heads):
        raise ValueError(f"{name}: got head = {head}, expected one of 0..{len(heads) - 1}")
    matrix = heads.mean(0, dtype=np.float64) if head is None else heads[head].astype(np.float64)
    _check_entries(name, matrix)
    if normalise == "sinkhorn":
        for _ in range(ALTERNATIONS):
            matrix = _divided(_divided(matrix, 0), 1)
        matrix = (matrix + matrix.T) / 2
    return _divided(matrix, 1).astype(np.float32)


def _tokens_before(name: str, tokens: int, n: int, because: str) -> int:
    """How many tokens stand before those of the patches: none, or CLS."""
    if tokens in (n, n + 1):
        return tokens - n
    if tokens > n + 1:
        raise ValueError(
            f"{name}: got {tokens} tokens, expected {n}, or {n + 1} with CLS, {because}: remove rows and columns of "
            f"the {tokens - n} that are no patches; where they come first (CLS, then registers), give "
            f"attention[..., {tokens - n}:, {tokens - n}:]"
        )
    raise ValueError(f"{name}: got {tokens} tokens, expected {n}, or {n + 1} with CLS, {because}")


def _divided(matrix: np.ndarray, axis: int) -> np.ndarray:
    """Divided by its sums along an axis; where those are 0, it stays 0."""
    sums = matrix.sum(axis, keepdims=True)
    return matrix / np.where(sums > 0, sums, 1)


def _most(n: int) -> int:
    """How many entries of a row may be kept: all (2 bytes each), or partners and weights (4 bytes)."""
    return n if 2 * n * n <= MOST_BYTES else max(1, MOST_BYTES // (4 * n))


def _entries(name: str, given: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[int, ...]] | None:
    """Rows, columns, values and shape of a sparse matrix, each entry once; None of one that is dense."""
    of_torch = str(getattr(given, "layout", "")).startswith("torch.sparse")
    if not of_torch and not (hasattr(given, "tocoo") and hasattr(given, "nnz")):
        return None
    try:
        if of_torch:
            tensor = given.detach().cpu().to_sparse_coo().float().coalesce()
            places, values = tensor.indices().numpy(), tensor.values().numpy()
        else:  # scipy's
            tensor = given.tocoo(copy=True)
            tensor.sum_duplicates()
            places, values = (tensor.row, tensor.col) if len(tensor.shape) == 2 else (), tensor.data
        if len(places) != 2 or values.ndim != 1:
            places, values = np.zeros((2, 0), int), np.zeros(0, np.float32)  # its shape will be refused
        rows, columns = (np.asarray(place, np.int64) for place in places)
        return rows, columns, values.astype(np.float32), tuple(tensor.shape)
    except Exception as error:  # libraries raise whatever they like
        raise ValueError(f"{name}: got {type(given).__name__}, expected a matrix of numbers ({error})") from error


def _check_shape(name: str, dtype: np.dtype, shape: tuple[int, ...], n: int, because: str) -> None:
    if dtype.kind in "fiu" and shape == (n, n):
        return
    cls = ": the row and column of CLS too? attention= takes them" if shape == (n + 1, n + 1) else ""
    raise ValueError(f"{name}: got {dtype} {shape}, expected numbers of shape ({n}, {n}) {because}{cls}")


def _check_values(name: str, values: np.ndarray, rows: np.ndarray, columns: np.ndarray, at: Any = None) -> np.ndarray:
    """The sums of the rows, once these and the entries are right."""
    _check_entries(name, values, at)
    bad = rows > 1 + SUM_TOLERANCE
    if bad.any():
        transposed = columns.max() <= 1 + SUM_TOLERANCE
        remedy = "its columns do not: give its transpose" if transposed else "divide each row by its sum"
        raise ValueError(
            f"{name}: row {int(bad.argmax())} sums to {rows[bad.argmax()]:.4g}, expected at most 1: {remedy}"
        )
    return rows


def _check_entries(name: str, values: np.ndarray, at: Any = None) -> None:
    bad = ~np.isfinite(values) | (values < 0)
    if bad.any():
        place = tuple(int(i) for i in np.argwhere(bad)[0])
        raise ValueError(
            f"{name}: got {values[place]:.4g} at (row, column) {at(place[0]) if at else place[-2:]}, expected finite "
            "numbers of at least 0: take the softmax of scores, and 0 for what is negative"
        )


def _largest(matrix: np.ndarray, keep: int) -> tuple[np.ndarray, np.ndarray]:
    """Columns and values of the largest entries of each row, largest first."""
    found = []
    for rows in _blocks(matrix):
        top = np.argpartition(-rows, keep - 1, 1)[:, :keep]
        values = np.take_along_axis(rows, top, 1)
        order = np.argsort(-values, 1)
        found.append((np.take_along_axis(top, order, 1), np.take_along_axis(values, order, 1)))
    partners, weights = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return partners, weights


def _blocks(matrix: np.ndarray) -> Iterator[np.ndarray]:
    rows = max(1, BLOCK // matrix.shape[1])
    for start in range(0, len(matrix), rows):
        yield matrix[start : start + rows]


def _largest_entries(
    rows: np.ndarray, columns: np.ndarray, values: np.ndarray, n: int, keep: int
) -> tuple[np.ndarray, np.ndarray]:
    """The same of a sparse matrix; slots that a row does not fill have weight 0."""
    order = np.lexsort((-values, rows))
    rows, columns, values = rows[order], columns[order], values[order]
    counts = np.bincount(rows, minlength=n)
    slot = np.arange(len(rows)) - (np.cumsum(counts) - counts)[rows]
    width = max(1, min(keep, int(counts.max(initial=0))))
    partners, weights = np.zeros((n, width), np.int64), np.zeros((n, width), np.float32)
    kept = slot < width
    partners[rows[kept], slot[kept]], weights[rows[kept], slot[kept]] = columns[kept], values[kept]
    return partners, weights


def _smallest_form(partners: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray | None, np.ndarray]:
    """Without slots that no row needs; as a dense matrix where that takes no more bytes."""
    n = len(weights)
    width = max(1, int((weights > 0).sum(1).max()))
    partners, weights = partners[:, :width], weights[:, :width]
    if 2 * width < n:
        return np.where(weights > 0, partners, 0), weights
    dense, used = np.zeros((n, n), np.float32), weights > 0
    rows, _ = np.nonzero(used)
    dense[rows, partners[used]] = weights[used]
    return None, dense
