"""Backbones: the maps that they promise, their weights from files, and what they keep frozen."""

import json
import sys
from functools import partial

import pytest
import timm
import torch
from safetensors.torch import save_file
from torchvision.models import get_model
from torchvision.models.vgg import cfgs, make_layers

from iaff.config import load_config
from iaff.errors import UserError
from iaff.inference import Predictor
from iaff.nets import from_timm
from iaff.nets.backbones import NAMES, PRETRAINED, build_trunk, check_backbones, strides
from iaff.nets.folding import folded
from iaff.nets.imagenet import load_imagenet
from iaff.nets.small import Small
from iaff.nets.unary import Unary
from iaff.nets.vgg import VGG16
from iaff.run import create
from tests.vgg16 import vgg16_state
from training.train import train

DEPTHS = ("classifier", "unary", "pairwise")
MOBILE = "timm:mobilenetv3_small_050"
TIMM = (MOBILE, "timm:convnext_atto")  # ConvNeXt rounds sizes down
PHOTO = torch.randint(0, 256, (1, 3, 64, 96), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("height", "width"), [(64, 96), (71, 45)])
@pytest.mark.parametrize(("name", "stride"), [(name, stride) for name in (*NAMES, *TIMM) for stride in strides(name)])
def test_maps_are_as_declared(name, stride, height, width):
    """Every map has ceil(H / stride) rows and the declared channels: the affinity grid rounds up too."""
    for depth in DEPTHS:
        with torch.device("meta"):  # shapes alone, no numbers
            trunk = build_trunk(name, depth, stride).eval()
            maps = trunk(torch.empty(1, 3, height, width))
        at_end = 16 if depth == "pairwise" and name != "small" else stride
        for key, s in ((4, 4), (8, 8), (16, min(16, at_end)), ("top", at_end)):
            assert maps[key].shape == (1, trunk.channels[key], -(-height // s), -(-width // s)), (depth, key)


def load(trunk, state):
    for module, part in trunk.parts(state):
        module.load_state_dict(part)


@torch.no_grad()
def test_timms_resnet_equals_torchvisions(tmp_path):
    """With torchvision's file: undilated, map by map, and dilated where torchvision has an option for it."""
    source = get_model("resnet50", replace_stride_with_dilation=[False, True, True]).eval()
    torch.save(source.state_dict(), tmp_path / "resnet50.pth")
    build = partial(build_trunk, "timm:resnet50.tv_in1k", "unary", weights=str(tmp_path / "resnet50.pth"))
    trunks = {stride: build(output_stride=stride).eval() for stride in (8, 32)}
    x = (PHOTO - trunks[8].mean) / trunks[8].std
    x = source.layer1(source.maxpool(source.relu(source.bn1(source.conv1(x)))))
    expected = {4: x, 8: source.layer2(x)}
    expected[16] = source.layer3(expected[8])
    expected["top"] = source.layer4(expected[16])
    for stride, keys in ((32, (4, 8)), (8, (4, 8, 16, "top"))):
        maps = trunks[stride](PHOTO)
        for key in keys:
            torch.testing.assert_close(maps[key], expected[key], rtol=1e-3, atol=1e-3)


@torch.no_grad()
def test_vgg_equals_torchvisions():
    """As plain VGG16 up to output stride 32; and dilated, conv5 is the plain one on every second pixel."""
    state = vgg16_state()
    plain = make_layers(cfgs["D"])
    plain.load_state_dict({k.removeprefix("features."): v for k, v in state.items() if k.startswith("features.")})
    trunk, dense = VGG16(output_stride=32), VGG16(fc=False, output_stride=8)
    for net in (trunk, dense):
        load(net, state)
    maps = trunk.eval()(PHOTO)
    x = (PHOTO - trunk.mean) / trunk.std
    for key, end in ((4, 16), (8, 23), (16, 30)):
        torch.testing.assert_close(maps[key], plain[:end](x), rtol=1e-3, atol=1e-3)
    four = torch.rand(1, 512, 8, 12)
    convs, same = dense.stage16[1:], plain[24:30]
    torch.testing.assert_close(convs(four)[..., ::2, ::2], same(four[..., ::2, ::2]), rtol=1e-3, atol=1e-3)
    assert (trunk.top.fc6.dilation, trunk.top.fc7.kernel_size) == ((3, 3), (1, 1))
    assert VGG16().top.fc6.dilation == (12, 12)


def test_vgg_starts_from_every_fourth_channel_and_third_tap_of_its_classifier():
    trunk = VGG16()
    load(trunk, vgg16_state())
    fc6, fc7 = trunk.top.fc6, trunk.top.fc7
    channel, row, column = torch.meshgrid(torch.arange(512), torch.arange(3), torch.arange(3), indexing="ij")
    assert torch.equal(fc6.weight[5], (49 * channel + 7 * 3 * row + 3 * column).float())
    for values in (fc6.bias, fc7.bias, fc7.weight[:, 9, 0, 0]):
        assert torch.equal(values, torch.arange(0, 4096, 4.0))


def test_weights_come_from_a_file_and_other_networks_files_are_refused(tmp_path):
    states = {name: vgg16_state() if name == "vgg16" else get_model(name).state_dict() for name in PRETRAINED}
    for name, state in states.items():
        torch.save(state, tmp_path / f"{name}.pth")
    for name, other in zip(states, [*states][1:] + [*states][:1]):
        trunk = build_trunk(name, "unary", 16, str(tmp_path / f"{name}.pth"))
        assert torch.equal(next(trunk.stage4.parameters()), next(iter(states[name].values())))
        with pytest.raises(UserError, match=rf"{other}.pth does not hold torchvision's {name} weights"):
            load_imagenet(trunk, str(tmp_path / f"{other}.pth"))
    without = {k: v for k, v in states["vgg16"].items() if not k.startswith("classifier.")}
    torch.save(without, tmp_path / "features.pth")
    build_trunk("vgg16", "pairwise", 8, str(tmp_path / "features.pth"))  # has no use for the classifier
    with pytest.raises(UserError, match=r"vgg16 weights.*classifier\.0\.weight"):
        build_trunk("vgg16", "unary", 8, str(tmp_path / "features.pth"))
    torch.save(torch.zeros(3), tmp_path / "tensor.pth")
    with pytest.raises(UserError, match="got a Tensor; expected a state dict of torchvision's vgg16"):
        build_trunk("vgg16", "unary", 8, str(tmp_path / "tensor.pth"))


@pytest.mark.parametrize("name", ["small", "mobilenet_v2"])
def test_a_folded_network_says_the_same_without_batch_normalisation(name):
    net = build_trunk(name, "unary", 16).eval()
    norms = [m for m in net.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    for values in (v for m in norms for v in (m.running_mean, m.running_var, m.weight, m.bias)):
        torch.nn.init.uniform_(values, 0.5, 1.5)
    fast = folded(net)
    assert norms
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in fast.modules())
    for stride, map_ in net(PHOTO).items():
        torch.testing.assert_close(fast(PHOTO)[stride], map_, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("name", [*PRETRAINED, *TIMM])
def test_what_is_frozen_stays(name):
    trunk = build_trunk(name, "unary", 16).train()
    before = {k: v.clone() for k, v in trunk.state_dict().items()}
    trunk(PHOTO)["top"].sum().backward()
    moved = [k for k, v in trunk.state_dict().items() if not torch.equal(v, before[k])]
    assert not moved  # neither statistics nor their counts
    kept = {k for k, p in trunk.named_parameters() if p.grad is None}
    expected = {
        "mobilenet_v2": {k for k in before if k.startswith("stage4.")},
        "vgg16": {f"stage4.{i}.{kind}" for i in (0, 2, 5, 7) for kind in ("weight", "bias")},  # conv1, conv2
    }.get(name, set())
    assert kept == {k for k in expected if k in dict(trunk.named_parameters())}


@pytest.mark.parametrize("name", [*NAMES, MOBILE])
@pytest.mark.parametrize("head", ["aspp", "largefov"])
def test_both_heads_on_every_trunk(name, head):
    with torch.device("meta"):  # shapes alone
        net = Unary(build_trunk(name, "unary", 8), 3, 8, head).eval()
        logits, features = net(torch.empty(1, 3, 64, 96))
    assert logits.shape == (1, 4, 8, 12)
    assert features.shape == (1, net.feature_channels, 8, 12)
    keys = set(net.head.state_dict())
    if head == "aspp":
        assert keys == {"0.weight", "0.bias", "1.weight", "2.weight", "3.weight"}  # as in runs from before
    else:
        own = ("fc8",) if name == "vgg16" else ("fc6", "fc7", "fc8")  # VGG16's trunk brings fc6 and fc7, pretrained
        assert keys == {f"{layer}.{kind}" for layer in own for kind in ("weight", "bias")}


def test_the_pairwise_trunk_lacks_what_it_does_not_need():

    def count(net):
        return sum(p.numel() for p in net.parameters())

    for name in (*PRETRAINED, *TIMM):
        with torch.device("meta"):
            trunk, whole = build_trunk(name, "pairwise", 8), build_trunk(name, "unary", 8)
        assert trunk.channels["top"] == trunk.channels[16]
        assert count(trunk) < 0.8 * count(whole)


def test_other_names_and_strides_are_refused():
    with pytest.raises(ValueError, match=f"expected one of small, {', '.join(PRETRAINED)}"):
        build_trunk("vgg19", "unary", 8)
    for name in (*NAMES, MOBILE):
        with pytest.raises(ValueError, match=rf"{name} supports \(8, 16"):
            build_trunk(name, "unary", 12)


@torch.no_grad()
def test_a_timm_file_is_of_the_whole_network_by_name_or_in_order(tmp_path, capsys):
    name = MOBILE.removeprefix("timm:")
    whole = timm.create_model(name).eval()
    for module in (m for m in whole.modules() if isinstance(m, torch.nn.BatchNorm2d)):
        module.running_mean.uniform_(-1, 1)
    state = whole.state_dict()
    save_file(state, tmp_path / "named.safetensors")
    torch.save({f"layer_{i}": value for i, value in enumerate(state.values())}, tmp_path / "ordered.pth")
    for file, in_order in (("named.safetensors", False), ("ordered.pth", True)):
        trunk = build_trunk(MOBILE, "classifier", 32, str(tmp_path / file)).eval()
        assert ("taken in order" in capsys.readouterr().out) == in_order
        maps = trunk(PHOTO)
        expected = whole.forward_intermediates(trunk.normalised(PHOTO), intermediates_only=True)[1:]
        assert all(torch.equal(maps[key], found) for key, found in zip((4, 8, 16, "top"), expected))
    dilated = build_trunk(MOBILE, "classifier", 8, str(tmp_path / "ordered.pth")).eval()
    assert torch.equal(dilated(PHOTO)[8], maps[8])
    assert torch.equal(trunk.mean.flatten(), 255 * torch.tensor(whole.pretrained_cfg["mean"]))
    with pytest.raises(UserError, match=r"named\.safetensors does not hold timm's resnet18 weights.*backbone=NAME"):
        build_trunk("timm:resnet18", "unary", 16, str(tmp_path / "named.safetensors"))
    (tmp_path / "cut.safetensors").write_bytes((tmp_path / "named.safetensors").read_bytes()[:-9])
    for file, message in (("gone.pth", "no such file"), ("cut.safetensors", "not a state dict")):
        with pytest.raises(UserError, match=message):
            build_trunk(MOBILE, "unary", 16, str(tmp_path / file))


def test_finding_the_maps_draws_no_random_numbers():
    """Else a stage's first weights would depend on what ran before it in the process."""
    from_timm._layout.cache_clear()
    first, second = (torch.manual_seed(0) and build_trunk(MOBILE, "unary", 16) for _ in range(2))
    assert torch.equal(next(first.parameters()), next(second.parameters()))


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["backbone=timm:resnet19"], "timm .* has no such network; expected perhaps timm:resnet18, "),
        (["backbone=timm:resnet18.none_in1k"], "has no such network; expected perhaps timm:resnet18"),
        (["classifier_backbone=timm:vit_tiny_patch16_224"], "any size, as convolutional networks have them, such as"),
        (["backbone=timm:vit_tiny_patch16_dinov3"], "has no such network"),
        (["backbone=timm:vit_small_patch16_dinov3"], "got maps at strides 16, 16, 16; expected maps at strides 4, 8"),
        (["backbone=timm:densenet121"], "output_stride: got 8; Input should be 32 with backbone=timm:densenet121"),
        (["classifier_backbone=timm:vgg11"], "got 8; Input should be 32 with classifier_backbone=timm:vgg11"),
        (["classifier_backbone=vgg19"], "classifier_backbone: got 'vgg19'; Input should be 'small', .* or 'timm:NAME'"),
    ],
)
def test_what_is_no_backbone_of_timm_is_said(overrides, message):
    with pytest.raises(UserError, match=message):
        check_backbones(load_config("training/configs/shapes_tiny.toml", overrides))


def test_timm_is_needed_only_for_its_backbones(monkeypatch):
    from_timm.strides.cache_clear()
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(UserError, match=r'backbone=timm:resnet101\.tv_in1k: got no package .* pip install "timm>='):
        check_backbones(load_config("training/configs/voc_resnet101.toml"))
    check_backbones(load_config("training/configs/voc_vgg16.toml"))


def test_a_download_that_fails_and_weights_that_are_nowhere(monkeypatch):
    with pytest.raises(UserError, match=r"timm has no weights of timm:ghostnet_050; give a file"):
        build_trunk("timm:ghostnet_050", "unary", 32, "imagenet")

    def offline(*_, **__):
        raise FileNotFoundError("no network")

    strides(MOBILE)
    monkeypatch.setattr(timm, "create_model", offline)
    with pytest.raises(UserError, match=r"no network\). Download model\.safetensors of timm/mobilenet.*weights=PATH"):
        build_trunk(MOBILE, "unary", 16, "imagenet")


def test_the_classifier_may_have_a_backbone_of_its_own(tmp_path):
    few = [f"{fit}.{setting}" for fit in ("classifier", "unary", "pairwise") for setting in ("steps=1", "batch=2")]
    size = ["rounds=1", "traces=0", "mining.steps=1", "data.train_size=4", "data.tune="]
    own = [f"classifier_backbone={MOBILE}", "classifier_weights=none"]
    config = load_config("training/configs/shapes_tiny.toml", [*few, *size, *own])
    predictor = Predictor(train(config, tmp_path / "run"))
    assert isinstance(predictor.classifier.trunk, from_timm.Timm)
    assert isinstance(predictor.rounds[0].f.trunk, Small)


def test_runs_from_before_the_classifier_had_its_own_backbone(tmp_path):
    """They go on, but not with another backbone; where a file of weights lies is not recorded."""
    recorded = load_config("training/configs/shapes_tiny.toml", ["classifier_weights=some/where/file.pth"]).recorded()
    assert recorded["classifier_weights"] == "file.pth"
    new = {"classifier_backbone": "", "classifier_weights": ""}
    old = {"schema": 1, "name": "old", "classes": ["background"]}
    (tmp_path / "config.json").write_text(json.dumps(old))
    with pytest.raises(UserError, match="classifier_backbone = None, not 'vgg16'"):
        create(tmp_path, {**old, **new, "classifier_backbone": "vgg16"})
    create(tmp_path, {**old, **new})


@pytest.mark.parametrize("name", ["voc_vgg16", "voc_resnet101", "coco_vgg16"])
def test_the_papers_configs_are_valid(name):
    config = load_config(f"training/configs/{name}.toml")
    check_backbones(config)
    assert (config.name, config.rounds, config.weights) == (name, 5, "imagenet")
    for fit in (config.classifier, config.unary, config.pairwise):
        assert fit.crop % 16 == 0
        assert fit.batch % (8 * fit.accumulate) == 0  # eight GPUs share a batch evenly
