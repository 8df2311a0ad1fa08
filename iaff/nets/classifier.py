"""The image-level classifier whose activation maps give the seeds."""

from torch import Tensor, nn

from iaff.nets.trunk import Trunk


class Classifier(nn.Module):
    """A trunk, a bias-free 1 x 1 convolution to C classes, and global average pooling (CAM's layout).

    The convolution before the pooling is the class activation map: pooling it gives the logits.
    """

    def __init__(self, trunk: Trunk, classes: int):
        super().__init__()
        self.trunk = trunk
        self.dropout = nn.Dropout2d(0.2)
        self.head = nn.Conv2d(self.trunk.channels["top"], classes, 1, bias=False)

    def activations(self, images: Tensor) -> Tensor:
        """Photos (N, 3, H, W) in 0..255 -> class activations (N, C, h, w), any sign."""
        return self.head(self.dropout(self.trunk(images)["top"]))

    def forward(self, images: Tensor) -> Tensor:
        """Photos (N, 3, H, W) in 0..255 -> logits (N, C)."""
        return self.activations(images).float().mean(dim=(2, 3))
