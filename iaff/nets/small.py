"""A small backbone trained from scratch: for procedural scenes, tutorials and tests on a CPU."""

import torch
from torch import Tensor, nn

WIDTHS = {4: 32, 8: 64, 16: 96}


class Small(nn.Module):
    """Seven 3 x 3 convolutions with group normalisation; 0.3 M parameters at full depth.

    Args:
        depth: how many convolutions follow the map at stride 8 (dilated by 2 at output stride 8).
        output_stride: 8 or 16.
    """

    def __init__(self, depth: int = 3, output_stride: int = 8):
        super().__init__()
        dilation = 16 // output_stride
        self.stage4 = nn.Sequential(_layer(3, 32, stride=2), _layer(32, 32, stride=2), _layer(32, WIDTHS[4]))
        self.stage8 = nn.Sequential(_layer(WIDTHS[4], WIDTHS[8], stride=2), _layer(WIDTHS[8], WIDTHS[8]))
        self.stage16 = _layer(WIDTHS[8], WIDTHS[16], stride=output_stride // 8)
        self.top = nn.Sequential(*(_layer(WIDTHS[16], WIDTHS[16], dilation=dilation) for _ in range(depth - 1)))
        self.channels = {**WIDTHS, "top": WIDTHS[16]}

    def forward(self, images: Tensor) -> dict[int | str, Tensor]:
        """Photos ``(N, 3, H, W)`` in 0..255 -> maps by stride: 4, 8, 16 and "top" (at the output stride)."""
        four = self.stage4((images.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last))
        eight = self.stage8(four)
        sixteen = self.stage16(eight)
        return {4: four, 8: eight, 16: sixteen, "top": self.top(sixteen)}


def _layer(inputs: int, outputs: int, stride: int = 1, dilation: int = 1) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, padding=dilation, dilation=dilation, bias=False),
        nn.GroupNorm(8, outputs),
        nn.ReLU(inplace=True),
    )
