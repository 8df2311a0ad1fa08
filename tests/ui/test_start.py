"""Starting the app: what it imports, how long it takes, and what it says when it cannot start."""

import os
import socket
import subprocess
import sys
import time
from urllib.parse import quote

import pytest

from tests.ui.conftest import View, serving
from tests.ui.places import ROOT


def run_app(*arguments, **environment) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, str(ROOT / "app.py"), *map(str, arguments)],
        cwd=ROOT,
        timeout=60,
        capture_output=True,
        text=True,
        env=os.environ | environment,
    )


def one_sentence(result: subprocess.CompletedProcess) -> str:
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    return result.stderr


def test_port_taken(run_folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        text = one_sentence(run_app("--run", run_folder, "--port", port))
    assert f"port {port} (Address already in use). Expected a free port. Port " in text


@pytest.mark.parametrize(
    "proxies", [{"http_proxy": "http://"}, {"ALL_PROXY": "socks5://", "http_proxy": "http://no port:"}], ids=str
)
def test_no_proxy_of_the_environment_is_asked(run_folder, tmp_path, proxies):
    """Neither one that listens, nor one of a kind or spelling that Gradio refuses. Nothing but the address is said."""
    log = tmp_path / "app.log"
    with socket.socket() as proxy:
        proxy.bind(("127.0.0.1", 0))
        proxy.listen()
        environment = {name: f"{address}127.0.0.1:{proxy.getsockname()[1]}" for name, address in proxies.items()}
        with serving(["--run", str(run_folder)], log, **environment) as served:
            address = f"iaff explorer: {served.url.removesuffix('/')}  (Ctrl+C stops it)\n"
            late = time.monotonic() + 10
            while log.read_text("utf-8") != address:
                assert time.monotonic() < late, log.read_text("utf-8")
                time.sleep(0.05)
        proxy.setblocking(False)
        with pytest.raises(BlockingIOError):  # nobody has called
            proxy.accept()


def test_no_such_run(tmp_path):
    assert "no run folder" in one_sentence(run_app("--run", tmp_path / "nothing"))


def test_folder_that_is_no_run(tmp_path):
    assert "config.json" in one_sentence(run_app("--run", tmp_path))


def test_damaged_figures(tmp_path):
    (tmp_path / "config.json").write_text('{"schema": 1, "name": "new", "classes": ["background"]}')
    (tmp_path / "figures.json").write_text("[")
    assert "figures.json" in one_sentence(run_app("--run", tmp_path))


def test_photos_that_no_run_was_trained_on(run_folder, tmp_path):
    assert "got no data set of these runs" in one_sentence(run_app("--run", run_folder, "--data", tmp_path))


def test_nothing_heavy_before_the_page_is_built(run_folder):
    """Gradio is imported only to build, torch not at all: both cost seconds. Nor is mcp, unless it is asked for."""
    code = (
        "import sys, pathlib\n"
        "from iaff.explorer.app import build, open_all\n"
        f"runs = open_all([pathlib.Path({str(run_folder)!r})])\n"
        "assert 'gradio' not in sys.modules, 'gradio was imported too early'\n"
        "build(runs)\n"
        "assert 'torch' not in sys.modules, 'torch was imported'\n"
        "assert 'plotly' not in sys.modules, 'plotly was imported'\n"
        "assert not sys.modules.keys() & {'mcp', 'mcp.types'}, 'mcp was imported'\n"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr


def test_first_picture(app, browser, timing):
    """8 s from process start, of which 3 s after the server answers; fails beyond three times that."""
    start = time.monotonic()
    page = browser.new_page()
    page.goto(app.url)
    page.wait_for_selector(".iaff[data-ready]", timeout=30000)
    after = time.monotonic() - start
    page.close()
    timing(f"server answers after {app.seconds:.1f} s, first picture {after:.1f} s later")
    assert app.seconds + after < 3 * 8
    assert after < 3 * 3


def test_the_first_picture_has_torch_made_ready(browser, app):
    page = browser.new_page()
    with page.expect_response(lambda response: "warm_up" in (response.request.post_data or "")) as answer:
        page.goto(app.url)
    assert answer.value.json()["ok"]
    assert page.evaluate("performance.getEntriesByName('iaff-first-picture').length") == 1, "asked before the picture"
    page.close()


def test_scripts_are_fetched_once(browser, app):
    context = browser.new_context()  # whose cache is empty
    view = View(context.new_page(), app)
    fetched = "performance.getEntriesByType('resource').filter((e) => e.name.includes('/scripts/') && e.transferSize)"
    view.open()
    view.open()
    assert view.page.evaluate(f"{fetched}.map((e) => e.name)") == []
    kept = "performance.getEntriesByType('resource').filter((e) => e.name.includes('/scripts/')).length"
    assert view.page.evaluate(kept) > 50
    context.close()


@pytest.mark.parametrize("path", ["config.json", "figures.json", "../synthetic/config.json", "traces/../config.json"])
def test_only_traces_are_exposed(app, run_folder, path):
    with socket.create_connection(("127.0.0.1", app.port), timeout=10) as raw:  # no client that tidies the path
        address = f"/gradio_api/file={quote(str(run_folder))}/{path}"
        raw.sendall(f"GET {address} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode())
        status = raw.recv(64).decode().split()[1]
    assert status in ("403", "404")
