"""The glossary: one file, from which the page and docs/glossary.md are made."""

import json
import re
from pathlib import Path

import pytest

from tools import glossary

STATIC = Path(__file__).parents[2] / "iaff" / "explorer" / "static"
TERMS = json.loads(glossary.GLOSSARY.read_text("utf-8"))
ASKED = {
    "seed",
    "mass",
    "reach",
    "leak",
    "J ref",
    "purity",
    "τ",
    "carried by G",
    "compass",
    "affinity",
    "gate",
    "row",
    "column",
    "confident region",
}


def test_the_page_of_the_docs_is_up_to_date():
    assert glossary.PAGE.read_text("utf-8") == glossary.written(), "run: python tools/glossary.py"


def test_each_way_to_write_a_term_means_one_thing():
    words = [name.lower() for term, about in TERMS.items() for name in {term, *about.get("also", [])}]
    assert len(words) == len(set(words))
    assert not ASKED - set(TERMS)


@pytest.mark.parametrize("term", TERMS)
def test_a_term_has_one_to_three_sentences(term):
    text = TERMS[term]["text"]
    assert text.endswith((".", "?"))
    assert 30 < len(text) < 260
    assert "|" not in text, "it would end the cell of the table"


def test_terms_that_scripts_name_exist():
    named = re.compile(r'\bterm\([^()]*, "([^"]+)"\)|"data-explained": "([^"]+)"')
    found = {a or b for path in STATIC.rglob("*.js") for a, b in named.findall(path.read_text("utf-8"))}
    assert {"leak", "glow", "compass"} <= found
    assert not found - set(TERMS)
