"""Python's answers as files that the tests of the scripts read."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

TYPES = {"f": np.float32, "i": np.int32, "u": np.uint8, "b": np.uint8}


def write(folder: Path, topic: str, answers: dict[str, Any]) -> None:
    """``topic.json``, where ``{"array": name}`` stands for an array, and the arrays in ``topic.safetensors``."""
    arrays = {}

    def reference(value: Any) -> Any:
        if isinstance(value, np.generic):
            return value.item()
        if isinstance(value, Path):
            return str(value)
        name = str(len(arrays))
        kind = "i" if value.dtype == np.uint16 else value.dtype.kind
        arrays[name] = np.ascontiguousarray(value, TYPES[kind])
        return {"array": name}

    (folder / f"{topic}.json").write_text(json.dumps(answers, default=reference))
    save_file(arrays, folder / f"{topic}.safetensors")
