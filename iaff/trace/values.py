"""What the numbers of a trace's layers obey; errors name the layer, what was got, and what was expected."""

import numpy as np

from iaff.grid import gates_inside, stencil_inside

MOST_PARTNERS = 2**16  # cells of a grid whose affinity is sparse: their numbers have 16 bits
SUM_TOLERANCE = 0.02  # of probabilities: half precision, times the number of classes
GATE_TOLERANCE = 1e-3


def check_finite(name: str, array: np.ndarray) -> None:
    """Raises ValueError where an array holds NaN or infinity."""
    bad = ~np.isfinite(array)
    if bad.any():
        raise ValueError(f"{name}: got {array[bad][0]} at {first(bad)}, expected finite numbers")


def in_range(name: str, array: np.ndarray | None, top: float) -> None:
    """Raises ValueError unless all values lie in 0..top."""
    if array is None:
        return
    bad = (array < 0) | (array > top)
    if bad.any():
        raise ValueError(f"{name}: got {array[bad][0]:.4g} at {first(bad)}, expected values in 0..1")


def check_distribution(name: str, alpha: np.ndarray) -> None:
    """Raises ValueError unless ``(K, h, w)`` is non-negative and sums to 1 over K."""
    in_range(name, alpha, 1 + SUM_TOLERANCE)
    total = alpha.sum(0)
    bad = np.abs(total - 1) > SUM_TOLERANCE
    if bad.any():
        raise ValueError(
            f"{name}: sums to {total[bad][0]:.4g} over the classes at (row, column) {first(bad)}, expected 1"
        )


def check_gates(name: str, gates: np.ndarray) -> None:
    """Raises ValueError unless gates ``(4, 3, h, w)`` obey :mod:`iaff.propagation.gates`."""
    in_range(name, gates, 1 + GATE_TOLERANCE)
    total = gates.sum(1)
    bad = total > 1 + GATE_TOLERANCE
    if bad.any():
        raise ValueError(
            f"{name}: the three neighbours sum to {total[bad].max():.4g}, first at (direction, row, column) "
            f"{first(bad)}; expected at most 1: divide by the sum"
        )
    beyond = (gates > 0) & ~gates_inside(*gates.shape[-2:])
    if beyond.any():
        raise ValueError(
            f"{name}: got {gates[beyond][0]:.4g} at (direction, neighbour, row, column) {first(beyond)}, where the "
            "neighbour lies outside the image; expected 0"
        )


def check_stencil(name: str, offsets: np.ndarray, weights: np.ndarray) -> None:
    """Raises ValueError unless a stencil obeys :class:`iaff.propagation.RandomWalk`."""
    in_range(name, weights, 1 + GATE_TOLERANCE)
    total = weights.sum(0)
    bad = total > 1 + GATE_TOLERANCE
    if bad.any():
        raise ValueError(
            f"{name}: the neighbours sum to {total[bad].max():.4g}, first at (row, column) {first(bad)}; expected at "
            "most 1: divide by the sum"
        )
    beyond = (weights > 0) & ~stencil_inside(offsets, *weights.shape[1:])
    if beyond.any():
        raise ValueError(
            f"{name}: got {weights[beyond][0]:.4g} at (neighbour, row, column) {first(beyond)}, where the neighbour "
            "lies outside the image; expected 0"
        )


def check_sparse(name: str, partners: np.ndarray | None, of_weights: str, weights: np.ndarray) -> None:
    """Raises ValueError unless they obey :class:`iaff.propagation.Sparse`; the names are what errors call the two."""
    n = len(weights)
    if n > MOST_PARTNERS:
        raise ValueError(f"{of_weights}: got {n:,} cells, expected at most {MOST_PARTNERS:,}: choose a larger stride")
    in_range(of_weights, weights, 1 + GATE_TOLERANCE)
    total = weights.sum(1)
    bad = total > 1 + GATE_TOLERANCE
    if bad.any():
        raise ValueError(
            f"{of_weights}: a row sums to {total[bad].max():.4g}, first that of cell {first(bad)[0]}; expected at "
            "most 1: divide by the sum"
        )
    if partners is None:
        return
    beyond = (partners < 0) | (partners >= n)
    if beyond.any():
        raise ValueError(
            f"{name}: got {partners[beyond][0]} at (cell, slot) {first(beyond)}, expected cell numbers 0..{n - 1}"
        )
    unused = -1 - np.arange(weights.shape[1])  # different from each other, and from every cell
    ordered = np.sort(np.where(weights > 0, partners.astype(np.int64), unused), 1)
    twice = ordered[:, 1:] == ordered[:, :-1]
    if twice.any():
        raise ValueError(
            f"{name}: got cell {ordered[:, 1:][twice][0]} twice among the partners of cell {first(twice)[0]}, "
            "expected each at most once: add up their weights"
        )


def first(where: np.ndarray) -> tuple[int, ...]:
    """Index of the first True."""
    return tuple(int(i) for i in np.argwhere(where)[0])
