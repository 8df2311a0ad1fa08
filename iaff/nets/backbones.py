"""The backbones by name: any network of timm as ``timm:NAME``, and those that timm has no equal of. Another one is a
file with a module of the same interface, and a line here: the check of settings and the tests take names and strides
from this file.

A backbone maps photos ``(N, 3, H, W)`` in 0..255 to maps by stride, ``{4: ..., 8: ..., 16: ..., "top": ...}``,
and says their widths in ``channels``; "top" (and 16, for an output stride of 8) is at the output stride.
"""

from collections.abc import Callable
from typing import Literal

from iaff.config import Config
from iaff.errors import UserError
from iaff.nets.from_timm import PREFIX, Timm
from iaff.nets.from_timm import strides as timm_strides
from iaff.nets.imagenet import Pretrained, load_imagenet
from iaff.nets.mobilenet import MobileNetV2
from iaff.nets.small import Small
from iaff.nets.trunk import Trunk
from iaff.nets.vgg import VGG16

Depth = Literal["classifier", "unary", "pairwise"]
BLOCKS = {"classifier": 19, "unary": 18, "pairwise": 14}  # of MobileNetV2
PRETRAINED: dict[str, Callable[[Depth, int], Pretrained]] = {
    "mobilenet_v2": lambda depth, stride: MobileNetV2(BLOCKS[depth], stride),
    "vgg16": lambda depth, stride: VGG16(depth != "pairwise", stride),
}
NAMES = ("small", *PRETRAINED)


def strides(name: str) -> tuple[int, ...]:
    """The output strides that the backbone of that name can have.

    Raises:
        UserError: a ``timm:NAME`` that is unknown or no backbone, or timm is not installed.
    """
    if name.startswith(PREFIX):
        return timm_strides(name.removeprefix(PREFIX))
    return Small.strides if name == "small" else Pretrained.strides


def check_backbones(config: Config) -> None:
    """Raises UserError unless the settings name backbones that there are, and an output stride that these can have."""
    for setting in ("backbone", "classifier_backbone"):
        name = getattr(config, setting)
        if not name and setting == "classifier_backbone":  # the classifier has the others' then
            continue
        if not name.startswith(PREFIX) and name not in NAMES:
            known = either(*NAMES, f"{PREFIX}NAME")
            raise UserError(f"Setting {setting}: got {name!r}; Input should be {known}.")
        if config.output_stride not in strides(name):
            known = f"{either(*strides(name))} with {setting}={name}"
            raise UserError(f"Setting output_stride: got {config.output_stride}; Input should be {known}.")


def either(*known: str | int) -> str:
    """A choice in words, as pydantic has it: ``'a', 'b' or 'c'``."""
    *some, last = map(repr, known)
    return f"{', '.join(some)} or {last}" if some else last


def build_trunk(name: str, depth: Depth, output_stride: int, weights: str = "none") -> Trunk:
    """A backbone as deep as a network needs it.

    Args:
        name: one of ``NAMES``, or ``timm:NAME``; output_stride: one of its ``strides``.
        depth: ``pairwise`` keeps what makes the maps 4, 8 and 16, at these strides (``small``'s at its output stride).
        weights: ``imagenet`` (downloaded once by torchvision or timm), a path to their state dict, or ``none``;
            ``small`` is always trained from scratch.

    Raises:
        UserError: the weights cannot be had, or what :func:`strides` says. ValueError: unknown name or stride.
    """
    if name == "small":
        return Small(2 if depth == "pairwise" else 3, output_stride)
    if name.startswith(PREFIX):
        top = depth != "pairwise"
        return Timm(name.removeprefix(PREFIX), top, output_stride if top else 32, weights)
    if name not in PRETRAINED:
        raise ValueError(f"backbone {name!r}: expected one of {', '.join(NAMES)} or {PREFIX}NAME")
    trunk = PRETRAINED[name](depth, 16 if depth == "pairwise" else output_stride)
    load_imagenet(trunk, weights)
    return trunk
