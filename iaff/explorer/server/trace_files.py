"""The traces of the explorer's runs, as the browser fetches them: by the run's number and the file's name alone."""

import os
import stat
from pathlib import Path

from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from iaff.errors import UserError
from iaff.explorer.server.runs import traces_address
from iaff.run import INDEX, Run
from iaff.run_files import is_trace_name


def trace_routes(runs: list[Run]) -> list[Mount]:
    """One address for each run, see :func:`iaff.explorer.server.runs.traces_address`."""
    return [Mount(traces_address(number), TraceFiles(run)) for number, run in enumerate(runs)]


class TraceFiles(StaticFiles):
    """``index.json`` and the traces beside it, as far as they lie in the run; it may still be writing them."""

    def __init__(self, run: Run):
        super().__init__(directory=run.dir, check_dir=False)
        self.run = run

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        if path == Path(INDEX).name or is_trace_name(path):
            try:
                file = self.run.inside(f"traces/{path}")
                about = file.stat()
            except (UserError, OSError, ValueError):
                return "", None
            if stat.S_ISREG(about.st_mode):
                return str(file), about
        return "", None

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"  # the number is another run's at the next start
        return response
