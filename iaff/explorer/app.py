"""Builds the Gradio page and starts its server."""

import atexit
import os
import shutil
import signal
import socket
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from iaff.encoding import thumbnail
from iaff.errors import UserError
from iaff.explorer.files import KEPT, STATIC, exposed
from iaff.run import SCHEMA, SHIPPED, Run
from iaff.trace import Trace

if TYPE_CHECKING:
    import gradio as gr

FONTS = ["ui-sans-serif", "system-ui", "Segoe UI", "Roboto", "sans-serif"]
LARGEST_UPLOAD = "50mb"
MONO = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"]


def explore(paths: list[Path], host: str, port: int) -> None:
    """Opens runs and traces (default: the shipped run) in a server on that address, until it is stopped.

    Raises:
        UserError: something cannot be opened, or the port is taken.
    """
    runs = open_all(paths or [SHIPPED])
    check_port(host, port)
    signal.signal(signal.SIGTERM, leave)
    demo = build(runs)
    where = "127.0.0.1" if host == "0.0.0.0" else host
    print(f"iaff explorer: http://{where}:{port}  (Ctrl+C stops it)", flush=True)
    try:
        launch(demo, host, port)
    except OSError as error:
        raise UserError(f"The explorer could not start: {error}.") from error


def leave(*_: object) -> None:
    """Ends as on Ctrl+C, so that uploads are deleted; once is enough."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit()


def open_all(paths: list[Path]) -> list[Run]:
    """Folders as runs, files as traces, which are shown together as a run of their own.

    Raises:
        UserError: one of them is missing or cannot be read.
    """
    traces = [path for path in paths if path.is_file()]
    runs = [open_run(path) for path in paths if path not in traces]
    return [*runs, *([loose_traces(traces)] if traces else [])]


def open_run(folder: Path) -> Run:
    """A run to show.

    Raises:
        UserError: the folder is missing, is no run, or has no figures.
    """
    if not folder.is_dir():
        raise UserError(
            f"There is no run folder (or trace) {folder}. Expected a folder written by `python -m training.train`, "
            "or a trace file; give another with --run DIR."
        )
    run = Run.load(folder)
    if not (folder / "figures.json").is_file():
        raise UserError(
            f"The run {folder} has no figures.json. Expected the figures of at least one round; "
            "wait for the first round to end, or give another folder with --run DIR."
        )
    run.figures()
    run.traces()
    return run


def loose_traces(files: list[Path]) -> Run:
    """Trace files as a run without weights, in a folder that ends with the process."""
    folder = Path(tempfile.mkdtemp(prefix="iaff-traces-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    index, classes = [], []
    for i, file in enumerate(files):
        trace = Trace.load(file)
        name = f"{file.stem}_{i + 1}" if any(file.stem == entry["name"] for entry in index) else file.stem
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


def check_port(host: str, port: int) -> None:
    """Raises UserError unless a server can listen there."""
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where)
    except (OSError, OverflowError) as error:
        raise UserError(
            f"Cannot listen on {host}, port {port} ({getattr(error, 'strerror', None) or error}). "
            f"Choose another port, for example: python app.py --port {port % 65000 + 1}"
        ) from error


def build(runs: list[Run]) -> "gr.Blocks":
    """The page of these runs. Imports Gradio, which takes seconds: check everything else before."""
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    uploads = own_upload_folder()
    import gradio as gr

    from iaff.explorer.api import add_api
    from iaff.explorer.canvas import Charts, Explorer
    from iaff.explorer.jobs import Desk

    gr.set_static_paths(exposed(runs))
    desk = Desk()
    title = "iaff · affinity explorer"
    with gr.Blocks(title=title, analytics_enabled=False, fill_width=True, delete_cache=(60, KEPT)) as demo:
        Explorer(runs, desk, uploads, elem_id="iaff-explorer")
        Charts(runs, elem_id="iaff-charts")
        add_api(runs, desk, uploads)
    return demo


@cache
def own_upload_folder() -> Path:
    """Uploads go to a new folder of this process alone, which is swept while it runs and ends with it."""
    parent = os.environ.get("GRADIO_TEMP_DIR")
    if parent:
        Path(parent).mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="iaff-", dir=parent)).resolve()
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def launch(demo: "gr.Blocks", host: str, port: int, wait: bool = True) -> None:
    """Serves the page: no analytics, no history, no outside address, no server-side rendering."""
    import gradio as gr

    theme = gr.themes.Base(font=FONTS, font_mono=MONO)
    demo.launch(
        server_name=host,
        server_port=port,
        prevent_thread_lock=not wait,
        share=False,
        max_file_size=LARGEST_UPLOAD,
        quiet=True,
        show_error=True,
        ssr_mode=False,
        run_history=False,
        footer_links=[],
        theme=theme,
        css_paths=sorted(STATIC.glob("*.css"), reverse=True)  # style.css first,
    )
