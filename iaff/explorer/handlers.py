"""What the browser asks Python for: pure functions of the runs, no session, no state."""

from collections.abc import Callable
from typing import Any

from iaff.explorer.files import address
from iaff.run import Run


def listing(runs: list[Run]) -> list[dict[str, str]]:
    """What the page must know of each run: a name of its own and where its traces lie."""
    names: list[str] = []
    for run in runs:
        same = sum(name.split(" (")[0] == run.name for name in names)
        names.append(f"{run.name} ({same + 1})" if same else run.name)
    return [{"name": name, "traces": address(run.dir / "traces")} for name, run in zip(names, runs, strict=True)]


def run_figures(runs: list[Run]) -> Callable[[Any], dict[str, Any]]:
    """The server function ``figures({run: NAME}) -> {"ok": True, "figures": ...}``.

    A function that raises answers the browser with ``undefined`` and no word, so errors are returned.
    Figures are read at each call: the run may still be training.
    """
    by_name = {entry["name"]: run for entry, run in zip(listing(runs), runs, strict=True)}

    def figures(request: Any) -> dict[str, Any]:
        name = request.get("run") if isinstance(request, dict) else None
        run = by_name.get(name) if isinstance(name, str) else None
        if run is None:
            return {"ok": False, "error": f"No run of that name; the explorer has: {', '.join(by_name)}."}
        try:
            return {"ok": True, "figures": run.figures(), "rounds": run.config.get("rounds")}
        except (OSError, ValueError) as error:
            return {"ok": False, "error": f"figures.json of {name} cannot be read: {error}"}

    return figures
