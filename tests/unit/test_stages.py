"""Each stage of the method on small inputs whose answer is known."""

import subprocess
import sys
from types import SimpleNamespace
from urllib.error import URLError

import numpy as np
import pytest
import torch
from torchvision.models import mobilenet_v2

from iaff.config import Mining, load_config
from iaff.errors import UserError
from iaff.grid import overlap
from iaff.method.energy import image_weights, paper_energy, reference_energy
from iaff.method.metrics import Partial, Segmentation, Sweep
from iaff.method.mining import confident_map, label_shares, pool_features, region_samples
from iaff.method.seeds import cam_labels, make_seeds
from iaff.method.stages import Stages
from iaff.method.superpixels import on_grid
from iaff.nets.backbones import build_trunk, check_backbones
from iaff.nets.mobilenet import MobileNetV2, Phases
from iaff.propagation import gates_from_logits, propagate, rademacher, smoothness, superpixel_average
from tests.dense import dense


def test_seeds_are_strong_tagged_classes_and_weak_background():
    cam = torch.tensor([[[0.9, 0.2, 0.01, 0.4]], [[0.1, 0.9, 0.9, 0.45]]])
    assert make_seeds(cam, torch.tensor([True, False]), 0.3, 0.05).tolist() == [[1, 255, 0, 1]]
    assert make_seeds(cam, torch.tensor([True, True]), 0.42, 0.05).tolist() == [[1, 2, 2, 2]]
    assert make_seeds(cam, torch.tensor([False, False]), 0.3, 0.05).tolist() == [[0, 0, 0, 0]]
    assert (cam_labels(cam, torch.tensor([True, True]), 0.5) != 255).all()


def test_pure_superpixels_teach_and_sure_ones_are_kept():
    ids = torch.tensor([[0, 0, 0, 0, 0, 1, 1, 1, 1, 1]])
    unary = torch.tensor([[1, 1, 1, 1, 0, 1, 1, 1, 0, 0]])
    shares = label_shares(unary, ids, 3, 2)  # superpixel 2 has no pixel on the grid
    torch.testing.assert_close(shares, torch.tensor([[0.2, 0.8], [0.4, 0.6], [0.0, 0.0]]))
    assert [x.tolist() for x in region_samples(shares, 0.8)] == [[0], [1]]
    features = torch.arange(10.0).view(1, 1, 10)
    torch.testing.assert_close(pool_features(features, ids, 3), torch.tensor([[2.0], [7.0], [0.0]]))


def test_without_a_pure_superpixel_the_setting_is_named():
    alpha = torch.tensor([[[0.6, 0.4]], [[0.4, 0.6]]])  # one superpixel, half of each label
    one = SimpleNamespace(
        config=load_config("training/configs/shapes_tiny.toml"),
        count=1,
        superpixels=[{"ids": torch.zeros(1, 2, dtype=torch.int)}],
        class_ids=lambda i: torch.tensor([0, 1]),
    )
    with pytest.raises(UserError, match=r"mining\.purity=.*Lower mining\.purity"):
        Stages._region_samples(one, [{"alpha": alpha, "pooled": torch.zeros(1, 4)}])


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("relabel", [6, 6, 6, 255, 255]),
        ("drop_disagree", [6, 255, 6, 255, 255]),
        ("none", [6, 0, 6, 0, 6]),
    ],
)
def test_confident_map(mode, expected):
    scores = torch.tensor([[0.1, 0.9], [0.6, 0.4]])
    ids, unary = torch.tensor([[0, 0, 0, 1, 1]]), torch.tensor([[1, 0, 1, 0, 1]])
    y = confident_map(scores, ids, unary, torch.tensor([0, 6]), Mining(mode=mode, tau=0.7))
    assert y.tolist() == [expected]


def test_background_may_need_a_higher_score():
    scores, ids = torch.tensor([[0.1, 0.9], [0.9, 0.1]]), torch.tensor([[0, 1]])
    how = Mining(tau=0.8, tau_background=0.95)
    assert confident_map(scores, ids, ids, torch.tensor([0, 6]), how).tolist() == [[6, 255]]
    scores[1] = torch.tensor([0.95, 0.05])
    assert confident_map(scores, ids, ids, torch.tensor([0, 6]), how).tolist() == [[6, 0]]


def test_smoothness_is_an_unbiased_estimate_of_the_dense_norm():
    """|G - G_s|_F^2 / N by Rademacher probes against the explicit matrices (method 1.7)."""
    torch.manual_seed(0)
    gates = gates_from_logits(torch.randn(1, 16, 4, 5, dtype=torch.float64))
    ids = torch.randint(0, 4, (4, 5))
    eye = torch.eye(20, dtype=torch.float64).view(20, 4, 5)
    g_s = superpixel_average(eye, ids).view(20, 20).T
    exact = (dense(gates) - g_s).square().sum() / 20
    probes = rademacher(1, 20_000, 4, 5).double()
    estimate = smoothness(propagate(probes, gates), probes, ids[None])[0]
    torch.testing.assert_close(estimate, exact, rtol=0.02, atol=0)


def test_the_superpixels_average_is_a_projection():
    ids = torch.randint(0, 4, (4, 5), generator=torch.Generator().manual_seed(0))
    g_s = superpixel_average(torch.eye(20, dtype=torch.float64).view(20, 4, 5), ids).view(20, 20).T
    torch.testing.assert_close(g_s @ g_s, g_s)
    torch.testing.assert_close(g_s.sum(1), torch.ones(20, dtype=torch.float64))


@pytest.mark.parametrize("seed", range(5))
def test_diffusion_on_the_fixed_graph_lowers_the_energy(seed):
    """The slope of J is 2 L a, and J(a - L a / max(1, d_max)) <= J(a) on a symmetric graph (method 5.2.6, 5.2.7)."""
    generator = torch.Generator().manual_seed(seed)
    weights = image_weights(torch.rand(3, 6, 7, generator=generator))
    a = torch.rand(2, 6, 7, dtype=torch.float64, generator=generator).requires_grad_()

    def energy(m):  # reference_energy without its division, so that autograd sees it
        pairs = ((0, 1), (1, 0), (1, 1), (1, -1))
        ends = [overlap(*pair, m.shape[-2:]) for pair in pairs]
        return sum(
            (w * (m[:, *here] - m[:, *there]).square().sum(0)).sum()
            for w, (here, there) in zip(weights, ends, strict=True)
        )

    assert float(energy(a.detach()) / a.detach().square().sum()) == pytest.approx(reference_energy(a.detach(), weights))
    flow = torch.autograd.grad(energy(a), a)[0] / 2  # L a
    ones = torch.zeros(6, 7, dtype=torch.float64)
    for w, pair in zip(weights, ((0, 1), (1, 0), (1, 1), (1, -1)), strict=True):
        for end in overlap(*pair, ones.shape):
            ones[end] += w  # degrees
    assert energy((a - flow / max(1, ones.max())).detach()) <= energy(a)
    constant = torch.ones_like(a).requires_grad_()
    assert torch.autograd.grad(energy(constant), constant)[0].abs().max() == 0  # L 1 = 0


def test_energies_agree_with_their_matrices():
    torch.manual_seed(0)
    gates = gates_from_logits(torch.randn(1, 16, 4, 5, dtype=torch.float64))
    alpha = torch.rand(3, 4, 5, dtype=torch.float64).softmax(0)
    refined, flat, g = propagate(alpha[None], gates)[0], alpha.flatten(1).T, dense(gates)
    exact = torch.trace(flat.T @ (torch.eye(20) - g) @ flat) / flat.square().sum()
    assert paper_energy(alpha, refined) == pytest.approx(float(exact))
    assert paper_energy(alpha, alpha) == pytest.approx(0)  # G = I

    image = torch.rand(3, 4, 5, dtype=torch.float64)
    pixels, w = image.flatten(1).T, torch.zeros(20, 20, dtype=torch.float64)
    near = [
        (i, j) for i in range(20) for j in range(20) if i != j and abs(i // 5 - j // 5) <= 1 and abs(i % 5 - j % 5) <= 1
    ]
    variance = torch.stack([(pixels[i] - pixels[j]).square().sum() for i, j in near]).mean()
    for i, j in near:
        w[i, j] = (-(pixels[i] - pixels[j]).square().sum() / (2 * variance)).exp()
    laplacian = torch.diag(w.sum(1)) - w
    exact = torch.trace(flat.T @ laplacian @ flat) / flat.square().sum()
    assert reference_energy(alpha, image_weights(image)) == pytest.approx(float(exact))


def test_scores_leave_void_out():
    truth = torch.tensor([[0, 0, 1, 1, 255, 255]])
    labels = torch.tensor([[0, 1, 1, 1, 0, 1]])
    score = Segmentation(3)
    score.add(labels, truth)
    assert score.iou()[:2].tolist() == pytest.approx([1 / 2, 2 / 3])
    assert score.miou() == pytest.approx((1 / 2 + 2 / 3) / 2)  # class 2 does not occur
    partial = Partial()
    partial.add(torch.tensor([[0, 1, 255, 1, 0, 255]]), truth)
    assert (partial.precision(), partial.coverage()) == (pytest.approx(2 / 3), pytest.approx(3 / 4))


def test_the_sweep_equals_scoring_each_threshold():
    generator = torch.Generator().manual_seed(0)
    strength = torch.randint(0, 101, (40, 40), generator=generator) / 100
    best = torch.randint(1, 3, (40, 40), generator=generator)
    truth = torch.randint(0, 3, (40, 40), generator=generator)
    truth[:5] = 255
    sweep = Sweep(3)
    sweep.add(strength, best, truth)
    for threshold in (0.0, 0.3, 0.57, 1.0):
        score = Segmentation(3)
        score.add(torch.where(strength >= threshold - 1e-6, best, 0), truth)
        assert torch.equal(sweep.at(threshold).confusion, score.confusion)
    threshold, oracle = sweep.oracle()
    assert oracle.miou() == pytest.approx(max(sweep.at(t / 100).miou() for t in range(101)))
    assert oracle.miou() == pytest.approx(sweep.at(threshold).miou())


@pytest.mark.parametrize("stride", [8, 16])
def test_phases_equal_dilated_convolutions(stride):
    """The trunk's phase trick against torchvision's own blocks with dilated depthwise kernels."""
    torch.manual_seed(0)
    trunk = MobileNetV2(18, stride).eval()
    image = torch.randint(0, 256, (1, 3, 64, 96)).float()
    top = trunk(image)["top"]
    x, dilation, current = (image - trunk.mean) / trunk.std, 1, 1
    for block in _in_order(trunk):
        for conv in (m for m in block.modules() if isinstance(m, torch.nn.Conv2d) and m.groups > 1):
            conv.dilation, conv.padding = (dilation, dilation), (dilation, dilation)
        x = block(x)
        current += 1
        dilation = {16: {16: 2}, 8: {9: 2, 16: 4}}[stride].get(current, dilation)
    torch.testing.assert_close(top, x, rtol=1e-4, atol=1e-4)


def _in_order(trunk):
    def walk(module):
        for child in module.children():
            yield from walk(child.blocks) if isinstance(child, Phases) else [child]

    for stage in (trunk.stage4, trunk.stage8, trunk.stage16, trunk.top):
        yield from walk(stage)


def test_imagenet_weights_from_a_file_and_what_is_wrong_with_others(tmp_path, monkeypatch):
    source = mobilenet_v2()
    torch.save(source.state_dict(), tmp_path / "good.pth")
    trunk = build_trunk("mobilenet_v2", "unary", 16, str(tmp_path / "good.pth"))
    assert torch.equal(trunk.stage4[0][0].weight, source.features[0][0].weight)

    (tmp_path / "text.pth").write_text("not weights")
    torch.save({"a": torch.zeros(1)}, tmp_path / "other.pth")
    for name, message in (("missing", "no such file"), ("text", "not a state dict"), ("other", "mobilenet_v2")):
        with pytest.raises(UserError, match=message):
            build_trunk("mobilenet_v2", "unary", 16, str(tmp_path / f"{name}.pth"))

    def offline(*_, **__):
        raise URLError("no network")

    monkeypatch.setattr("torch.hub.load_state_dict_from_url", offline)
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", offline)
    with pytest.raises(UserError, match="weights=PATH"):
        build_trunk("mobilenet_v2", "unary", 16, "imagenet")


def test_grid_samples_the_centres():
    ids = torch.arange(10)[:, None] * 100 + torch.arange(9)[None]
    assert on_grid(ids).tolist() == [[202, 206, 208], [602, 606, 608], [902, 906, 908]]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["rounds=two"], "rounds: got 'two'; Input should be a valid integer"),
        (["rounds=0"], "rounds: got 0; Input should be greater than 0"),
        (["mining.mode=perhaps"], "mining.mode: got 'perhaps'; Input should be 'relabel', 'drop_disagree' or 'none'"),
        (["mining.tau=1.1"], "mining.tau: got 1.1; Input should be less than or equal to 1"),
        (["mining.purity=nan"], "mining.purity: got nan; Input should be"),
        (["seeds.background=-0.1"], "seeds.background: got -0.1; Input should be greater than or equal to 0"),
        (["cam.scales=[]"], r"cam.scales: got \[\]; Tuple should have at least 1 item"),
        (["cam.scales=[0.5,0]"], "cam.scales.1: got 0; Input should be greater than 0"),
        (["data.choice=-1"], "data.choice: got -1; Input should be greater than or equal to 0"),
        (["unary.stepz=3"], "unary.stepz"),
        (["unary.steps=0"], "unary.steps: got 0; Input should be greater than 0"),
        (["unary.lr=inf"], "unary.lr: got inf; Input should be a finite number"),
        (["classifier.batch=0"], "classifier.batch: got 0; Input should be greater than 0"),
        (["pairwise.crop=90"], "pairwise.crop: got 90; Input should be a multiple of 16"),
        (["loss.passes=0"], "loss.passes: got 0; Input should be greater than 0"),
        (["output_stride=12"], "output_stride: got 12; Input should be 8 or 16 with backbone=small"),
        (["output_stride=32"], "output_stride: got 32; Input should be 8 or 16 with backbone=small"),
        (["output_stride=24", "backbone=vgg16"], "got 24; Input should be 8, 16 or 32 with backbone=vgg16"),
        (["backbone=vgg19"], "backbone: got 'vgg19'; Input should be 'small', 'mobilenet_v2', .* or 'timm:NAME'"),
        (["rounds"], "key=value"),
        (["rounds.most=3"], "got rounds as a section, expected it as a setting"),
    ],
)
def test_wrong_settings_are_named(overrides, message):
    with pytest.raises(UserError, match=message):
        check_backbones(load_config("training/configs/shapes_tiny.toml", overrides))


def test_settings_are_imported_without_torch():
    code = "import sys, iaff.config; print(any(name in sys.modules for name in ('torch', 'torchvision')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_numpy_photos_are_accepted_read_only():
    from iaff.data.transforms import to_tensor

    image = np.zeros((4, 6, 3), np.uint8)
    image.setflags(write=False)
    assert to_tensor(image).shape == (3, 4, 6)
