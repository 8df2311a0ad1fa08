"""The explorer's runs, by name, and what the page must know of each."""

from typing import Any

from iaff.errors import UserError
from iaff.run import Run, unused


def named(runs: list[Run]) -> dict[str, Run]:
    """The runs, each by a name of its own: of those that are called alike, the second is "name (2)"."""
    found: dict[str, Run] = {}
    for run in runs:
        found[unused(run.name, found, "{} ({})")] = run
    return found


def run_of(name: str, runs: dict[str, Run]) -> Run:
    """The run of that name; UserError where there is none."""
    if name not in runs:
        raise UserError(f"No run of that name; the explorer has: {', '.join(runs)}.")
    return runs[name]


def traces_address(number: int) -> str:
    """Where the traces of the run of that number are, below the app's root: without the folder where they lie."""
    return f"/traces/{number}"


def listing(runs: list[Run]) -> list[dict[str, Any]]:
    """What the page must know of each run: name, classes, where its traces are, if any, and what it can do so far."""
    return [
        {
            "name": name,
            "traces": traces_address(number),
            "listed": (run.dir / "traces" / "index.json").is_file(),
            "classes": list(run.classes),
            **abilities(run),
        }
        for number, (name, run) in enumerate(named(runs).items())
    ]


def abilities(run: Run) -> dict[str, bool]:
    """Whether a run has weights for the user's photos, and a table of its data set's photos; both may still come."""
    return {"explains": run.finished_rounds() > 0, "browses": (run.dir / "images.csv").is_file() or bool(run.splits())}
