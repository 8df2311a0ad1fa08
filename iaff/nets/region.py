"""The region network: a small classifier of mask-pooled unary features (Fast R-CNN with mask pooling)."""

from torch import Tensor, nn


class Region(nn.Module):
    """Scores superpixels: normalised pooled features, two layers, C + 1 logits, background first."""

    def __init__(self, features: int, classes: int, width: int = 256):
        super().__init__()
        self.layers = nn.Sequential(
            nn.LayerNorm(features),
            nn.Linear(features, width),
            nn.ReLU(inplace=True),
            nn.Dropout(0.3),
            nn.Linear(width, classes + 1),
        )

    def forward(self, pooled: Tensor) -> Tensor:
        """Pooled features (S, D) of S superpixels -> logits (S, C+1)."""
        return self.layers(pooled.float())
