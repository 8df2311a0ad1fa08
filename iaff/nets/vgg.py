"""VGG16 from torchvision at a chosen output stride, with its ImageNet weights: the trunk of DeepLab-LargeFOV."""

from collections import OrderedDict
from collections.abc import Iterator

from torch import Tensor, nn
from torchvision.models.vgg import cfgs, make_layers

from iaff.nets.imagenet import Pretrained, under

POOLS = {4: 2, 9: 4, 16: 8, 23: 16, 30: 32}  # torchvision's layers that halve the map, and the stride after each
FROZEN = 9  # layers up to conv2_2
WIDTH = 1024  # channels of LargeFOV's fc6 and fc7
CLASSIFIER = {"fc6": ("classifier.0", (4096, 512, 7, 7)), "fc7": ("classifier.3", (4096, 4096, 1, 1))}


class VGG16(Pretrained):
    """VGG16's convolutions by resolution, and fc6 and fc7 as LargeFOV has them.

    They belong to the trunk, not to a head: they are pretrained, so they learn at the trunk's rate, and the region
    network gets their features. conv1 and conv2 keep their ImageNet values, as PSA has it.

    Args:
        fc: end in pool5, fc6 and fc7, 1024 channels; else "top" is conv5's map.
        output_stride: 8 (LargeFOV's: pool4 and pool5 with stride 1, conv5 dilated by 2), 16 or 32.
    """

    def __init__(self, fc: bool = True, output_stride: int = 8):
        super().__init__("vgg16", output_stride)
        layer = list(make_layers(cfgs["D"], batch_norm=False))  # vgg16() would draw 120 M weights of its classifier
        for index, stride in POOLS.items():
            layer[index] = _pool(stride <= output_stride)
        if output_stride == 8:
            for conv in (m for m in layer[24:30] if isinstance(m, nn.Conv2d)):
                conv.dilation = conv.padding = (2, 2)
        self.stage4: nn.Sequential = nn.Sequential(*layer[:16])
        self.stage8: nn.Sequential = nn.Sequential(*layer[16:23])
        self.stage16, self.top = nn.Sequential(*layer[23:30]), nn.Sequential()
        for conv in (m for m in self.modules() if isinstance(m, nn.Conv2d)):
            fresh(conv)
        if fc:
            around = nn.AvgPool2d(3, 1, padding=1, count_include_pad=False)
            layers = OrderedDict(pool5=layer[30], pool5a=around, **largefov_layers(512, output_stride))
            self.top = nn.Sequential(layers)
        self.channels = {4: 256, 8: 512, 16: 512, "top": WIDTH if fc else 512}
        self.stage4[:FROZEN].requires_grad_(False)

    def parts(self, state: dict[str, Tensor]) -> Iterator[tuple[nn.Module, dict[str, Tensor]]]:
        """The convolutions with their weights in torchvision's ``state``, and fc6 and fc7 thinned out of its."""
        for index, layer in enumerate([*self.stage4, *self.stage8, *self.stage16]):
            yield layer, under(state, f"features.{index}.")
        for name, (key, shape) in CLASSIFIER.items() if len(self.top) else ():
            yield getattr(self.top, name), _thinned(state, key, shape)


def largefov_layers(width: int, output_stride: int) -> OrderedDict[str, nn.Module]:
    """LargeFOV's fc6 (3 x 3, rate 12 at stride 8) and fc7 over a map of ``width`` channels, with fresh weights.

    The rate shrinks with the stride: fc6's taps lie 96 px apart, as every third of VGG16's 7 x 7 at stride 32 did.
    """
    rate = 96 // output_stride
    return OrderedDict(
        fc6=fresh(nn.Conv2d(width, WIDTH, 3, padding=rate, dilation=rate)),
        relu6=nn.ReLU(inplace=True),
        drop6=nn.Dropout(0.5),
        fc7=fresh(nn.Conv2d(WIDTH, WIDTH, 1)),
        relu7=nn.ReLU(inplace=True),
    )


def fresh(conv: nn.Conv2d) -> nn.Conv2d:
    """He's initial weights, as torchvision's VGG has them: without batch norm, smaller ones let the signal die."""
    nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
    return conv


def _pool(strided: bool) -> nn.Module:
    """torchvision's 2 x 2 pool, rounding up so that maps have ceil(H / stride) rows; without stride DeepLab's 3 x 3.

    (A 2 x 2 one without stride would move the map by half a pixel.)
    """
    return nn.MaxPool2d(2, ceil_mode=True) if strided else nn.MaxPool2d(3, 1, padding=1)


def _thinned(state: dict[str, Tensor], key: str, shape: tuple[int, ...]) -> dict[str, Tensor]:
    """A layer of VGG16's classifier as LargeFOV starts from it: every fourth channel, every third tap of fc6."""
    weight = state[f"{key}.weight"].view(shape)
    weight = weight[::4, :, ::3, ::3] if shape[-1] > 1 else weight[::4, ::4]
    return {"weight": weight, "bias": state[f"{key}.bias"][::4]}
