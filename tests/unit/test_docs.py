"""The docs say what is: links lead somewhere, names in code exist, code runs, and the formats are described in full."""

import json
import re
from pathlib import Path

import pytest

from iaff.config import Config
from iaff.lessons import parse
from iaff.places import SHIPPED
from iaff.trace import Trace
from iaff.trace.schema import TENSORS, Meta
from tests.markdown import BLOCK, blocks

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(DOCS.glob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")
NAME = re.compile(r"([\w./-]+\.(?:py|js))::([\w.]+)")


def pages(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(name, PAGES, ids=lambda page: page.name)


def prose(page: Path) -> str:
    """A page without its code."""
    return re.sub(r"`[^`\n]*`", "", BLOCK.sub("", page.read_text("utf-8")))


def heading_id(text: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")


def test_the_readme_is_one_page():
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 150, "move what goes deeper to docs/"
    assert (DOCS / "tour.webp").stat().st_size <= 3e6, "its animation must load quickly"


@pages("page")
def test_links_lead_somewhere(page):
    for link in LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name}: {link}"
        if anchor and target.suffix == ".md":
            headings = re.findall(r"^#+ (.*)$", target.read_text("utf-8"), re.M)
            assert anchor in map(heading_id, headings), f"{page.name}: {link}"


@pages("page")
def test_names_exist(page):
    for path, name in NAME.findall(page.read_text("utf-8")):
        file = ROOT / path
        assert file.is_file(), f"{page.name}: {path}::{name}"
        last = re.escape(name.rstrip(".").split(".")[-1])
        defined = rf"^\s*(?:(?:export |async )*(?:def|class|function|const) {last}\b|{last}(?:: .*)? = |{last}: )"
        assert re.search(defined, file.read_text("utf-8"), re.M), f"{page.name}: {path}::{name}"


def programs() -> list:
    """The code of each page that has some to run."""
    return [pytest.param(page, id=page.name) for page in PAGES if blocks(page, "python run")]


@pytest.mark.parametrize("page", programs())
def test_code_runs(page, tmp_path, monkeypatch):
    """In one namespace a page; what the text claims are its assertions."""
    monkeypatch.chdir(tmp_path)
    exec(compile(blocks(page, "python run"), page, "exec"), {"__name__": "docs"})


def test_the_lesson_that_is_told_is_one():
    """What docs/lessons.md shows, one block after the other, is a lesson with both kinds of question."""
    steps = parse(blocks(DOCS / "lessons.md", "markdown"))["steps"]
    assert [step["question"] and step["question"]["kind"] for step in steps] == [None, "choice", "where"]


def keys(value, into: set[str]) -> set[str]:
    """All keys of a JSON document, but for names of classes, which are data."""
    for key, entry in value.items() if isinstance(value, dict) else []:
        into.add(key)
        if key not in ("iou", "iou_tags", "iou_proposed", "tag_scores"):
            keys(entry, into)
    for entry in value if isinstance(value, list) else []:
        keys(entry, into)
    return into


def test_formats_are_complete():
    """Every tensor, every key of the metadata that we write or check, every setting and figure is named."""
    text = (DOCS / "formats.md").read_text("utf-8")
    told = set(re.findall(r"`([^`\n]+)`", text))
    index = json.loads((SHIPPED / "traces" / "index.json").read_text("utf-8"))
    figures = json.loads((SHIPPED / "figures.json").read_text("utf-8"))
    mining = json.loads((SHIPPED / "mining.json").read_text("utf-8"))
    columns = (SHIPPED / "images.csv").read_text("utf-8").splitlines()[0].split(",")
    columns = [re.sub(r"^(iou_refined)\..*", r"\1.CLASS", column) for column in columns]
    meta = Trace.load(SHIPPED / "traces" / "frisbee.safetensors").meta
    wanted = {*TENSORS, *Meta.model_fields, *Config.model_fields, *columns}
    for document in (meta, index, figures, mining):
        keys(document, wanted)
    assert wanted - told == set()
