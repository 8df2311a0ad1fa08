"""The unary network's heads: from the trunk's last map to logits of background and C classes."""

from collections import OrderedDict
from typing import Literal

from torch import Tensor, nn

from iaff.nets.trunk import Trunk
from iaff.nets.vgg import VGG16, WIDTH, largefov_layers

Head = Literal["aspp", "largefov"]


class Aspp(nn.ModuleList):
    """DeepLab-v2's head: the sum of four dilated 3 x 3 convolutions.

    Args:
        width: channels of the trunk's last map; classes: C; output_stride: of the trunk; the rates (6, 12, 18, 24
            at stride 8) shrink with it.
    """

    def __init__(self, width: int, classes: int, output_stride: int):
        rates = [max(1, r * 8 // output_stride) for r in (6, 12, 18, 24)]
        branches = [nn.Conv2d(width, classes + 1, 3, padding=r, dilation=r, bias=r == rates[0]) for r in rates]
        super().__init__(branches)
        for branch in branches:
            nn.init.normal_(branch.weight, std=0.01)
        self.append(nn.Dropout2d(0.1))  # last: the branches' keys are 0 to 3 in all runs

    def forward(self, x: Tensor) -> Tensor:
        """(N, width, h, w) -> logits (N, C+1, h, w)."""
        first, *branches, dropout = self
        x = dropout(x)
        total = first(x)
        for branch in branches:
            total = total + branch(x)
        return total


def largefov(trunk: Trunk, classes: int, output_stride: int) -> nn.Sequential:
    """DeepLab-LargeFOV's head: fc6, fc7 and fc8, a 1 x 1 convolution to C + 1 channels.

    VGG16's trunk ends in its own, pretrained fc6 and fc7: there the head is fc8 alone.
    """
    before = {} if isinstance(trunk, VGG16) else largefov_layers(trunk.channels["top"], output_stride)
    score = nn.Conv2d(WIDTH, classes + 1, 1)
    nn.init.normal_(score.weight, std=0.01)
    return nn.Sequential(OrderedDict(**before, drop7=nn.Dropout(0.5), fc8=score))


def build_head(kind: Head, trunk: Trunk, classes: int, output_stride: int) -> nn.Module:
    """The head of that kind for a trunk (:mod:`iaff.nets.backbones`): its last map -> logits (N, C+1, h, w)."""
    if kind == "largefov":
        return largefov(trunk, classes, output_stride)
    return Aspp(trunk.channels["top"], classes, output_stride)
