"""The explorer's scripts in Node, without a browser: tests/js, with Python's answers on the same traces."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.oracles import (
    arithmetic,
    cell_maps,
    damaged,
    leaks,
    mining,
    other_propagators,
    refused,
    scan,
    seeds,
    sparse,
    walk,
    whatif,
)
from tests.oracles.files import write
from tests.oracles.traces import Traces
from tests.ui.places import ROOT

NODE = shutil.which("node")
MODULES = (arithmetic, cell_maps, damaged, leaks, mining, other_propagators, refused, scan, seeds, sparse, walk, whatif)
TOPICS = {module.__name__.rpartition(".")[2]: module for module in MODULES}


@pytest.fixture
def oracles(tmp_path) -> Path:
    """A folder with Python's answers, topic by topic."""
    if not NODE:
        no = pytest.fail if os.environ.get("IAFF_REQUIRE_NODE") else pytest.skip
        no("no Node found: install version 18.20 or newer (apt-get install nodejs, or https://nodejs.org)")
    folder, traces = tmp_path / "oracles", Traces.make(tmp_path / "traces")
    folder.mkdir()
    for topic, module in TOPICS.items():
        write(folder, topic, module.answers(traces))
    return folder


def test_scripts_without_a_browser(oracles, timing):
    files = sorted(str(path) for path in (ROOT / "tests" / "js").glob("*.test.js"))
    command = [NODE, "--test", "--test-reporter=spec", *files]
    env = os.environ | {"IAFF_ORACLES": str(oracles)}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped 0" in done.stdout, done.stdout
    for line in done.stdout.splitlines():
        if " ms (aim " in line:
            timing(line.removeprefix("ℹ "))
