"""What the backbones with torchvision's ImageNet weights share: normalisation, frozen statistics, loading."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from textwrap import shorten

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torchvision.models import get_model_weights

from iaff.errors import UserError
from iaff.nets.trunk import Trunk
from iaff.places import expanded

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet, as torchvision's weights expect


class Backbone(Trunk):
    """What every backbone with ImageNet weights has: their normalisation, and frozen batch-norm statistics.

    Args:
        mean, std: of red, green and blue in 0..1.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, mean: tuple[float, ...] = MEAN, std: tuple[float, ...] = STD):
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1) * 255, persistent=False)
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1) * 255, persistent=False)

    def normalised(self, images: Tensor) -> Tensor:
        """Photos ``(N, 3, H, W)`` in 0..255 -> what the first convolution expects, channels last."""
        return ((images.float() - self.mean) / self.std).contiguous(memory_format=torch.channels_last)

    def train(self, mode: bool = True):
        """Training mode with frozen batch-norm statistics: small batches would only blur them."""
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self


class Pretrained(Backbone, ABC):
    """A backbone of four stages: ``stage4``, ``stage8`` and ``stage16``, named by the stride they end at, and ``top``.

    A subclass builds the stages, says their widths in ``channels``, and in ``parts`` where torchvision's weights go.
    Strides beyond the output stride become dilation (DeepLab's atrous rule).

    Args:
        name: torchvision's name of the network; output_stride: one of ``strides``.
    """

    strides = (8, 16, 32)  # output strides that it can have
    stage4: nn.Sequential
    stage8: nn.Module  # one stage, or several in a Sequential
    stage16: nn.Sequential
    top: nn.Sequential

    def __init__(self, name: str, output_stride: int):
        super().__init__()
        if output_stride not in self.strides:
            raise ValueError(f"output_stride {output_stride}: {name} supports {self.strides}")
        self.name = name

    def forward(self, images: Tensor) -> dict[int | str, Tensor]:
        """Photos ``(N, 3, H, W)`` in 0..255 -> maps by stride: 4, 8, 16 and "top" (at the output stride)."""
        four = self.stage4(self.normalised(images))
        eight = self.stage8(four)
        sixteen = self.stage16(eight)
        return {4: four, 8: eight, 16: sixteen, "top": self.top(sixteen)}

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
    whose = f"torchvision's {trunk.name}"
    state = _download(trunk.name) if weights == "imagenet" else read_state(expanded(weights), whose)
    try:
        for module, part in trunk.parts(state):
            module.load_state_dict(part)
    except (RuntimeError, KeyError) as error:
        raise wrong_network(weights, whose, error) from error


def wrong_network(weights: str, whose: str, error: Exception) -> UserError:
    """What to say of a file whose tensors do not fit a network (``torchvision's vgg16``)."""
    return UserError(
        f"{weights} does not hold {whose} weights ({shorten(str(error), 200)}). Give that network's file with "
        "weights=PATH, or name the file's network with backbone=NAME."
    )


def _download(name: str) -> dict[str, Tensor]:
    source = get_model_weights(name)["IMAGENET1K_V1"]
    try:
        return source.get_state_dict(progress=True)
    except OSError as error:
        raise UserError(
            f"ImageNet weights could not be downloaded ({error}). Download {source.url} elsewhere and give the file "
            "with weights=PATH."
        ) from error


def read_state(path: Path, whose: str) -> dict[str, Tensor]:
    """The state dict of a network (``torchvision's vgg16``) in a file of torch or safetensors; runs no code in it.

    Raises:
        UserError: the file is missing or damaged, or holds something else.
    """
    if not path.is_file():
        raise UserError(f"weights={path}: no such file; expected a state dict of {whose}.")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch's readers raise whatever they stumble upon
        raise UserError(f"weights={path}: not a state dict ({error}); download it again.") from error
    if not isinstance(state, dict):
        raise UserError(f"weights={path}: got a {type(state).__name__}; expected a state dict of {whose}.")
    return state
