"""iaff: weakly-supervised semantic segmentation by iterative affinity learning (IAL, IJCV 2020)."""

__version__ = "0.1.0"
