"""ResNet-50 and ResNet-101 from torchvision at a chosen output stride, with their ImageNet weights."""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Literal

from torch import Tensor, nn
from torchvision.models import get_model

from iaff.nets.imagenet import Pretrained, under


class ResNet(Pretrained):
    """torchvision's layers by resolution: conv1 and layer1, layer2, layer3, layer4.

    As in DeepLab-v2 all convolutions are trained, conv1 and layer1 too, and batch norm keeps its statistics.
    (DeepLab-v2 also fixes its scale and shift; here they are trained, as MobileNetV2's are.)

    Args:
        layer4: keep it as "top", 2048 channels; else "top" is layer3's map.
        output_stride: 8 (layer3 dilated by 2, layer4 by 4), 16 (layer4 by 2) or 32.
    """

    def __init__(self, name: Literal["resnet50", "resnet101"], layer4: bool = True, output_stride: int = 16):
        super().__init__(name, output_stride)
        dilate = [False, output_stride == 8, output_stride < 32]
        net = get_model(name, weights=None, replace_stride_with_dilation=dilate)
        first = OrderedDict(conv1=net.conv1, bn1=net.bn1, relu=net.relu, maxpool=net.maxpool, layer1=net.layer1)
        self.stage4, self.stage8, self.stage16 = nn.Sequential(first), net.layer2, net.layer3
        self.top = net.layer4 if layer4 else nn.Sequential()
        self.channels = {4: 256, 8: 512, 16: 1024, "top": 2048 if layer4 else 1024}

    def parts(self, state: dict[str, Tensor]) -> Iterator[tuple[nn.Module, dict[str, Tensor]]]:
        """The layers with their weights in torchvision's ``state``."""
        for name in ("conv1", "bn1", "layer1"):
            yield getattr(self.stage4, name), under(state, f"{name}.")
        yield self.stage8, under(state, "layer2.")
        yield self.stage16, under(state, "layer3.")
        if len(self.top):
            yield self.top, under(state, "layer4.")
