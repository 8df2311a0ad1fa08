"""A trace: all that one photo went through, in one safetensors file (schema 1).

What the explorer draws, what is exported and what tests compare. The metadata hold one JSON document
(:attr:`Trace.meta`); label maps are PNG bytes, gates are half precision, rounded down so that they never sum
to more than 1, and the refined maps are recomputed from the saved gates. Nothing is ever unpickled, and
reading a trace needs no torch. The tensors are listed in ``TENSORS``.
"""

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from iaff.errors import UserError

SCHEMA = 1
FORMAT = "iaff-trace"
TENSORS = {
    "image": "uint8 (n,): the photo as JPEG or PNG bytes, W x H",
    "cam": "float16 (K-1, h, w): class activation of the tags, 0..1",
    "seeds": "uint8 (n,): PNG, w x h, class ids, 255 unknown",
    "superpixels": "uint8 (n,): PNG, RGB, W x H, id = R + 256 G",
    "truth": "uint8 (n,): PNG, W x H, class ids, 255 void (optional)",
    "rounds.T.alpha_u": "float16 (K, h, w): unary probabilities, sum to 1 over K",
    "rounds.T.scores": "float16 (S, K): region scores of the superpixels",
    "rounds.T.confident": "uint8 (n,): PNG, w x h, class ids, 255 unknown",
    "rounds.T.gates": "float16 (4, 3, h, w): see iaff.propagation.gates",
}


@dataclass
class Trace:
    """One photo's trace; ``meta`` as written (see docs in the module), ``tensors`` by name."""

    meta: dict[str, Any]
    tensors: dict[str, np.ndarray]

    @classmethod
    def load(cls, path: str | Path) -> "Trace":
        """Reads a trace.

        Raises:
            UserError: no such file, not a trace, or of another schema.
        """
        path = Path(path)
        try:
            with safe_open(path, framework="numpy") as file:
                header = file.metadata() or {}
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except FileNotFoundError:
            raise UserError(f"No trace {path}.") from None
        except (SafetensorError, OSError) as error:
            raise UserError(f"{path} is not a trace: {error}. Expected a safetensors file by iaff.") from error
        if header.get("format") != FORMAT or header.get("schema") != str(SCHEMA):
            raise UserError(
                f"{path}: got format {header.get('format')!r}, schema {header.get('schema')!r}; "
                f"expected {FORMAT!r}, {SCHEMA}. Write the trace again with this version of iaff."
            )
        return cls(json.loads(header["trace"]), tensors)

    def to_bytes(self) -> bytes:
        """The file's bytes: the same go to disk and to the browser."""
        header = {"format": FORMAT, "schema": str(SCHEMA), "trace": json.dumps(self.meta, ensure_ascii=False)}
        return save({k: np.ascontiguousarray(v) for k, v in self.tensors.items()}, header)

    def save(self, path: str | Path) -> None:
        """Writes the trace; a reader never sees half a file."""
        write_atomically(Path(path), self.to_bytes())

    def labels(self, name: str) -> np.ndarray:
        """A label map (``seeds``, ``truth``, ``rounds.1.confident``) as ``uint8 (rows, columns)``."""
        return decode_png(self.tensors[name])

    def superpixels(self) -> np.ndarray:
        """Superpixel ids ``int32 (H, W)``, 0..S-1."""
        rgb = decode_png(self.tensors["superpixels"]).astype(np.int32)
        return rgb[..., 0] + 256 * rgb[..., 1]

    def alpha_u(self, t: int) -> np.ndarray:
        """Unary map of round t (from 1): ``float32 (K, h, w)``."""
        return self.tensors[f"rounds.{t}.alpha_u"].astype(np.float32)

    def gates(self, t: int) -> np.ndarray:
        """Gates of round t (from 1): ``float32 (4, 3, h, w)``."""
        return self.tensors[f"rounds.{t}.gates"].astype(np.float32)

    def alpha_p(self, t: int) -> np.ndarray:
        """Refined map of round t (from 1), recomputed from the saved gates: ``float32 (K, h, w)``."""
        import torch  # only here: looking at a trace needs no torch

        from iaff.propagation import propagate

        passes = self.meta["rounds"][t - 1]["affinity"]["passes"]
        alpha, gates = torch.from_numpy(self.alpha_u(t)), torch.from_numpy(self.gates(t))
        return propagate(alpha[None], gates[None], passes)[0].numpy()


def encode_png(labels: np.ndarray) -> np.ndarray:
    """``uint8 (rows, columns)`` or RGB -> PNG bytes as a ``uint8 (n,)`` array."""
    buffer = io.BytesIO()
    Image.fromarray(labels).save(buffer, "PNG", optimize=True)
    return np.frombuffer(buffer.getvalue(), np.uint8)


def decode_png(data: np.ndarray) -> np.ndarray:
    """The inverse of :func:`encode_png`."""
    return np.asarray(Image.open(io.BytesIO(data.tobytes())))


def encode_superpixels(ids: np.ndarray) -> np.ndarray:
    """Superpixel ids ``int (H, W)``, below 65,536, as the bytes of an RGB PNG."""
    rgb = np.stack([ids % 256, ids // 256, np.zeros_like(ids)], -1)
    return encode_png(rgb.astype(np.uint8))


def encode_photo(image: np.ndarray, quality: int = 88) -> np.ndarray:
    """A photo ``uint8 (H, W, 3)`` as the bytes of a JPEG."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality, optimize=True)
    return np.frombuffer(buffer.getvalue(), np.uint8)


def half_down(gates: np.ndarray) -> np.ndarray:
    """Gates as float16, rounded towards 0, so that three of them never sum to more than they did."""
    half = gates.astype(np.float16)
    above = half.astype(np.float32) > gates
    half[above] = np.nextafter(half[above], np.float16(0))
    return half


def write_atomically(path: Path, data: bytes) -> None:
    """Writes beside the target and renames it into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    part.replace(path)
