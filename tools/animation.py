"""Makes the README's animation, docs/tour.webp, of an explorer that runs: ``python tools/animation.py [--url ...]``.

The cow, from its tag to five rounds: a cursor chooses the stages and asks some pixels for their affinity, then the
rounds play. Needs Chromium, as ``tools/screenshots.py`` does.
"""

import argparse
import io
import os
import shutil
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

TARGET = Path("docs/tour.webp")
VIEW = "img=cow&stage=photo&round=1&hide=gallery_charts_keys_top"
SIZE = {"width": 960, "height": 592}
CLIP = {"x": 0, "y": 0, "width": 960, "height": 578}  # without the edge of the panel below
MOST = 3_000_000  # bytes
FRAME = 80  # ms of a frame while the cursor moves
# Where the cursor goes over the photo, in px of it, and how long it rests there, in ms.
WALK = [((150, 90), 900), ((205, 95), 300), ((225, 100), 900), ((180, 150), 900), ((60, 175), 900), ((90, 40), 1100)]
ARROW = """() => {
  const arrow = document.createElement("div");
  arrow.id = "cursor";
  arrow.style.cssText = "position:fixed;left:0;top:0;z-index:9999;pointer-events:none";
  arrow.innerHTML = '<svg width="22" height="30" viewBox="0 0 22 30"><path d="M2 2v21l5-5 4 9 4-2-4-9h7z"' +
    ' fill="#fff" stroke="#111" stroke-width="1.6" stroke-linejoin="round"/></svg>';
  document.body.append(arrow);
  const follow = (e) => (arrow.style.transform = `translate(${e.clientX - 2}px, ${e.clientY - 2}px)`);
  addEventListener("mousemove", follow, true);
  const style = document.createElement("style"); // a still picture needs no way back to the controls
  style.textContent = ".show-controls { display: none !important } * { transition: none !important }";
  document.head.append(style);
}"""
DRAWN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


class Film:
    """Frames of a page, each with how long it stays."""

    def __init__(self, page: Page):
        self.page, self.at = page, (60.0, 420.0)
        page.mouse.move(*self.at)
        self.frames: list[Image.Image] = []
        self.times: list[int] = []

    def show(self, ms: int) -> None:
        self.page.evaluate(DRAWN)
        self.frames.append(Image.open(io.BytesIO(self.page.screenshot(clip=CLIP))).convert("RGB"))
        self.times.append(ms)

    def move(self, x: float, y: float) -> None:
        """The cursor goes there, faster in the middle of its way."""
        start, end = np.array(self.at), np.array((x, y))
        steps = max(3, int(np.linalg.norm(end - start) / 22))
        for share in np.linspace(0, 1, steps + 1)[1:]:
            self.page.mouse.move(*(start + (end - start) * (3 - 2 * share) * share**2))
            self.show(FRAME)
        self.at = (x, y)

    def rest(self, ms: int) -> None:
        self.times[-1] += ms

    def choose(self, button: str, ms: int) -> None:
        """The cursor clicks a stage, or another button, and what it shows is looked at for a while."""
        box = self.page.get_by_role("button", name=button, exact=True).bounding_box()
        self.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2 + 4)
        self.page.mouse.click(*self.at)
        self.page.wait_for_timeout(400)
        self.show(ms)

    def save(self, path: Path) -> None:
        first, *rest = self.frames
        first.save(path, save_all=True, append_images=rest, duration=self.times, loop=0, quality=80, method=6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", default="http://127.0.0.1:7860")
    arguments = parser.parse_args()
    with sync_playwright() as playwright:
        chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        page.goto(f"{arguments.url}/?{VIEW}&__theme=light")
        page.wait_for_selector(".iaff[data-ready]")
        page.wait_for_timeout(1500)
        page.evaluate(ARROW)
        film = Film(page)
        film.show(1800)
        film.choose("seeds", 2800)
        film.choose("confident", 2800)
        film.choose("affinity", 600)
        box = page.locator(".over").first.bounding_box()
        width, height = page.evaluate("[__iaff.trace.W, __iaff.trace.H]")
        for (x, y), ms in WALK:
            film.move(box["x"] + box["width"] * x / width, box["y"] + box["height"] * y / height)
            film.rest(ms)
        film.choose("refined", 1600)
        film.choose("Play the rounds (space)", 500)
        for round in range(2, 6):
            page.wait_for_function(f"__iaff.store.state.round === {round}")
            film.show(1000)
        film.rest(2500)
        film.save(TARGET)
        browser.close()
    size, seconds = TARGET.stat().st_size, sum(film.times) / 1000
    print(f"{TARGET}: {len(film.frames)} frames, {seconds:.0f} s, {size / 1e6:.1f} MB")
    if size > MOST:
        raise SystemExit(f"Got {size:,} bytes, expected at most {MOST:,}: rest less, or move less.")


if __name__ == "__main__":
    main()
