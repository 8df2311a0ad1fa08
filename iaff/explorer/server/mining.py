"""How a run's region scores came out: what the browser draws beside one photo's."""

from typing import Any

from iaff.explorer.server.answers import Handler, answering
from iaff.explorer.server.requests import RunRequest
from iaff.explorer.server.runs import named, run_of
from iaff.run import Run


def run_mining(runs: list[Run]) -> Handler:
    """``mining({run}) -> {mining}``, see :meth:`iaff.run.Run.mining`, read at each call: the run may be training."""
    by_name = named(runs)

    @answering(RunRequest)
    def mining(request: RunRequest) -> dict[str, Any]:
        return {"mining": run_of(request.run, by_name).mining()}

    return mining
