"""Maps of classes -> a distribution over background and classes in every cell, which is what a trace keeps."""

import numpy as np

from iaff.importing.grids import Grid, on_grid
from iaff.importing.maps import BACKGROUND, Maps

POWER = 16  # of background in a CAM, (1 - max)^16, as PSA's infer_aff.py walks it (argument --alpha)
OFF = 0.02  # by how much sums of probabilities may differ from 1


def of_activations(maps: Maps, grid: Grid) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], str]:
    """A CAM as maps 0..1 without background, the distribution by class, and how it was made."""
    if maps.full and (maps.size[0] < grid[0] or maps.size[1] < grid[1]):
        maps = maps.full
    cam = {name: np.maximum(one, 0) for name, one in _on_grid(maps, grid).items()}
    said = "CAM"
    if any(one.max() > 1 for one in cam.values()):
        cam = {name: one / max(float(one.max()), 1e-5) for name, one in cam.items()}
        said = "CAM, each map divided by its maximum"
    given = cam.pop(BACKGROUND, None)
    strongest = np.max([*cam.values()], 0) if cam else np.zeros(grid, np.float32)
    background = (1 - strongest) ** POWER if given is None else given
    said += ", its own background" if given is not None else f", background (1 - max)^{POWER} as in PSA"
    return cam, _shares({BACKGROUND: background, **cam}), f"{said}, divided by their sum"


def of_scores(maps: Maps, grid: Grid) -> tuple[dict[str, np.ndarray], str]:
    """Scores as a distribution by class, and how it was made: probabilities as they are, logits by softmax."""
    scores = _on_grid(maps, grid)
    if BACKGROUND not in scores:
        _, shares, said = of_activations(maps, grid)
        return shares, said.replace("CAM", "scores without background", 1)
    stack = np.stack([*scores.values()])
    if stack.min() < 0:
        weights = np.exp(stack - stack.max(0))
        return _shares(dict(zip(scores, weights))), "logits, by softmax"
    said = "probabilities" if np.abs(stack.sum(0) - 1).max() <= OFF else "scores, divided by their sum"
    return _shares(scores), said


def of_labels(maps: Maps, grid: Grid) -> tuple[dict[str, np.ndarray], str]:
    """A label map as each class's share of a cell; unknown pixels count for nothing, unknown cells for all alike."""
    return _shares(_on_grid(maps, grid)), "label map, shares of a cell's known pixels"


def winners(*distributions: dict[str, np.ndarray]) -> set[str]:
    """Background, and the classes that win a cell of one of these."""
    found = {BACKGROUND}
    for shares in distributions:
        names = [*shares]
        found |= {names[k] for k in np.unique(np.argmax([*shares.values()], 0))}
    return found


def stacked(shares: dict[str, np.ndarray], names: list[str]) -> np.ndarray:
    """A distribution over some of its classes, ``float32 (K, h, w)``: the others' share is divided among them."""
    grid = next(iter(shares.values())).shape
    chosen = {name: shares.get(name, np.zeros(grid, np.float32)) for name in names}
    return np.stack([*_shares(chosen).values()])


def _on_grid(maps: Maps, grid: Grid) -> dict[str, np.ndarray]:
    return dict(zip(maps.by_class, on_grid(np.stack([*maps.by_class.values()]), grid)))


def _shares(maps: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Maps divided by their sum; all alike where that is 0."""
    total = np.sum([*maps.values()], 0)
    return {
        name: np.where(total > 0, one / np.where(total > 0, total, 1), 1 / len(maps)).astype(np.float32)
        for name, one in maps.items()
    }
