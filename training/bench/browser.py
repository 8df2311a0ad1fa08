"""An explorer that runs, and a Chromium to look at it with."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from iaff.errors import UserError
from iaff.extras import missing
from iaff.places import PACKAGE

try:
    import psutil
except ImportError as error:
    raise missing("psutil", "train", "The benchmarks") from error

PATIENCE = 60  # s until the app has to answer
MB = 1e6

# In the page: when events are handed over, when the last visible canvas was drawn to after that, when the frame was
# through (style, layout and paint of the whole page included), and when an answer of the server was drawn.
PROBE = """(() => {
  let samples = [], kind = "", asked = null;
  const channel = new MessageChannel(), waiting = [];
  channel.port1.onmessage = () => waiting.splice(0).forEach((sample) => (sample.shown = performance.now()));
  for (const type of ["pointermove", "keydown"])
    addEventListener(type, ({ timeStamp }) => {
      if (type !== kind) return;
      const sample = { stamp: timeStamp, start: performance.now(), drawn: 0, shown: 0 };
      samples.push(sample);
      requestAnimationFrame(() => channel.port2.postMessage(waiting.push(sample)));
    }, true);
  const drawn = () => {
    const now = performance.now();
    if (samples.length) samples.at(-1).drawn = now;
    if (!asked?.answer) return;
    if (!asked.first || now - asked.first < 5) asked.first = now; // and what follows at once
    asked.last = now;
  };
  const context = CanvasRenderingContext2D.prototype;
  for (const name of ["drawImage", "putImageData", "stroke", "fill", "fillRect", "clearRect", "fillText"]) {
    const draw = context[name];
    context[name] = function (...args) {
      draw.apply(this, args);
      if (this.canvas.isConnected) drawn();
    };
  }
  window.__probe = {
    /** The samples so far; from now on, events of that kind make new ones. */
    take(next) {
      const taken = samples;
      [samples, kind] = [[], next];
      return taken;
    },
    /** Ask for another propagator; what the server answered, or null where it said no. */
    async ask(by) {
      const { store, client } = __iaff, { server } = client, { propagate } = server;
      const now = (asked = { start: performance.now() });
      const answer = new Promise((done) => {
        server.propagate = async (request) => {
          const said = await propagate(request);
          now.answer = performance.now();
          done(said?.ok ? true : null);
          return said;
        };
      });
      store.set({ by });
      const said = await answer;
      server.propagate = propagate;
      return said;
    },
    /** ms until the answer was drawn: its "first" drawing, or the "last" so far; null before there is one. */
    answered: (which) => (asked?.[which] ? asked[which] - asked.start : null),
  };
})()"""


@dataclass
class App:
    """An explorer that answers; ``start``: when its process began, s since the epoch."""

    url: str
    start: float


@contextlib.contextmanager
def running_app(runs: list[Path]) -> Iterator[App]:
    """``python -m iaff`` on a free port, ended afterwards.

    Raises:
        UserError: it ends by itself, or does not answer.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as log:
        start = time.time()
        command = [sys.executable, "-m", "iaff", "explore", "--port", str(port), "--no-open"]
        command += [str(run.resolve()) for run in runs]
        process = subprocess.Popen(command, cwd=PACKAGE.parent, stdout=log, stderr=subprocess.STDOUT)
        try:
            app = App(f"http://127.0.0.1:{port}/", start)
            wait_for(app, process, log)
            yield app
        finally:
            process.terminate()
            process.wait(10)


def wait_for(app: App, process: subprocess.Popen, log) -> None:
    while True:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(app.url, timeout=5).read()
            return
        if process.poll() is not None or time.time() - app.start > PATIENCE:
            log.seek(0)
            said = log.read().strip()[-500:]
            raise UserError(f"iaff does not answer on {app.url}; expected it within {PATIENCE} s. It said: {said}")
        time.sleep(0.02)


@dataclass
class Session:
    """A browser that runs, and the requests that its pages sent to other machines."""

    browser: Any
    outside: list[str] = field(default_factory=list)

    @property
    def version(self) -> str:
        return self.browser.version

    @contextlib.contextmanager
    def page(self) -> Iterator[Any]:
        """A page with the probe in it, and without anything in its cache."""
        context = self.browser.new_context(viewport={"width": 1440, "height": 900})
        context.add_init_script(PROBE)
        context.on("request", self._note)
        try:
            yield context.new_page()
        finally:
            context.close()

    def _note(self, request: Any) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            self.outside.append(request.url)


@contextlib.contextmanager
def chromium() -> Iterator[Session]:
    """Headless Chromium.

    Raises:
        UserError: there is none, or no Playwright to drive it.
    """
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if not path or not shutil.which(path):
        raise UserError(f"Got {path or 'none'} as Chromium, expected a program. Install it, or set CHROMIUM=PATH.")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise UserError("Playwright is missing: pip install -r requirements-dev.txt") from error
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield Session(browser)
        browser.close()


def heap(page, session: Session) -> dict[str, float]:
    """MB that the page holds after a garbage collection, and that Chromium's processes have for themselves."""
    tools = page.context.new_cdp_session(page)
    for _ in range(2):
        tools.send("HeapProfiler.collectGarbage")
    tools.send("Performance.enable")
    metrics = {m["name"]: m["value"] for m in tools.send("Performance.getMetrics")["metrics"]}
    usage = tools.send("Runtime.getHeapUsage")
    tools.detach()
    processes = [p for p in psutil.Process().children(recursive=True) if "chrom" in p.name()]
    return {
        "JS heap, MB": metrics["JSHeapUsedSize"] / MB,
        "array buffers, MB": usage.get("backingStorageSize", 0) / MB,
        "Chromium's processes, MB": sum(p.memory_full_info().uss for p in processes) / MB,
    }
