"""Writes README.md's table of keys, between its two marks, from the explorer's own: ``python tools/keys.py``."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
KEYS = ROOT / "iaff" / "explorer" / "static" / "page" / "keys.json"
README = ROOT / "README.md"
MARKED = re.compile(r"(<!-- keys -->\n).*?(<!-- /keys -->)", re.DOTALL)
WORDS = {"click", "hold", "arrows"}  # of a key's name that are not on the key


def table() -> str:
    """One row of Markdown for each group of keys."""
    about = json.loads(KEYS.read_text("utf-8"))
    rows = ["| | |", "|---|---|"]
    for group, name in about["groups"].items():
        cells = [f"{_marked(key['show'])} {key['does']}" for key in about["keys"] if key["group"] == group]
        rows.append(f"| **{name}** | {' · '.join(cells)} |")
    return "\n".join(rows) + "\n"


def _marked(show: str) -> str:
    """What is on a key as code: "Shift + arrows" is `Shift` + arrows."""
    between = {"…", "+"} if " + " in show else {"…"}
    return " ".join(word if word in WORDS | between else f"`{word}`" for word in show.split())


def written() -> str:
    """README.md as it should be."""
    return MARKED.sub(lambda found: found[1] + table() + found[2], README.read_text("utf-8"))


if __name__ == "__main__":
    README.write_text(written(), "utf-8")
