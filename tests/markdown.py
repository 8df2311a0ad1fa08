"""Code on the pages of the docs."""

import re
from pathlib import Path

BLOCK = re.compile(r"^```(.*?)\n(.*?)^```", re.M | re.S)


def blocks(page: Path, kind: str) -> str:
    """The code blocks of a page that are marked so, each on its lines of the page, so that errors say where."""
    text, code = page.read_text("utf-8"), ""
    for block in BLOCK.finditer(text):
        if block[1].strip() == kind:
            code += "\n" * (text.count("\n", 0, block.start(2)) - code.count("\n")) + block[2]
    return code
