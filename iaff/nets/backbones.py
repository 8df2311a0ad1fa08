"""The backbones by name. Another one is a file with a module of the same interface, and a line here.

A backbone maps photos ``(N, 3, H, W)`` in 0..255 to maps by stride, ``{4: ..., 8: ..., 16: ..., "top": ...}``,
and says their widths in ``channels``; "top" (and 16, for an output stride of 8) is at the output stride.
"""

from typing import Literal

from torch import nn

from iaff.nets.mobilenet import MobileNetV2, load_imagenet
from iaff.nets.small import Small

Depth = Literal["classifier", "unary", "pairwise"]
BLOCKS = {"classifier": 19, "unary": 18, "pairwise": 14}  # of MobileNetV2


def build_trunk(name: str, depth: Depth, output_stride: int, weights: str = "none") -> nn.Module:
    """A backbone as deep as a network needs it.

    Args:
        name: ``mobilenet_v2`` or ``small``.
        weights: ``imagenet`` (downloaded once by torchvision), a path to torchvision's state dict, or ``none``;
            ``small`` is always trained from scratch.

    Raises:
        UserError: the weights cannot be had. ValueError: unknown name or stride.
    """
    if name == "small":
        return Small(2 if depth == "pairwise" else 3, output_stride)
    if name != "mobilenet_v2":
        raise ValueError(f"backbone {name!r}: expected mobilenet_v2 or small")
    trunk = MobileNetV2(BLOCKS[depth], 16 if depth == "pairwise" else output_stride)
    load_imagenet(trunk, weights)
    return trunk
