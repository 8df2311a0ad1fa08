"""What programs ask of runs and traces, without a server: the answers are those of the library, and arguments are
checked."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from iaff.errors import UserError
from iaff.explorer.api.queries import Queries
from iaff.explorer.server.runs import named
from iaff.method.superpixels import on_grid
from iaff.places import SHIPPED
from iaff.propagation import leak_rate, reach
from iaff.run import Run
from iaff.trace import Trace
from iaff.trace.encoding import encode_png
from tests.ui.places import ROOT
from tests.ui.small import small_sparse
from tests.ui.synthetic import make_walk

QUERIES = Queries([Run.load(SHIPPED)])
TRACE = Trace.load(SHIPPED / "traces" / "frisbee.safetensors")
PLACE = {"run": "animals", "photo": "frisbee"}
X, Y = 50, 202


def labels_of(stage: str, t: int = 5) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(QUERIES.label_png(**PLACE, round=t, stage=stage))))


def test_what_there_is():
    (run,) = QUERIES.runs()
    assert (run["name"], run["rounds"], run["photos"], run["explains"]) == ("animals", 5, 9, True)
    assert {"name": "frisbee", "title": "A dog with a disc", "tags": ["dog"]} in QUERIES.photos("animals")
    assert QUERIES.figures("animals") == json.loads((SHIPPED / "figures.json").read_text())


@pytest.mark.parametrize("mode", ["row", "column"])
def test_query_is_the_affinity(mode):
    answer = QUERIES.query(**PLACE, round=5, x=X, y=Y, mode=mode)
    r = TRACE.rounds[5]
    values = getattr(r.affinity, mode)(X, Y)
    assert answer["mass"] == pytest.approx(values.sum(), abs=1e-5)
    assert (answer["reach"], answer["cells"]) == (int(reach(torch.from_numpy(values))), values.size)
    alpha = r.alpha_u if mode == "row" else r.alpha_p
    expected = (alpha * values).sum((1, 2)) / values.sum()
    assert list(answer["classes"].values()) == pytest.approx(expected.tolist(), abs=1e-5)
    if mode == "row":  # what decides a pixel is what it becomes
        assert answer["classes"]["dog"] == pytest.approx(r.alpha_p[1, Y // 4, X // 4], abs=1e-3)
    weights = [cell["weight"] for cell in answer["strongest"]]
    assert weights == pytest.approx(np.sort(values, axis=None)[::-1][:10].tolist(), abs=1e-6)
    first = answer["strongest"][0]
    assert first["weight"] == pytest.approx(values[first["y"] // 4, first["x"] // 4], abs=1e-6)


def test_leaks_are_the_ranked_ones():
    answer = QUERIES.leaks(**PLACE, round=5, most=3)
    truth = on_grid(torch.from_numpy(TRACE.labels("truth").copy()))
    assert answer["boundary"] == "truth"
    assert answer["rate"] == pytest.approx(leak_rate(TRACE.rounds[5].affinity.propagator, truth), abs=1e-6)
    first = answer["leaks"][0]  # that of docs/findings.md, in this run too
    place = {"x": 50, "y": 202, "from_x": 46, "from_y": 198, "label": "dog", "from_label": "background"}
    assert first.items() >= place.items()
    flows = [leak["flow"] for leak in answer["leaks"]]
    assert len(flows) == 3
    assert flows == sorted(flows, reverse=True)


def test_labels_are_the_trace():
    assert (labels_of("truth") == TRACE.labels("truth")).all()
    height, width = TRACE.image().shape[:2]
    for stage, small in (("seeds", TRACE.labels("seeds")), ("confident", TRACE.rounds[5].confident)):
        large = labels_of(stage)
        assert large.shape == (height, width)
        assert (large[2::4, 2::4] == small).all()
    assert set(np.unique(labels_of("refined"))) == {0, TRACE.meta["class_ids"][1]}


def test_changes_add_up():
    before, now = labels_of("refined", 1) > 0, labels_of("refined", 5) > 0  # one class: none is flipped
    expected = {"gained": int((now & ~before).sum()), "lost": int((before & ~now).sum()), "flipped": 0}
    answer = QUERIES.compare(**PLACE, round_a=1, round_b=5)
    assert answer == expected | {"pixels": now.size}
    assert answer["gained"] > answer["lost"] > 0
    assert QUERIES.compare(**PLACE, round_a=5, round_b=1) == answer, "always forward in time"
    assert QUERIES.compare(**PLACE, round_a=2, round_b=2)["lost"] == 0


def test_runs_that_are_called_alike_have_names_of_their_own():
    called = ["voc", "voc (old)", "voc", "voc (old)", "voc (2)", "voc (old)"]
    runs = [Run(Path("x"), {"name": name, "classes": []}) for name in called]
    names = ["voc", "voc (old)", "voc (2)", "voc (old) (2)", "voc (2) (2)", "voc (old) (3)"]
    assert dict(zip(names, runs, strict=True)) == named(runs)


def test_a_trace_of_another_stride(tmp_path):
    """Cells of 8 x 8 px and an affinity between any of them: pixels are those of the photo."""
    from iaff.explorer.app import loose_traces

    trace = small_sparse()
    trace.tensors["truth"] = encode_png(np.kron(trace.labels("seeds"), np.ones((8, 8), np.uint8)))
    trace.save(tmp_path / "sparse.safetensors")
    queries = Queries([loose_traces([tmp_path / "sparse.safetensors"])])
    place = {"run": "traces", "photo": "sparse", "round": 1}
    width, height = trace.meta["size"]
    row = trace.rounds[1].affinity.row(width - 1, height - 1)
    answer = queries.query(**place, x=width - 1, y=height - 1, mode="row")
    assert answer["cells"] == row.size == (trace.meta["grid"][0] * trace.meta["grid"][1])
    assert all(
        cell["weight"] == pytest.approx(row[cell["y"] // 8, cell["x"] // 8], abs=1e-6) for cell in answer["strongest"]
    )
    truth = on_grid(torch.from_numpy(trace.labels("truth").copy()), 8)
    assert queries.leaks(**place)["rate"] == pytest.approx(
        leak_rate(trace.rounds[1].affinity.propagator, truth), abs=1e-6
    )
    seeds = np.asarray(Image.open(io.BytesIO(queries.label_png(**place, stage="seeds"))))
    assert (seeds == trace.labels("truth")).all()
    assert np.asarray(Image.open(io.BytesIO(queries.label_png(**place, stage="refined")))).shape == (height, width)


def test_a_trace_without_layers(tmp_path):
    """Nothing but an affinity: the boundary is the refined map's, no edge is ranked, and missing layers are named."""
    from iaff.explorer.app import loose_traces

    make_walk().save(tmp_path / "walk.safetensors")
    queries = Queries([loose_traces([tmp_path / "walk.safetensors"])])
    place = {"run": "traces", "photo": "walk", "round": 1}
    answer = queries.leaks(**place)
    assert (answer["boundary"], answer["leaks"]) == ("labels", [])
    assert 0 < answer["rate"] < 1
    assert queries.query(**place, x=0, y=0)["mass"] == pytest.approx(1, abs=1e-3)
    with pytest.raises(UserError, match="Got stage = 'seeds', which this trace lacks"):
        queries.label_png(**place, stage="seeds")


WRONG = [
    ({"run": "wolves"}, "No run of that name; the explorer has: animals"),
    ({"run": ["animals"]}, r"Got run = \['animals'\], expected a text, the name of a run; correct it\."),
    ({"photo": "../config"}, r"no trace '\.\./config'; it has: cow"),
    ({"photo": None}, "Got photo = None, expected a text"),
    ({"round": 0}, "Got round = 0, expected a whole number from 1 to 5"),
    ({"round": True}, "Got round = True"),
    ({"x": 340}, "Got x = 340, expected a whole number from 0 to 339"),
    ({"x": float("nan")}, "Got x = nan"),
    ({"y": float("inf")}, "Got y = inf"),
    ({"y": -1}, "Got y = -1, expected a whole number from 0 to 351"),
    ({"y": "1"}, "Got y = '1'"),
    ({"mode": "diagonal"}, "Got mode = 'diagonal', expected one of row, column"),
    ({"mode": {}}, "Got mode = {}"),
]


@pytest.mark.parametrize(("change", "message"), WRONG)
def test_every_argument_is_checked(change, message):
    with pytest.raises(UserError, match=message):
        QUERIES.query(**({**PLACE, "round": 1, "x": 1, "y": 1} | change))


def test_other_arguments_are_checked():
    with pytest.raises(UserError, match="Got most = 0, expected a whole number from 1 to 200"):
        QUERIES.leaks(**PLACE, round=1, most=0)
    with pytest.raises(UserError, match="Got round_b = 6"):
        QUERIES.compare(**PLACE, round_a=1, round_b=6)
    with pytest.raises(UserError, match="Got stage = 'photo', expected one of seeds"):
        QUERIES.label_png(**PLACE, round=1, stage="photo")
    assert QUERIES.query(**PLACE, round=1.0, x=3.0, y=3)["mass"] == 1  # some clients have no other numbers


def test_looking_needs_no_torch():
    program = """
import sys
from iaff.explorer.api.queries import Queries
from iaff.places import SHIPPED
from iaff.run import Run
queries = Queries([Run.load(SHIPPED)])
queries.runs(), queries.photos("animals"), queries.figures("animals"), queries.trace_file("animals", "cow")
queries.label_png("animals", "cow", 1, "confident")
sys.exit("torch" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT).returncode == 0


def test_gradio_writes_no_stubs(tmp_path):
    """It would parse the source of each component, at every start, and write a file beside it."""
    (tmp_path / "part.py").write_text("import gradio\n\n\nclass Part(gradio.HTML):\n    pass\n")
    program = "from iaff.explorer.gradio_import import import_gradio; import_gradio(); import part; part.Part()"
    path = os.pathsep.join([str(ROOT), str(tmp_path)])
    ran = subprocess.run([sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": path})
    assert ran.returncode == 0
    assert not list(tmp_path.glob("*.pyi"))


def test_mcp_says_what_it_needs(monkeypatch):
    from iaff.explorer.api import mcp

    monkeypatch.setattr(mcp, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r'^--mcp: got no package `mcp`, expected it installed: pip install "mcp>='):
        mcp.check_mcp()
