"""Other propagators on demand: the matrix that the browser gets is Python's, and what a client sends is checked."""

import base64
import io
import re
import struct
import zlib
from inspect import signature

import numpy as np
import pytest
import torch
from PIL import Image

from iaff.data.transforms import grid_photo
from iaff.explaining import predictor_of
from iaff.explorer.server.other_propagators import MOST_CELLS, other_propagators
from iaff.explorer.server.propagator_parameters import parameters, table
from iaff.nets.unary import unary_logits
from iaff.nets.untrained import GRID_DILATIONS, GRID_STEPS
from iaff.places import SHIPPED
from iaff.propagation import DenseCrf, Pamr, Similarity, colour_walk
from iaff.propagation.propagators import Stepped
from iaff.propagation.walk import COLOUR_BETA, COLOUR_STEPS, RADIUS
from iaff.run import Run
from iaff.trace import Trace
from iaff.trace.affinity import SparseAffinity, StencilAffinity

RUN = Run.load(SHIPPED)
propagate = other_propagators([RUN, Run.load(SHIPPED.parent / "plain_cam")])
TRACE = Trace.load(SHIPPED / "traces" / "pasture.safetensors")
ALPHA = TRACE.rounds[1].alpha_u


def encoded(data: bytes | np.ndarray) -> str:
    return base64.b64encode(data if isinstance(data, bytes) else data.tobytes()).decode()


def question(by: str, **other) -> dict:
    own = {"by": by, "image": encoded(TRACE.tensors["image"]), "grid": TRACE.meta["grid"], "alpha": encoded(ALPHA)}
    return own | other


def affinity(answer: dict, grid: tuple[int, int] = tuple(TRACE.meta["grid"])) -> StencilAffinity | SparseAffinity:
    w, h = grid
    if answer["kind"] == "sparse":
        partners = np.frombuffer(base64.b64decode(answer["partners"]), np.uint16).reshape(h * w, -1)
        weights = np.frombuffer(base64.b64decode(answer["weights"]), np.float16).reshape(h * w, -1)
        assert weights.astype(np.float32).sum(1).max() <= 1
        return SparseAffinity(partners, weights.astype(np.float32), answer["steps"], grid=(h, w))
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


def test_similarity_comes_from_the_networks_of_the_run():
    pixels, (rows, columns) = TRACE.image()[100:172, 80:176], (18, 24)
    asked = {"image": png(Image.fromarray(pixels)), "grid": [columns, rows], "run": "animals", "round": 2}
    answer = propagate(question("similarity", **asked, params={"temperature": 0.2, "k": 8}))
    assert (answer["kind"], answer["steps"]) == ("sparse", 1)
    partners = np.frombuffer(base64.b64decode(answer["partners"]), np.uint16).reshape(rows * columns, 8)
    weights = np.frombuffer(base64.b64decode(answer["weights"]), np.float16).reshape(rows * columns, 8)
    assert weights.astype(np.float32).sum(1).max() <= 1
    _, features = unary_logits(predictor_of(RUN).rounds[1].f, pixels, flip=False)
    whole = Similarity(features, (rows, columns), 0.2, 8).to_arrays()
    np.testing.assert_allclose(weights.astype(np.float32), whole["weights"], atol=1e-3)
    same = np.sort(partners, 1) == np.sort(whole["partners"], 1)
    assert same.mean() > 0.9, "of cells that are equally near, any may be taken; at the border many are"


def test_parameters_are_taken_and_their_defaults_are_those_of_python():
    photo = grid_photo(TRACE.image())
    whole = colour_walk(photo, radius=3, beta=4, steps=8)
    sent = affinity(propagate(question("walk", params={"radius": 3, "beta": 4, "steps": 8})))
    np.testing.assert_allclose(sent.row(100, 90), whole.row(25, 22)[0].numpy(), atol=1e-3)
    sent = affinity(propagate(question("pamr", params={"dilations": 4, "steps": 5})))
    np.testing.assert_allclose(sent.row(100, 90), Pamr(photo, (1, 2, 4), 5).row(25, 22)[0].numpy(), atol=1e-3)
    defaults = {
        "walk": {"radius": RADIUS, "beta": COLOUR_BETA, "steps": COLOUR_STEPS},
        "pamr": {"dilations": max(GRID_DILATIONS), "steps": GRID_STEPS},
        "crf": {k: v.default for k, v in signature(DenseCrf).parameters.items() if k in table()["crf"]},
        "similarity": {k: v.default for k, v in signature(Similarity).parameters.items() if v.default is not v.empty},
    }
    assert {by: parameters(by, {}) for by in table()} == defaults
    assert all(rule["start"] in rule["values"] for rules in table().values() for rule in rules.values())


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
        (question("magic"), "Got the propagator 'magic', expected one of walk, pamr, crf, similarity"),
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
        (question("walk", params={"radius": 99}), "Got radius = 99 of walk, expected one of 2, 3, .* choose another"),
        (question("walk", params={"dilations": 8}), "Got the parameter 'dilations' of walk, expected some of radius"),
        (question("walk", params={"radius": "5"}), r"Got params\[radius\] = '5', expected an object of numbers"),
        (question("pamr", params=7), "Got params = 7, expected an object of numbers"),
        (
            question("similarity", round=1),
            "Got a trace of no run, expected one of animals, plain_cam: .* Send",
        ),
        (question("similarity", run="mine", round=1), "Got a trace of the run 'mine', which is not open here"),
        (question("similarity", run="plain_cam", round=1), "which has weights of no rounds, expected .* another run"),
        (question("similarity", run="animals", round=9), "Got round 9 of animals, which has weights of 5 rounds"),
    ],
)
def test_strange_requests_are_answered(request_, message):
    answer = propagate(request_)
    assert not answer["ok"]
    assert re.search(message, answer["error"]), answer["error"]


@pytest.mark.parametrize("by", ["walk", "pamr"])
@pytest.mark.parametrize(("stride", "grid"), [(16, (22, 17)), (8, (44, 33)), (15, (24, 18))])
def test_a_grid_of_any_stride(by, stride, grid):
    """The photo is averaged onto it; 352 x 264 px."""
    sent = propagate(question(by, grid=list(grid)))
    photo = grid_photo(TRACE.image(), stride)
    assert list(photo.shape) == [3, grid[1], grid[0]]
    whole = colour_walk(photo) if by == "walk" else Pamr(photo, GRID_DILATIONS, GRID_STEPS)
    g = affinity(sent, grid).propagator
    assert isinstance(g, Stepped)
    np.testing.assert_allclose(g.step.to_dense(), whole.step.to_dense(), atol=1e-2)


def test_a_small_grey_photo_will_do():
    answer = propagate(question("pamr", image=png(Image.new("L", (36, 33), 90)), grid=[9, 9]))
    assert answer["ok"], answer
