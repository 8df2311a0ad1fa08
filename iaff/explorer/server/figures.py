"""What was measured of a run so far."""

from typing import Any

from iaff.explorer.server.answers import Handler, answering
from iaff.explorer.server.requests import RunRequest
from iaff.explorer.server.runs import abilities, named, run_of
from iaff.run import Run


def run_figures(runs: list[Run]) -> Handler:
    """``figures({run})``, read at each call: the run may still be training.

    It answers with ``figures``; ``propagators``, the tables of :meth:`iaff.run.Run.propagators`; ``rounds``, how many
    are planned, None where nobody said; ``stamp``, which changes when traces are written; and the run's abilities.
    """
    by_name = named(runs)

    @answering(RunRequest)
    def figures(request: RunRequest) -> dict[str, Any]:
        run = run_of(request.run, by_name)
        planned = Run.load(run.dir).config.get("rounds")  # a training may be told to go on
        tables = run.propagators()["tables"]
        return {
            "figures": run.figures(),
            "propagators": tables,
            "rounds": planned,
            "stamp": stamp(run),
            **abilities(run),
        }

    return figures


def stamp(run: Run) -> str:
    """When the run's traces were last written; empty before the first."""
    try:
        return str((run.dir / "traces" / "index.json").stat().st_mtime_ns)
    except OSError:
        return ""
