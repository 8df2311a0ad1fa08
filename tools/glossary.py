"""Writes docs/glossary.md from the page's glossary: ``python tools/glossary.py``."""

import json
from pathlib import Path

ROOT = Path(__file__).parents[1]
GLOSSARY = ROOT / "iaff" / "explorer" / "static" / "ui" / "glossary.json"
PAGE = ROOT / "docs" / "glossary.md"
HEAD = """# Glossary

The terms of the explorer. On the page each is explained where it stands: rest the cursor on an underlined word, tap it,
or reach it with Tab. How each is computed is in [The method](method.md). `python tools/glossary.py` makes this page.

| term | what it means |
|---|---|
"""


def written() -> str:
    """The page as it should be, terms in the order of the alphabet."""
    terms = sorted(json.loads(GLOSSARY.read_text("utf-8")).items(), key=lambda item: item[0].lower())
    return HEAD + "".join(f"| **{term}** | {about['text']} |\n" for term, about in terms)


if __name__ == "__main__":
    PAGE.write_text(written(), "utf-8")
