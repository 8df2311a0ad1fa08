"""Backbones: the maps that they promise, their weights from torchvision's files, and what they keep frozen."""

import pytest
import torch
from torchvision.models import get_model, resnet50, resnet101
from torchvision.models.vgg import cfgs, make_layers

from iaff.config import load_config
from iaff.errors import UserError
from iaff.nets.backbones import NAMES, PRETRAINED, build_trunk, strides
from iaff.nets.imagenet import load_imagenet
from iaff.nets.resnet import ResNet
from iaff.nets.unary import Unary
from iaff.nets.vgg import VGG16

DEPTHS = ("classifier", "unary", "pairwise")
PHOTO = torch.randint(0, 256, (1, 3, 64, 96), generator=torch.Generator().manual_seed(0))


def vgg16_state() -> dict[str, torch.Tensor]:
    """As torchvision's VGG16 weights, but with a classifier that is a few numbers seen many times."""
    features = make_layers(cfgs["D"]).state_dict(prefix="features.")
    rows, taps = torch.arange(4096.0), torch.arange(512 * 7 * 7.0)
    return {
        **features,
        "classifier.0.weight": taps.expand(4096, -1),  # each weight says its channel and tap
        "classifier.0.bias": rows,
        "classifier.3.weight": rows[:, None].expand(-1, 4096),  # each weight says its row
        "classifier.3.bias": rows,
        "classifier.6.bias": torch.zeros(1000),
    }


@pytest.mark.parametrize(("height", "width"), [(64, 96), (71, 45)])
@pytest.mark.parametrize(("name", "stride"), [(name, stride) for name in NAMES for stride in strides(name)])
def test_maps_are_as_declared(name, stride, height, width):
    """Every map has ceil(H / stride) rows and the declared channels: the affinity grid rounds up too."""
    for depth in DEPTHS:
        with torch.device("meta"):  # shapes alone, no numbers
            trunk = build_trunk(name, depth, stride).eval()
            maps = trunk(torch.empty(1, 3, height, width))
        at_end = 16 if depth == "pairwise" and name != "small" else stride
        for key, s in ((4, 4), (8, 8), (16, min(16, at_end)), ("top", at_end)):
            assert maps[key].shape == (1, trunk.channels[key], -(-height // s), -(-width // s)), (depth, key)


def test_resnet101_at_output_stride_8_and_the_wrong_depth_of_a_file():
    source, trunk = resnet101(), ResNet("resnet101", output_stride=8).eval()
    assert len(trunk.stage16) == 23
    assert [layer.conv2.dilation[0] for layer in (trunk.stage16[-1], trunk.top[0], trunk.top[-1])] == [2, 2, 4]
    load(trunk, source.state_dict())
    assert torch.equal(trunk.top[2].conv3.weight, source.layer4[2].conv3.weight)
    with pytest.raises(RuntimeError, match=r"Unexpected.*6\.conv1"):  # layer3 of ResNet-50 has six blocks
        load(ResNet("resnet50"), source.state_dict())


def load(trunk, state):
    for module, part in trunk.parts(state):
        module.load_state_dict(part)


@torch.no_grad()
def test_resnet_equals_torchvisions():
    """Undilated, map by map, and dilated where torchvision has an option for it."""
    source = resnet50(replace_stride_with_dilation=[False, True, True]).eval()
    x = (PHOTO - ResNet("resnet50").mean) / ResNet("resnet50").std
    x = source.layer1(source.maxpool(source.relu(source.bn1(source.conv1(x)))))
    expected = {4: x, 8: source.layer2(x)}
    expected[16] = source.layer3(expected[8])
    expected["top"] = source.layer4(expected[16])
    for stride, keys in ((32, (4, 8)), (8, (4, 8, 16, "top"))):
        trunk = ResNet("resnet50", output_stride=stride).eval()
        load(trunk, source.state_dict())
        maps = trunk(PHOTO)
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
    with pytest.raises(UserError, match="got a Tensor; expected a torchvision vgg16 state dict"):
        build_trunk("vgg16", "unary", 8, str(tmp_path / "tensor.pth"))


@pytest.mark.parametrize("name", PRETRAINED)
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


@pytest.mark.parametrize("name", NAMES)
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
    count = lambda net: sum(p.numel() for p in net.parameters())  # noqa: E731
    for name in PRETRAINED:
        with torch.device("meta"):
            trunk, whole = build_trunk(name, "pairwise", 8), build_trunk(name, "unary", 8)
        assert len(trunk.top) == 0
        assert trunk.channels["top"] == trunk.channels[16]
        assert count(trunk) < 0.8 * count(whole)


def test_other_names_and_strides_are_refused():
    with pytest.raises(ValueError, match=f"expected one of small, {', '.join(PRETRAINED)}"):
        build_trunk("vgg19", "unary", 8)
    for name in NAMES:
        with pytest.raises(ValueError, match=rf"{name} supports \(8, 16"):
            build_trunk(name, "unary", 12)


@pytest.mark.parametrize("name", ["voc_vgg16", "voc_resnet101", "coco_vgg16"])
def test_the_papers_configs_are_valid(name):
    config = load_config(f"training/configs/{name}.toml")
    assert (config.name, config.rounds, config.weights) == (name, 5, "imagenet")
    for fit in (config.classifier, config.unary, config.pairwise):
        assert fit.crop % 16 == 0
        assert fit.batch % (8 * fit.accumulate) == 0  # eight GPUs share a batch evenly
