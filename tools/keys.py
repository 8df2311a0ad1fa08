"""Writes the table of keys in docs/explorer.md, between its marks, from the explorer: ``python tools/keys.py``."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
KEYS = ROOT / "iaff" / "explorer" / "static" / "page" / "keys.json"
PAGE = ROOT / "docs" / "explorer.md"
MARKED = re.compile(r"(<!-- keys -->\n).*?(<!-- /keys -->)", re.DOTALL)
WORDS = {"click", "hold", "arrows"}  # of a key's name that are not on the key


def table() -> str:
    """One row of Markdown for each group of keys, and one for fingers."""
    about = json.loads(KEYS.read_text("utf-8"))
    rows = ["| | |", "|---|---|"]
    for group, name in about["groups"].items():
        cells = [f"{_marked(key['show'])} {key['does']}" for key in about["keys"] if key["group"] == group]
        rows.append(f"| **{name}** | {' · '.join(cells)} |")
    touches = [f"{touch['show']} {touch['does']}" for touch in about["fingers"]]
    rows.append(f"| **Fingers** | {' · '.join(touches)} |")
    return "\n".join(rows) + "\n"


def _marked(show: str) -> str:
    """What is on a key as code: "Shift + arrows" is `Shift` + arrows."""
    between = {"…", "+"} if " + " in show else {"…"}
    return " ".join(word if word in WORDS | between else f"`{word}`" for word in show.split())


def written() -> str:
    """The page as it should be."""
    return MARKED.sub(lambda found: found[1] + table() + found[2], PAGE.read_text("utf-8"))


if __name__ == "__main__":
    PAGE.write_text(written(), "utf-8")
