"""Ablations of IAL: ``python -m training.ablate data.root=VOC2012_DIR [weights=PATH]``.

Every row shares classifier, seeds, superpixels and f_1 with IAL under the same budget (``configs/ablation.toml``), but
for what its settings change: they are linked from IAL's run of the first seed. Each is trained with two seeds, scored
on `tune` after every round, and the last one on train (with tags). Killed and started again, it goes on where it was;
finished rows are read back.
"""

import argparse
import json
import os
from pathlib import Path
from statistics import mean
from typing import Any

from iaff.config import load_config
from iaff.data import open_split
from iaff.errors import UserError
from iaff.files import write_atomically
from iaff.inference import Predictor
from iaff.places import expanded

from .evaluate import device, evaluate
from .storage import first_line, one_sentence
from .train import train

CONFIG = "ablation"
ABLATIONS: dict[str, list[str]] = {
    "IAL": [],
    "plain CAM": [
        "cam.climb.steps=0",
        "cam.scales=[1.0, 1.5, 2.0]",
        "cam.flip=false",
        "seeds.foreground=0.3",
        "seeds.background=0.1",
        "seeds.threshold=0.12",
    ],  # best for it on `tune`
    "no pairwise network": ["affinity=none", "mining.mode=none"],
    "PAMR in place of G": ["affinity=pamr"],
    "iterated PSA": ["affinity=affinitynet", "mining.mode=none"],
    "no mining": ["mining.mode=none"],
    "drop_disagree": ["mining.mode=drop_disagree"],
    "no L_s": ["loss.smoothness=0"],
    "warm start": ["targets.warm_start=true"],
    "objects not kept": ["targets.keep_objects=false"],
}
SHARED = ("weights/classifier.safetensors", "cache/superpixels")
FROM_SEEDS = ("cache/seeds", "weights/unary_1.safetensors", "cache/unary_1")


def share(base: Path, folder: Path, settings: list[str]) -> None:
    """Links what an ablation of these settings has in common with the run ``base`` into its folder.

    Raises:
        UserError: a part of it was deleted from ``base``.
    """
    other_seeds = any(setting.startswith(("cam.", "seeds.")) for setting in settings)
    for name in SHARED if other_seeds else (*SHARED, *FROM_SEEDS):
        source = base / name
        if not source.exists():
            raise UserError(f"{source} is gone, which rows share: delete {base}, and it is trained again.")
        for file in [source] if source.is_file() else sorted(source.iterdir()):
            link = folder / file.relative_to(base)
            link.parent.mkdir(parents=True, exist_ok=True)
            if not link.exists():
                os.link(file, link)


def score(run, root: str, split: str) -> list[dict[str, Any]]:
    """A run's last round on a split: mIoU of alpha^u and alpha^p with tags, precision and coverage of Y_t, in 0..1."""
    photos = open_split("voc", root, split, run.classes[1:])
    rounds = evaluate(Predictor(run, device()), photos, [run.finished_rounds()], cam=False)["rounds"]
    return [_figures(r) for r in rounds]


def _figures(r: dict[str, Any]) -> dict[str, float]:
    return {
        "unary": r["unary"]["miou_tags"],
        "refined": r["refined"]["miou_tags"],
        "precision": r["confident"]["precision"],
        "coverage": r["confident"]["coverage"],
    }


def table(results: dict[str, list[dict[str, Any]]]) -> str:
    """Means over the seeds of the last round, in percent, as Markdown; in brackets what the seeds gave."""
    lines = [
        "| | tune: α^u → α^p (seeds) | train: α^u → α^p (seeds) | Y on tune: precision (coverage) |",
        "|---|---|---|---|",
    ]
    for name, runs in results.items():
        cells = []
        for split in ("tune", "train"):
            last = [run[split][-1] for run in runs if split in run]
            if not last:
                cells.append("")
                continue
            each = ", ".join(f"{100 * r['refined']:.1f}" for r in last)
            cells.append(
                f"{100 * mean(r['unary'] for r in last):.1f} → {100 * mean(r['refined'] for r in last):.1f} ({each})"
            )
        sure = [run["tune"][-1] for run in runs]
        cells.append(f"{100 * mean(r['precision'] for r in sure):.1f} ({100 * mean(r['coverage'] for r in sure):.1f})")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.ablate", description=first_line(__doc__))
    parser.add_argument("--config", default=CONFIG)
    parser.add_argument("--runs", type=expanded, default=Path("runs/ablations"), help="where the runs and results go")
    # one value each, again for every further one: with several, the settings after them would be taken for values
    parser.add_argument(
        "--seed",
        type=int,
        action="append",
        metavar="N",
        help="may be repeated; the first makes what all share (default: 0 and 1)",
    )
    parser.add_argument(
        "--only",
        action="append",
        metavar="NAME",
        choices=ABLATIONS,
        help=f"may be repeated (default: all): {', '.join(ABLATIONS)}",
    )
    parser.add_argument("--split", default="train", help="scored at the end, with tags; '' for none")
    parser.add_argument("settings", nargs="*", metavar="key=value", help="overrides for all, e.g. data.root=DIR")
    arguments = parser.parse_args()
    with one_sentence("training.ablate"):
        results = ablate(arguments)
    print(table(results))


def ablate(how: argparse.Namespace) -> dict[str, list[dict[str, Any]]]:
    """Trains and scores what is missing; returns every row's figures, one entry per seed."""
    results: dict[str, list[dict[str, Any]]] = {}
    seeds, only = how.seed or [0, 1], how.only or list(ABLATIONS)
    base = how.runs / f"IAL_{seeds[0]}"
    for seed in seeds:
        for name in dict.fromkeys(["IAL", *only]) if seed == seeds[0] else only:
            folder = how.runs / f"{name.replace(' ', '_')}_{seed}"
            done = folder / "ablation.json"
            if folder != base:
                share(base, folder, ABLATIONS[name])
            config = load_config(how.config, [*how.settings, *ABLATIONS[name], f"seed={seed}"])
            run = train(config, folder)  # of a finished one nothing is left to do, but other settings are refused
            if not done.is_file():
                figures = {"tune": [_figures(r) for r in run.figures()["rounds"]]}
                if how.split:
                    figures[how.split] = score(run, config.data.root, how.split)
                write_atomically(done, json.dumps(figures, indent=1).encode())
            results.setdefault(name, []).append(json.loads(done.read_text("utf-8")))
            print(table(results), flush=True)
    return results


if __name__ == "__main__":
    main()
