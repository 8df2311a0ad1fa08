"""Where things lie."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "assets" / "runs" / "animals"
TOY = ROOT / "iaff" / "explorer" / "static" / "trace" / "toy.safetensors"
TIMED = bool(os.environ.get("IAFF_TIMES"))  # whether a slow machine fails the tests of speed
