"""Other propagators on demand: the stencil that the browser gets is Python's, and what a client sends is checked."""

import base64
import io
import re
import struct
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from iaff.data.transforms import grid_photo
from iaff.explorer.server.other_propagators import MOST_CELLS, propagate
from iaff.nets.untrained import GRID_DILATIONS, GRID_STEPS
from iaff.places import SHIPPED
from iaff.propagation import Pamr, colour_walk
from iaff.trace import Trace
from iaff.trace.affinity import StencilAffinity

TRACE = Trace.load(SHIPPED / "traces" / "pasture.safetensors")
ALPHA = TRACE.rounds[1].alpha_u


def encoded(data: bytes | np.ndarray) -> str:
    return base64.b64encode(data if isinstance(data, bytes) else data.tobytes()).decode()


def question(by: str, **other) -> dict:
    own = {"by": by, "image": encoded(TRACE.tensors["image"]), "grid": TRACE.meta["grid"], "alpha": encoded(ALPHA)}
    return own | other


def affinity(answer: dict) -> StencilAffinity:
    assert answer["kind"] == "stencil"
    w, h = TRACE.meta["grid"]
    offsets = np.frombuffer(base64.b64decode(answer["offsets"]), np.int32).reshape(-1, 2)
    weights = np.frombuffer(base64.b64decode(answer["weights"]), np.float16).reshape(-1, h, w)
    assert weights.astype(np.float32).sum(0).max() <= 1
    return StencilAffinity(offsets.copy(), weights.astype(np.float32), answer["steps"], grid=(h, w))


@pytest.mark.parametrize("by", ["walk", "pamr"])
def test_linear_ones_are_sent_as_what_they_are(by):
    """PAMR too, whose neighbours beyond the border are those on it."""
    photo = grid_photo(TRACE.image())
    whole = colour_walk(photo) if by == "walk" else Pamr(photo, GRID_DILATIONS, GRID_STEPS)
    sent = affinity(propagate(question(by)))
    expected = whole.propagate(torch.from_numpy(ALPHA)[None])[0].numpy()
    np.testing.assert_allclose(sent.propagate(ALPHA), expected, atol=1e-3)
    for x, y in ((0, 0), (351, 263), (100, 90)):
        np.testing.assert_allclose(sent.row(x, y), whole.row(x // 4, y // 4)[0].numpy(), atol=1e-3)


def test_the_crf_gives_a_map_or_says_how_to_install_it():
    answer = propagate(question("crf"))
    if not answer["ok"]:
        assert 'pip install "pydensecrf2' in answer["error"]
        return
    refined = np.frombuffer(base64.b64decode(answer["alpha"]), np.float32).reshape(ALPHA.shape)
    np.testing.assert_allclose(refined.sum(0), 1, atol=1e-3)
    assert answer["kind"] == "map"
    assert "no rows" in answer["why"]


def png(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return encoded(buffer.getvalue())


def bomb(width: int, height: int) -> str:
    """A PNG that claims a size and holds nothing of it."""

    def part(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return encoded(b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", zlib.compress(bytes(99))))


NAN, TWICE = ALPHA.copy(), 2 * ALPHA
NAN[0, 0, 0] = np.nan


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (None, "expected one JSON object"),
        (question("magic"), "Got the propagator 'magic', expected one of walk, pamr, crf"),
        (question("walk", image=7), "expected a text"),
        (question("walk", image="no base64!"), "Got image = 'no base64!', expected a text, a JPEG or PNG file of"),
        (question("walk", image=encoded(b"GIF89a")), "no picture"),
        (question("walk", image="A" * 20_000_000), "Got image of length 15,000,000, expected .* at most 8,000,000"),
        (question("walk", image=bomb(30000, 30000)), "no picture|of a whole stride"),
        (question("walk", image=bomb(700, 700), grid=[175, 175]), "700 x 700 px, expected at most 640 x 640"),
        (question("walk", image=bomb(4000, 4000), grid=[63, 63]), "4000 x 4000 px, expected at most 2048 x 2048"),
        (question("walk", image=bomb(352, 264)), "no picture"),
        (question("walk", grid=[66, 88]), r"Got grid = \[66, 88\], expected that of a whole stride for 352 x 264"),
        (question("walk", grid=[0, 0]), "expected that of a whole stride"),
        (question("walk", grid=None), "Got grid = None"),
        (question("crf", alpha=encoded(ALPHA[:, :5])), "bytes of alpha"),
        (question("crf", alpha=""), "bytes of alpha"),
        (question("crf", alpha="A" * (6 * 21 * MOST_CELLS)), "classes on 88 x 66 cells, expected at most 537,600"),
        (question("crf", alpha=encoded(NAN)), "Got a wrong alpha: got nan"),
        (question("crf", alpha=encoded(TWICE)), "Got a wrong alpha: "),
    ],
)
def test_strange_requests_are_answered(request_, message):
    answer = propagate(request_)
    assert not answer["ok"]
    assert re.search(message, answer["error"]), answer["error"]


@pytest.mark.parametrize("by", ["walk", "pamr"])
@pytest.mark.parametrize(("stride", "grid"), [(16, [22, 17]), (8, [44, 33]), (15, [24, 18])])
def test_a_grid_of_any_stride(by, stride, grid):
    """The photo is averaged onto it; 352 x 264 px."""
    sent = propagate(question(by, grid=grid))
    photo = grid_photo(TRACE.image(), stride)
    assert list(photo.shape) == [3, grid[1], grid[0]]
    weights = np.frombuffer(base64.b64decode(sent["weights"]), np.float16).reshape(-1, grid[1], grid[0])
    whole = colour_walk(photo) if by == "walk" else Pamr(photo, GRID_DILATIONS, GRID_STEPS)
    np.testing.assert_allclose(
        1 - weights.astype(float).sum(0), whole.step.to_dense().diag().view(*weights.shape[1:]), atol=1e-2
    )


def test_a_small_grey_photo_will_do():
    answer = propagate(question("pamr", image=png(Image.new("L", (36, 33), 90)), grid=[9, 9]))
    assert answer["ok"], answer
