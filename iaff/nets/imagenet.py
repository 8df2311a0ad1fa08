"""What the backbones with torchvision's ImageNet weights share: normalisation, frozen statistics, loading."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from pickle import UnpicklingError
from textwrap import shorten

import torch
from torch import Tensor, nn
from torchvision.models import get_model_weights

from iaff.errors import UserError

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet, as torchvision's weights expect


class Pretrained(nn.Module, ABC):
    """A backbone of four stages: ``stage4``, ``stage8`` and ``stage16``, named by the stride they end at, and ``top``.

    A subclass builds the stages, says their widths in ``channels``, and in ``parts`` where torchvision's weights go.
    Strides beyond the output stride become dilation (DeepLab's atrous rule).

    Args:
        name: torchvision's name of the network; output_stride: one of ``strides``.
    """

    strides = (8, 16, 32)  # output strides that it can have
    channels: dict[int | str, int]

    def __init__(self, name: str, output_stride: int):
        super().__init__()
        if output_stride not in self.strides:
            raise ValueError(f"output_stride {output_stride}: {name} supports {self.strides}")
        self.name = name
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

    @abstractmethod
    def parts(self, state: dict[str, Tensor]) -> Iterator[tuple[nn.Module, dict[str, Tensor]]]:
        """This backbone's modules with weights, each with its own state dict out of torchvision's ``state``."""


def under(state: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The entries of a state dict below ``prefix``, without it."""
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}


def load_imagenet(trunk: Pretrained, weights: str) -> None:
    """Loads ImageNet weights into a trunk: ``imagenet`` (torchvision's, downloaded once), a path, or ``none``.

    Raises:
        UserError: the download failed, or the file is missing or of another network.
    """
    if weights == "none":
        return
    state = _download(trunk.name) if weights == "imagenet" else _read(Path(weights), trunk.name)
    try:
        for module, part in trunk.parts(state):
            module.load_state_dict(part)
    except (RuntimeError, KeyError) as error:
        raise UserError(
            f"{weights} does not hold torchvision's {trunk.name} weights ({shorten(str(error), 200)}). Give that "
            "network's file with weights=PATH, or name the file's network with backbone=NAME."
        ) from error


def _download(name: str) -> dict[str, Tensor]:
    source = get_model_weights(name).IMAGENET1K_V1
    try:
        return source.get_state_dict(progress=True)
    except OSError as error:
        raise UserError(
            f"ImageNet weights could not be downloaded ({error}). Download {source.url} elsewhere and give the file "
            "with weights=PATH."
        ) from error


def _read(path: Path, name: str) -> dict[str, Tensor]:
    if not path.is_file():
        raise UserError(f"weights={path}: no such file; expected a torchvision {name} state dict.")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, UnpicklingError, EOFError) as error:
        raise UserError(f"weights={path}: not a torch state dict ({error}); download it again.") from error
    if not isinstance(state, dict):
        raise UserError(f"weights={path}: got a {type(state).__name__}; expected a torchvision {name} state dict.")
    return state
