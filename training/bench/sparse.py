"""Affinities whose cells have partners anywhere: their size, and how soon the page answers of them."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from iaff.places import GALLERY
from iaff.trace import Trace

from .browser import MB, App
from .events import PAUSE, Values, events, open_page, places, value, watch

GRIDS = {"28 x 28 dense": ((448, 448), 16, None), "88 x 66, k = 64": ((264, 352), 4, 64)}  # (H, W), stride, partners
STEPS = 256
MODES = ("row", "column")
PAGES = 8  # each with its first row, or its first column
QUESTIONS = 8  # walked to their end

# Pins a pixel; resolves to [ms until its row is exact, ms for which the page did nothing else at the longest].
EXACT = """([x, y]) => new Promise((done) => {
  const start = performance.now(), g = __iaff.picture.main.affinity(), { w, stride } = __iaff.trace,
    cell = Math.floor(y / stride) * w + Math.floor(x / stride), question = 2 * cell + (__iaff.state.mode === "row");
  let last = start, longest = 0;
  __iaff.store.set({ x, y });
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    g.exact.has(question) ? done([now - start, longest]) : setTimeout(look); // what `at` says may be of an older answer
  };
  setTimeout(look);
})"""


def made(size: tuple[int, int], stride: int, keep: int | None) -> Trace:
    """A walk over colours and places of a photo, with two classes."""
    with Image.open(GALLERY / "cow.jpg") as photo:
        image = np.asarray(photo.convert("RGB").resize((size[1], size[0])))
    h, w = -(-size[0] // stride), -(-size[1] // stride)
    cells = np.arange(h * w)
    colours = np.asarray(Image.fromarray(image).resize((w, h)), np.float32).reshape(-1, 3) / 255
    near = np.stack([*colours.T, cells // w / h, cells % w / w])
    weights = np.exp(-20 * sum((line[:, None] - line) ** 2 for line in near))
    partners = None if keep is None else np.argpartition(-weights, keep, 1)[:, :keep]
    weights = weights if partners is None else np.take_along_axis(weights, partners, 1)
    alpha = np.stack([near[-1], 1 - near[-1]]).reshape(2, h, w)
    walk = {"alpha_u": alpha, "partners": partners, "weights": weights / weights.sum(1, keepdims=True), "steps": STEPS}
    return Trace.from_arrays(image, ["background", "cow"], [walk], stride=stride, name="sparse")


def sparse(page, app: App) -> Values:
    """For each grid the size of a round; mouse moved -> the first row, or column, is drawn; and the whole walk, with
    what it leaves of the page meanwhile."""
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, (size, stride, keep) in GRIDS.items():
            trace, path = made(size, stride, keep), Path(folder) / "sparse.safetensors"
            trace.save(path)
            sizes = [trace.tensors[f"rounds.1.{part}"].nbytes for part in ("weights", *(["partners"] if keep else []))]
            rows, columns = ([ms for _ in range(PAGES) for ms in first(page, app, path, mode)] for mode in MODES)
            whole, longest = np.transpose([page.evaluate(EXACT, pixel) for pixel in pixels(size)]).tolist()
            figures |= {
                f"sparse, {name}: a round": value("MB", 1.5, [sum(sizes) / MB]),
                f"sparse, {name}: first row": value("ms", 16, rows),
                f"sparse, {name}: first column": value("ms", 16, columns),
                f"sparse, {name}: all {STEPS} steps": value("ms", None, whole),
                f"sparse, {name}: the page waits meanwhile, at most": value("ms", 50, longest),
            }
    return figures


def first(page, app: App, trace: Path, mode: str) -> list[float]:
    """ms to the first row or column of a trace that was just opened."""
    page.mouse.move(0, 0)
    open_page(page, app, "stage=photo")
    page.set_input_files("input[type=file]", trace)
    page.wait_for_function("__iaff.trace?.meta.name === 'sparse'")
    page.evaluate("(mode) => __iaff.store.set({ stage: 'affinity', mode, round: 1, x: null, y: null })", mode)
    page.wait_for_timeout(10 * PAUSE)
    watch(page, "pointermove")
    page.mouse.move(*list(places(page, 2))[1])
    page.wait_for_function("__iaff.picture.main.affinity().at > 0")
    page.wait_for_timeout(PAUSE)
    return events(page, "drawn")[0][:1]


def pixels(size: tuple[int, int]) -> Iterator[list[int]]:
    """Some [x, y] of a photo (H, W)."""
    return ([size[1] * (i + 1) // (QUESTIONS + 1), size[0] * (i + 1) // (QUESTIONS + 1)] for i in range(QUESTIONS))
