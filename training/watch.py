"""Watches the loss of a stage, and stops one that has gone wrong before hours are spent on it."""

import math
from typing import Any

from iaff.errors import UserError

FIRST = 20  # steps whose mean is what later losses are compared with
WORSE = 5  # times that mean: no loss that learns gets there


class Watch:
    """Running mean of a stage's losses; ``see`` raises UserError where one is no number, or they grow."""

    def __init__(self, stage: str, steps: int):
        self.stage, self.steps = stage, steps
        self.running, self.first, self.seen = 0.0, 0.0, 0

    def see(self, step: int, value: float) -> None:
        """The loss of a step (from 0)."""
        if not math.isfinite(value):
            raise self._stopped(step, f"the loss is {value}")
        self.seen += 1
        self.running = value if self.seen == 1 else 0.95 * self.running + 0.05 * value
        if self.seen <= FIRST:
            self.first += (value - self.first) / self.seen
        elif self.running > WORSE * self.first:
            raise self._stopped(step, f"the loss has grown from {self.first:.3g} to {self.running:.3g}")

    def _stopped(self, step: int, what: str) -> UserError:
        network = self.stage.split("_")[0]
        rates = "mining.lr" if network == "region" else f"{network}.lr and {network}.lr_head"
        return UserError(
            f"Stage {self.stage}: {what} at step {step + 1} of {self.steps}. Lower {rates}, or set precision=fp32, and "
            "train into another folder (--run)."
        )

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {"running": self.running, "first": self.first, "seen": self.seen}

    def restore(self, state: dict[str, Any]) -> None:
        """Goes on where ``state`` left off."""
        self.__dict__.update(state)
