"""A run's files, traces and weights, changed in one place: whoever reads them gets what is there, or one sentence."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from iaff import Run, Trace, UserError
from iaff.config import load_config
from iaff.explorer.api.queries import Queries
from iaff.explorer.app import open_run
from iaff.explorer.server.browse import page
from iaff.explorer.server.figures import run_figures
from iaff.explorer.server.requests import BrowseRequest
from iaff.nets.networks import Networks, WrongWeights, read_weights
from iaff.places import SHIPPED
from iaff.tensor_files import Damaged, load_tensors, save_tensors
from tests.damage import odd_json, odd_trace
from tests.runs import CONFIG
from tests.ui.small import small_sparse, small_trace

FILES = ("config.json", "figures.json", "mining.json", "images.csv", "traces/index.json")
SEEDS = st.integers(0, 2**32 - 1)
quick = settings(max_examples=100, deadline=None, derandomize=True)
thorough = settings(max_examples=2000, deadline=None)


def sentence(error: UserError) -> str:
    text = str(error)
    assert len(text) < 900
    assert "\n" not in text
    return text


def bare_run(folder: Path) -> Path:
    """The shipped run's JSON and CSV files."""
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SHIPPED / name, folder / name)
    return folder


def used(folder: Path) -> None:
    """Everything that reads a run's files; what it gives can be written as JSON."""
    run = open_run(folder)
    answer = [run.config, run.figures(), run.mining(), run.traces(), Queries([run]).runs()]
    answer += [Queries([run]).photos(run.name), run_figures([run])({"run": run.name})]
    answer += [page(run, BrowseRequest.model_validate({"run": run.name, "round": t}), {}) for t in (1, 3)]
    json.dumps(answer, ensure_ascii=False).encode()  # Gradio's writer makes null of NaN
    for entry in run.traces()[:1]:  # it may have none
        run.trace_path(entry["name"])
    assert run.classes[0]


def read_or_refused(read) -> bool:
    try:
        read()
    except UserError as error:
        sentence(error)
        return False
    return True


def odd_run_file(name: str, seed: int) -> bytes:
    """One of the shipped run's files, changed in one place."""
    random, data = np.random.default_rng(seed), (SHIPPED / name).read_bytes()
    if name.endswith(".json"):
        return odd_json(json.loads(data), random).encode()
    cells = [line.split(",") for line in data.decode().splitlines()]
    row = cells[random.integers(len(cells))]
    values = ["", "x", "nan", "inf", "1e999", "-1", "2", "1_0", "٣", "0", '"', "\0", "a,b", "\ud800", "1" * 400]
    row[random.integers(len(row))] = values[random.integers(len(values))]
    return "\n".join(map(",".join, cells)).encode("utf-8", "surrogatepass")


def try_run_file(folder: Path, name: str, seed: int) -> bool:
    good = (folder / name).read_bytes()
    (folder / name).write_bytes(odd_run_file(name, seed))
    try:
        return read_or_refused(lambda: used(folder))
    finally:
        (folder / name).write_bytes(good)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = bare_run(tmp_path_factory.mktemp("run"))
    used(found)
    return found


@pytest.mark.parametrize("examples", [quick, pytest.param(thorough, marks=pytest.mark.slow)])
def test_a_run_file_that_was_changed_is_read_or_refused(folder, examples):
    @examples
    @given(st.sampled_from(FILES), SEEDS)
    def check(name, seed):
        try_run_file(folder, name, seed)

    check()


@pytest.mark.parametrize("examples", [quick, pytest.param(thorough, marks=pytest.mark.slow)])
def test_a_trace_that_was_changed_is_read_or_refused(examples):
    files = [small_trace().to_bytes(), small_sparse().to_bytes()]

    def read(seed):
        trace = Trace.from_bytes(odd_trace(files[seed % 2], np.random.default_rng(seed)))
        assert all(np.isfinite(found.alpha_p).all() for found in trace.rounds.values())
        assert trace.image().shape
        Trace.from_bytes(trace.to_bytes())  # what was read can be written
        trace.html()

    @examples
    @given(SEEDS)
    def check(seed):
        read_or_refused(lambda: read(seed))

    check()


@pytest.mark.parametrize(
    ("name", "spoil", "words"),
    [
        ("config.json", lambda c: c.update(classes=["a", "a"]), "at classes: expected different ones"),
        ("figures.json", lambda c: c["rounds"][1].update(leak=7), r"got 7 at rounds\.1\.leak"),
        ("traces/index.json", lambda c: c["traces"].append(c["traces"][0]), "expected different ones"),
    ],
)
def test_the_place_in_a_run_file_is_named(tmp_path, name, spoil, words):
    run = bare_run(tmp_path / "run")
    content = json.loads((run / name).read_bytes())
    spoil(content)
    (run / name).write_text(json.dumps(content))
    with pytest.raises(UserError, match=words) as error:
        used(run)
    assert name in sentence(error.value)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("1,chelsea,0.1", "line 3: got 3 values for 16 columns"),
        ("1_0,chelsea,0,0,0,0,0,0,0,,,,,,,", "line 3: got round = '1_0'"),
        ("1,cat,nan,0,0,0,0,0,0,,,,,,,", "line 3: got changed = 'nan'"),
        ("1,cat,0,0,7,0,0,0,0,,,,,,,", "line 3: got coverage = '7'"),
        ("1,cow,0,0,0,0,0,0,0,,,,,,,", "line 3: got 'cow' a second time in round 1"),
    ],
)
def test_the_line_of_a_table_is_named(folder, line, words):
    table = folder / "images.csv"
    good = table.read_text()
    table.write_text("\n".join([*good.splitlines()[:2], line]) + "\n")
    with pytest.raises(UserError, match=words):
        Run.load(folder).images()
    table.write_text(good)


def flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def test_a_byte_that_flipped_is_noticed_wherever_it_is(tmp_path):
    path = tmp_path / "weights" / "unary_1.safetensors"
    path.parent.mkdir()
    tensors = {"a": torch.arange(6.0).reshape(2, 3), "crc32": torch.zeros(3, dtype=torch.uint8)}
    save_tensors(tensors, path)
    good = path.read_bytes()
    assert all(torch.equal(load_tensors(path)[key], tensors[key]) for key in tensors)
    for at in range(len(good)):
        path.write_bytes(flip(good, at))
        with pytest.raises(Damaged):
            load_tensors(path)
    path.with_stem("unary_2").write_bytes(good)
    with pytest.raises(Damaged, match="it was written as weights/unary_1"):
        load_tensors(path.with_stem("unary_2"))


def wrong_weights() -> dict[str, bytes]:
    """Files that are no weights of a network, by name."""
    import io
    import pickle

    from safetensors.torch import save

    class Harm:
        def __reduce__(self):
            return pytest.fail, ("something was unpickled and run",)

    state = {
        key: value.contiguous()
        for key, value in Networks(load_config(CONFIG), 3, False).classifier().state_dict().items()
    }
    key = next(key for key, value in state.items() if value.is_floating_point())
    torch.save(state, data := io.BytesIO())
    return {
        "of another shape": save({**state, key: state[key][:-1].contiguous()}),
        "of another type": save({**state, key: state[key].int()}),
        "with one too many": save({**state, "more": state[key].clone()}),
        "with one too few": save({k: v for k, v in state.items() if k != key}),
        "NaN": save({**state, key: torch.full_like(state[key], torch.nan)}),
        "torch's": data.getvalue(),
        "pickled": pickle.dumps(Harm()),
        "text": b"hello",
        "none": b"",
    }


@pytest.mark.parametrize("name", wrong_weights())
def test_what_is_no_weights_of_a_network_is_refused_and_leaves_it_as_it_was(name, tmp_path):
    path = tmp_path / "classifier.safetensors"
    path.write_bytes(wrong_weights()[name])
    net = Networks(load_config(CONFIG), 3, False).classifier()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    with pytest.raises(WrongWeights) as error:
        read_weights(net, path)
    assert str(path) in sentence(error.value)
    assert all(torch.equal(before[key], value) for key, value in net.state_dict().items())
