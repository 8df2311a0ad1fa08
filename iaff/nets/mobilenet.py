"""MobileNetV2 from torchvision at a chosen output stride, with its ImageNet weights."""

from collections.abc import Callable
from pathlib import Path
from pickle import UnpicklingError

import torch
from torch import Tensor, nn
from torchvision.models import MobileNet_V2_Weights, mobilenet_v2

from iaff.errors import UserError

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet, as torchvision's weights expect


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


class MobileNetV2(nn.Module):
    """MobileNetV2's convolutions as a list of stages, one per resolution.

    Args:
        blocks: how many of the 19 blocks to keep (19 with the last 1 x 1 convolution, 18 without, 14 for
            the stride-16 part).
        output_stride: 8, 16 or 32; strides beyond it become dilation (DeepLab's atrous rule).
        frozen: keep the first four blocks (up to stride 4) at their ImageNet values, as PSA and DeepLab's
            VGG do; half of the backward pass is spent there.
    """

    def __init__(self, blocks: int = 18, output_stride: int = 16, frozen: bool = True):
        super().__init__()
        if output_stride not in (8, 16, 32):
            raise ValueError(f"output_stride {output_stride}: MobileNetV2 supports 8, 16 and 32")
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
        self.frozen = frozen
        self.stage4.requires_grad_(not frozen)
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1) * 255, persistent=False)
        self.register_buffer("std", torch.tensor(STD).view(1, 3, 1, 1) * 255, persistent=False)

    def forward(self, images: Tensor) -> dict[int | str, Tensor]:
        """Photos ``(N, 3, H, W)`` in 0..255 -> maps by stride: 4, 8, 16 and "top" (at the output stride)."""
        x = (images.float() - self.mean) / self.std
        x = x.contiguous(memory_format=torch.channels_last)
        four = self.stage4(x)
        eight = self.stage8(four)
        sixteen = self.stage16(eight)
        return {4: four, 8: eight, 16: sixteen, "top": self.top(sixteen)}

    def train(self, mode: bool = True):
        """Training mode with frozen batch-norm statistics: small batches would only blur them."""
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self


def _no_stride(block: nn.Module) -> None:
    for module in block.modules():
        if isinstance(module, nn.Conv2d) and module.stride == (2, 2):
            module.stride = (1, 1)


def load_imagenet(trunk: MobileNetV2, weights: str) -> None:
    """Loads ImageNet weights into a trunk: ``imagenet`` (torchvision's, downloaded once), a path, or ``none``.

    Raises:
        UserError: the download failed, or the file is missing or of another network.
    """
    if weights == "none":
        return
    if weights == "imagenet":
        state = _download(lambda: MobileNet_V2_Weights.IMAGENET1K_V1.get_state_dict(progress=True))
    else:
        state = _read(Path(weights))
    blocks = _blocks(trunk)
    for index, block in enumerate(blocks):
        prefix = f"features.{index}."
        part = {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
        try:
            block.load_state_dict(part)
        except RuntimeError as error:
            raise UserError(f"{weights} does not hold torchvision's mobilenet_v2 weights: {error}") from error


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


def _download(fetch: Callable[[], dict]) -> dict:
    try:
        return fetch()
    except OSError as error:
        raise UserError(
            f"ImageNet weights could not be downloaded ({error}). Download mobilenet_v2-b0353104.pth from "
            "download.pytorch.org/models elsewhere and give it with weights=PATH."
        ) from error


def _read(path: Path) -> dict:
    if not path.is_file():
        raise UserError(f"weights={path}: no such file; expected a torchvision mobilenet_v2 state dict.")
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, UnpicklingError, EOFError) as error:
        raise UserError(f"weights={path}: not a torch state dict ({error}); download it again.") from error
