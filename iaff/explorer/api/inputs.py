"""What programs send, before Gradio looks at it: files that were uploaded to this server, and plain values.

Gradio would fetch what a file's address names, and answers what it cannot read with an error of its own and a
traceback.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import gradio as gr
from gradio_client.utils import is_file_obj_with_meta, traverse
from starlette.routing import BaseRoute

from iaff.errors import UserError
from iaff.explorer.server.answers import SHORT, told

UPLOADED = "/gradio_api/file="  # where the server has what was uploaded to it
ADDRESS = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]+:|//|\\\\)")  # a scheme, or a server's name; C: is a drive
AN_UPLOAD = (
    'expected handle_file("photo.jpg") of gradio_client, or {"path": ...} with the path that the upload answered. '
    "Upload the photo to this server."
)


class Refused(gr.Error):
    """What a client did wrong, in our words, with no traceback in the log."""

    def __init__(self, error: UserError):
        super().__init__(told(error), print_exception=False)

    def __str__(self) -> str:
        return self.message


class Upload(gr.File):
    """A file that was sent to this server: nothing else is looked at, and no address is fetched."""

    uploads: Path  # their folder

    def checked(self, value: Any) -> dict[str, Any]:
        """What a client sent as a photo, as Gradio wants it; of all that it says, the path alone counts.

        Raises:
            UserError: it is no upload. Whether its file is still there is seen when a job claims it.
        """
        path = value.get("path") or value.get("url") if isinstance(value, dict) else None
        if isinstance(value, str) and ADDRESS.match(value):
            path = value
        if not isinstance(path, str):
            raise UserError(f"Got the photo {SHORT.repr(value)}, {AN_UPLOAD}")
        if path.startswith(("http://", "https://")) and UPLOADED in path:
            path = unquote(path.split(UPLOADED, 1)[1])  # an agent has the upload's address
        if ADDRESS.match(path):
            raise UserError(
                f"Got the address {path[:100]}, which is not fetched. Upload the photo to the server, as "
                'handle_file("photo.jpg") of gradio_client does.'
            )
        try:
            file = Path(path).resolve()
            inside = file.is_relative_to(self.uploads)
        except (OSError, ValueError, RuntimeError):
            inside = False
        if not inside or file == self.uploads:
            raise UserError(f"Got the path {SHORT.repr(path)}, which is not an upload's, {AN_UPLOAD}")
        return {"path": str(file), "orig_name": file.name, "meta": {"_type": "gradio.FileData"}}

    def preprocess(self, payload: Any) -> str:
        return payload.path


class Page(gr.Blocks):
    """A page whose functions are given what :class:`Upload` allows, and no other file; what does not fit is refused in
    a sentence."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.routes: Sequence[BaseRoute] = []  # which the server mounts beside Gradio's

    async def preprocess_data(self, block_fn: Any, inputs: list, *args: Any, **kwargs: Any) -> list:
        try:
            inputs = [*map(_checked, block_fn.inputs, _whole(block_fn.inputs, inputs))]
            return await super().preprocess_data(block_fn, inputs, *args, **kwargs)
        except UserError as error:
            raise Refused(error) from None
        except gr.Error:
            raise
        except Exception:  # of many kinds: Gradio's, pydantic's, and Python's of what is nested too deep
            raise Refused(
                UserError(
                    "Got arguments of other kinds than expected. The endpoint's description has them "
                    "(docs/programs.md, or view_api of gradio_client); correct them."
                )
            ) from None


def _whole(blocks: list, inputs: list) -> list:
    if len(inputs) < len(blocks):
        raise UserError(f"Got {len(inputs)} arguments, expected {len(blocks)}; give all, null where there is none.")
    return inputs


def _checked(block: Any, value: Any) -> Any:
    if isinstance(block, Upload):
        return block.checked(value)

    def refuse(file: dict) -> None:
        raise UserError(f"Got the file {SHORT.repr(file)}, expected a plain value; correct it.")

    traverse(value, refuse, is_file_obj_with_meta)
    return value
