"""Builds the Gradio page and starts its server."""

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from iaff.errors import UserError
from iaff.explorer.files import STATIC, exposed
from iaff.run import Run

if TYPE_CHECKING:
    import gradio as gr

FONTS = ["ui-sans-serif", "system-ui", "Segoe UI", "Roboto", "sans-serif"]
MONO = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"]


def open_runs(folders: list[Path]) -> list[Run]:
    """Opens the runs to show.

    Raises:
        UserError: a folder is missing, is no run, or has no figures.
    """
    runs = []
    for folder in folders:
        if not folder.is_dir():
            raise UserError(
                f"There is no run folder {folder}. Expected a folder written by `python -m training.train`; "
                "give another with --run DIR."
            )
        run = Run.load(folder)
        if not (folder / "figures.json").is_file():
            raise UserError(
                f"The run {folder} has no figures.json. Expected the figures of at least one round; "
                "wait for the first round to end, or give another folder with --run DIR."
            )
        runs.append(run)
    return runs


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
    import gradio as gr

    from iaff.explorer.canvas import Charts, Explorer

    gr.set_static_paths(exposed(runs))
    with gr.Blocks(title="iaff · affinity explorer", analytics_enabled=False, fill_width=True) as demo:
        Explorer(runs, elem_id="iaff-explorer")
        Charts(runs, elem_id="iaff-charts")
    return demo


def launch(demo: "gr.Blocks", host: str, port: int, wait: bool = True) -> None:
    """Serves the page: no analytics, no history, no outside address, no server-side rendering."""
    import gradio as gr

    theme = gr.themes.Base(font=FONTS, font_mono=MONO)
    demo.launch(
        server_name=host,
        server_port=port,
        prevent_thread_lock=not wait,
        share=False,
        quiet=True,
        show_error=True,
        ssr_mode=False,
        run_history=False,
        footer_links=[],
        theme=theme,
        css_paths=STATIC / "style.css",
    )
