"""Opens runs and traces, and builds the Gradio page that shows them."""

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from iaff.data.kinds import MARKS
from iaff.errors import UserError
from iaff.explorer.api.mcp import answer_in_json, check_mcp
from iaff.explorer.gradio_import import import_gradio
from iaff.explorer.scratch import new_folder
from iaff.explorer.serve import bypass_proxies, free_port, serve, tidy_root_path
from iaff.explorer.server.answers import hide
from iaff.explorer.server.client_files import client_files
from iaff.explorer.server.memory import few_pools
from iaff.explorer.web.access import OWN_ALONE, Access
from iaff.hub import fetched
from iaff.places import RUNS
from iaff.run import SCHEMA, Run, unused
from iaff.trace import Trace
from iaff.trace.encoding import thumbnail

if TYPE_CHECKING:
    import gradio as gr

MOST_EVENTS = 400  # of programs that wait in Gradio's own queue, for a thread or, with `explain`, for their trace


def explore(
    paths: Sequence[str | Path],
    host: str,
    port: int,
    data: Sequence[Path] = (),
    lessons: Sequence[Path] = (),
    mcp: bool = False,
    root_path: str = "",
    open_page: bool = True,
    access: Access = OWN_ALONE,
) -> None:
    """Opens runs and traces (default: the shipped runs) in a server on that address, until it is stopped.

    Args:
        paths: as :func:`open_all` takes them; data: folders of the data sets that the runs were trained on;
            lessons: folders of lessons beside the shipped ones.
        port: 0 for any that is free.
        mcp: serve the endpoints as tools of the Model Context Protocol too.
        root_path: below which path a reverse proxy serves the page.
        open_page: in the desktop's browser, where there is one.
        access: who may use the server, beside this machine's own pages and programs.

    Raises:
        UserError: something cannot be opened, the port is taken, or ``mcp`` lacks its package.
    """
    if mcp:
        check_mcp()
    root_path = tidy_root_path(root_path)
    runs = located(open_all(paths or [RUNS]), data)
    check_lessons(lessons)
    port = free_port(host, port)
    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    for name in ("GRADIO_SERVER_NAME", "GRADIO_SERVER_PORT", "GRADIO_DEBUG"):
        os.environ.pop(name, None)  # host and port are known by now, and Gradio takes fewer of them
    serve(build(runs, lessons, mcp, access), host, port, root_path, open_page, mcp, access)


def leave(number: int, _: object) -> None:
    """Ends the server, so that uploads are deleted; once is enough, however often Ctrl+C is pressed."""
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, signal.SIG_IGN)
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit()


def open_all(paths: Sequence[str | Path]) -> list[Run]:
    """Folders as runs (or as folders of runs), files as traces, which are shown together as a run of their own.

    Args:
        paths: of this machine, or addresses on the Hub (:mod:`iaff.hub`).

    Raises:
        UserError: one of them is missing or cannot be read.
    """
    places = [fetched(path) for path in paths]
    traces = [place for place in places if place.is_file()]
    runs = [run for place in places if place not in traces for run in runs_in(place)]
    return [*runs, *([loose_traces(traces)] if traces else [])]


def runs_in(folder: Path) -> list[Run]:
    """The run in a folder, or, where it is none itself, all that lie in it; of those, damaged ones are left out, and
    that is said.

    Raises:
        UserError: neither is there, or all are damaged.
    """
    configs = [] if (folder / "config.json").exists() else sorted(folder.glob("*/config.json"))
    if not configs:
        return [open_run(folder)]
    runs, faults = [], []
    for config in configs:
        try:
            runs.append(open_run(config.parent))
        except UserError as error:
            faults.append(error)
    if not runs:
        raise faults[0]
    for fault in faults:
        print(f"iaff: a run is left out. {fault}", file=sys.stderr)
    return runs


def open_run(folder: Path) -> Run:
    """A run to show; one that has just begun to train has no round yet.

    Raises:
        UserError: the folder is missing, is no run, or has figures or traces that cannot be read.
    """
    if not folder.is_dir():
        raise UserError(
            f"There is no run folder (or trace) {folder}. Expected a folder written by `iaff train`, "
            "a trace file, or an address on the Hub such as hf://owner/name; check the path."
        )
    run = Run.load(folder)
    run.figures()
    run.mining()
    run.traces()
    return run


def located(runs: list[Run], folders: Sequence[Path]) -> list[Run]:
    """The runs, each with the folder of its photos (``config["data"]["root"]``) where one was given.

    Raises:
        UserError: a folder is the data set of none of them.
    """
    placed, used = [], set()
    for run in runs:
        data = run.config.get("data") or {}
        mark = MARKS.get(data.get("kind", ""))
        folder = next((folder for folder in folders if mark and (folder / mark).exists()), None)
        used.add(folder)
        placed.append(Run(run.dir, {**run.config, "data": {**data, "root": str(folder)}}) if folder else run)
    for folder in folders:
        if folder not in used:
            marks = ", ".join(f"{mark} ({kind})" for kind, mark in MARKS.items())
            raise UserError(
                f"--data {folder}: got no data set of these runs. Expected the folder that one of them was trained on, "
                f"with one of {marks} in it."
            )
    return placed


def loose_traces(files: list[Path]) -> Run:
    """Trace files as a run without weights, in a folder that ends with the process."""
    folder = new_folder("traces")
    index, classes = [], []
    for i, file in enumerate(files):
        trace = Trace.load(file)
        name = unused(file.stem, [entry["name"] for entry in index], "{}_{}")
        trace.save(folder / "traces" / f"{i}.safetensors")
        index.append(
            {
                "name": name,
                "title": trace.meta.get("title") or name,
                "file": f"{i}.safetensors",
                "thumb": thumbnail(trace.image()),
                "tags": trace.meta["tags"],
            }
        )
        classes += [name for name in trace.classes if name not in classes]
    run = Run(folder, {"schema": SCHEMA, "name": "traces", "classes": classes})
    run.write("config.json", run.config)
    run.write("figures.json", {"schema": SCHEMA, "rounds": []})
    run.write("traces/index.json", {"traces": index})
    return run


def check_lessons(folders: Sequence[Path]) -> None:
    """Raises UserError unless these are folders; what lies in them is read when the lessons are opened."""
    for folder in folders:
        if not folder.is_dir():
            raise UserError(
                f"--lessons {folder}: got no folder of that name. Expected a folder of lessons as Markdown files; "
                "docs/lessons.md says how to write one."
            )


def build(runs: list[Run], lessons: Sequence[Path] = (), mcp: bool = False, access: Access = OWN_ALONE) -> "gr.Blocks":
    """The page of these runs. Imports Gradio, which takes seconds: check everything else before.

    Raises:
        UserError: there is no folder for uploads to be had.
    """
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    bypass_proxies()  # Gradio refuses some as soon as it is imported
    few_pools()
    files = client_files()
    import_gradio(mcp)
    if mcp:
        answer_in_json(access.login)

    from iaff.explorer.api.endpoints import add_api
    from iaff.explorer.api.inputs import Page
    from iaff.explorer.components import Charts, Explorer
    from iaff.explorer.server.jobs import JobQueue
    from iaff.explorer.server.trace_files import trace_routes

    hide(runs, lessons, files.folder)
    queue = JobQueue()
    title = "iaff · affinity explorer"
    with Page(title=title, analytics_enabled=False, fill_width=True) as demo:
        Explorer(runs, queue, files, lessons, elem_id="iaff-explorer")
        Charts(runs, elem_id="iaff-charts")
        add_api(runs, queue, files)
    demo.queue(max_size=MOST_EVENTS)
    demo.routes = [*trace_routes(runs)]
    return demo
