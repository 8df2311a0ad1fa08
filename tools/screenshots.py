"""Pictures of the explorer, for README and docs, and for looking at: ``python tools/screenshots.py [--all DIR]``.

Needs Chromium (``CHROMIUM`` names it, or it is found on the PATH) and an explorer that runs on ``--url``.
"""

import argparse
import os
import shutil
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

README = "img=frisbee&stage=affinity&round=5&x=222&y=110&mode=row"
# The pictures of docs/findings.md, which has the same links.
FINDINGS = {
    "leak": "run=plain_cam&img=frisbee&stage=affinity&round=5&tab=leaks&leaks=truth&leak=1&x=50&y=202&pins=46.198"
    "&zoom=3&cx=70&cy=210&truth=border",
    "mining": "run=plain_cam&img=hopper&stage=confident&round=5&x=120&y=280&truth=border",
    "worse": "run=plain_cam&img=yard&stage=refined&round=3&tab=compare&panes=4&p2=.5..&p3=difference..."
    "&p4=confident.1..&x=245&y=160&truth=border",
    "better": "run=animals&img=frisbee&stage=seeds&panes=4&p2=...plain_cam&p3=refined.5..&p4=refined.5..plain_cam"
    "&truth=border",
    "decides": "run=animals&img=frisbee&stage=unary&round=5&tab=compare&panes=4&p2=refined...&p3=difference..."
    "&p4=leak...&leaks=labels",
}
LESSON = "lesson=affinity&step=2"
STRIP = "img=cow&stage=refined&round=3"  # of docs/exports.md
VIEWS = {
    "lesson": "lesson=failures&step=2",
    "photo": "img=chelsea&stage=photo",
    "cam": "img=pasture&stage=cam&cls=sheep",
    "seeds": "img=pasture&stage=seeds",
    "unary": "img=pasture&stage=unary&round=1",
    "superpixels": "img=chelsea&stage=superpixels&round=1&x=200&y=120",
    "confident": "img=pasture&stage=confident&round=1",
    "affinity": README,
    "refined": "img=frisbee&stage=refined&round=2",
    "difference": "img=spitz&stage=unary&round=2&diff=1",
    "patch": "img=spitz&stage=confident&round=2&x=120&y=80",
    "nothing": "img=coffee&stage=refined&round=1",
    "layers": "img=pasture&stage=unary&round=2&tab=layers&over=seeds.60_truth.40&zoom=2&cx=120&cy=140",
    "panes": README + "&pins=120.150&panes=4&p2=affinity.1..&p3=refined...&p4=refined.1..",
    "compare": "img=yard&stage=refined&round=2&tab=compare&panes=2&p2=..walk.",
    "wipe": "img=spitz&stage=refined&round=2&tab=compare&diff=1&wipe=50",
    "leaks": "img=frisbee&stage=affinity&round=2&tab=leaks&leaks=truth&leak=1",
    "mining": "img=spitz&stage=confident&round=2&tab=mining&tau=0.95",
    "whatif": "img=frisbee&stage=refined&round=2&tab=whatif&passes=4",
}


def shoot(browser: Browser, url: str, query: str, path: Path, width: int, scheme: str, full: bool = False) -> None:
    """One page, once its first picture is drawn."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto(f"{url}/?{query}&__theme={scheme}")
    page.wait_for_selector(".iaff[data-ready]")
    page.wait_for_function("![...document.querySelectorAll('.pane-note')].some((note) => note.checkVisibility())")
    page.wait_for_timeout(1000)  # web fonts are not used; charts, transitions and walks settle
    if full:
        page.mouse.wheel(0, 4000)
        page.wait_for_timeout(2500)
    path.parent.mkdir(parents=True, exist_ok=True)
    quality = {"quality": 82} if path.suffix == ".jpg" else {}
    page.screenshot(path=path, full_page=full, **quality)
    page.close()


def strip(browser: Browser, url: str, query: str, path: Path) -> None:
    """The figure strip that the export dialog makes, half as large."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(f"{url}/?{query}")
    page.wait_for_selector(".iaff[data-ready]")
    page.keyboard.press("s")
    with page.expect_download() as download:
        page.locator(".exports").get_by_role("button", name="PNG 2×").nth(1).click()
    with Image.open(download.value.path()) as image:
        image.convert("RGB").reduce(2).save(path, quality=85)
    page.close()


def four(browser: Browser, url: str, folder: Path, path: Path) -> None:
    """Four methods in four panes, from the files that docs/other_methods.md makes in ``folder``."""
    page = browser.new_page(viewport={"width": 1280, "height": 660})
    page.goto(f"{url}/?tab=compare")
    page.wait_for_selector(".iaff[data-ready]")
    names = ("ial", "attention", "walk", "crf")
    page.set_input_files("input[type=file]", [str(folder / f"{name}.safetensors") for name in names])
    page.wait_for_function("document.querySelectorAll('.mine .beside').length === 4 && __iaff.origin?.title === 'IAL'")
    page.evaluate("__iaff.store.set({ stage: 'affinity', round: 5 })")
    for i in (1, 2, 3):
        page.locator(".mine").nth(i).hover()
        page.locator(".mine .beside").nth(i).click()
        page.wait_for_function(f"__iaff.picture.panes[{i}]?.trace")
    page.evaluate("__iaff.store.set({ x: 158, y: 111 })")
    page.mouse.move(1270, 650)
    page.wait_for_timeout(6000)  # the walk's last steps
    page.screenshot(path=path, quality=80)
    page.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", default="http://127.0.0.1:7860")
    parser.add_argument("--all", type=Path, help="every view, narrow and wide, light and dark, into this folder")
    parser.add_argument("--four", type=Path, metavar="DIR", help="docs/four.jpg alone, from the four traces in it")
    arguments = parser.parse_args()
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        if arguments.four:
            four(browser, arguments.url, arguments.four, Path("docs/four.jpg"))
        elif arguments.all:
            for name, query in VIEWS.items():
                shoot(browser, arguments.url, query, arguments.all / f"{name}-1440-light.png", 1440, "light")
                shoot(browser, arguments.url, query, arguments.all / f"{name}-800-dark.png", 800, "dark")
            shoot(browser, arguments.url, README, arguments.all / "page-1440-dark.png", 1440, "dark", full=True)
            shoot(browser, arguments.url, README, arguments.all / "page-800-light.png", 800, "light", full=True)
        else:
            shoot(browser, arguments.url, README, Path("docs/explorer.png"), 1280, "light")
            shoot(browser, arguments.url, LESSON, Path("docs/lesson.jpg"), 1280, "light")
            strip(browser, arguments.url, STRIP, Path("docs/strip.jpg"))
            for name, query in FINDINGS.items():
                shoot(browser, arguments.url, query, Path("docs/findings") / f"{name}.jpg", 1280, "light")
        browser.close()


if __name__ == "__main__":
    main()
