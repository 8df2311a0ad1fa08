"""Where the affinity does harm, and whether leaks say so: ``python tools/leaks_and_errors.py DATA [--photos N]``.

The figures of the last of docs/findings.md. DATA is a VOC2012 folder. On each cell of the grid the label that the unary
map has there is compared with the one after propagation, both with tags, and with the mask's.
"""

import argparse

import numpy as np
import torch
from scipy.stats import rankdata
from tqdm import tqdm

from iaff.data import open_split
from iaff.explaining import explain
from iaff.grid import UNKNOWN
from iaff.method.superpixels import on_grid
from iaff.propagation import leak
from iaff.run import Run

CASES = ("right", "mended", "broken", "wrong")  # before and after: right/right, wrong/right, right/wrong, wrong/wrong


def cells(run: Run, image: np.ndarray, tags: list[str], mask: np.ndarray, t: int) -> np.ndarray:
    """``float (3, M)`` of the cells that the mask knows: case, leak over the true and over the predicted boundary."""
    made = explain(image, tags, run).rounds[t]
    truth = on_grid(torch.from_numpy(mask.astype(np.int64)))
    ids = torch.tensor(made.trace.meta["class_ids"])
    before, after = (ids[torch.from_numpy(alpha).argmax(0)] for alpha in (made.alpha_u, made.alpha_p))
    case = torch.where(before == truth, torch.where(after == truth, 0, 2), torch.where(after == truth, 1, 3))
    g = made.affinity.propagator
    return torch.stack([case.float(), leak(g, truth), leak(g, after)])[:, truth != UNKNOWN].numpy()


def auc(some: np.ndarray, others: np.ndarray) -> float:
    """How often one of ``some`` is larger than one of ``others``, 0..1; a tie counts half."""
    ranks = rankdata(np.concatenate([some, others]))[: len(some)]
    return float((ranks.mean() - (len(some) + 1) / 2) / len(others))


def report(case: np.ndarray, leaks: dict[str, np.ndarray]) -> None:
    of = {name: case == i for i, name in enumerate(CASES)}
    print(", ".join(f"{name} {100 * where.mean():.1f} %" for name, where in of.items()))
    wrong = of["broken"] | of["wrong"]
    for boundary, values in leaks.items():
        top = values > np.quantile(values, 0.9)
        means = ", ".join(f"{name} {100 * values[where].mean():.1f} %" for name, where in of.items())
        print(f"leak over the {boundary} boundary: mean of {means}")
        print(f"  AUC broken among the cells that were right: {auc(values[of['broken']], values[of['right']]):.2f}")
        print(f"  AUC broken against mended: {auc(values[of['broken']], values[of['mended']]):.2f}")
        print(
            f"  the tenth with the largest leak: {100 * wrong[top].mean():.0f} % wrong after propagation, elsewhere "
            f"{100 * wrong[~top].mean():.1f} %; it holds {100 * top[of['broken']].mean():.0f} % of the broken cells, "
            f"{100 * top[of['mended']].mean():.0f} % of the mended, {100 * top[wrong].mean():.0f} % of all wrong ones"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--run", default="assets/runs/animals")
    parser.add_argument("--split", default="tune")
    parser.add_argument("--photos", type=int, default=150)
    parser.add_argument("--round", type=int, default=5)
    args = parser.parse_args()
    run = Run.load(args.run)
    data = open_split("voc", args.data, args.split, run.classes[1:], args.photos)
    found = []
    for i in tqdm(range(len(data)), unit="photo"):
        tags = [name for name, is_there in zip(run.classes[1:], data.tags(i), strict=True) if is_there]
        found.append(cells(run, data.image(i), tags, data.mask(i), args.round))
    case, *leaks = np.concatenate(found, 1)
    print(f"{len(data)} photos of {args.split}, with tags, run {run.name}, round {args.round}; {len(case):,} cells")
    report(case, dict(zip(("true", "predicted"), leaks, strict=True)))


if __name__ == "__main__":
    main()
