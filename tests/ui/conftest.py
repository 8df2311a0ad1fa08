"""One app and one browser for all UI tests; a page that fails on any console error or outside request."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urljoin

import pytest

from iaff.explorer.files import scripts_address
from tests.ui.places import ROOT, SHIPPED
from tests.ui.synthetic import make_run, make_walk

CHROMIUM = (
    os.environ.get("CHROMIUM")
    or shutil.which("chromium")
    or shutil.which("chromium-browser")
    or shutil.which("google-chrome")
)


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("ui")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory) -> Path:
    odd = "runs #1 50% (why?)"  # what means something in an address means nothing in a path
    return make_run(tmp_path_factory.mktemp(odd) / "synthetic")


@pytest.fixture(scope="session")
def broken_run(tmp_path_factory, run_folder) -> Path:
    """A run whose first trace is cut short, whose second is missing, and whose third is no trace."""
    folder = tmp_path_factory.mktemp("runs") / "broken"
    shutil.copytree(run_folder, folder)
    for name in ("config.json", "traces/index.json"):
        path = folder / name
        path.write_text(path.read_text().replace('"synthetic"', '"broken"'))
    traces = folder / "traces"
    cut = (traces / "chelsea.safetensors").read_bytes()
    (traces / "chelsea.safetensors").write_bytes(cut[: len(cut) // 2])
    (traces / "astronaut.safetensors").unlink()
    return folder


@pytest.fixture(scope="session")
def empty_run(tmp_path_factory) -> Path:
    """A run that is still in its first round: figures, but no trace."""
    folder = tmp_path_factory.mktemp("runs") / "young"
    folder.mkdir()
    (folder / "config.json").write_text('{"schema": 1, "name": "young", "classes": ["background", "cat"], "rounds": 2}')
    (folder / "figures.json").write_text('{"schema": 1, "rounds": []}')
    return folder


@pytest.fixture(scope="session")
def walk_file(tmp_path_factory) -> Path:
    """A trace by someone else: a random walk over local pairs, and no other layer."""
    path = tmp_path_factory.mktemp("traces") / "walk.safetensors"
    make_walk().save(path)
    return path


@pytest.fixture(scope="session")
def app(run_folder, broken_run, empty_run, walk_file, tmp_path_factory) -> Iterator[SimpleNamespace]:
    """``python app.py`` with all runs, as a user starts it; see :func:`serving`."""
    options = []
    for run in (run_folder, broken_run, empty_run, walk_file, SHIPPED.parent):
        options += ["--run", str(run)]
    with serving(options, tmp_path_factory.mktemp("log") / "app.log") as served:
        yield served


@contextmanager
def serving(options: list[str], log: Path, **environment: str) -> Iterator[SimpleNamespace]:
    """``python app.py`` on a port of its own; ``seconds`` until it answers. Whatever tests do to it, it must not print
    a traceback."""
    port = free_port()
    quick = {"IAFF_WARM_UP": "0"}  # seconds of every server, which hardly any test needs
    command = [sys.executable, str(ROOT / "app.py"), "--port", str(port), *options]
    start = time.monotonic()
    with log.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT, env=os.environ | quick | environment
        )
    url = f"http://127.0.0.1:{port}/"
    try:
        while True:
            if process.poll() is not None:
                pytest.fail(f"app.py ended: {log.read_text('utf-8')}")
            try:
                urllib.request.urlopen(url, timeout=5).read()
                break
            except OSError:
                assert time.monotonic() - start < 60, "app.py does not answer after 60 s"
                time.sleep(0.1)
        seconds = time.monotonic() - start
        yield SimpleNamespace(url=url, port=port, start=start, seconds=seconds, pid=process.pid)
    finally:
        process.terminate()
        process.wait(30)
    assert "Traceback" not in log.read_text("utf-8"), log.read_text("utf-8")[-5000:]


@pytest.fixture(scope="session")
def chromium():
    """Playwright's Chromium, as a type of browser to be launched with ``LAUNCH``."""
    if not CHROMIUM:
        no = pytest.fail if os.environ.get("IAFF_REQUIRE_CHROMIUM") else pytest.skip
        no("no Chromium found: install it (apt-get install chromium) or set CHROMIUM=PATH")
    api = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install -r requirements-dev.txt")
    with api.sync_playwright() as playwright:
        yield playwright.chromium


LAUNCH = {"executable_path": CHROMIUM, "args": ["--no-sandbox"]}


@pytest.fixture(scope="session")
def browser(chromium):
    """A browser for contexts of their own: other people, other settings."""
    browser = chromium.launch(**LAUNCH)
    yield browser
    browser.close()


def patient(evaluate):
    """Once more where the debugger has dropped a promise that still waits: seen once in some ten thousand."""

    def evaluated(expression, arg=None):
        try:
            return evaluate(expression, arg)
        except Exception as error:
            if "promise was garbage collected" not in str(error):
                raise
            return evaluate(expression, arg)

    return evaluated


# Other pages than ours may have nothing that remembers.
CLOSED = "try { localStorage.setItem('iaff-opening-closed', 'true') } catch {}"


class View:
    """A page of the explorer, and what the tests do with it. A newcomer has not closed the opening yet."""

    def __init__(self, page, app, newcomer=False):
        self.page, self.app = page, app
        if not newcomer:
            page.add_init_script(CLOSED)
        page.evaluate = patient(page.evaluate)

    def open(self, query: str = "") -> "View":
        self.page.goto(self.app.url + query)
        self.page.wait_for_selector(".iaff[data-ready]", timeout=20000)
        return self

    def open_empty(self) -> str:
        """A page of the same origin that runs nothing: a script, shown as text. Returns the scripts' address. (With a
        routed request, what it imports would be asked for again by every later page.)"""
        modules = self.app.url.rstrip("/") + scripts_address()
        self.page.goto(f"{modules}/state/pins.js")
        return modules

    def reload(self) -> None:
        """Once the address says what is shown, which it does a moment later."""
        self.wait("!__iaff.history.waiting")
        self.page.reload()
        self.page.wait_for_selector(".iaff[data-ready]", timeout=20000)

    def state(self, key: str):
        return self.page.evaluate(f"window.__iaff.state.{key}")

    def wait(self, condition: str) -> None:
        self.page.wait_for_function(condition, timeout=10000)

    def key(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Page position of the image pixel (x, y)."""
        box = self.page.locator(".over >> nth=0").bounding_box()
        width, height = self.page.evaluate("[__iaff.trace.W, __iaff.trace.H]")
        return box["x"] + (x + 0.5) * box["width"] / width, box["y"] + (y + 0.5) * box["height"] / height

    def hover(self, x: float, y: float) -> None:
        self.page.mouse.move(*self.point(x, y))

    def click(self, x: float, y: float) -> None:
        self.page.mouse.click(*self.point(x, y))

    def picture(self) -> str:
        """What is drawn in all panes, coarsely, as a text that can be compared."""
        canvases = "[...document.querySelectorAll('.frame canvas')]"
        return self.page.evaluate(f"{canvases}.map((canvas) => canvas.toDataURL('image/webp', .5)).join()")

    def text(self, selector: str) -> str:
        return self.page.locator(selector).inner_text()


@pytest.fixture(scope="session")
def context(chromium, tmp_path_factory):
    """What pages share: the browser's cache alone, on disk, where it holds compiled scripts too: without these a page
    takes half as long again."""
    profile = tmp_path_factory.mktemp("profile")
    view = {"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce"}
    context = chromium.launch_persistent_context(profile, **LAUNCH, **view)
    context.cached = set()  # addresses of apps
    yield context
    context.close()


@pytest.fixture
def view(context, app) -> Iterator[View]:
    """A fresh page. ``view.page.expected`` holds words of console errors that a test provokes."""
    with viewing(context, app) as view:
        yield view


@pytest.fixture
def newcomer(context, app) -> Iterator[View]:
    """A fresh page of somebody who was never here."""
    with viewing(context, app, newcomer=True) as view:
        yield view


@contextmanager
def viewing(context, app, newcomer=False) -> Iterator[View]:
    """See :func:`view`, which is this for the one app of all tests."""
    if app.url not in context.cached:  # a test's own import would keep what it imports from being cached
        with context.new_page() as page:
            View(page, app, newcomer).open()
        context.cached.add(app.url)
    page = context.new_page()
    page.expected, outside, errors = [], [], []
    page.on(
        "request",
        lambda r: outside.append(r.url) if not r.url.startswith((app.url, "data:", "blob:")) else None,
    )
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: errors.append(str(e)))
    yield View(page, app, newcomer)
    context.clear_permissions()
    forgotten = {"origin": urljoin(app.url, "/").rstrip("/"), "storageTypes": "indexeddb,local_storage"}
    context.new_cdp_session(page).send("Storage.clearDataForOrigin", forgotten)
    page.close()
    assert not outside, f"requests that leave the machine: {outside}"
    surprising = [e for e in errors if not any(word in e for word in page.expected)]
    assert not surprising, f"errors in the browser's console: {surprising}"
