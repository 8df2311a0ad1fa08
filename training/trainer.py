"""Fits one network at a time: seeded, resumable, with progress; and dataset-wide passes that resume too.

Every sample draws its augmentation from a generator seeded by (run, stage, position), and every step draws
dropout and probes from one seeded by (run, stage, step). So the order of samples, the number of workers and
an interruption change nothing: a resumed training ends where an unbroken one would have.
"""

import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from iaff.config import Fit

CHECKPOINT_SECONDS = 120


class Samples(torch.utils.data.Dataset):
    """Shuffled passes over ``count`` items, one after the other, cut to ``length`` positions."""

    def __init__(self, sample: Callable[[int], dict], count: int, length: int, seed: int):
        self.sample, self.seed = sample, seed
        epochs = -(-length // count)
        generator = np.random.default_rng(seed)
        self.order = np.concatenate([generator.permutation(count) for _ in range(epochs)])[:length]

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, position: int) -> dict:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed * 1_000_003 + position)
            return self.sample(int(self.order[position]))


class Trainer:
    """Trains the stages of one run; what is finished is read back instead of trained again.

    Args:
        folder: the run's folder; weights go to ``weights/STAGE.safetensors``, unfinished stages to
            ``checkpoints/STAGE.pt``, the passes' maps to ``cache/STAGE/``.
        accelerator: device, precision and ranks.
        workers: processes that load samples; 0 loads in this one.
    """

    def __init__(self, folder: Path, accelerator: Accelerator, seed: int, workers: int = 0):
        self.folder, self.accelerator, self.seed, self.workers = folder, accelerator, seed, workers
        self.board = SummaryWriter(folder / "tensorboard")
        for name in ("weights", "checkpoints", "cache"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    @property
    def device(self) -> torch.device:
        return self.accelerator.device

    def fit(self, stage: str, net: nn.Module, count: int, sample: Callable[[int], dict],
            loss: Callable[[nn.Module, dict], Tensor], how: Fit, collate=None) -> nn.Module:  # fmt: skip
        """Trains ``net`` (or loads it, when this stage is done) and returns it in evaluation mode.

        Args:
            count: number of training items; sample: item index -> one sample; loss: (net, batch) -> scalar.
        """
        net.to(self.device)
        done = self.folder / "weights" / f"{stage}.safetensors"
        if not done.exists():
            self._fit(stage, net, count, sample, loss, how, collate)
            _write(done, lambda path: save_file(net.state_dict(), path))
            (self.folder / "checkpoints" / f"{stage}.pt").unlink(missing_ok=True)
        net.load_state_dict(load_file(done, device=str(self.device)))
        return net.eval()

    def _fit(self, stage, net, count, sample, loss, how: Fit, collate) -> None:
        stage_seed = zlib.crc32(f"{self.seed}/{stage}".encode())
        samples = Samples(sample, count, how.steps * how.batch, stage_seed)
        optimiser = torch.optim.AdamW(_groups(net, how), weight_decay=how.weight_decay)
        schedule = torch.optim.lr_scheduler.PolynomialLR(optimiser, how.steps, power=0.9)
        start = self._resume(stage, net, optimiser, schedule)
        loader = DataLoader(samples, how.batch, sampler=range(start * how.batch, len(samples)),
                            num_workers=self.workers, collate_fn=collate)  # fmt: skip
        net.train()
        saved, running = time.monotonic(), None
        bar = tqdm(loader, stage, total=how.steps, initial=start, unit="batch", mininterval=5)
        for step, batch in enumerate(bar, start=start):
            torch.manual_seed(stage_seed + step)
            batch = {k: v.to(self.device, non_blocking=True) for k, v in batch.items()}
            with self.accelerator.autocast():
                value = loss(net, batch)
            if not torch.isfinite(value):
                raise FloatingPointError(f"{stage}: the loss is {value.item()} at step {step}; lower its lr")
            optimiser.zero_grad(set_to_none=True)
            self.accelerator.backward(value)
            optimiser.step()
            schedule.step()
            running = value.item() if running is None else 0.98 * running + 0.02 * value.item()
            bar.set_postfix(loss=f"{running:.3f}", refresh=False)
            if step % 20 == 0:
                self.board.add_scalar(f"{stage}/loss", value.item(), step)
            if time.monotonic() - saved > CHECKPOINT_SECONDS:
                self._checkpoint(stage, step + 1, net, optimiser, schedule)
                saved = time.monotonic()

    def _checkpoint(self, stage, step, net, optimiser, schedule) -> None:
        state = {"step": step, "net": net.state_dict(), "optimiser": optimiser.state_dict(),
                 "schedule": schedule.state_dict()}  # fmt: skip
        _write(self.folder / "checkpoints" / f"{stage}.pt", lambda path: torch.save(state, path))

    def _resume(self, stage, net, optimiser, schedule) -> int:
        path = self.folder / "checkpoints" / f"{stage}.pt"
        if not path.exists():
            return 0
        state = torch.load(path, map_location=self.device, weights_only=True)
        net.load_state_dict(state["net"])
        optimiser.load_state_dict(state["optimiser"])
        schedule.load_state_dict(state["schedule"])
        return state["step"]

    def each(self, stage: str, count: int, compute: Callable[[int], dict[str, Tensor]]) -> "Maps":
        """Computes tensors for every item, one file each; items whose file exists are not computed again."""
        maps = Maps(self.folder / "cache" / stage)
        maps.folder.mkdir(parents=True, exist_ok=True)
        for i in tqdm(range(count), stage, unit="photo", mininterval=5):
            if i not in maps:
                with self.accelerator.autocast():
                    tensors = compute(i)
                maps[i] = {k: v.contiguous().cpu() for k, v in tensors.items()}
        return maps


class Maps:
    """Tensors per item in a folder, one safetensors file each: memory does not grow with the data set."""

    def __init__(self, folder: Path):
        self.folder = folder

    def _path(self, i: int) -> Path:
        return self.folder / f"{i:06d}.safetensors"

    def __contains__(self, i: int) -> bool:
        return self._path(i).exists()

    def __getitem__(self, i: int) -> dict[str, Tensor]:
        return load_file(self._path(i))

    def __setitem__(self, i: int, tensors: dict[str, Tensor]) -> None:
        _write(self._path(i), lambda path: save_file(tensors, path))


def _groups(net: nn.Module, how: Fit) -> list[dict]:
    trunk = {id(p) for p in net.trunk.parameters()} if hasattr(net, "trunk") else set()
    trainable = [p for p in net.parameters() if p.requires_grad]
    old, new = [p for p in trainable if id(p) in trunk], [p for p in trainable if id(p) not in trunk]
    return [{"params": old, "lr": how.lr}, {"params": new, "lr": how.lr_head}]


def _write(path: Path, save: Callable[[Path], None]) -> None:
    """Writes beside the target and renames: a reader never sees half a file."""
    part = path.with_name(path.name + ".part")
    save(part)
    part.replace(path)
