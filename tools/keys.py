"""Writes README.md's table of keys, between its two marks, from the explorer's own: ``python tools/keys.py``."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
KEYS = ROOT / "iaff" / "explorer" / "static" / "page" / "keys.js"
README = ROOT / "README.md"
MARKED = re.compile(r"(<!-- keys -->\n).*?(<!-- /keys -->)", re.DOTALL)
GROUPS = re.compile(r"export const GROUPS = \{(.*?)\};", re.DOTALL)
ENTRY = re.compile(r'(?:group: "(\w+)",\s*)?show: "([^"]+)",\s*does: "([^"]+)"')
WORDS = {"click", "hold", "arrows"}  # of a key's name that are not on the key


def entries() -> list[tuple[str, str, str]]:
    """(group, key, what it does) of each key, in the order of the overlay's list."""
    return [(group or "more", show, does) for group, show, does in ENTRY.findall(KEYS.read_text())]


def table() -> str:
    """One row of Markdown for each group of keys."""
    names = dict(re.findall(r'(\w+): "([^"]+)"', GROUPS.search(KEYS.read_text())[1]))
    rows = ["| | |", "|---|---|"]
    for group, name in names.items():
        cells = [f"{_marked(show)} {does}" for of, show, does in entries() if of == group]
        rows.append(f"| **{name}** | {' · '.join(cells)} |")
    return "\n".join(rows) + "\n"


def _marked(show: str) -> str:
    """What is on a key as code: "Shift + arrows" is `Shift` + arrows."""
    between = {"…", "+"} if " + " in show else {"…"}
    return " ".join(word if word in WORDS | between else f"`{word}`" for word in show.split())


def written() -> str:
    """README.md as it should be."""
    return MARKED.sub(lambda found: found[1] + table() + found[2], README.read_text())


if __name__ == "__main__":
    README.write_text(written())
