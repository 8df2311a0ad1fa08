"""Trains `shapes_tiny` without anything that is random per process: run by test_trainer.py, alone or by torchrun.

Dropout is left out, and batch normalisation keeps its first statistics: what is left must not depend on how many
processes a batch is cut among.
"""

import sys
from pathlib import Path

import torch
from accelerate import PartialState
from torch import nn

from iaff.config import load_config
from training.train import train

nn.Dropout.forward = nn.Dropout2d.forward = lambda self, x: x
nn.BatchNorm2d.train = lambda self, mode=True: nn.Module.train(self, False)

if __name__ == "__main__":
    torch.set_num_threads(1)
    folder, *settings = sys.argv[1:]
    train(load_config("training/configs/shapes_tiny.toml", settings), Path(folder))
    print(f"one of {PartialState().num_processes}")
