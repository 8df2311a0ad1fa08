"""Any network of timm as a backbone, by name: ``timm:tf_efficientnet_lite2``, ``timm:resnet101.tv_in1k``.

timm cuts a network at its feature maps and dilates it for an output stride itself. What is done here is to find which
of its maps lie at which stride, to round their sizes up as the affinity grid does, and to read weights from a file.
"""

from difflib import get_close_matches
from functools import cache, partial
from pathlib import Path
from textwrap import shorten
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

from iaff.errors import UserError
from iaff.extras import missing
from iaff.nets.imagenet import Backbone, read_state, wrong_network
from iaff.places import expanded

PREFIX = "timm:"
STRIDES = (4, 8, 16, 32)  # of the maps that a network must have before it is dilated
MULTIPLE = 32  # px that photos are padded to for networks that round sizes down


class Layout(NamedTuple):
    """Where a network at an output stride has the maps that lie at ``STRIDES`` without dilation."""

    indices: tuple[int, ...]  # among timm's feature maps
    channels: tuple[int, ...]
    rounds_up: bool  # whether a map of H rows at stride s has ceil(H / s) by itself


class Timm(Backbone):
    """A network of timm: its feature maps at strides 4, 8, 16 and 32, the last ones dilated to the output stride.

    All its parameters are trained; batch norm keeps its statistics.

    Args:
        name: timm's, without ``timm:``; top: keep what follows the map at stride 16; else "top" is that map.
        output_stride: one of :func:`strides`.
        weights: ``imagenet`` (timm's own), a path to a state dict of the whole network, or ``none``.

    Raises:
        UserError: timm is not installed, the name is unknown, the network is no backbone, or the weights cannot be
            had. ValueError: an output stride that it cannot have.
    """

    def __init__(self, name: str, top: bool, output_stride: int, weights: str = "none"):
        if output_stride not in strides(name):
            raise ValueError(f"output_stride {output_stride}: {PREFIX}{name} supports {strides(name)}")
        found = _layout(name, output_stride)
        assert isinstance(found, Layout)  # as its strides say
        kept = slice(None if top else -1)
        net = _create(name, output_stride, weights == "imagenet", out_indices=found.indices[kept])
        super().__init__(net.pretrained_cfg["mean"], net.pretrained_cfg["std"])
        if weights not in ("imagenet", "none"):
            state = _whole_state(name, expanded(weights))
            body = getattr(net, "model", net)  # under its getter, keys are the whole network's
            body.load_state_dict({key: state[key] for key in body.state_dict()})
        self.net, self.rounds_up = net, found.rounds_up
        self.at = dict(zip((4, 8, 16, "top")[kept], (min(stride, output_stride) for stride in STRIDES)))
        self.channels = dict(zip(self.at, found.channels))
        if not top:
            self.channels["top"] = self.channels[16]

    def forward(self, images: Tensor) -> dict[int | str, Tensor]:
        """Photos ``(N, 3, H, W)`` in 0..255 -> maps by stride: 4, 8, 16 and "top" (at the output stride)."""
        height, width = images.shape[-2:]
        x = self.normalised(images)
        if not self.rounds_up:
            x = pad(x, (0, -width % MULTIPLE, 0, -height % MULTIPLE))
        maps = {
            key: found[..., : -(-height // s), : -(-width // s)]
            for (key, s), found in zip(self.at.items(), self.net(x))
        }
        maps.setdefault("top", maps[16])
        return maps


@cache
def strides(name: str) -> tuple[int, ...]:
    """The output strides that timm's network of that name can have.

    Raises:
        UserError: timm is not installed, the name is unknown, or the network has no maps at strides 4, 8, 16 and 32.
    """
    _check(name)
    found = tuple(stride for stride in (8, 16, 32) if isinstance(_layout(name, stride), Layout))
    if not found:
        raise UserError(
            f"backbone={PREFIX}{name}: got {_layout(name, 32)}; expected maps at strides 4, 8, 16 and 32 of photos of "
            "any size, as convolutional networks have them, such as timm:resnet50 or timm:convnext_tiny."
        )
    return found


def _check(name: str) -> None:
    """Refuses a name, or a tag of weights behind its dot, that timm does not know, and every name without timm."""
    try:
        import timm
    except ImportError as error:
        raise missing("timm", "timm", f"backbone={PREFIX}{name}") from error
    known = [*timm.list_models(), *timm.list_pretrained()]
    if name not in known:
        close = ", ".join(PREFIX + match for match in get_close_matches(name, known, 3))
        raise UserError(
            f"backbone={PREFIX}{name}: timm {timm.__version__} has no such network; "
            f"{f'expected perhaps {close}' if close else 'timm.list_models() lists those it has'}."
        )


def _create(name: str, output_stride: int, pretrained: bool = False, **options) -> Any:
    """timm's network down to the last of its maps ``out_indices`` (default: all), without what only classifies."""
    import timm
    from httpx import HTTPError  # what timm's downloads may fail with beside OSError

    if pretrained and not timm.models.is_model_pretrained(name):
        raise UserError(
            f"weights=imagenet: timm has no weights of {PREFIX}{name}; give a file with weights=PATH, or weights=none."
        )
    build = partial(timm.create_model, name, pretrained, features_only=True, **options)
    try:
        if output_stride == 32:  # every network's own: many know no such option
            return build(feature_cls="getter")  # which cuts the network behind the last map
        try:
            return build(feature_cls="getter", output_stride=output_stride)
        except TypeError:  # MobileNetV3 is dilated by a class of its own alone, which does not cut
            return build(output_stride=output_stride)
    except (OSError, HTTPError) as error:
        source: Any = timm.get_pretrained_cfg(name)
        file = f"model.safetensors of {source.hf_hub_id} on the Hugging Face hub" if source.hf_hub_id else source.url
        raise UserError(
            f"ImageNet weights of {PREFIX}{name} could not be downloaded ({shorten(str(error), 200)}). Download {file} "
            "elsewhere and give the file with weights=PATH."
        ) from error


@cache
def _layout(name: str, output_stride: int) -> Layout | str:
    """Where the network has its maps, or in words what it has instead: found by running it without numbers."""
    plain = _layout(name, 32) if output_stride < 32 else None
    if isinstance(plain, str):
        return plain
    try:
        with torch.device("meta"), torch.no_grad():
            net = _create(name, output_stride).eval()
            maps = dict(zip(net.feature_info.out_indices, net(torch.empty(1, 3, 64, 96))))
            at = {index: 64 // found.shape[2] for index, found in maps.items()}
            last = {stride: index for index, stride in at.items()}  # of several maps at a stride, the deepest
            wanted = [min(stride, output_stride) for stride in STRIDES]
            indices = plain.indices if plain else tuple(last.get(stride, -1) for stride in STRIDES)
            if [at.get(index) for index in indices] != wanted:
                return f"maps at strides {', '.join(map(str, at.values()))}"
            return Layout(indices, tuple(maps[i].shape[1] for i in indices), _rounds_up(net, indices, wanted))
    except Exception as error:  # a thousand networks fail in as many ways, and are no backbones then
        return shorten(f"{type(error).__name__}: {error}", 200).rstrip(".")


def _rounds_up(net: Any, indices: tuple[int, ...], at: list[int]) -> bool:
    try:
        maps = dict(zip(net.feature_info.out_indices, net(torch.empty(1, 3, 71, 45))))
    except RuntimeError:  # branches whose sizes differ
        return False
    return all(maps[i].shape[2:] == (-(-71 // s), -(-45 // s)) for i, s in zip(indices, at))


def _whole_state(name: str, path: Path) -> dict[str, Tensor]:
    """The state dict of timm's whole network, classifier included, from a file.

    A file of another library whose tensors have the same shapes in the same order is taken in that order.
    """
    import timm

    state = read_state(path, f"timm's {name}")
    with torch.device("meta"):
        own = timm.create_model(name).state_dict()
    if state.keys() != own.keys() and _shapes(state) == _shapes(own):
        _say(f"{path}: the keys are not timm's, but the tensors have the shapes of {name}'s: taken in order.")
        state = dict(zip(own, state.values()))
    try:
        return timm.create_model(name, True, pretrained_cfg_overlay={"state_dict": state}).state_dict()
    except (RuntimeError, KeyError) as error:
        raise wrong_network(str(path), f"timm's {name}", error) from error


def _shapes(state: dict[str, Tensor]) -> list[torch.Size | None]:
    return [getattr(value, "shape", None) for value in state.values()]


@cache  # a run builds a dozen trunks
def _say(sentence: str) -> None:
    print(sentence)
