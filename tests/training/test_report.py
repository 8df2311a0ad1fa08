"""What is measured and shown after a round, where masks are missing, and what `training.evaluate` prints beside it."""

import json
import re
import shutil
import sys
from contextlib import redirect_stdout
from io import StringIO

import numpy as np
import pytest
import torch
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from iaff.config import load_config
from iaff.data import Shapes, Subset, open_split
from iaff.errors import UserError
from iaff.inference import Predictor
from training import evaluate
from training.train import train

TINY = [
    "data.kind=folder",
    "data.train_size=0",
    "data.tune_size=0",
    "rounds=1",
    "cam.flip=false",
    *(f"{stage}.{few}" for stage in ("classifier", "unary", "pairwise") for few in ("steps=1", "batch=2")),
    "mining.steps=1",
]


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Five scenes as a folder; of the three in ``tune`` the second has no mask, of ``val`` both have one."""
    folder, scenes = tmp_path_factory.mktemp("photos"), Shapes(5)
    (folder / "masks").mkdir()
    lines, names = [], sorted(scenes.classes[1:])
    labels = np.array([0, *(1 + names.index(name) for name in scenes.classes[1:])], np.uint8)  # as a folder has them
    for i in range(5):
        Image.fromarray(scenes.image(i)).save(folder / f"{i}.png")
        Image.fromarray(labels[scenes.mask(i)]).save(folder / "masks" / f"{i}.png")
        lines.append(f"{i}.png,{';'.join(np.array(scenes.classes[1:])[scenes.tags(i)])}\n")
    (folder / "masks" / "2.png").unlink()
    for name, chosen in (("tags", lines), ("tune", lines[1:4]), ("val", lines[3:])):
        (folder / f"{name}.csv").write_text("".join(chosen))
    return folder


def trained(photos, folder, *settings):
    return train(load_config("training/configs/shapes_tiny.toml", [f"data.root={photos}", *TINY, *settings]), folder)


@pytest.fixture(scope="module")
def measured(photos, tmp_path_factory):
    """A run, and what training it printed."""
    with redirect_stdout(StringIO()) as said:
        return trained(photos, tmp_path_factory.mktemp("runs") / "tiny"), said.getvalue()


def board(run):
    events = EventAccumulator(str(run.dir / "tensorboard"), size_guidance={"images": 0})
    events.Reload()
    return events


def test_photos_without_a_mask_are_counted_and_left_out(measured):
    run, said = measured
    assert "Figures against masks: 2 of the 3 photos of 'tune' have one. The first without: There is no mask" in said
    figures = run.figures()
    assert (figures["images"], figures["split"]) == (2, "tune")
    assert figures["rounds"][0]["unary"]["miou_tags"] >= 0
    assert [entry["title"] for entry in run.traces()] == ["1.png", "2.png"]


def test_the_board_shows_a_rounds_figures_and_photos(measured):
    run, _ = measured
    entry, events = run.figures()["rounds"][0], board(run)
    scalars = {
        f"rounds/{key}/{name}"
        for key in ("unary", "refined", "confident")
        for name, value in entry[key].items()
        if isinstance(value, float)
    }
    assert {"rounds/unary/miou_tags", "rounds/refined/miou", "rounds/confident/precision"} < scalars
    losses = {f"{stage}/loss" for stage in ("classifier", "unary_1", "region_1", "pairwise_1")}
    assert set(events.Tags()["scalars"]) == scalars | losses
    (point,) = events.Scalars("rounds/refined/miou_tags")
    assert (point.step, point.value) == (1, pytest.approx(entry["refined"]["miou_tags"]))
    widths = {tag: events.Images(tag)[0].width for tag in events.Tags()["images"]}
    assert widths == {"photos/sample_0": 5 * 128, "photos/sample_1": 4 * 128}  # the second has no truth to show


@pytest.mark.parametrize("tune", ["", "nowhere"])
def test_without_a_split_tune_training_photos_are_shown(photos, tmp_path, capsys, tune):
    """With PAMR, which a trace has no form for, too."""
    run = trained(photos, tmp_path / "tiny", f"data.tune={tune}", "affinity=pamr", "traces=1")
    said = capsys.readouterr().out
    assert f"No figures against masks: {'There is no' if tune else 'data.tune names no split.'}" in said
    assert "split" not in run.figures()
    assert run.traces() == []
    assert board(run).Tags()["images"] == ["photos/sample_0"]


def test_evaluate_says_beside_every_figure_what_it_is_of(measured, photos, tmp_path, monkeypatch, capsys):
    run, _ = measured
    command = ["evaluate", "--run", str(run.dir), "--data", "folder", "--root", str(photos), "--split", "val"]
    monkeypatch.setattr(sys, "argv", [*command, "--size", "1", "--json", str(tmp_path / "figures.json")])
    evaluate.main()
    only = run.images("val")[0]["image"]
    said = capsys.readouterr().out
    lines = said.splitlines()
    head = "shapes_tiny on folder val: 1 photos of 2, chosen by seed 0, tau 0.7, purity 0.8; objects fill "
    assert lines[0].startswith(head)
    written = json.loads((tmp_path / "figures.json").read_text())
    shown = sum(value is not None for value in written["rounds"][0]["refined"]["iou_tags"].values())
    assert re.fullmatch(rf"mIoU: mean of {shown}( to 5)? of 5 classes; no .* in these masks", lines[1])
    assert 5 - len(written["absent"]) == shown
    assert f"with tags (mean of {shown} of 5 classes): background " in said
    assert lines[3].split() == ["in", "percent", "mIoU", "mIoU", "mIoU", "precision", "coverage"]
    assert lines[4].split() == ["no", "tags", "proposed", "with", "tags", "with", "tags", "with", "tags"]
    below = r"^  with tags: objects .* -> .* %, relabelled .*; of G, tags or not: median reach .*, leak "
    assert re.search(below, said, re.MULTILINE)
    assert written["choice"] == {"of": 2, "seed": 0}
    assert "seeds" in written["tags"]
    monkeypatch.setattr(sys, "argv", [*command, "--propagators", "none", "own"])
    for _ in range(2):  # another time, the same tables
        evaluate.main()
    said = capsys.readouterr().out
    assert "val: 2 photos, tau" in said
    assert f"images_val.csv and propagators.json in {run.dir}" in said

    assert run.splits() == ["val"]
    rows, last = run.images("val"), len(written["rounds"])
    names = list(dict.fromkeys(row["image"] for row in rows))
    assert len(names) == 2
    assert only in names
    assert [(row["round"], row["image"]) for row in rows] == [
        (str(t), name) for name in names for t in range(1, last + 1)
    ]
    for entry in written["rounds"]:  # the photo that was scored alone
        row = next(row for row in rows if row["round"] == str(entry["round"]) and row["image"] == only)
        known = {name: iou for name, iou in entry["refined"]["iou_tags"].items() if iou is not None}
        assert float(row["miou_refined"]) == pytest.approx(entry["refined"]["miou_tags"])
        assert {name: float(row[f"iou_refined.{name}"]) for name in known} == pytest.approx(known)
        assert float(row["leak"]) == pytest.approx(entry["leak"])
        assert float(row["coverage"]) == pytest.approx(entry["confident"]["coverage"])
    (table,) = run.propagators()["tables"]
    assert (table["data"], table["split"], table["images"], table["round"]) == ("folder", "val", 2, last)
    assert list(table["propagators"]) == ["none", "own"]


def test_masks_that_cannot_be_measured_against_end_no_training(photos, tmp_path, capsys):
    """One that is all void is left out; where half contradict the tags, none is, and `evaluate` refuses."""
    void = tmp_path / "void"
    shutil.copytree(photos, void)
    Image.new("L", Image.open(void / "1.png").size, 255).save(void / "masks" / "1.png")
    run = trained(void, tmp_path / "one")
    assert "1 of the 3 photos of 'tune' have one. The first without: 1.png: every pixel" in capsys.readouterr().out
    assert run.figures()["images"] == 1
    assert "NaN" not in (run.dir / "figures.json").read_text()
    for i in (1, 3, 4):
        Image.new("L", Image.open(void / f"{i}.png").size, 0).save(void / "masks" / f"{i}.png")
    run = trained(void, tmp_path / "none")
    assert (
        "No figures against masks: 2 of 2 masks looked at contradict the tags; the first: 1." in capsys.readouterr().out
    )
    assert "images" not in run.figures()
    data = open_split("folder", str(void), "val", run.classes[1:])
    with pytest.raises(UserError, match=r"2 of 2 masks looked at contradict the tags; the first: 3.png is tagged"):
        evaluate.evaluate(Predictor(run), data, cam=False)


def test_photos_without_a_mask_are_left_out_of_the_figures(measured, photos, capsys):
    run, _ = measured
    predictor, data = Predictor(run), open_split("folder", str(photos), "tune", run.classes[1:])
    scored = evaluate.evaluate(predictor, data, cam=False)
    assert (scored["images"], scored["without_mask"]) == (2, 1)
    assert "Left out: 1 of 3 photos, without a mask. The first: There is no mask" in capsys.readouterr().out
    with pytest.raises(UserError, match=r"None of the 1 photos has a mask to be scored with. The first: There is no m"):
        evaluate.evaluate(predictor, Subset(data, [1]), cam=False)


def test_a_bad_outline_costs_no_training_and_splits_need_not_have_the_same_categories(tmp_path, capsys):
    scenes = Shapes(5)
    names = scenes.classes[1:]
    (tmp_path / "annotations").mkdir()
    for split, chosen, ids in (("train", range(5), names), ("tune", range(2), [*reversed(names), "hat"])):
        (tmp_path / split).mkdir()
        images, annotations = [], []
        for i in chosen:
            Image.fromarray(scenes.image(i)).save(tmp_path / split / f"{i}.png")
            height, width = scenes.image(i).shape[:2]
            images.append({"id": i, "file_name": f"{i}.png", "width": width, "height": height})
            for place in np.flatnonzero(scenes.tags(i)):
                y, x = (edge.tolist() for edge in np.nonzero(scenes.mask(i) == place + 1))
                corners = [min(x), min(y), max(x) + 1, min(y), max(x) + 1, max(y) + 1]
                outline = [corners] if i else None
                annotations.append({"image_id": i, "category_id": ids.index(names[place]), "segmentation": outline})
        categories = [{"id": id, "name": name} for id, name in enumerate(ids)]
        table = {"images": images, "categories": categories, "annotations": annotations}
        (tmp_path / "annotations" / f"instances_{split}.json").write_text(json.dumps(table))
    run = trained(tmp_path, tmp_path / "run", "data.kind=coco")
    assert run.classes == scenes.classes
    assert "1 of the 2 photos of 'tune' have one. The first without:" in capsys.readouterr().out
    figures = run.figures()
    assert figures["images"] == 1
    shown = {name for name, there in zip(names, scenes.tags(1)) if there}
    assert shown <= {name for name, iou in figures["rounds"][0]["unary"]["iou_tags"].items() if iou is not None}


def test_proposed_tags_lie_between_the_true_ones_and_none(measured, photos):
    """The third protocol is the second where the right tags are proposed, and the first where all are."""
    run, _ = measured
    predictor, data = Predictor(run), open_split("folder", str(photos), "val", run.classes[1:])
    tags = [torch.from_numpy(data.tags(i)) for i in range(len(data))]
    for proposed, same in ((tags, "_tags"), ([torch.ones_like(t) for t in tags], "")):
        (scored,) = evaluate.evaluate(predictor, data, cam=False, proposed=proposed)["rounds"]
        for key in ("unary", "refined"):
            for figure in ("miou", "iou", "objects"):
                assert scored[key][f"{figure}_proposed"] == scored[key][f"{figure}{same}"]
    (scored,) = evaluate.evaluate(predictor, data, cam=False)["rounds"]
    own = evaluate.evaluate(predictor, data, cam=False, proposed=evaluate.proposals(predictor, data))["rounds"][0]
    assert scored["refined"] == own["refined"]
