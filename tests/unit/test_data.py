"""The shipped run on real photos: 60 fixed `val` photos score what was committed."""

import json
from pathlib import Path

import pytest

from iaff.data import open_split
from iaff.inference import Predictor
from iaff.run import Run
from training.evaluate import evaluate

ROOT = Path(__file__).parents[2]
VOC_ROOT = ROOT.parent / "shared" / "data" / "VOCdevkit" / "VOC2012"
EXPECTED = Path(__file__).parents[1] / "expected" / "animals_val60.json"
TOLERANCE = 0.003  # of mIoU, precision and coverage in 0..1: what other processors may round differently


def numbers(tree, path=""):
    """All floats of a nested result by path; per-class IoU is left out: a rare class may swing."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            if not key.startswith("iou") and key not in ("region_scores", "reach"):
                yield from numbers(value, f"{path}/{key}")
    elif isinstance(tree, list):
        for i, value in enumerate(tree):
            yield from numbers(value, f"{path}/{i}")
    elif isinstance(tree, float):
        yield path, tree


@pytest.mark.data
@pytest.mark.skipif(not VOC_ROOT.is_dir(), reason=f"needs the VOC subset in {VOC_ROOT}")
def test_the_shipped_run_scores_as_committed():
    run = Run.load(ROOT / "assets" / "runs" / "animals")
    data = open_split("voc", str(VOC_ROOT), "val", run.classes[1:], size=60)
    result, committed = evaluate(Predictor(run), data), json.loads(EXPECTED.read_text())
    assert result["images"] == committed["images"] == 60
    found, expected = (dict(numbers({k: r[k] for k in ("cam", "seeds", "rounds")})) for r in (result, committed))
    assert found.keys() == expected.keys()
    assert len(expected) > 10
    for path, value in expected.items():
        if path.endswith("oracle/threshold"):
            continue  # neighbouring thresholds may swap places at the same mIoU
        assert found[path] == pytest.approx(value, abs=TOLERANCE), path
