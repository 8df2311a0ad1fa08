"""Trains a run: ``python -m training.train --config training/configs/NAME.toml key=value ...``.

Killed and started again with the same command, it goes on where it was.
"""

import argparse
import sys
from pathlib import Path

import torch
from accelerate import Accelerator

from iaff.config import Config, load_config
from iaff.data import open_split
from iaff.errors import UserError
from iaff.rounds import iterate
from iaff.run import Run, create
from training.report import Report
from training.trainer import Trainer


def train(config: Config, folder: Path, workers: int = 0) -> Run:
    """Trains (or goes on with) the run in ``folder`` and returns it."""
    data = config.data
    photos = open_split(data.kind, data.root, data.train, data.classes, data.train_size, config.seed)
    settings = config.model_dump(mode="json")
    settings["data"].pop("root")  # where the photos lie says nothing about the run, and must not be shipped
    settings["weights"] = Path(settings["weights"]).name
    run = create(folder, {**settings, "classes": photos.classes})
    precision = "no" if config.precision == "fp32" else config.precision
    accelerator = Accelerator(mixed_precision=precision)
    if accelerator.num_processes > 1:
        raise UserError(
            f"Got {accelerator.num_processes} processes; training runs in one so far: start it without them."
        )
    trainer = Trainer(folder, accelerator, config.seed, workers)
    iterate(config, photos, trainer, Report(run, config, trainer))
    return run


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.train", description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True, help="a TOML file in training/configs")
    parser.add_argument("--run", type=Path, help="folder of the run (default: runs/NAME)")
    parser.add_argument("--workers", type=int, default=0, help="processes that load photos (default: 0)")
    parser.add_argument("settings", nargs="*", metavar="key=value", help="overrides, e.g. data.root=DIR rounds=2")
    arguments = parser.parse_args()
    try:
        config = load_config(arguments.config, arguments.settings)
        run = train(config, arguments.run or Path("runs") / config.name, arguments.workers)
    except UserError as error:
        sys.exit(f"training.train: {error}")
    except KeyboardInterrupt:
        sys.exit("\nStopped. The same command goes on from the last checkpoint.")
    print(f"Done: {run.dir}. Look at it with: python app.py --run {run.dir}")


if __name__ == "__main__":
    torch.set_float32_matmul_precision("high")
    main()
