"""The docs as a site: built strictly, so that each link and anchor leads somewhere, and read without a network."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FETCHED = re.compile(r"""<(script|img|iframe|source|link)\b[^>]*\b(src|href)=["']?(https?:)?//""")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    if not os.environ.get("CI"):
        pytest.importorskip("mkdocs")
        pytest.importorskip("material")
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


def test_nothing_is_fetched_from_elsewhere(site):
    pages = list(site.glob("*.html"))
    assert {"index.html", "method.html", "training_notes.html"} <= {page.name for page in pages}
    for page in pages:
        found = FETCHED.search(page.read_text("utf-8"))
        assert not found, f"{page.name}: {found[0]}"


def test_formulae_diagrams_and_code_are_there(site):
    method, plan = (site / "method.html").read_text("utf-8"), (site / "architecture.html").read_text("utf-8")
    assert method.count('<math xmlns="http://www.w3.org/1998/Math/MathML" display="block"') > 10
    assert "arithmatex" not in method
    assert (site / "fonts" / "stix-two-math.woff2").exists(), "the font that site.css gives them"
    assert "$" not in re.sub(r"<(code|pre).*?</\1>", "", method, flags=re.DOTALL)
    assert plan.count('<div class="diagram"><svg') == 3
    assert "flowchart LR" not in plan
    assert (site / "source" / "iaff" / "grid.py.txt").read_bytes() == (ROOT / "iaff" / "grid.py").read_bytes()
