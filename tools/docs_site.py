"""What mkdocs does not do by itself for the pages of docs/, which are written for GitHub: hooks of mkdocs.yml.

Formulae become MathML, diagrams the pictures that ``tools/diagrams.py`` has made, and links to files of the repository
lead to copies of them, so that the site needs no network, neither to be built nor to be read.
"""

import html
import posixpath
import re
from pathlib import Path

from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from pymdownx.slugs import slugify

from tools.diagrams import picture

ROOT = Path(__file__).parents[1]
MATH_FONT = ROOT / "iaff" / "explorer" / "static" / "ui" / "math_font" / "stix-two-math.woff2"
PAGES = {  # pages of the site that lie elsewhere in the repository
    "training/README.md": "training_notes.md",
    "training/bench/README.md": "benchmarks.md",
}
FENCE = re.compile(r"^(\s*```\w+) \w+$", re.MULTILINE)  # ```python run: the tests run it
LINK = re.compile(r"(\]\()([^)\s:#]+)([#)])")
INLINE = re.compile(r'<span class="arithmatex">\\\((.*?)\\\)</span>', re.DOTALL)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    fences = {"math": formula, "mermaid": diagram}
    config.mdx_configs["pymdownx.superfences"] = {
        "custom_fences": [{"name": name, "class": name, "format": make} for name, make in fences.items()]
    }
    config.mdx_configs["toc"]["slugify"] = slugify(case="lower")
    return config


def mathml(source: str, display: str = "inline") -> str:
    """LaTeX as MathML; of the two signs for \\setminus it takes the one that common fonts have."""
    made = convert(source.replace("\\arg", "\\mathrm{arg}"), display=display).replace("&#x029F5;", "&#x02216;")
    if unknown := re.search(r">(\\\w+)<", made):
        raise PluginError(f"Got {unknown[1]} in {source!r}, which latex2mathml does not know; write it in another way.")
    return made


def formula(source: str, *_, **__) -> str:
    """A fence of LaTeX."""
    return f'<div class="formula">{mathml(source, "block")}</div>'


def diagram(source: str, *_, **__) -> str:
    """A fence of Mermaid as the picture that was made of it."""
    path = picture(source)
    if not path.exists():
        raise PluginError(f"There is no picture of the diagram that begins {source[:40]!r}: run tools/diagrams.py.")
    return f'<div class="diagram">{path.read_text("utf-8")}</div>'


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages that lie elsewhere, and a copy of each file of the repository that a page links to."""
    files.append(File.generated(config, f"fonts/{MATH_FONT.name}", content=MATH_FONT.read_bytes()))
    for path, name in PAGES.items():
        files.append(File.generated(config, name, content=(ROOT / path).read_text("utf-8")))
    for file in list(files.documentation_pages()):
        for _, link, _ in LINK.findall(file.content_string):
            path = target(file.src_uri, link)
            if (ROOT / path).is_file() and files.get_file_from_path(placed(path)) is None:
                files.append(File.generated(config, placed(path), content=(ROOT / path).read_bytes()))
    return files


def on_page_markdown(markdown: str, page: Page, **_) -> str:
    def moved(link: re.Match) -> str:
        path, here = placed(target(page.file.src_uri, link[2])), posixpath.dirname(page.file.src_uri)
        return link[1] + posixpath.relpath(path, here or ".") + link[3]

    return LINK.sub(moved, FENCE.sub(r"\1", markdown))


def on_page_content(content: str, **_) -> str:
    return INLINE.sub(lambda found: mathml(html.unescape(found[1])), content)


def target(page: str, link: str) -> str:
    """The path in the repository that a link of this page of the site means."""
    path = {name: path for path, name in PAGES.items()}.get(page, f"docs/{page}")
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), link))


def placed(path: str) -> str:
    """Where the site has this path of the repository; files that are no pages are copied, code as plain text."""
    if path in PAGES:
        return PAGES[path]
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    return f"source/{path}" + ("" if path.endswith(".ipynb") else ".txt")
