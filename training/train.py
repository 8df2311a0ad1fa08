"""Trains a run: ``iaff train --config NAME key=value ...``.

Killed and started again with the same command, it goes on where it was. On several GPUs: the same under
``torchrun --nproc-per-node N -m`` or ``accelerate launch --multi_gpu -m``; the batch stays what the config says.
"""

import argparse
import multiprocessing
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from iaff.config import Config, load_config
from iaff.data import Dataset, open_split
from iaff.data.check import look
from iaff.errors import UserError
from iaff.extras import missing
from iaff.method.rounds import Round, iterate
from iaff.nets.backbones import check_backbones
from iaff.nets.networks import Networks
from iaff.places import expanded
from iaff.run import Run, claimed, create

from .report import Report
from .storage import first_line, one_sentence
from .trainer import Crowd, Trainer, sound_weights

try:
    from accelerate import Accelerator, InitProcessGroupKwargs
    from accelerate.utils import broadcast_object_list
except ImportError as error:
    raise missing("accelerate", "train", "Training") from error

PROG = f"python -m {__package__}.train"


def train(config: Config, folder: Path, workers: int = 0) -> Run:
    """Trains (or goes on with) the run in ``folder``, with all processes that were started, and returns it."""
    folder = expanded(folder)
    check_backbones(config)
    if workers and "fork" not in multiprocessing.get_all_start_methods():
        raise UserError(
            f"Got --workers {workers}, expected 0 on this system: processes that load photos must be forked, which it "
            "cannot. Leave the option out."
        )
    data = config.data
    photos = open_split(data.kind, data.root, data.train, data.classes, data.train_size, config.choice)
    accelerator = start_processes(config.precision)
    for network in ("classifier", "unary", "pairwise"):
        Crowd(accelerator.num_processes, 0).share(getattr(config, network), network)  # said now, not when it begins
    if accelerator.is_main_process:
        print(*look(photos, data.train, most=0).lines(short=True), sep="\n")  # tags alone: masks are for figures
    with opened(folder, settings(config, photos), accelerator) as run:
        if accelerator.is_main_process:
            set_aside_damaged(run, config)
        trainer = Trainer(folder, accelerator, config.seed, workers)
        report = Report(run, config, trainer) if accelerator.is_main_process else lambda r: None

        def after_round(r: Round) -> None:
            report(r)
            accelerator.wait_for_everyone()

        iterate(config, photos, trainer, after_round, trainer.agreed(run.measured_rounds()))
        trainer.close()
    return run


def set_aside_damaged(run: Run, config: Config) -> None:
    """Sets aside finished weights that are damaged or of other networks: their stages are trained anew.

    Those of rounds that are over are read by nobody but who measures the next ones, hours later.
    """
    networks = Networks(config, len(run.classes) - 1, pretrained=False)

    @cache
    def network(name: str) -> nn.Module:
        return networks.region(networks.unary()) if name == "region" else getattr(networks, name)()

    for path in sorted((run.dir / "weights").glob("*.safetensors")):
        name = path.stem.partition("_")[0]
        if name in ("classifier", "unary", "region", "pairwise"):
            sound_weights(network(name), path)


def settings(config: Config, photos: Dataset) -> dict[str, Any]:
    """What ``config.json`` holds: what a training that goes on must have in common with the one that began."""
    found = config.recorded()
    found["photos"] = fingerprint(photos.ids)  # maps on disk are numbered: they are of these photos, in this order
    tags = np.stack([photos.tags(i) for i in range(len(photos))])  # and their channels are the tags
    return {**found, "tags": f"checksum {zlib.crc32(tags.astype(bool).tobytes()):08x}", "classes": photos.classes}


@contextmanager
def opened(folder: Path, settings: dict[str, Any], accelerator: Accelerator) -> Iterator[Run]:
    """The run, which the main process claims and begins for all; what it fails with stops them all, and none waits."""
    with ExitStack() as claim:
        fault = None
        if accelerator.is_main_process:
            try:
                claim.enter_context(claimed(folder))
                create(folder, settings)
            except (UserError, OSError) as error:
                fault = error
        if fault := broadcast_object_list([fault])[0]:
            raise fault
        yield Run.load(folder)


def fingerprint(ids: list[str]) -> str:
    """Short for a list of photos: how many, and a checksum of their names in order."""
    return f"{len(ids)} {zlib.crc32(chr(10).join(ids).encode()):08x}"


def start_processes(precision: str) -> Accelerator:
    """This process's device and precision, and its place among those that torchrun or accelerate started.

    Raises:
        UserError: the precision is none of the device's.
    """
    patience = InitProcessGroupKwargs(timeout=timedelta(hours=12))  # the main process measures while others wait
    if precision == "fp16" and not torch.cuda.is_available():
        raise UserError("Got precision=fp16, which needs a CUDA device; expected bf16 or fp32 here.")
    cpu = not torch.accelerator.is_available()  # told so: accelerate does not look for other processes on CPUs else
    return Accelerator(cpu=cpu, mixed_precision="no" if precision == "fp32" else precision, kwargs_handlers=[patience])


def main(argv: list[str] | None = None, prog: str = PROG) -> None:
    torch.set_float32_matmul_precision("high")
    parser = argparse.ArgumentParser(prog=prog, description=first_line(__doc__))
    parser.add_argument(
        "--config",
        required=True,
        help="a TOML file, or the name of one that is shipped: animals, shapes, folder, voc_vgg16 ...",
    )
    # torchrun takes a plain --run for an abbreviation of an option of its own, hence the second name
    parser.add_argument("--run", "--run-dir", type=expanded, help="folder of the run (default: runs/NAME)")
    parser.add_argument("--workers", type=int, default=0, help="processes that load photos, for each that trains")
    parser.add_argument("settings", nargs="*", metavar="key=value", help="overrides, e.g. data.root=DIR rounds=2")
    arguments = parser.parse_args(argv)
    with one_sentence(prog):
        config = load_config(arguments.config, arguments.settings)
        run = train(config, arguments.run or Path("runs") / config.name, arguments.workers)
    iaff = "iaff" if prog.startswith("iaff") else "python -m iaff"
    print(f"Done: {run.dir}. Look at it with: {iaff} {run.dir}")


if __name__ == "__main__":
    main()
