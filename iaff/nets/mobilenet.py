"""MobileNetV2 from torchvision at a chosen output stride, with its ImageNet weights."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torchvision.models import mobilenet_v2

from iaff.nets.imagenet import Pretrained, under


class Phases(nn.Module):
    """Runs blocks with dilation 2 as ordinary blocks on the four phases of the grid.

    A convolution with dilation 2 never mixes pixels of different parity, so splitting the map into its
    2 x 2 phases turns it into a plain one: the same numbers for even sizes (odd ones are padded with zeros
    at the right and bottom), several times faster where dilated depthwise kernels are slow (CPUs).
    """

    def __init__(self, *blocks: nn.Module):
        super().__init__()
        self.blocks = nn.Sequential(*blocks)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C', H, W)."""
        height, width = x.shape[-2:]
        x = nn.functional.pad(x, (0, width % 2, 0, height % 2))
        n, c, h, w = x.shape
        x = x.view(n, c, h // 2, 2, w // 2, 2).permute(3, 5, 0, 1, 2, 4).reshape(4 * n, c, h // 2, w // 2)
        x = self.blocks(x.contiguous(memory_format=torch.channels_last))
        x = x.view(2, 2, n, -1, h // 2, w // 2).permute(2, 3, 4, 0, 5, 1).reshape(n, -1, h, w)
        return x[..., :height, :width]


class MobileNetV2(Pretrained):
    """MobileNetV2's convolutions as a list of stages, one per resolution.

    Args:
        blocks: how many of the 19 blocks to keep (19 with the last 1 x 1 convolution, 18 without, 14 for
            the stride-16 part).
        output_stride: 8, 16 or 32.
        frozen: keep the first four blocks (up to stride 4) at their ImageNet values, as PSA and DeepLab's
            VGG do; half of the backward pass is spent there.
    """

    def __init__(self, blocks: int = 18, output_stride: int = 16, frozen: bool = True):
        super().__init__("mobilenet_v2", output_stride)
        block = list(mobilenet_v2().features[:blocks])
        middle, top = block[7:14], block[14:]
        if output_stride < 32 and top:  # block 14 carries the step from stride 16 to 32
            _no_stride(top[0])
            top = [top[0], Phases(*top[1:])]
        if output_stride == 8:  # block 7 carries the step from stride 8 to 16
            _no_stride(middle[0])
            middle = [middle[0], Phases(*middle[1:])]
            top = [Phases(*top)] if top else []
        self.stage4, self.stage8 = nn.Sequential(*block[:4]), nn.Sequential(*block[4:7])
        self.stage16, self.top = nn.Sequential(*middle), nn.Sequential(*top)
        self.channels = {4: 24, 8: 32, 16: 96, "top": {14: 96, 18: 320, 19: 1280}[blocks]}
        self.stage4.requires_grad_(not frozen)

    def parts(self, state: dict[str, Tensor]) -> Iterator[tuple[nn.Module, dict[str, Tensor]]]:
        """The blocks with their weights in torchvision's ``state``."""
        for index, block in enumerate(_blocks(self)):
            yield block, under(state, f"features.{index}.")


def _no_stride(block: nn.Module) -> None:
    for module in block.modules():
        if isinstance(module, nn.Conv2d) and module.stride == (2, 2):
            module.stride = (1, 1)


def _blocks(trunk: MobileNetV2) -> list[nn.Module]:
    """The trunk's blocks in torchvision's order, whatever stage or phase they stand in."""
    found: list[nn.Module] = []

    def walk(module: nn.Module) -> None:
        for child in module.children():
            if isinstance(child, Phases):
                walk(child.blocks)
            else:
                found.append(child)

    for stage in (trunk.stage4, trunk.stage8, trunk.stage16, trunk.top):
        walk(stage)
    return found
