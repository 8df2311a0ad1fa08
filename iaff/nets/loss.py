"""A loss that may be computed in parts: over several processes, and over the parts of an accumulated batch."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

Batch = dict[str, Tensor]


@dataclass(frozen=True)
class Loss:
    """Means over a batch of which each part is seen alone.

    A mean over known pixels is right in parts only if each part divides its sum by the count of the whole batch. So
    ``counts`` says how much of everything a part holds, ``(k,)``; the trainer adds these up over all parts; ``value``
    divides the part's sums by the totals (1 where there is nothing). The parts' values then add up to the loss of the
    whole batch.
    """

    counts: Callable[[Batch], Tensor]
    value: Callable[[Any, Batch, Tensor], Tensor]  # of the network that it teaches

    def whole(self, net: nn.Module, batch: Batch) -> Tensor:
        """The loss of a batch that is all there."""
        return self.value(net, batch, self.counts(batch).clamp(min=1))
