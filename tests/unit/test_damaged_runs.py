"""Files of runs, traces and weights that are damaged or of somebody else's making: right, or one sentence."""

import json
import shutil

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iaff import Run, Trace, UserError
from iaff.explorer.api.queries import Queries
from iaff.explorer.app import runs_in
from iaff.explorer.server.photo_table import table_of
from iaff.places import RUNS
from iaff.tensor_files import Damaged, load_tensors, save_tensors, tensor_bytes
from tests.damage import ODD_VALUES, changed, flipped, joined, json_text, places, split

SOURCE = RUNS / "plain_cam"  # the smaller one: three traces, no weights
FILES = {name: json.loads((SOURCE / name).read_text()) for name in ("config.json", "figures.json", "mining.json")}
FILES["traces/index.json"] = json.loads((SOURCE / "traces/index.json").read_text())
TRACE = (SOURCE / "traces/yard.safetensors").read_bytes()
QUICK = settings(
    deadline=None, derandomize=True, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
THOROUGH = settings(QUICK, derandomize=False, max_examples=2000)


def one_sentence(error, names=""):
    text = str(error)
    assert names in text
    assert len(text) < 600
    assert "\n" not in text
    text.encode()


@st.composite
def spoilt_files(draw):
    """One of a run's JSON files with an odd value or two somewhere in it."""
    name = draw(st.sampled_from(sorted(FILES)))
    content = FILES[name]
    for _ in range(draw(st.integers(1, 2))):
        content = changed(content, draw(st.sampled_from(list(places(content)))), draw(st.sampled_from(ODD_VALUES)))
    return name, content


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    return shutil.copytree(SOURCE, tmp_path_factory.mktemp("runs") / "copy")


def check_run(folder, name, content):
    """Whoever asks anything of the run gets an answer or a sentence; the other files are as they were."""
    (folder / name).write_text(json_text(content))
    try:
        (run,) = runs_in(folder)
        asked = Queries([run])
        (about,) = asked.runs()
        for answer in (asked.photos(about["name"]), asked.figures(about["name"]), run.mining(), run.measured_rounds()):
            json.dumps(answer, allow_nan=True).encode()
        table_of(run)
    except UserError as error:
        one_sentence(error, str(folder))
    finally:
        (folder / name).write_text(json.dumps(FILES[name]))


@QUICK
@given(spoilt_files())
def test_a_runs_files_with_odd_values(copy, spoilt):
    check_run(copy, *spoilt)


@pytest.mark.slow
@THOROUGH
@given(spoilt_files())
def test_a_runs_files_with_odd_values_thoroughly(copy, spoilt):
    check_run(copy, *spoilt)


@st.composite
def spoilt_traces(draw):
    """A trace with an odd value in its header or in its description, or some bytes changed or lost."""
    header, rest = split(TRACE)
    kind = draw(st.sampled_from(["description", "header", "bytes", "cut"]))
    if kind == "description":
        meta = json.loads(header["__metadata__"]["trace"])
        meta = changed(meta, draw(st.sampled_from(list(places(meta)))), draw(st.sampled_from(ODD_VALUES)))
        return joined(json_text(changed(header, ("__metadata__", "trace"), json_text(meta))), rest)
    if kind == "header":
        place = draw(st.sampled_from(list(places(header))))
        return joined(json_text(changed(header, place, draw(st.sampled_from(ODD_VALUES)))), rest)
    if kind == "bytes":
        return flipped(TRACE, np.random.default_rng(draw(st.integers(0, 2**32))))
    return TRACE[: draw(st.integers(0, len(TRACE) - 1))]


def check_trace(data):
    try:
        trace = Trace.from_bytes(data, "t.safetensors")
        for round in trace.rounds.values():
            assert np.isfinite(round.alpha_p).all()
        trace.to_bytes()
    except UserError as error:
        one_sentence(error, "t.safetensors")


@QUICK
@given(spoilt_traces())
def test_spoilt_traces(data):
    check_trace(data)


@pytest.mark.slow
@THOROUGH
@given(spoilt_traces())
def test_spoilt_traces_thoroughly(data):
    check_trace(data)


HEADER, REST = split(TRACE)


def described(text):
    return joined(json.dumps(changed(HEADER, ("__metadata__", "trace"), text)), REST)


@pytest.mark.parametrize(
    "data",
    [
        joined(json.dumps(HEADER | {"__metadata__": None}), REST),
        joined("[" * 100_000, REST),
        joined('{"a":' * 100_000, REST),
        described("[" * 100_000),
        described('{"title": "\\ud800"}'),
        described('{"name": 7}'),
        b"\xff" * 100,
    ],
    ids=[
        "no metadata",
        "nested header",
        "nested objects",
        "nested description",
        "surrogate",
        "title",
        "endless header",
    ],
)
def test_traces_that_are_none(data):
    with pytest.raises(UserError, match=r"^t\.safetensors"):
        Trace.from_bytes(data, "t.safetensors")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "config.json",
            '{"schema": 1, "name": "x", "classes": "cat"}',
            "got 'cat' at classes: input should be a valid list",
        ),
        ("config.json", '{"schema": 2, "name": [], "classes": "cat"}', "got run schema 2, expected 1"),
        ("config.json", "[" * 100_000, "nested in more than 100 levels"),
        ("config.json", "{", "cannot be read"),
        ("config.json", '{"schema": 1, "name": "\\ud800", "classes": ["background"]}', "half a character"),
        (
            "figures.json",
            '{"rounds": [{"round": "1"}]}',
            r"got '1' at rounds\.0\.round: input should be a valid integer",
        ),
        (
            "figures.json",
            '{"rounds": [{"round": 2}, {"round": 1}]}',
            r"got the rounds \[2, 1\], expected each once and in order",
        ),
        ("figures.json", '{"rounds": [{"round": 1, "unary": {"miou": "high"}}]}', "rounds.0.unary.miou"),
        (
            "mining.json",
            '{"rounds": [{"round": 1, "right": [1], "wrong": [], "unknown": [0]}]}',
            "lists of several lengths",
        ),
        ("traces/index.json", '{"traces": {}}', "at traces: input should be a valid list"),
        ("traces/index.json", '{"traces": [{"name": "x", "file": "/etc/passwd"}]}', "expected a file of that folder"),
    ],
)
def test_a_file_says_where_it_is_wrong(tmp_path, name, content, said):
    run = shutil.copytree(SOURCE, tmp_path / "run")
    (run / name).write_text(content)
    with pytest.raises(UserError, match=said) as caught:
        runs_in(run)
    assert str(run) in str(caught.value)


def test_a_damaged_run_leaves_the_others(tmp_path, capsys):
    for name in ("good", "bad"):
        shutil.copytree(SOURCE, tmp_path / name)
    (tmp_path / "bad/figures.json").write_text('{"rounds": 5}')
    assert [run.dir.name for run in runs_in(tmp_path)] == ["good"]
    said = capsys.readouterr().err
    assert said.startswith("iaff: a run is left out. ")
    assert "bad/figures.json: got 5 at rounds" in said
    (tmp_path / "good/config.json").write_text("")
    with pytest.raises(UserError, match=r"bad/figures\.json"):
        runs_in(tmp_path)


def test_a_run_that_is_damaged_while_it_is_open(tmp_path):
    (run,) = runs_in(shutil.copytree(SOURCE, tmp_path / "run"))
    (run.dir / "figures.json").write_text('{"rounds": 5}')
    asked = Queries([run, Run.load(SOURCE)])
    assert [about["rounds"] for about in asked.runs()] == [0, 5]
    with pytest.raises(UserError, match=r"figures\.json"):
        asked.figures(run.name)


TENSORS = {"weight": torch.arange(30).float().view(5, 6), "bias": torch.arange(6).half()}


def test_tensors_come_back(tmp_path):
    save_tensors(TENSORS, tmp_path / "a.safetensors")
    found = load_tensors(tmp_path / "a.safetensors")
    assert found.keys() == TENSORS.keys()
    assert all(found[key].equal(value) for key, value in TENSORS.items())


def test_every_flipped_bit_of_weights_is_noticed(tmp_path):
    """But for those of the checksum's own name, without which a file is as older versions wrote it."""
    data, path = tensor_bytes(TENSORS), tmp_path / "a.safetensors"
    noticed = 0
    for byte in range(len(data)):
        path.write_bytes(data[:byte] + bytes([data[byte] ^ 4]) + data[byte + 1 :])
        try:
            found = load_tensors(path)
        except Damaged:
            noticed += 1
        else:
            assert all(found[key].equal(value) for key, value in TENSORS.items())
    assert len(data) - 10 <= noticed


@pytest.mark.parametrize("cut", [0, 5, 40, -1])
def test_cut_tensors(tmp_path, cut):
    path = tmp_path / "a.safetensors"
    path.write_bytes(tensor_bytes(TENSORS)[:cut])
    with pytest.raises(Damaged):
        load_tensors(path)
