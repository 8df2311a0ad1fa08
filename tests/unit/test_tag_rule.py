"""What a run claims of a photo that nobody tagged, and how sure it is; no data, no networks."""

import json

import numpy as np
import pytest
import torch

from iaff import Run, UserError
from iaff.cli.refine import said
from iaff.explaining import explain
from iaff.method.cam import Evidence
from iaff.method.tag_rule import TagRule
from iaff.places import SHIPPED
from iaff.trace import Trace
from training.tag_rule import Files, Peaks, errors, fitted, record, together

TRUE = TagRule(0.5, -4.0)


@pytest.fixture
def photos() -> Peaks:
    """Photos whose peaks follow the true rule: half of them show one of two classes or both, half show none."""
    rng = torch.Generator().manual_seed(0)
    peaks = 16 * torch.rand(20_000, 2, generator=rng)
    return Peaks(peaks, torch.rand(peaks.shape, generator=rng) < TRUE.sure(peaks))


def test_the_rule_is_found_again_whatever_the_share_of_photos_that_show_nothing(photos):
    """Both kinds count half: with a tenth of the photos without any the rule stays the same, but for chance."""
    none = photos.none
    fewer = Peaks(
        torch.cat([photos.peaks[~none], photos.peaks[none][: none.sum() // 10]]),
        torch.cat([photos.tags[~none], photos.tags[none][: none.sum() // 10]]),
    )
    all_of_them, few = fitted(photos), fitted(fewer)
    assert few.slope == pytest.approx(all_of_them.slope, rel=0.1)
    assert few.offset == pytest.approx(all_of_them.offset, rel=0.1)
    assert all_of_them.slope == pytest.approx(TRUE.slope, rel=0.15)


def test_what_is_claimed_and_how_often_it_errs():
    """Claimed, claimed with one tag missed, not claimed; and a photo of nothing of which something is claimed."""
    peaks = torch.tensor([[9.0, 0], [9, 7], [7, 7], [9, 0], [0, 7]])
    tags = torch.tensor([[True, False], [True, True], [True, False], [False, False], [False, False]])
    assert TRUE.tags(peaks).tolist() == [[True, False], [True, False], [False, False], [True, False], [False, False]]
    assert TRUE.sure(torch.tensor(8.0)) == 0.5
    found = errors(Peaks(peaks, tags), TRUE)
    assert found == {"shows": 3, "silent": 0.3333, "missed": 0.6667, "none": 2, "claims": 0.5}


def test_a_run_without_a_rule_takes_what_is_proposed():
    assert TagRule.of({}) is None
    scores, none = torch.tensor([0.9, 0.1]), torch.zeros(0)
    evidence = Evidence(none, none, none, scores, torch.tensor([1.0, 9]))
    assert evidence.claimed.tolist() == [True, False]
    evidence.rule = TRUE
    assert evidence.claimed.tolist() == [False, True]
    assert evidence.proposed.tolist() == [True, False], "which photos that are known to show some are given"


def test_the_shipped_run_has_one_and_a_grey_photo_is_no_animal(tmp_path):
    """Its rule is written, read and checked as any; on a photo of nothing it claims nothing, at any stage."""
    run = Run.load(SHIPPED)
    held_out = run.tags()["held_out"]
    assert held_out["claims"] < 0.2 < 1 - held_out["silent"]
    ramp = np.tile(np.linspace(0, 255, 96, dtype=np.uint8)[None, :, None], (64, 1, 3))
    trace = explain(ramp, run=run)
    assert trace.meta["tags"] == trace.meta["proposed"] == []
    assert max(trace.meta["tag_sure"].values()) < trace.meta["thresholds"]["claimed"] == 0.5
    assert "none of the run's classes (best: " in said("ramp.png", trace, tmp_path)
    assert Trace.from_bytes(trace.to_bytes()).meta["tag_sure"] == trace.meta["tag_sure"]


def test_the_record_is_checked(tmp_path, photos):
    (tmp_path / "config.json").write_text('{"schema": 1, "name": "r", "classes": ["background", "a", "b"]}')
    run = Run.load(tmp_path)
    assert run.tags() == {}
    record(run, ("these", photos), ("those", together(photos, photos)))
    assert TagRule.of(run.tags()).slope == pytest.approx(fitted(photos).slope, abs=1e-4)
    assert run.tags()["held_out"]["shows"] == 2 * run.tags()["chosen"]["shows"]
    (tmp_path / "tags.json").write_text(json.dumps({"slope": -1, "offset": "x"}))
    with pytest.raises(UserError, match=r"tags\.json: got -1 at slope"):
        run.tags()


def test_photos_of_one_kind_say_nothing(tmp_path):
    with pytest.raises(UserError, match="expected both kinds"):
        fitted(Peaks(torch.ones(3, 2), torch.ones(3, 2, dtype=torch.bool)))
    with pytest.raises(UserError, match="got no photo without cat"):
        Files(tmp_path, "train", ("cat",))
