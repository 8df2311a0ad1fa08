"""The smallest run, and what two runs have in common."""

from safetensors import safe_open
from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

CONFIG = "training/configs/shapes_tiny.toml"


def everything_learnt(folder):
    """All weights and all seeds and later supervision of a run, by file."""
    files = folder.glob("*/**/*.safetensors")  # a kill in the middle of a write may leave other files
    files = [f for f in files if f.relative_to(folder).parts[0] in ("weights", "cache")]
    return {f.relative_to(folder): load_file(f) for f in files}


def everything_measured(folder):
    """All figures, tables and traces of a run, by file."""
    files = [*folder.glob("*.json"), *folder.glob("*.csv"), *folder.glob("traces/*")]
    return {f.relative_to(folder): content(f) for f in files}


def content(file):
    """A file's bytes; of a trace what is in it: safetensors puts what describes it down in any order."""
    if file.suffix != ".safetensors":
        return file.read_bytes()
    with safe_open(file, "np") as trace:
        names = trace.keys()
        return trace.metadata(), {name: trace.get_tensor(name).tobytes() for name in names}


def losses(folder, stage):
    """What TensorBoard shows of a stage: (step, loss)."""
    events = EventAccumulator(str(folder / "tensorboard"), size_guidance={"scalars": 0})
    events.Reload()
    return [(event.step, event.value) for event in events.Scalars(f"{stage}/loss")]


def assert_same_end(a, b):
    """Two runs hold the same, bit for bit: what was learnt, and what was measured."""
    assert_identical(everything_learnt(a), everything_learnt(b))
    a, b = everything_measured(a), everything_measured(b)
    assert a.keys() == b.keys()
    assert [name for name in a if a[name] != b[name]] == []


def assert_identical(a, b):
    assert a.keys() == b.keys()
    for name in a:
        for key in a[name]:
            assert a[name][key].equal(b[name][key]), f"{name}: {key} differs"
