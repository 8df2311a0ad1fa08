"""Times the stages of a round: ``python -m training.bench.throughput [--config FILE] [--json FILE] [key=value ...]``.

Photos per second of the real stage (the loop's own code and trainer: JPEG files decoded and augmented, maps read from
the run's cache and written to it) against the bare networks on what lies in memory already, one after the other in
turn; the most memory; and, from these rates, the time of a full training. It needs no data: it copies the gallery.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from iaff.config import Config, load_config
from iaff.errors import UserError
from iaff.method.stages import Stages
from iaff.nets.backbones import check_backbones
from iaff.places import expanded

from ..storage import first_line
from ..train import start_processes
from .copies import gallery_copies
from .measure import machine, spread
from .parts import PARTS, Made, bare_works
from .propagation import rows
from .timed import Peak, Timed, seconds

CONFIG = "animals"
PREFETCHED = 4  # batches that each loading process keeps ready (the trainer's prefetch_factor)


@dataclass(frozen=True)
class Effort:
    """How much is measured, ``repeats`` times: ``steps`` of a training, ``files`` photos of a pass.

    ``warm`` steps or photos before them do not count; nor do as many as the loading processes may have ready by then,
    for as long as these last, loading looks as if it took no time.
    """

    steps: int = 10
    files: int = 63  # each photo of the gallery seven times
    repeats: int = 3
    warm: int = 3
    batch: int = 0  # at most this many photos a step; 0: the config's batch
    workers: int = 0
    side: int = 352  # px, the longer side of the photos

    @property
    def skipped(self) -> int:
        return self.warm + PREFETCHED * self.workers


def throughput(config: Config, effort: Effort, photos: int, names: list[str]) -> dict[str, Any]:
    """Measures the stages ``names`` of a round, and reckons with a training on ``photos`` photos."""
    with tempfile.TemporaryDirectory(prefix="iaff-") as folder:
        data = gallery_copies(Path(folder), effort.skipped + effort.files + 1, config.data, effort.side)
        trainer = Timed(Path(folder) / "run", start_processes(config.precision), config.seed, effort.workers)
        trainer.skipped, trainer.batch = effort.skipped, effort.batch
        stages, made, results = Stages(config, data, trainer), {}, []
        learnt = config.affinity not in ("pamr", "none")
        for name in list(PARTS)[: max(map(list(PARTS).index, names)) + 1]:  # the later ones need the earlier ones' maps
            if name in names and (learnt or name != "pairwise"):
                results.append(measure(name, stages, made, effort, trainer))
            else:
                trainer.span = 0
                made[name] = PARTS[name].real(stages, made)
        trainer.board.close()
    return {
        "machine": machine(),
        "config": config.recorded(),
        "effort": vars(effort),
        "device": trainer.device.type,
        "stages": results,
        "wall": wall(config, results, photos),
    }


def measure(name: str, stages: Stages, made: Made, effort: Effort, trainer: Timed) -> dict[str, Any]:
    """One stage, really and bare in turn; leaves in ``made`` what it made."""
    part = PARTS[name]
    trainer.span = effort.steps if part.fit else effort.files
    trainer.accelerator.free_memory()  # it keeps every optimiser: those of the stages before count as this one's else
    real, bare, peaks = [], [], []
    for _ in range(effort.repeats):
        with Peak(trainer.device) as peak:
            made[name] = part.real(stages, made)
        peaks.append(peak)
        done = trainer.span * trainer.items
        real.append(1000 * trainer.seconds / done)
        if works := bare_works(name, stages, made, trainer):
            seconds(works[: effort.warm], trainer.device)
            bare.append(1000 * seconds(works, trainer.device) / done)
        if part.fit:
            made[name].eval()
    first = peaks[0]  # nothing of the bare form or of other repetitions lay in memory yet
    result = {
        "stage": name,
        "unit": part.unit,
        "batch": trainer.items if part.fit else None,
        "real": spread(real),
        "bare": spread(bare) if bare else None,
        "rate": rate(spread(real)),
        "memory_mb": first.most / 1e6,
        "before_mb": first.before / 1e6,
    }
    result["share"] = 100 * result["bare"]["median_ms"] / result["real"]["median_ms"] if bare else None
    return result


def rate(t: dict[str, float], key: str = "median_ms") -> float:
    """Per second."""
    return 1000 / t[key]


def wall(config: Config, results: list[dict[str, Any]], photos: int) -> list[dict[str, Any]]:
    """How long each stage takes in the full training, in s, and the sum that says so."""
    lines = []
    for r in results:
        part = PARTS[r["stage"]]
        terms, units = ([], 1) if part.once else ([f"{config.rounds} rounds"], config.rounds)
        if part.fit:
            how = getattr(config, part.fit)
            terms += [f"{how.steps} steps", str(how.batch)]
            units *= how.steps * how.batch
        else:
            terms.append(f"{photos} photos")
            units *= photos
        text = f"{part.title}: {' x '.join(terms)} / ({short(r['rate'])} {r['unit']}/s)"
        lines.append({"stage": r["stage"], "text": text, "seconds": units / r["rate"]})
    return lines


def table(result: dict[str, Any]) -> str:
    """The figures as Markdown."""
    about = ", ".join(f"{key} {value}" for key, value in result["machine"].items())
    config, on_gpu = result["config"], result["device"] == "cuda"
    effort = result["effort"]
    what = (
        f"`{config['name']}`, {config['backbone']}, {config['precision']}, photos of {effort['side']} px, "
        f"loading processes: {effort['workers']}, median (quartiles) of {effort['repeats']}"
    )
    memory = "peak memory of the GPU's allocator, MB (before)" if on_gpu else "peak memory of the process, MB (before)"
    return "\n\n".join([about, what, stage_table(result["stages"], config, memory), wall_text(result["wall"])])


def stage_table(results: list[dict[str, Any]], config: dict[str, Any], memory: str) -> str:
    lines = rows("stage", "a second, real", "a second, bare", "real / bare", memory)
    for r in results:
        bare, share = (per_second(r["bare"]), f"{r['share']:.0f} %") if r["bare"] else ("no network", "")
        used = f"{r['memory_mb']:.0f} ({r['before_mb']:.0f})"
        lines += rows(title(r, config), per_second(r["real"]), bare, share, used, head=False)
    return "\n".join(lines)


def title(r: dict[str, Any], config: dict[str, Any]) -> str:
    """A stage's name, with what a step of it holds."""
    part = PARTS[r["stage"]]
    if not part.fit:
        return part.title
    crop = config[part.fit].get("crop")
    return f"{part.title}, {r['batch']} {r['unit']} a step" + (f" of {crop} px" if crop else "")


def per_second(t: dict[str, float]) -> str:
    return f"{short(rate(t))} ({short(rate(t, 'high_ms'))} to {short(rate(t, 'low_ms'))})"


def short(value: float) -> str:
    """Four digits, or all before the point."""
    return f"{value:.4g}" if value < 1000 else f"{value:.0f}"


def wall_text(lines: list[dict[str, Any]]) -> str:
    """The arithmetic, a line for each stage, and its sum."""
    total = sum(line["seconds"] for line in lines)
    missing = [part.title for name, part in PARTS.items() if name not in [line["stage"] for line in lines]]
    without = ", ".join(["start-ups", "checkpoints", "the figures after each round", *missing])
    head = f"Full training, from the real rates (without {without}):\n"
    terms = [f"- {line['text']} = {line['seconds']:.1f} s" for line in lines]
    return "\n".join([head, *terms, f"- total: {total:.1f} s = {total / 3600:.2f} h"])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.bench.throughput", description=first_line(__doc__))
    parser.add_argument(
        "--config", default=CONFIG, help=f"a TOML file, or the name of one that is shipped (default: {CONFIG})"
    )
    parser.add_argument("--json", type=expanded, help="write the figures here")
    parser.add_argument("--photos", type=int, default=3131, help="of the full training (default: 3131, animals' own)")
    parser.add_argument(
        "--part",
        action="append",
        choices=PARTS,
        metavar="STAGE",
        help=f"measure this alone; may be repeated (default: all): {', '.join(PARTS)}",
    )
    parser.add_argument("--steps", type=int, default=Effort.steps, help="batches of a training that are timed")
    parser.add_argument("--files", type=int, default=Effort.files, help="photos of a pass that are timed")
    parser.add_argument("--warm", type=int, default=Effort.warm, help="batches or photos before them")
    parser.add_argument("--repeats", type=int, default=Effort.repeats)
    parser.add_argument("--batch", type=int, default=0, help="photos in a batch, where the config's are too slow")
    parser.add_argument("--side", type=int, default=Effort.side, help="longer side of the photos, px")
    parser.add_argument("--workers", type=int, default=0, help="processes that load photos")
    parser.add_argument("settings", nargs="*", metavar="key=value", help="overrides, e.g. weights=PATH (default: none)")
    arguments = parser.parse_args()
    effort = Effort(**{name: getattr(arguments, name) for name in Effort.__dataclass_fields__})
    try:
        config = load_config(arguments.config, ["weights=none", *arguments.settings])
        check_backbones(config)
        result = throughput(config, effort, arguments.photos, arguments.part or list(PARTS))
    except UserError as error:
        sys.exit(f"training.bench.throughput: {error}")
    print(table(result))
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    torch.set_float32_matmul_precision("high")  # as training.train
    torch.set_flush_denormal(True)  # random weights make numbers so small that a CPU would stumble over them
    main()
