"""JSON of anyone's making: a document, or a ValueError that says why not."""

import json
import re
from typing import Any

SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")  # half a character: in a pair it is a whole one, alone it is no text


def parse_json(text: str | bytes) -> Any:
    """A JSON document whose texts can all be written down again.

    Raises:
        ValueError: it is none, is nested too deeply, or has half a character in it.
    """
    text = text.decode("utf-8") if isinstance(text, bytes) else text
    try:
        content = json.loads(text)
        if SURROGATE.search(text):
            json.dumps(content, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError("half a character (a lone surrogate) in one of its texts") from error
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return content
