"""Fits one network at a time: seeded, resumable, on one device or many; and passes over all photos that resume too.

Every sample draws its augmentation from a generator seeded by (run, stage, position), and every step draws dropout
from one seeded by (run, stage, step, process). So the order of samples, the number of workers and an interruption
change nothing: a resumed training ends where an unbroken one would have. With several processes each batch is cut
among them; they share the run's folder.
"""

import os
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any, cast
from zipfile import ZipFile

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader
from tqdm import tqdm

from iaff.config import Fit
from iaff.errors import UserError
from iaff.extras import missing
from iaff.nets.folding import Network
from iaff.nets.loss import Loss
from iaff.nets.networks import WrongWeights, read_weights
from iaff.tensor_files import save_tensors

from .storage import Board, Maps, reason, set_aside, write
from .watch import Watch

try:
    from accelerate import Accelerator
    from accelerate.utils import broadcast_object_list
except ImportError as error:
    raise missing("accelerate", "train", "Training") from error

CHECKPOINT_SECONDS = float(os.environ.get("IAFF_CHECKPOINT_SECONDS", 120))
LOOK_EVERY = 10  # steps after which losses are fetched from the device: each fetch waits for it


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


class Each(torch.utils.data.Dataset):
    """What ``load`` reads for each item."""

    def __init__(self, load: Callable[[int], Any]):
        self.load = load

    def __getitem__(self, i: int) -> Any:
        return self.load(i)


def read(loaded: Iterator[Any]) -> Iterator[Any]:
    """What a loader reads; what a loading process could say in one sentence is that sentence again."""
    try:
        yield from loaded
    except UserError as error:
        raise UserError(str(error).rpartition(f"{UserError.__module__}.UserError: ")[2].strip()) from None


class Part(nn.Module):
    """A network's loss on a part of a batch, as a module: what is wrapped to run in several processes."""

    net: nn.Module

    def __init__(self, net: nn.Module, loss: Loss):
        super().__init__()
        self.net, self.loss = net, loss

    def forward(self, batch: dict[str, Tensor], counts: Tensor) -> Tensor:
        """The part's share of the loss, a scalar."""
        return self.loss.value(self.net, batch, counts)


class Trainer:
    """Trains the stages of one run; what is finished is read back instead of trained again.

    Args:
        folder: the run's folder; weights go to ``weights/STAGE.safetensors``, unfinished stages to
            ``checkpoints/STAGE.pt``, the passes' maps to ``cache/STAGE/``.
        accelerator: device, precision and processes.
        workers: processes that load samples, for each training process; 0 loads in this one.
    """

    def __init__(self, folder: Path, accelerator: Accelerator, seed: int, workers: int = 0):
        self.folder, self.accelerator, self.seed, self.workers = folder, accelerator, seed, workers
        self.main = accelerator.is_main_process
        self.scaler = accelerator.scaler  # of fp16, None else
        self.fresh_scaler = self.scaler.state_dict() if self.scaler else None
        self.board = Board(folder / "tensorboard")  # the main process writes it
        for name in ("weights", "checkpoints", "cache"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    @property
    def device(self) -> torch.device:
        return self.accelerator.device

    def fit(
        self,
        stage: str,
        net: Network,
        count: int,
        sample: Callable[[int], dict],
        loss: Loss,
        how: Fit,
        collate=None,
        alone: bool = False,
    ) -> Network:
        """Trains ``net`` unless this stage is done, and returns it as :meth:`load` does.

        Args:
            count: number of training items; sample: item index -> one sample; collate: samples -> a batch.
            alone: the main process trains by itself (small networks).

        Raises:
            UserError: a batch that cannot be cut among the processes, a loss that is no number or grows, a full disk.
        """
        net.to(self.device)
        done = self._weights_path(stage)
        if not self.agreed(self.main and sound_weights(net, done)):
            if self.main or not alone:
                self._fit(stage, net, count, sample, loss, how, collate, alone)
            if self.main:
                write(done, lambda path: save_tensors(net.state_dict(), path))
                self._checkpoint_path(stage).unlink(missing_ok=True)
                self.board.flush()
            self.accelerator.free_memory()  # it keeps every optimiser else
            self.accelerator.wait_for_everyone()
        return self.load(stage, net)

    def load(self, stage: str, net: Network) -> Network:
        """``net`` with the weights that this stage ended with, in evaluation mode."""
        return read_weights(net, self._weights_path(stage)).to(self.device).eval()

    def _fit(self, stage, net, count, sample, loss, how: Fit, collate, alone) -> None:
        if not any(p.requires_grad for p in net.parameters()):
            return
        crowd = Crowd(1, 0) if alone else Crowd(self.accelerator.num_processes, self.accelerator.process_index)
        stage_seed = zlib.crc32(f"{self.seed}/{stage}".encode())
        samples = Samples(sample, count, how.steps * how.batch, stage_seed)
        optimiser, schedule = make_optimiser(net, how)
        watch = Watch(stage, how.steps)
        kept = {"stage": stage, "seed": self.seed, "items": count, "fit": how.model_dump()}
        start = self._resume(stage, net, optimiser, schedule, watch, alone, kept)
        if self.workers and start < how.steps:
            samples[0]  # what a sample keeps for the next ones is read here, once, before the loading processes start
        loader = DataLoader(
            samples,
            crowd.share(how, stage.split("_")[0]),
            sampler=crowd.positions(how, start),
            collate_fn=collate,
            **self._loading(),
        )
        parts = read(iter(loader))
        part = Part(net, loss)
        if crowd.size > 1:
            part = DistributedDataParallel(part, [self.device] if self.device.type == "cuda" else None)
        optimiser = self.accelerator.prepare_optimizer(optimiser, device_placement=False)
        net.train()
        saved, fresh = time.monotonic(), []
        about = {"desc": stage, "unit": "batch", "mininterval": 5, "disable": not self.main}
        with tqdm(total=how.steps, initial=start, **about) as bar:
            for step in range(start, how.steps):
                batches = [self._moved(next(parts)) for _ in range(how.accumulate)]
                torch.manual_seed(stage_seed + step + 7919 * crowd.rank)  # after loading, which seeds too
                fresh.append(self._step(part, loss, batches, crowd))
                optimiser.step()
                optimiser.zero_grad(set_to_none=True)
                schedule.step()
                bar.update()
                due = self.main and time.monotonic() - saved > CHECKPOINT_SECONDS
                if due or len(fresh) == LOOK_EVERY or step + 1 == how.steps:
                    self._look(stage, step + 1 - len(fresh), fresh, watch, bar)
                    fresh = []
                if due:
                    self._checkpoint(stage, step + 1, net, optimiser, schedule, watch, kept)
                    saved = time.monotonic()

    def _step(self, part: nn.Module, loss: Loss, batches: list[dict[str, Tensor]], crowd: "Crowd") -> Tensor:
        """Gradients of one step, batch part after batch part; returns the loss of the whole batch."""
        each = [loss.counts(batch).to(self.device).float() for batch in batches]
        counts = self._added(torch.stack(each).sum(0), crowd).clamp(min=1)
        value = torch.zeros((), device=self.device)
        for k, batch in enumerate(batches):
            last = k + 1 == len(batches) or crowd.size == 1
            waits = part.no_sync() if isinstance(part, DistributedDataParallel) and not last else nullcontext()
            with waits:
                with self.accelerator.autocast():
                    share = part(batch, counts)
                self.accelerator.backward(share * crowd.size)  # gradients are averaged over the processes
            value += share.detach()
        return self._added(value, crowd)

    def _added(self, value: Tensor, crowd: "Crowd") -> Tensor:
        """Over the processes that share a batch."""
        return cast(Tensor, self.accelerator.reduce(value, "sum")) if crowd.size > 1 else value

    def _look(self, stage: str, first: int, losses: list[Tensor], watch: Watch, bar: tqdm) -> None:
        try:
            for step, value in enumerate(torch.stack(losses).tolist(), first):
                if self.main:
                    self.board.add_scalar(f"{stage}/loss", value, step)
                watch.see(step, value)
        except UserError:
            self.close()  # the losses that led here are worth seeing
            raise
        bar.set_postfix(loss=f"{watch.running:.3f}", refresh=False)

    def _moved(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        return {k: v.to(self.device, non_blocking=True) for k, v in batch.items()}

    def _loading(self) -> dict[str, Any]:
        """How a loader reads: worker processes are forked, since what they call are closures over the data set."""
        forked = {"multiprocessing_context": "fork", "prefetch_factor": 4} if self.workers else {}
        return {"num_workers": self.workers, "pin_memory": self.device.type == "cuda", **forked}

    def _weights_path(self, stage: str) -> Path:
        return self.folder / "weights" / f"{stage}.safetensors"

    def _checkpoint_path(self, stage: str) -> Path:
        return self.folder / "checkpoints" / f"{stage}.pt"

    def _checkpoint(self, stage, step, net, optimiser, schedule, watch: Watch, about: dict[str, Any]) -> None:
        state = {
            "step": step,
            "about": about,  # what the stage that goes on must have in common with this one
            "net": net.state_dict(),
            "optimiser": optimiser.state_dict(),
            "schedule": schedule.state_dict(),
            "watch": watch.state(),
            "scaler": self.scaler.state_dict() if self.scaler else None,
        }
        write(self._checkpoint_path(stage), lambda path: torch.save(state, path))
        self.board.flush()

    def _resume(self, stage, net, optimiser, schedule, watch: Watch, alone: bool, about: dict[str, Any]) -> int:
        if self.scaler and self.fresh_scaler:
            self.scaler.load_state_dict(self.fresh_scaler)
        path = self._checkpoint_path(stage)
        usable = self.main and self._can_resume(stage, net, about)
        if not (usable if alone else self.agreed(usable)):
            return 0
        state = read_checkpoint(path, net)
        net.load_state_dict(state["net"])
        optimiser.load_state_dict(state["optimiser"])
        schedule.load_state_dict(state["schedule"])
        watch.restore(state["watch"])
        if self.scaler:
            self.scaler.load_state_dict(state["scaler"])
        return state["step"]

    def _can_resume(self, stage: str, net: nn.Module, about: dict[str, Any]) -> bool:
        """Whether this stage's checkpoint is there and can be read; a damaged one is set aside."""
        path = self._checkpoint_path(stage)
        if not path.exists():
            return False
        try:
            if read_checkpoint(path, net).get("about", about) != about:
                raise ValueError("it was written with other settings")
        except Exception as error:  # zipfile's and torch's readers raise whatever they stumble upon
            what = f"{path} is no checkpoint of this stage ({reason(error)}).{set_aside(path)}"
            tqdm.write(f"{what} The stage {stage} begins anew.", file=sys.stderr)
            return False
        return True

    def each(
        self,
        stage: str,
        count: int,
        load: Callable[[int], Any],
        compute: Callable[[int, Any], dict[str, Tensor]] = lambda i, loaded: loaded,
    ) -> Maps:
        """Computes tensors for every item, one file each; items whose file exists are not computed again.

        Args:
            load: reads an item, in the loading processes; compute: what is made of it, on the device.
        """
        maps = self.maps(stage)
        own = range(self.accelerator.process_index, count, self.accelerator.num_processes)
        missing = [i for i in own if not maps.sound(i)]
        how: dict[str, Any] = self._loading() | {"pin_memory": False}
        loader = DataLoader(Each(load), None, sampler=missing, collate_fn=lambda item: item, **how)
        bar = tqdm(
            zip(missing, read(iter(loader))),
            stage,
            total=len(own),
            initial=len(own) - len(missing),
            unit="photo",
            mininterval=5,
            disable=not self.main,
        )
        for i, loaded in bar:
            with torch.no_grad(), self.accelerator.autocast():
                tensors = compute(i, loaded)
            maps[i] = {k: v.contiguous().cpu() for k, v in tensors.items()}
        self.accelerator.wait_for_everyone()
        return maps

    def has(self, stage: str, count: int) -> bool:
        """Whether a pass over ``count`` items is complete."""
        maps = self.maps(stage)
        return self.agreed(self.main and all(maps.sound(i) for i in range(count)))

    def maps(self, stage: str) -> Maps:
        """What a pass has written so far."""
        return Maps(self.folder / "cache" / stage)

    def close(self) -> None:
        """Writes what TensorBoard has not got yet."""
        self.board.close()

    def agreed(self, value: Any) -> Any:
        """The main process's answer, for all: files may appear between two looks."""
        return broadcast_object_list([value])[0]


def sound_weights(net: nn.Module, path: Path) -> bool:
    """Whether a stage's weights are there, for its network; damaged ones are set aside, which is said.

    The network then has them, or is as it was.
    """
    if not path.exists():
        return False
    try:
        read_weights(net, path)
    except WrongWeights as error:
        tqdm.write(f"{error}{set_aside(path)} The stage {path.stem} is trained again.", file=sys.stderr)
        return False
    return True


def read_checkpoint(path: Path, net: nn.Module) -> dict[str, Any]:
    """What a checkpoint of a network's stage holds; of a damaged one, whatever zipfile or torch raise, or ValueError.

    torch writes a checksum of each part, and does not look at it again.
    """
    with ZipFile(path) as parts:
        if damaged := parts.testzip():
            raise ValueError(f"{damaged} in it is damaged")
    # not onto the device: with several CPU processes that is called cpu:0, which torch.load does not know
    state = torch.load(path, map_location="cpu", weights_only=True)
    expected = {key: value.shape for key, value in net.state_dict().items()}
    if {key: value.shape for key, value in state["net"].items()} != expected:
        raise ValueError("it holds another network")
    return state


class Crowd:
    """How a batch is cut: into ``size`` processes' shares, each of ``accumulate`` parts."""

    def __init__(self, size: int, rank: int):
        self.size, self.rank = size, rank

    def share(self, how: Fit, network: str) -> int:
        """Samples of one part; ``network`` is whose settings ``how`` are.

        Raises:
            UserError: the batch cannot be cut evenly.
        """
        parts = self.size * how.accumulate
        if how.batch % parts:
            raise UserError(
                f"Got {network}.batch = {how.batch}, expected a multiple of {parts} ({self.size} processes x "
                f"{network}.accumulate = {how.accumulate}): choose them so that all parts are of one size."
            )
        return how.batch // parts

    def positions(self, how: Fit, start: int) -> list[int]:
        """This process's positions among the samples, from step ``start`` on, part after part."""
        size = how.batch // (self.size * how.accumulate)
        parts = range(start * how.accumulate, how.steps * how.accumulate)
        return [(p * self.size + self.rank) * size + k for p in parts for k in range(size)]


def make_optimiser(net: nn.Module, how: Fit) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """The optimiser of a network, its trunk at ``lr`` and all that is new at ``lr_head``, and its schedule."""
    backbone = getattr(net, "trunk", None)
    trunk = {id(p) for p in backbone.parameters()} if backbone is not None else set()
    trainable = [p for p in net.parameters() if p.requires_grad]
    old, new = [p for p in trainable if id(p) in trunk], [p for p in trainable if id(p) not in trunk]
    groups = [{"params": old, "lr": how.lr}, {"params": new, "lr": how.lr_head}]
    if how.optimiser == "sgd":
        optimiser = torch.optim.SGD(groups, momentum=0.9, weight_decay=how.weight_decay)
    else:
        optimiser = torch.optim.AdamW(groups, weight_decay=how.weight_decay)
    return optimiser, torch.optim.lr_scheduler.PolynomialLR(optimiser, how.steps, power=0.9)
