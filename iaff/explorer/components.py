"""The explorer's two components: thin wrappers around the scripts in ``static``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from iaff.explorer.files import plotly_address, plotly_js, scripts_address
from iaff.explorer.server.browse import data_set
from iaff.explorer.server.client_files import ClientFiles
from iaff.explorer.server.exports import exports
from iaff.explorer.server.figures import run_figures
from iaff.explorer.server.jobs import JobQueue
from iaff.explorer.server.lane import in_turn
from iaff.explorer.server.lessons import lesson_list
from iaff.explorer.server.mining import run_mining
from iaff.explorer.server.other_propagators import answerable, propagate
from iaff.explorer.server.runs import listing
from iaff.explorer.server.uploads import uploaded_photos
from iaff.explorer.server.warm_up import warm_up
from iaff.run import Run

# The scripts are ES modules, fetched as files. The template never mentions a prop, so that Gradio never
# rewrites the nodes that the scripts made.
LOAD = """
const base = new URL(window.gradio_config?.root || '/', location.href).pathname.replace(/\\/$/, '');
import(base + props.static + '/' + props.main)
  .then((module) => module.mount(element, props, base, server, upload))
  .catch((error) => {
    console.error(error);
    element.textContent = 'The scripts could not be loaded. Reload the page, or start the app again.';
  });
"""


class Explorer(gr.HTML):
    """Stage stepper, photos, picture and panel; see ``static/main.js``."""

    def __init__(
        self, runs: list[Run], queue: JobQueue, files: ClientFiles, lessons: Sequence[Path] = (), **kwargs: Any
    ):
        super().__init__(
            html_template='<div class="iaff"><p class="opening">Opening the first photo …</p></div>',
            js_on_load=LOAD,
            apply_default_css=False,
            main="main.js",
            static=scripts_address(),
            runs=listing(runs),
            propagators=answerable(),
            server_functions=[
                *uploaded_photos(runs, queue, files),
                *data_set(runs, queue),
                run_figures(runs),
                run_mining(runs),
                in_turn(propagate),
                *exports(),
                lesson_list(lessons),
                warm_up(runs),
            ],
            **kwargs,
        )

    def api_info(self) -> dict[str, Any]:
        return {"type": "string"}


class Charts(gr.HTML):
    """The run's figures per round; see ``static/charts.js``."""

    def __init__(self, runs: list[Run], **kwargs: Any):
        super().__init__(
            html_template='<div class="iaff-charts"></div>',
            js_on_load=LOAD,
            apply_default_css=False,
            main="charts.js",
            static=scripts_address(),
            plotly=f"{plotly_address()}/{plotly_js().name}",
            runs=listing(runs),
            server_functions=[run_figures(runs)],
            **kwargs,
        )

    def api_info(self) -> dict[str, Any]:
        return {"type": "string"}
