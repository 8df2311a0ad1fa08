"""``iaff import``: other programs' files -> traces; what each was read as is said, and each fault is one sentence."""

import pickle

import numpy as np
import pytest
import torch
from scipy import sparse

from iaff import Trace, UserError
from iaff.cli.main import main
from iaff.importing.distributions import of_activations, of_labels, of_scores
from iaff.importing.grids import grid_of_cells, grid_of_maps, on_grid
from iaff.importing.maps import MapReader
from iaff.propagation import neighbours
from tests.files import png_of

W, H = 88, 66  # px, of the photo: 22 x 17 cells of 4 px, 11 x 9 of 8, 6 x 5 of 16
N = 11 * 9
RNG = np.random.default_rng(3)
CAM = RNG.random((2, 17, 22), np.float32)
WALK = (lambda a: (a / a.sum(0)).astype(np.float32))(RNG.random((N, N)) ** 6)  # columns sum to 1, as PSA has it


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A photo, and what programs save of it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cat.png").write_bytes(png_of(RNG.integers(0, 255, (H, W, 3)).astype(np.uint8)))
    labels = np.zeros((H, W), np.uint8)
    labels[20:40, 30:60], labels[:4] = 8, 255
    (tmp_path / "labels.png").write_bytes(png_of(labels))
    full = CAM.repeat(4, 1).repeat(4, 2)[:, :H, :W]
    irn = {"keys": torch.tensor([7, 11]), "cam": torch.from_numpy(CAM), "high_res": full}
    np.save("irn.npy", irn)
    np.save("psa.npy", {7: full[0], 11: full[1]})
    np.save("scores.npy", np.stack([1 - CAM.max(0), *CAM]))
    np.save("logits.npy", RNG.normal(size=(1, 3, 9, 11)))
    np.save("walk.npy", WALK)
    sparse.save_npz("walk.npz", sparse.csc_matrix(np.where(WALK > 0.02, WALK, 0)))
    torch.save(torch.rand(12, 31, 31).softmax(-1).half(), "attention.pt")
    offsets = neighbours(2).numpy()
    weights = np.zeros((len(offsets), 17, 22), np.float32)
    weights[:, 2:-2, 2:-2] = 0.1
    np.savez("stencil.npz", offsets=offsets, weights=weights, steps=8)
    (tmp_path / "maps").mkdir()
    for name, one in {"background": 1 - full.max(0), "Cat": full[0], "dog": full[1]}.items():
        (tmp_path / "maps" / f"{name}.png").write_bytes(png_of((255 * one).astype(np.uint8)))
    return tmp_path


def imported(capsys, *words: str) -> tuple[Trace, str]:
    """The trace that a command writes, and what it says."""
    assert main(["import", "--photo", "cat.png", *words, "--out", "out.safetensors"]) == 0, capsys.readouterr().err
    return Trace.load("out.safetensors"), capsys.readouterr().out


def test_what_is_in_a_file_becomes_the_unary_map(files, capsys):
    power = np.stack([(1 - CAM.max(0)) ** 16, *CAM])
    expected = power / power.sum(0)
    for words in (["irn.npy"], ["psa.npy"], ["irn.npy", "--classes", "cat,dog"]):
        trace, said = imported(capsys, "--cam", *words)
        assert trace.classes == ["background", "cat", "dog"]
        assert "background (1 - max)^16 as in PSA" in said
        assert "cat, dog" in said
        np.testing.assert_allclose(trace.rounds[1].alpha_u[:, :16], expected[:, :16], atol=2e-3)
        np.testing.assert_allclose(trace.tensors["cam"][:, :16], CAM[:, :16], atol=1e-3)
        np.testing.assert_array_equal(trace.rounds[1].alpha_p, trace.rounds[1].alpha_u)  # no affinity
    ours = ("--classes", "cat,dog")
    trace, said = imported(capsys, "--scores", "scores.npy", *ours)
    assert "scores, divided by their sum" in said
    scores = np.stack([1 - CAM.max(0), *CAM])
    np.testing.assert_allclose(trace.rounds[1].alpha_u, scores / scores.sum(0), atol=1e-3)
    again, said = imported(capsys, "--scores", "maps", *ours)
    assert "grey pictures, background, cat, dog, 88 x 66" in said
    np.testing.assert_allclose(again.rounds[1].alpha_u[:, :16], trace.rounds[1].alpha_u[:, :16], atol=1e-2)
    trace, said = imported(capsys, "--scores", "logits.npy", *ours)
    assert "logits, by softmax" in said
    assert (trace.stride, trace.meta["grid"]) == (8, [11, 9])


def test_a_label_map_is_one_hot_and_truth_is_of_all_the_photo(files, capsys):
    trace, said = imported(capsys, "--labels", "labels.png", "--truth", "labels.png", "--affinity", "stencil.npz")
    assert trace.classes == ["background", "cat"]
    assert "offsets, weights, steps" in said
    alpha = trace.rounds[1].alpha_u
    assert alpha[1, 6, 9] == 1
    assert (alpha[:, 0] == 0.5).all()  # nothing known
    assert set(np.unique(trace.labels("truth"))) == {0, 1, 255}
    assert trace.rounds[1].affinity.kind == "stencil"
    assert trace.meta["rounds"][0]["affinity"]["steps"] == 8


def test_a_matrix_whose_columns_sum_to_1_is_transposed(files, capsys):
    scores = ("--scores", "logits.npy", "--classes", "cat,dog")
    trace, said = imported(capsys, *scores, "--affinity", "walk.npy")
    assert "columns sum to 1: transposed" in said
    last = trace.rounds[1]
    unary = last.alpha_u.reshape(3, -1)
    np.testing.assert_allclose(last.alpha_p.reshape(3, -1), unary @ WALK, atol=2e-3)  # PSA: cam @ trans_mat
    again, said = imported(capsys, *scores, "--affinity", "walk.npz", "--steps", "3")
    step = np.where(WALK > 0.02, WALK, 0)
    step += np.diag(1 - step.sum(0))
    refined = unary @ np.linalg.matrix_power(step, 3)
    np.testing.assert_allclose(again.rounds[1].alpha_p.reshape(3, -1), refined, atol=4e-3)
    np.save("rows.npy", WALK.T)
    rows, said = imported(capsys, *scores, "--affinity", "rows.npy")
    assert "rows sum to 1\n" in said
    np.testing.assert_array_equal(rows.rounds[1].alpha_p, last.alpha_p)


def test_attention_has_a_token_more_than_cells(files, capsys):
    trace, said = imported(capsys, "--cam", "irn.npy", "--attention", "attention.pt")
    assert "12 heads, their mean" in said
    assert (trace.stride, trace.meta["grid"], trace.rounds[1].affinity.kind) == (16, [6, 5], "sparse")
    np.testing.assert_allclose(trace.rounds[1].affinity.row(40, 40).sum(), 1, atol=1e-2)


def test_a_map_refined_without_a_matrix_is_kept_and_has_no_rows(files, capsys):
    trace, _ = imported(capsys, "--cam", "irn.npy", "--refined", "labels.png")
    last = trace.rounds[1]
    assert trace.meta["rounds"][0]["affinity"]["kind"] == "map"
    assert last.alpha_p[1, 6, 9] == 1
    assert not np.array_equal(last.alpha_p, last.alpha_u)
    with pytest.raises(UserError, match="a refined map without a matrix"):
        last.affinity.row(40, 30)


def test_a_folder_is_imported_photo_by_photo_and_what_is_missing_is_named(files, capsys):
    for folder in ("photos", "cams"):
        (files / folder).mkdir()
    for name in ("a", "b", "c"):
        (files / "photos" / f"{name}.png").write_bytes((files / "cat.png").read_bytes())
    for name in ("a", "c"):
        (files / "cams" / f"{name}.npy").write_bytes((files / "irn.npy").read_bytes())
    assert main(["import", "--photo", "photos", "--cam", "cams", "--out", "out"]) == 1
    said = capsys.readouterr()
    assert sorted(path.name for path in (files / "out").iterdir()) == ["a.safetensors", "c.safetensors"]
    assert "b.png: got nothing for it in cams, expected one file named b." in said.err
    assert "2 of 3 photos imported" in said.err


FAULTS = {
    "no map": ((), "expected --cam, --scores or --labels"),
    "two affinities": (("--cam", "irn.npy", "--affinity", "walk.npy", "--refined", "labels.png"), "one of them"),
    "steps of nothing": (("--cam", "irn.npy", "--steps", "3"), "with --affinity or --attention"),
    "no file": (("--cam", "nowhere.npy"), "There is no file nowhere.npy"),
    "a strange class": (("--cam", "irn.npy", "--classes", "elephant,zebra"), "got the class 7, expected 0 (elephant)"),
    "another count": (("--scores", "scores.npy"), "got 3 maps"),
    "raw weights": (("--cam", "irn.npy", "--affinity", "raw.npy"), "Divide each row by its sum"),
    "another grid": (("--cam", "irn.npy", "--affinity", "small.npy"), "got 7 cells"),
    "layers": (("--cam", "irn.npy", "--attention", "layers.npy"), "of one layer and one photo"),
    "a program": (("--cam", "program.npy"), "got the name builtins.print in its pickle"),
    "a photo as scores": (("--scores", "cat.png", "--classes", "cat"), "expected a grey one"),
    "labels beyond": (("--labels", "labels.png", "--classes", "cat"), "got class index 8"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_one_sentence(name, files, capsys):
    words, expected = FAULTS[name]
    np.save("raw.npy", RNG.random((N, N)))
    np.save("small.npy", np.eye(7))
    np.save("layers.npy", RNG.random((2, 3, 31, 31)))
    (files / "program.npy").write_bytes(pickle.dumps(print))
    assert main(["import", "--photo", "cat.png", *words, "--out", "out.safetensors"]) == 1
    said = capsys.readouterr().err
    assert expected in said
    assert said.count("\n") == 1
    assert not (files / "out.safetensors").exists()


def test_grids_and_maps():
    assert grid_of_cells((500, 375), 63 * 47, [], False, "x") == (47, 63)  # PSA, stride 8
    assert grid_of_cells((500, 375), 31 * 23 + 1, [], True, "x") == (23, 31)  # ViT, which leaves the rest away
    assert grid_of_cells((500, 375), 28 * 28 + 5, [], True, "x") == (28, 28)  # of a square, with registers
    assert grid_of_maps((500, 375), [(375, 500)]) == (94, 125)
    assert grid_of_maps((4000, 3000), [(3000, 4000)])[1] <= 128
    ramp = np.arange(8 * 6, dtype=np.float32).reshape(1, 6, 8)
    np.testing.assert_allclose(on_grid(ramp, (3, 4))[0], ramp.reshape(3, 2, 4, 2).mean((1, 3)))
    assert on_grid(ramp, (12, 16)).shape == (1, 12, 16)


def test_every_distribution_sums_to_1(tmp_path):
    reader = MapReader(["cat"])
    np.save(tmp_path / "cam.npy", np.array([[[-1.0, 0], [3, 1]]]))
    np.save(tmp_path / "labels.npy", np.array([[0, 255], [1, 1]]))
    cam = reader.activations(tmp_path / "cam.npy")
    shares = [of_activations(cam, (2, 2))[1], of_scores(cam, (2, 2))[0]]
    shares.append(of_labels(reader.labels(tmp_path / "labels.npy", None), (2, 2))[0])  # type: ignore[arg-type]
    for found in shares:
        np.testing.assert_allclose(sum(found.values()), 1, atol=1e-6)
