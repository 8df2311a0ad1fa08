"""The trainer with few batches, which notes when it begins which; and the most memory meanwhile."""

import shutil
import threading
import time
from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor, nn

from iaff.config import Fit
from iaff.extras import missing
from iaff.nets.folding import Network
from iaff.nets.loss import Loss

from ..storage import Maps
from ..trainer import Crowd, Part, Trainer

try:
    import psutil
except ImportError as error:
    raise missing("psutil", "train", "The benchmarks") from error

LOOK_SECONDS = 0.01  # between two looks at the process's memory


class Timed(Trainer):
    """The trainer itself: it does nothing else, only less of it, and never reads back what it has made before.

    ``seconds`` is the time from the beginning of step (or photo) ``skipped`` to that of step ``skipped + span``: whole
    cycles of loading, computing and writing, wherever a cycle begins. Start-up (loading processes, the optimiser's
    state, the choice of algorithms) lies before. The difference of two runs of unlike length would be no better: it
    has two start-ups, and they differ by as much as a few steps take.
    """

    skipped, span = 0, 0  # span 0: nothing is timed, and one step is enough
    taught: tuple[nn.Module, Loss, list[dict[str, Tensor]]] | None = None  # the last step's network, loss and batch
    batch = 0  # samples in a step at most; 0: as many as the settings say

    def fit(
        self,
        stage: str,
        net: Network,
        count: int,
        sample: Callable,
        loss: Loss,
        how: Fit,
        collate=None,
        alone: bool = False,
    ) -> Network:
        """As the trainer's, with few steps and rates of 0: random weights that do not move cannot diverge."""
        self._weights_path(stage).unlink(missing_ok=True)
        steps = self.skipped + self.span + 1 if self.span else 1
        batch = min(how.batch, self.batch or how.batch)
        self.how = how.model_copy(update={"steps": steps, "batch": batch, "lr": 0.0, "lr_head": 0.0})
        self._start()
        return super().fit(stage, net, count, sample, loss, self.how, collate, alone)

    def each(
        self,
        stage: str,
        count: int,
        load: Callable[[int], Any],
        compute: Callable[[int, Any], dict[str, Tensor]] = lambda i, loaded: loaded,
    ) -> Maps:
        shutil.rmtree(self.folder / "cache" / stage, ignore_errors=True)
        self._start()

        def noted(i: int, loaded: Any) -> dict[str, Tensor]:
            self._begin()
            return compute(i, loaded)

        return super().each(stage, count, load, noted)

    @property
    def seconds(self) -> float:
        first, last = self._marks
        return last - first

    @property
    def items(self) -> int:
        """Samples in a step; 1 in a pass."""
        return sum(len(next(iter(batch.values()))) for batch in self.taught[2]) if self.taught else 1

    def _step(self, part: nn.Module, loss: Loss, batches: list[dict[str, Tensor]], crowd: Crowd) -> Tensor:
        self._begin()
        self.taught = cast(Part, part).net, loss, batches  # one process alone is timed
        return super()._step(part, loss, batches, crowd).nan_to_num(0, 0, 0)  # deep random networks overflow

    def _start(self) -> None:
        self._begun, self._marks, self.taught = 0, [], None

    def _begin(self) -> None:
        if self._begun in (self.skipped, self.skipped + self.span):
            self._marks.append(now(self.device))
        self._begun += 1


def now(device: torch.device) -> float:
    """The time, in s, when the device has done what it was told."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def seconds(works: list[Callable[[], Any]], device: torch.device) -> float:
    """How long all of ``works`` take, in s."""
    start = now(device)
    for work in works:
        work()
    return now(device) - start


class Peak:
    """The memory held ``before`` and at ``most`` inside the block, in bytes.

    On a GPU its allocator's; else all of this process's (RSS), with the libraries, but without loading processes.
    """

    def __init__(self, device: torch.device):
        self.cuda = device.type == "cuda"
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Peak":
        self.before = self.most = torch.cuda.memory_allocated() if self.cuda else rss()
        if self.cuda:
            torch.cuda.reset_peak_memory_stats()
        else:
            self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        if self.cuda:
            self.most = torch.cuda.max_memory_allocated()
        else:
            self._done.set()
            self._thread.join()

    def _look(self) -> None:
        while True:
            self.most = max(self.most, rss())
            if self._done.wait(LOOK_SECONDS):
                return


def rss() -> int:
    return psutil.Process().memory_info().rss
