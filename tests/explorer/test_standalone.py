"""The self-contained HTML file: what is in it, and what it refuses."""

import base64
import html
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from iaff.cli.main import main
from iaff.errors import UserError
from iaff.explorer.files import STATIC, STYLES
from iaff.explorer.server.exports import exports
from iaff.explorer.standalone.page import shell
from iaff.explorer.standalone.view import query_of, schema, view_of
from iaff.places import SHIPPED
from iaff.trace import Trace

TRACES = sorted((SHIPPED / "traces").glob("*.safetensors"))
LARGEST = 3_000_000  # bytes
EMBEDDED = re.compile(r'id="iaff-embedded">(.*?)</script>', re.DOTALL)


@pytest.fixture(scope="module")
def trace() -> Trace:
    return Trace.load(SHIPPED / "traces" / "cow.safetensors")


@pytest.mark.parametrize("path", TRACES, ids=lambda path: path.stem)
def test_every_shipped_trace_fits(path):
    page = Trace.load(path).html().encode()
    assert len(page) <= LARGEST
    assert b"@@" not in re.sub(rb"<script.*?</script>", b"", page, flags=re.DOTALL), "something was not filled in"


def test_it_holds_the_trace_and_the_view(trace):
    page = trace.html(stage="affinity", round=3, x=220, y=100, zoom=2.5, wipe=None)
    embedded = json.loads(EMBEDDED.search(page).group(1))
    inside = Trace.from_bytes(base64.b64decode(embedded["trace"]))
    assert inside.meta == trace.meta
    assert all(np.array_equal(inside.tensors[name], trace.tensors[name]) for name in trace.tensors)
    assert embedded["query"] == "stage=affinity&round=3&x=220&y=100&zoom=2.5"
    assert f"<title>{trace.meta['title']}</title>" in page
    assert '<html lang="en">' in page


def test_a_title_cannot_break_out_of_the_page(trace):
    evil = Trace({**trace.meta, "title": "</title></script><b>$& @@embedded@@"}, trace.tensors)
    page = evil.html()
    assert "<b>" not in page
    assert html.unescape(re.search("<title>(.*?)</title>", page)[1]) == evil.meta["title"]
    assert json.loads(EMBEDDED.search(page).group(1))["title"] == evil.meta["title"]


def test_all_modules_are_there():
    modules = json.loads(re.search(r'<script type="importmap">(.*?)</script>', shell()).group(1))["imports"]
    sources = {name: base64.b64decode(address.partition(",")[2]).decode() for name, address in modules.items()}
    wanted = {name for source in sources.values() for name in re.findall(r'\bfrom "([^"]+)"', source)}
    assert wanted <= set(modules)
    assert "iaff/engine/stencil.js" in wanted
    assert not any("charts" in name for name in modules), "charts need the server"


def test_every_style_sheet_has_its_place():
    assert sorted(STYLES) == sorted(STATIC.rglob("*.css"))


def test_the_start_of_each_key_is_allowed(trace):
    starts = {key: rule["start"] for key, rule in schema().items() if rule.get("alone", True)}
    assert query_of(starts, trace).startswith("stage=photo&round=1&tab=stage&")


@pytest.mark.parametrize(
    ("view", "words"),
    [
        ({"stag": "affinity"}, ["stag", "expected one of stage"]),
        ({"stage": "afinity"}, ["'afinity'", "affinity"]),
        ({"round": 6}, ["round = '6'", "1 to 5"]),
        ({"x": 352, "y": 0}, ["x = '352'", "0 to 351"]),
        ({"x": 3}, ["x alone"]),
        ({"img": "cow"}, ["img"]),
        ({"tau": 7}, ["tau = '7'", "0 to 1"]),
        ({"opacity": 400}, ["opacity = '400'", "0 to 100"]),
        ({"zoom": "near"}, ["zoom = 'near'", "1 to 32"]),
        ({"over": "seeds.60_sky.40"}, ["over", "layer.opacity"]),
        ({"hide": "gallery_walls"}, ["hide", "charts"]),
        ({"p2": "refined.2"}, ["p2", "stage.round.by.source"]),
        ({"cls": "cat\ndog"}, ["cls", "20000 characters"]),
    ],
)
def test_a_view_that_cannot_be_is_refused(trace, view, words):
    with pytest.raises(UserError) as error:
        trace.html(**view)
    assert all(word in str(error.value) for word in words), error.value


@pytest.mark.parametrize(
    ("text", "view"),
    [
        ("http://127.0.0.1:7860/?run=animals&img=cow&stage=refined&__theme=dark#iaff-charts", {"stage": "refined"}),
        ("/?stage=refined&step=2", {"stage": "refined"}),
        ("http://127.0.0.1:7860/#iaff-charts", {}),
        ("?stage=refined&stag=cam", {"stage": "refined", "stag": "cam"}),
        ("stage=refined&p2=refined.2..a?b#c", {"stage": "refined", "p2": "refined.2..a?b"}),
        ("afinity", {"afinity": ""}),
    ],
)
def test_copied_addresses_are_views(text, view):
    """What an address has beyond the view falls out; of a bare query nothing that may be mistyped does."""
    assert view_of(text) == view


def test_a_notebook_gets_a_frame(trace):
    shown = trace.show(height=500, stage="refined")
    text = shown._repr_html_()
    assert "height: 500px" in text
    assert html.unescape(re.search(r'srcdoc="([^"]*)"', text).group(1)) == shown.html
    assert len(repr(shown)) < 100


def test_neither_torch_nor_gradio_is_needed():
    code = (
        "import sys; from iaff import Trace\n"
        f"Trace.load({str(TRACES[0])!r}).show(stage='refined')\n"
        "assert not {'torch', 'gradio', 'plotly', 'IPython'} & set(sys.modules)"
    )
    root = Path(__file__).parents[2]
    result = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr


def test_from_the_shell(tmp_path, capsys):
    target = tmp_path / "cow.html"
    view = "http://127.0.0.1:7860/?img=cow&stage=refined&round=2"
    assert main(["export", str(TRACES[0]), "--html", str(target), "--view", view]) == 0
    assert json.loads(EMBEDDED.search(target.read_text()).group(1))["query"] == "stage=refined&round=2"
    assert main(["export", str(tmp_path / "none"), "--html", str(target)]) == 1
    assert main(["export", str(TRACES[0]), "--html", str(target), "--view", "round=99"]) == 1
    assert "round = '99'" in capsys.readouterr().err


def test_the_shell_comes_from_the_server():
    (answer,) = exports()
    assert answer({})["shell"] == shell()
    assert "JSON object" in answer([])["error"]
