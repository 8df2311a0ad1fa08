"""Makes the pictures of the diagrams in docs/, for the site: ``python tools/diagrams.py``. GitHub draws them by itself.

A diagram is a fence of Mermaid on a page. Its picture is named by a digest of its text, so that the site never shows an
old one. Needs Chromium (``CHROMIUM`` names it, or it is found on the PATH) and, once, npm with a network.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
FOLDER = DOCS / "diagrams"
MERMAID = "mermaid@12.3.0"
LOOK = "{ theme: 'neutral', fontFamily: 'sans-serif', htmlLabels: false, flowchart: { wrappingWidth: 260 } }"
FENCE = re.compile(r"^```mermaid\n(.*?)\n```$", re.MULTILINE | re.DOTALL)


def picture(source: str) -> Path:
    """Where the picture of a diagram lies."""
    return FOLDER / f"{hashlib.sha256(source.encode()).hexdigest()[:12]}.svg"


def script() -> str:
    """Mermaid, as one script for a browser."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", "--silent", MERMAID], cwd=folder, check=True)
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            return archive.extractfile("package/dist/mermaid.min.js").read().decode()


def main() -> None:
    from playwright.sync_api import sync_playwright

    sources = [source for page in sorted(DOCS.glob("*.md")) for source in FENCE.findall(page.read_text("utf-8"))]
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.svg"):
        path.unlink()
    with sync_playwright() as playwright:
        chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.set_content("<body>")
        page.add_script_tag(content=script())
        page.evaluate(f"mermaid.initialize({LOOK})")
        for source in sources:
            name = "d" + picture(source).stem  # an id must begin with a letter
            drawn = page.evaluate("async ([name, source]) => (await mermaid.render(name, source)).svg", [name, source])
            picture(source).write_text(drawn + "\n", "utf-8")
        browser.close()
    print(f"{len(sources)} diagrams in {FOLDER}")


if __name__ == "__main__":
    main()
