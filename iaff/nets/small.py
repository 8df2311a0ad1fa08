"""A small backbone trained from scratch: for procedural scenes, tutorials and tests on a CPU."""

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from iaff.nets.trunk import Trunk

WIDTHS = {4: 64, 8: 96, 16: 96}
CONTRAST_WINDOW = 9  # px


class Small(Trunk):
    """Six to eight 3 x 3 convolutions with batch normalisation; 0.4 M parameters at full depth.

    Its input is the photo beside its local contrast (the photo minus its mean over 9 x 9 px): textures are
    learnt in seconds where, from random weights, the colours would drown them.

    Args:
        depth: convolutions from stride 8 on (dilated by 2 after the first at output stride 8).
        output_stride: one of ``strides``.
    """

    strides = (8, 16)  # output strides that it can have

    def __init__(self, depth: int = 3, output_stride: int = 8):
        super().__init__()
        if output_stride not in self.strides:
            raise ValueError(f"output_stride {output_stride}: small supports {self.strides}")
        dilation = 16 // output_stride
        self.stage4 = nn.Sequential(
            _layer(6, 16), _layer(16, 32, stride=2), _layer(32, 32), _layer(32, 64, stride=2), _layer(64, WIDTHS[4])
        )
        self.stage8 = _layer(WIDTHS[4], WIDTHS[8], stride=2)
        self.stage16 = _layer(WIDTHS[8], WIDTHS[16], stride=output_stride // 8, dilation=dilation)
        self.top = nn.Sequential(*(_layer(WIDTHS[16], WIDTHS[16], dilation=dilation) for _ in range(depth - 2)))
        self.channels = {**WIDTHS, "top": WIDTHS[16]}

    def forward(self, images: Tensor) -> dict[int | str, Tensor]:
        """Photos ``(N, 3, H, W)`` in 0..255 -> maps by stride: 4, 8, 16 and "top" (at the output stride)."""
        photo = images.float() / 127.5 - 1
        mean = avg_pool2d(photo, CONTRAST_WINDOW, 1, CONTRAST_WINDOW // 2, count_include_pad=False)
        both = torch.cat([photo, 4 * (photo - mean)], 1).contiguous(memory_format=torch.channels_last)
        four = self.stage4(both)
        eight = self.stage8(four)
        sixteen = self.stage16(eight)
        return {4: four, 8: eight, 16: sixteen, "top": self.top(sixteen)}


def _layer(inputs: int, outputs: int, stride: int = 1, dilation: int = 1) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, padding=dilation, dilation=dilation, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )
