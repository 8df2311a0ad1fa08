"""The endpoints as tools of the Model Context Protocol, which Gradio serves beside the page (``--mcp``)."""

import json
from importlib.util import find_spec
from typing import Any

from iaff.extras import missing


def check_mcp() -> None:
    """Raises UserError unless the package that Gradio needs for it is installed."""
    if find_spec("mcp") is None:
        raise missing("mcp", "mcp", "--mcp")


def answer_in_json(login: tuple[str, str] | None = None) -> None:
    """Makes Gradio's tools answer in JSON; what a function returns would reach clients as Python's ``repr``.

    They ask the server itself over HTTP, where ``login`` is asked for, if any.
    """
    import gradio.mcp

    class Client(gradio.mcp.Client):
        def __init__(self, *args: Any, **kwargs: Any):
            super().__init__(*args, httpx_kwargs={"auth": login} if login else None, **kwargs)

    class Server(gradio.mcp.GradioMCPServer):
        def postprocess_output_data(self, data: Any, root_url: str) -> list:
            return super().postprocess_output_data([_text(value) for value in data], root_url)

    gradio.mcp.Client = Client
    gradio.mcp.GradioMCPServer = Server


def _text(value: Any) -> Any:
    """JSON of lists and objects, but for files, which Gradio sends in its own way."""
    is_file = isinstance(value, dict) and "meta" in value
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) and not is_file else value
