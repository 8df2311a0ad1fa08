"""The throughput benchmark on a tiny setting: every stage has its figures, and the full training is their sum."""

import json
import re
import sys

import pytest

from iaff.config import load_config
from training.bench import throughput
from training.bench.parts import PARTS

SETTINGS = ["backbone=small", "precision=fp32", "output_stride=8", "mining.batch=64"]
SETTINGS += [f"{net}.{setting}" for net in ("classifier", "unary", "pairwise") for setting in ("crop=96", "batch=4")]


def figures(tmp_path, monkeypatch, *options):
    file = tmp_path / "figures.json"
    few = ["--json", str(file), "--steps", "2", "--files", "2", "--warm", "1", "--side", "128"]
    monkeypatch.setattr(sys, "argv", ["throughput", *few, "--photos", "100", *options, *SETTINGS])
    throughput.main()
    return json.loads(file.read_text())


@pytest.mark.slow
def test_every_stage_has_a_rate_a_share_and_its_memory(tmp_path, monkeypatch, capsys):
    result = figures(tmp_path, monkeypatch)
    assert [r["stage"] for r in result["stages"]] == list(PARTS)
    for r in result["stages"]:
        assert r["real"]["runs"] == 3
        assert r["rate"] > 0
        assert r["memory_mb"] >= r["before_mb"] > 0
        if r["stage"] == "superpixels":  # no network
            assert r["share"] is None
        else:
            assert r["share"] > 0
    batches = {r["stage"]: r["batch"] for r in result["stages"] if r["batch"]}
    assert batches == {"classifier": 4, "unary": 4, "region": 64, "pairwise": 4}

    seconds = {line["stage"]: line["seconds"] for line in result["wall"]}
    rates = {r["stage"]: r["rate"] for r in result["stages"]}
    assert seconds["classifier"] == pytest.approx(
        load_config(throughput.CONFIG).classifier.steps * 4 / rates["classifier"]
    )
    assert seconds["superpixels"] == pytest.approx(100 / rates["superpixels"])
    assert seconds["alpha_p"] == pytest.approx(5 * 100 / rates["alpha_p"])
    out = capsys.readouterr().out
    printed = [float(s) for s in re.findall(r" = ([\d.]+) s$", out, re.MULTILINE)]
    total = float(re.search(r"total: ([\d.]+) s", out)[1])
    assert sum(printed) == pytest.approx(total, abs=1) == pytest.approx(sum(seconds.values()), abs=1)
    assert str(tmp_path) not in json.dumps(result)


def test_chosen_stages_alone(tmp_path, monkeypatch, capsys):
    result = figures(tmp_path, monkeypatch, "--repeats", "1", "--batch", "2", "--part", "seeds", "--part", "unary")
    assert [(r["stage"], r["batch"]) for r in result["stages"]] == [("seeds", None), ("unary", 2)]
    steps = load_config(throughput.CONFIG).unary.steps
    assert f"{steps} steps x 4 /" in capsys.readouterr().out  # the settings' batch, at the rate of a smaller one
