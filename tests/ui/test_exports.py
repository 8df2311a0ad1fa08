"""Exports: what the dialog hands over, and the self-contained page opened from disk with the network off."""

import base64
import csv
import io
import json
import re
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from iaff.trace import Trace
from tests.ui.places import SHIPPED

VIEW = "?run=animals&img=cow&stage=affinity&round=3&x=220&y=100"
COW = SHIPPED / "traces" / "cow.safetensors"
ROW = "Array.from(__iaff.picture.main.query.values)"


class Alone:
    """A page opened from disk, without a network; it must ask for nothing and say nothing on the console."""

    def __init__(self, browser, dark=False):
        scheme = "dark" if dark else "light"
        self.context = browser.new_context(
            viewport={"width": 1440, "height": 900}, reduced_motion="reduce", color_scheme=scheme
        )
        self.context.set_offline(True)
        self.page = self.context.new_page()
        self.wrong = []
        self.page.on("request", lambda r: self._asked(r.url))
        self.page.on("console", lambda m: self.wrong.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda e: self.wrong.append(str(e)))

    def _asked(self, url):
        if not url.startswith(("file:", "data:", "blob:", "about:")):
            self.wrong.append(url)

    def open(self, path: Path):
        self.page.goto(path.as_uri())
        self.page.wait_for_selector(".iaff[data-ready]", timeout=20000)
        return self.page


@pytest.fixture
def alone(browser) -> Iterator[Alone]:
    one = Alone(browser)
    yield one
    one.context.close()
    assert not one.wrong


def dialog(page) -> None:
    page.keyboard.press("s")
    page.wait_for_selector(".exports[open] canvas")


def take(page, section: str, button: str, folder: Path) -> Path:
    """The file that a button of the dialog hands over."""
    with page.expect_download(timeout=30000) as download:
        page.locator(f".exports section[aria-label='{section}']").get_by_role("button", name=button).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def pixels(file: Path | io.BytesIO) -> np.ndarray:
    with Image.open(file, formats=["PNG"]) as image:
        return np.asarray(image.convert("RGB"), int)


def close(a, b, tolerance=3) -> bool:
    return bool(np.abs(np.asarray(a, int) - b).max() <= tolerance)


# --- the page from disk --------------------------------------------------------------------------------------------


def test_the_page_opens_as_it_was_exported(view, alone, tmp_path):
    """Exported in the browser, with panes, zoom and an unpinned cursor's question; the same row to the last bit."""
    view.open(VIEW + "&panes=2&p2=refined...&zoom=2&cx=200&cy=110&over=seeds.60&tab=layers")
    dialog(view.page)
    path = take(view.page, "One HTML file", "HTML", tmp_path)
    view.key("Escape")
    assert path.name == "iaff_cow_round3_affinity_2panes.html"
    assert path.stat().st_size <= 3_000_000

    page = alone.open(path)
    assert page.title() == "A cow"
    for key in ("stage", "round", "x", "y", "panes", "p2", "zoom", "cx", "over", "tab"):
        assert page.evaluate(f"__iaff.state.{key}") == view.state(key), key
    assert page.evaluate(ROW) == view.page.evaluate(ROW)
    assert page.locator(".pane-title >> nth=1").inner_text() == view.text(".pane-title >> nth=1")

    for one in (view.page, page):  # and so on hovering, in both
        one.evaluate("__iaff.store.set({ panes: 1, zoom: 1, x: null, y: null, tab: 'stage' })")
        box = one.locator(".over >> nth=0").bounding_box()
        width, height = one.evaluate("[__iaff.trace.W, __iaff.trace.H]")
        one.mouse.move(box["x"] + 100.5 * box["width"] / width, box["y"] + 80.5 * box["height"] / height)
        assert one.evaluate("__iaff.cursor") == {"x": 100, "y": 80}
    assert page.evaluate(ROW) == view.page.evaluate(ROW)
    assert page.locator(".where").inner_text() == view.text(".where")


def test_the_page_answers_to_keys_and_clicks(alone, tmp_path):
    path = tmp_path / "cow.html"
    path.write_text(Trace.load(COW).html(stage="refined"), "utf-8")
    page = alone.open(path)

    def state(key):
        return page.evaluate(f"__iaff.state.{key}")

    before = page.evaluate("__iaff.picture.main.base.toDataURL()")
    page.keyboard.press("]")
    assert state("round") == 2
    assert page.evaluate("__iaff.picture.main.base.toDataURL()") != before
    for number, stage in enumerate(("photo", "cam", "seeds", "unary", "superpixels", "confident", "affinity"), start=1):
        page.keyboard.press(str(number))
        assert state("stage") == stage
    page.locator(".over >> nth=0").click(position={"x": 300, "y": 200})
    assert page.evaluate("__iaff.pointer.pinned()") is not None
    page.keyboard.press("b")
    assert state("mode") == "column"
    page.keyboard.press("p")
    assert page.locator(".panes .frame").count() == 2
    page.keyboard.press("q")
    assert state("tab") == "layers"
    page.locator("#tab-mining").click()
    page.locator("#tab-leaks").click()
    page.locator(".iaff button.stage[data-stage=unary]").click()
    assert state("stage") == "unary"


def test_what_needs_the_server_is_not_offered(alone, tmp_path):
    path = tmp_path / "cow.html"
    path.write_text(Trace.load(COW).html(stage="refined", by="walk"), "utf-8")
    page = alone.open(path)
    assert page.locator(".gallery").is_hidden()
    for key in ("g", "u", "c", "v"):
        page.keyboard.press(key)
    assert page.locator("dialog[open]").count() == 0
    assert "lesson" not in page.locator("dialog.help").text_content()
    top = page.locator(".top").inner_text()
    assert "Export" in top
    assert not any(word in top for word in ("Lessons", "Run figures", "Copy link"))
    dialog(page)
    with Image.open(take(page, "Rounds as GIF", "GIF", tmp_path), formats=["GIF"]) as gif:
        assert gif.n_frames == 5
    page.evaluate("__iaff.current.title += ' @@embedded@@'")
    again = take(page, "One HTML file", "HTML", tmp_path)
    assert Trace.from_bytes((tmp_path / take(page, "The trace", "safetensors", tmp_path).name).read_bytes())
    page = alone.open(again)
    assert page.evaluate("[__iaff.state.stage, __iaff.state.by]") == ["refined", "walk"]
    assert page.title() == "A cow @@embedded@@"


def test_a_long_walk_is_exact_in_a_page_from_disk(alone, tmp_path, walk_file):
    """Its workers come out of the page too."""
    trace, path = Trace.load(walk_file), tmp_path / "walk.html"
    path.write_text(trace.html(stage="affinity", x=20, y=12), "utf-8")
    page = alone.open(path)
    steps = trace.meta["rounds"][0]["affinity"]["steps"]
    at = "__iaff.picture.main.affinity().at"
    late = time.monotonic() + 10  # wait_for_function needs eval, which the page's policy forbids
    while page.evaluate(at) < steps and time.monotonic() < late:
        page.wait_for_timeout(50)
    assert page.evaluate(at) == steps
    row = page.evaluate(ROW)
    assert np.allclose(row, trace.rounds[1].affinity.row(20, 12).ravel(), atol=1e-5)
    page.locator("#tab-leaks").click()
    page.get_by_role("button", name="reach").click()
    page.get_by_text("cells so far").first.wait_for()


@pytest.mark.parametrize("dark", [False, True])
def test_the_page_is_light_and_dark(browser, tmp_path, dark):
    path = tmp_path / "cow.html"
    path.write_text(Trace.load(COW).html(), "utf-8")
    one = Alone(browser, dark)
    page = one.open(path)
    colour = page.evaluate("getComputedStyle(document.querySelector('.panel')).backgroundColor")
    one.context.close()
    assert colour == ("rgb(21, 24, 30)" if dark else "rgb(255, 255, 255)")
    assert not one.wrong


def test_a_notebook_shows_the_canvas(alone, tmp_path):
    shown = Trace.load(COW).show(stage="affinity", round=3, x=220, y=100)
    path = tmp_path / "notebook.html"
    path.write_text(f"<!doctype html><meta charset=utf-8>{shown._repr_html_()}", "utf-8")
    alone.page.goto(path.as_uri())
    frame = alone.page.frame_locator("iframe")
    frame.locator(".iaff[data-ready]").wait_for(timeout=20000)
    assert frame.locator(".where").inner_text() == "What decides pixel 220, 100 (pinned)"
    frame.locator(".over").first.click()
    alone.page.keyboard.press("]")
    assert alone.page.frames[1].evaluate("__iaff.state.round") == 4


# --- what the dialog hands over ------------------------------------------------------------------------------------


def test_pictures_of_the_view(view, tmp_path):
    """Twice as fine is drawn so; a pane's pixels are those of the screen."""
    view.open(VIEW)
    screen = view.page.evaluate("__iaff.picture.main.base.toDataURL()")
    shown = pixels(io.BytesIO(base64.b64decode(screen.partition(",")[2])))
    dialog(view.page)
    small, large = (pixels(take(view.page, "Picture of the view", f"PNG {n}×", tmp_path)) for n in (1, 2))
    assert {path.name for path in tmp_path.iterdir()} == {
        "iaff_cow_round3_affinity.png",
        "iaff_cow_round3_affinity_2x.png",
    }
    assert large.shape[0] == 2 * small.shape[0]
    assert large.shape[1] == 2 * small.shape[1]
    assert close(small[0, 0], 255)
    assert close(large[-1, -1], 255)

    height, width = shown.shape[:2]
    corner = shown[:60, :200]  # far from the pin: the photo in grey alone
    rows = [y for y in range(small.shape[0] - height) if close(small[y : y + 60, 20:220], corner, 0)]
    assert len(rows) == 1, "the pane is in the figure, once, as it is on the screen"
    top = rows[0]
    pane = large[2 * top : 2 * (top + height), 40 : 2 * (20 + width)]
    blown = np.repeat(np.repeat(small[top : top + height, 20 : 20 + width], 2, 0), 2, 1)
    assert not close(pane, blown, 40), "lines are as fine as the resolution allows"
    assert np.abs(pane - blown).mean() < 4
    again = view.page.evaluate("__iaff.picture.main.base.toDataURL()")
    assert again == screen, "the page is as it was"


def test_the_cursors_question_stays(view, tmp_path):
    view.open(VIEW.replace("&x=220&y=100", ""))
    view.hover(100, 80)
    row = view.page.evaluate(ROW)
    dialog(view.page)
    take(view.page, "Picture of the view", "PNG 1×", tmp_path)
    assert view.page.evaluate(ROW) == row
    assert view.page.evaluate("__iaff.cursor") == {"x": 100, "y": 80}


def test_a_strip_of_the_rounds(view, browser, tmp_path):
    """As SVG its words are words, and a browser draws it as the PNG has it."""
    view.open("?run=animals&img=cow&stage=refined&round=1")
    dialog(view.page)
    plain = pixels(take(view.page, "Figure strip", "PNG 2×", tmp_path))
    view.page.locator(".exports .pick input").nth(0).check()
    view.page.locator(".exports .pick input").nth(1).check()
    rows = pixels(take(view.page, "Figure strip", "PNG 2×", tmp_path))
    width, height = Trace.load(COW).meta["size"]
    tile = round(176 * height / width)
    assert plain.shape[1] == rows.shape[1] == 2 * (40 + 8 * 176 + 7 * 8)  # photo, seeds, five rounds, truth
    assert rows.shape[0] - plain.shape[0] == 2 * 2 * (tile + 26)
    assert close(plain[160 : 2 * tile, 40 + 2 * 176 + 8], 255), "a gap between the tiles"

    for box in (0, 1):
        view.page.locator(".exports .pick input").nth(box).uncheck()
    path = take(view.page, "Figure strip", "SVG", tmp_path)
    root = ElementTree.parse(path).getroot()
    words = {node.text for node in root.iter("{http://www.w3.org/2000/svg}text")}
    own = Trace.load(COW).meta["rounds"][2]["figures"]["refined"]["miou"]
    assert {"A cow", "photo", "seeds", "ground truth", f"round 3 · {100 * own:.1f} %", "unknown"} <= words
    assert len(root.findall("{http://www.w3.org/2000/svg}image")) == 8
    width, height = int(root.get("width")), int(root.get("height"))
    assert plain.shape[:2] == (2 * height, 2 * width)
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(path.as_uri())
    shown = pixels(io.BytesIO(page.screenshot()))
    page.close()
    assert np.abs(shown - plain.reshape(height, 2, width, 2, 3).mean((1, 3))).mean() < 2


def test_label_maps_and_the_panes_table(view, tmp_path):
    """NumPy and Pillow read the very labels; the confident regions' cells cover their pixels; LaTeX is escaped."""
    view.open("?run=animals&img=cow&stage=refined&round=3&panes=2&p2=confident...")
    dialog(view.page)
    trace = Trace.load(COW)
    truth = trace.labels("truth")
    path = take(view.page, "Label map", "npy", tmp_path)
    assert path.name == "iaff_cow_round3_refined_labels.npy"
    labels = np.load(path, allow_pickle=False)
    assert labels.dtype == np.uint8
    assert labels.shape == truth.shape
    with Image.open(take(view.page, "Label map", "PNG", tmp_path), formats=["PNG"]) as image:
        assert image.mode == "P"
        assert image.getpalette()[:12] == [0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0]  # PASCAL VOC's
        assert image.getpalette()[765:] == [224, 224, 192]
        assert (np.asarray(image) == labels).all()

    panes = list(csv.reader(take(view.page, "Table of the panes", "CSV", tmp_path).open(newline="", encoding="utf-8")))
    assert panes[0] == ["figure", "1  refined · round 3", "2  confident · round 3"]
    known = labels[truth != 255], truth[truth != 255]
    overlap = [
        ((known[0] == k) & (known[1] == k)).sum() / ((known[0] == k) | (known[1] == k)).sum() for k in {*known[1]}
    ]
    assert panes[1][0] == "mIoU [share]"
    assert float(panes[1][1]) == pytest.approx(np.mean(overlap))
    latex = take(view.page, "Table of the panes", "LaTeX", tmp_path).read_text("utf-8").splitlines()
    assert latex[0] == "\\begin{tabular}{lrr}"
    assert latex[2] == " & 1  refined $\\cdot$ round 3 & 2  confident $\\cdot$ round 3 \\\\"
    of = "(text) => import(`${__iaff.base}${__iaff.scripts}/export/export_table.js`).then(({ latex }) => latex(text))"
    escaped = r"run a\_b \& 50\% \{x\} \#1 \$ \textasciitilde{}\textasciicircum{}\textbackslash{} $\to$"
    assert view.page.evaluate(of, "run a_b & 50% {x} #1 $ ~^\\ →") == escaped
    assert latex[4].startswith(f"mIoU & {100 * float(panes[1][1]):.1f} \\% & ")

    view.key("Escape")
    view.page.evaluate("__iaff.store.set({ panes: 1, stage: 'confident' })")
    dialog(view.page)
    cells = np.load(take(view.page, "Label map", "npy", tmp_path), allow_pickle=False)
    grid = trace.rounds[3].confident
    assert (cells == np.repeat(np.repeat(grid, 4, 0), 4, 1)[: labels.shape[0], : labels.shape[1]]).all()
    view.key("Escape", "1")
    dialog(view.page)
    assert view.page.get_by_role("button", name="npy").is_disabled(), "a photo is no label map"


@pytest.mark.parametrize(
    ("change", "how"),
    [("paint=wall-0.0.88.56", "with walls, labels or gates set by hand"), ("by=none", "by no propagation")],
)
def test_a_strip_of_other_maps_says_so(view, change, how):
    """Percentages are those of the maps that are shown, as the panel has them, and not the trace's."""
    view.open(f"?run=animals&img=cow&stage=refined&round=3&{change}")
    view.wait("__iaff.trace.origin === __iaff.origin")
    panel = view.text(".panel")
    view.page.evaluate("""() => {
      const draw = CanvasRenderingContext2D.prototype.fillText;
      window.said = [];
      CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
        said.push(text);
        draw.call(this, text, ...place);
      };
    }""")
    dialog(view.page)
    view.page.locator(".exports section[aria-label='Figure strip']").hover()
    view.wait("said.some((text) => text.startsWith('round 5'))")
    said = view.page.evaluate("said")
    caption = next(text for text in said if text.startswith("round 3 · "))
    own = f"{Trace.load(COW).meta['rounds'][2]['figures']['refined']['miou']:.1%}".replace("%", " %")
    assert own not in caption
    assert re.search(r"mIoU\s+" + re.escape(caption.removeprefix("round 3 · ")), panel)
    assert how in " ".join(said)


def test_rounds_as_a_gif(view, tmp_path):
    view.open("?run=animals&img=cow&stage=refined&round=2")
    dialog(view.page)
    path = take(view.page, "Rounds as GIF", "GIF", tmp_path)
    assert path.name == "iaff_cow_rounds_refined.gif"
    with Image.open(path, formats=["GIF"]) as gif:
        assert gif.n_frames == 5
        assert gif.info["duration"] == 1000
        frames = []
        for i in range(5):
            gif.seek(i)
            frames.append(pane_of(view, np.asarray(gif.convert("RGB"), int)))
    assert all(not close(a, b, 60) for a, b in pairwise(frames)), "every round is another picture"
    assert view.state("round") == 2
    view.key("Escape", "1")
    dialog(view.page)
    assert view.page.get_by_role("button", name="GIF").is_disabled(), "the photo has no rounds"


GIF_OF = """async ([modules, pictures]) => {
  const { gifOf } = await import(`${modules}/export/gif.js`),
    frames = pictures.map(({ rgba, width, height }) => new ImageData(Uint8ClampedArray.from(rgba), width, height));
  return Array.from(gifOf(frames, 700));
}"""


def gif_of(view, frames: list[np.ndarray]) -> Image.Image:
    """The pictures (H, W, 3) as the page's scripts put them together."""
    opaque = [np.dstack([frame, np.full(frame.shape[:2], 255)]) for frame in frames]
    pictures = [{"rgba": a.ravel().tolist(), "width": a.shape[1], "height": a.shape[0]} for a in opaque]
    data = bytes(view.page.evaluate(GIF_OF, [view.open_empty(), pictures]))
    return Image.open(io.BytesIO(data), formats=["GIF"])


def test_a_gif_of_flat_colours(view):
    colours = [(230, 159, 0), (86, 180, 233), (0, 158, 115)]
    with gif_of(view, [np.full((30, 40, 3), colour) for colour in colours]) as gif:
        assert (gif.n_frames, gif.size, gif.info["duration"], gif.info["loop"]) == (3, (40, 30), 700, 0)
        for i, colour in enumerate(colours):
            gif.seek(i)
            assert np.abs(np.asarray(gif.convert("RGB"), int) - colour).max() <= 8


def test_a_gif_of_more_colours_than_it_can_have(view):
    """Noise also has more sequences than there are codes for."""
    noise = np.random.default_rng(0).integers(0, 256, (120, 160, 3))
    smooth = np.indices((120, 160)).transpose(1, 2, 0) @ [[1, 1, 0], [0, 1, 1]]
    with gif_of(view, [noise, smooth]) as gif:
        for i, (frame, far) in enumerate([(noise, 25), (smooth, 16)]):
            gif.seek(i)
            assert np.abs(np.asarray(gif.convert("RGB"), int) - frame).mean() < far


def pane_of(view, frame: np.ndarray) -> np.ndarray:
    """The first pane in a frame of the GIF, without the words and the progress below it."""
    width, height = view.page.evaluate("[__iaff.picture.main.width, __iaff.picture.main.height]")
    return frame[20 : 20 + height, 20 : 20 + width]


ON_SCREEN = """() => {
  const { base, over } = __iaff.picture.main,
    canvas = Object.assign(document.createElement("canvas"), { width: base.width, height: base.height }),
    c = canvas.getContext("2d");
  c.drawImage(base, 0, 0);
  c.drawImage(over, 0, 0);
  return canvas.toDataURL();
}"""


FRAMES = """async () => {
  const at = (name) => import(`${__iaff.base}${__iaff.scripts}/export/${name}.js`),
    [{ framesOf }, { inks }] = await Promise.all([at("export_rounds"), at("export_sheet")]),
    { frames } = await framesOf(__iaff.exports.snapshot(), inks(__iaff.exports.root));
  return frames.map((frame) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: frame.width, height: frame.height });
    canvas.getContext("2d").putImageData(frame, 0, 0);
    return canvas.toDataURL();
  });
}"""


@pytest.mark.slow
def test_every_frame_has_the_leaks_of_its_round(view):
    """Each is what the page shows of its round."""
    view.open("?run=animals&img=cow&stage=unary&round=2&tab=leaks")
    frames = view.page.evaluate(FRAMES)
    assert len(frames) == 5
    for t, frame in enumerate(frames, start=1):
        view.page.evaluate(f"__iaff.store.set({{ round: {t} }})")
        drawn = pane_of(view, pixels(io.BytesIO(base64.b64decode(frame.partition(",")[2]))))
        shown = view.page.evaluate(ON_SCREEN).partition(",")[2]
        assert close(drawn, pixels(io.BytesIO(base64.b64decode(shown))), 1), f"round {t}"


def test_the_trace_as_it_is(view, tmp_path):
    view.open(VIEW + "&passes=3")
    dialog(view.page)
    path = take(view.page, "The trace", "safetensors", tmp_path)
    assert path.read_bytes() == COW.read_bytes()


def test_an_own_trace(view, tmp_path, walk_file):
    """A file that was dropped comes out again, byte for byte, and long walks are drawn to their end."""
    view.open("?run=animals")
    view.page.set_input_files(".iaff input[type=file]", walk_file)
    view.wait("__iaff.origin?.meta.rounds[0].affinity.kind === 'stencil'")
    view.key("8")
    dialog(view.page)
    assert take(view.page, "The trace", "safetensors", tmp_path).read_bytes() == walk_file.read_bytes()
    take(view.page, "Picture of the view", "PNG 1×", tmp_path)
    assert view.page.evaluate("__iaff.trace.refined(1) !== null")
    page = take(view.page, "One HTML file", "HTML", tmp_path).read_text("utf-8")
    assert base64.b64encode(walk_file.read_bytes()).decode() in page
    assert '"run":null' in page, "it is not of the run that is open"
    assert view.page.get_by_role("button", name="the whole run").count() == 0


def test_a_walk_that_cannot_go_on(view, tmp_path, walk_file):
    """Its maps are missed aloud, pictures say that they are not exact, and other exports go on."""
    view.page.add_init_script(
        "window.Worker = class { postMessage() { setTimeout(() => this.onerror()); } terminate() {} }"
    )
    view.open("?run=traces&img=walk&stage=affinity&x=20&y=12")
    dialog(view.page)
    note = view.page.locator(".exports .note")
    view.page.locator(".exports section[aria-label='Figure strip']").get_by_role("button", name="PNG 2×").click()
    view.page.wait_for_selector(".exports .note.wrong")
    assert note.inner_text() == "The maps of the random walk did not come."
    take(view.page, "Picture of the view", "PNG 1×", tmp_path)
    assert note.inner_text().endswith("what is drawn of it is not exact.")
    take(view.page, "The trace", "safetensors", tmp_path)


def test_figures_as_csv(view, tmp_path):
    view.open(VIEW)
    dialog(view.page)
    photo = list(csv.DictReader(take(view.page, "Figures as CSV", "this photo", tmp_path).open(newline="")))
    run = list(csv.DictReader(take(view.page, "Figures as CSV", "the whole run", tmp_path).open(newline="")))
    meta = Trace.load(COW).meta
    figures = json.loads((SHIPPED / "figures.json").read_text())
    assert [row["round"] for row in photo] == [row["round"] for row in run] == ["0", "1", "2", "3", "4", "5"]
    assert {row["scope"] for row in photo} == {"photo"}
    assert {row["name"] for row in run} == {"animals"}
    assert float(photo[0]["seeds.coverage [share]"]) == meta["figures"]["seeds"]["coverage"]
    for t in range(1, 6):
        own, whole = meta["rounds"][t - 1]["figures"], figures["rounds"][t - 1]
        assert float(photo[t]["refined.miou [share]"]) == own["refined"]["miou"]
        assert float(photo[t]["reach [cells]"]) == own["reach"]
        assert float(run[t]["unary.miou_tags [share]"]) == whole["unary"]["miou_tags"]
        assert float(run[t]["energy.ref.refined [1]"]) == whole["energy"]["ref"]["refined"]
    assert all("[" in name for name in [*photo[0], *run[0]][3:] if name not in ("scope", "name", "round"))
