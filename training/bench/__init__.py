"""Benchmarks that anyone can run; what they printed here is in README.md."""

import os

# PyTorch's profiler and allocator talk at length about what they cannot see; set before torch is imported.
os.environ.setdefault("KINETO_LOG_LEVEL", "6")
os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
