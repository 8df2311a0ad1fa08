"""What a backbone is to the networks: their trunk."""

from torch import nn


class Trunk(nn.Module):
    """Maps photos ``(N, 3, H, W)`` in 0..255 to maps by stride, ``{4: ..., 8: ..., 16: ..., "top": ...}``."""

    channels: dict[int | str, int]  # the maps' widths
