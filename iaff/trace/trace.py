"""A trace: all that one photo went through, in one safetensors file (schema 1).

What the explorer draws, what is exported and what tests compare. The metadata hold one JSON document
(:attr:`Trace.meta`); label maps are PNG bytes, gates and pair weights are half precision, rounded down so that they
never sum to more than 1, and the refined maps are recomputed from the saved affinity. Nothing is ever unpickled, and
reading a trace needs no torch. The tensors are listed in :mod:`iaff.trace.schema`; what is optional there may be
missing.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from textwrap import shorten
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_bytes
from safetensors.numpy import save

import iaff  # its public face brings the explorer along, for those who ask for a page
from iaff.errors import UserError
from iaff.files import write_atomically
from iaff.grid import STRIDE
from iaff.hub import fetched
from iaff.json_text import parse_json
from iaff.trace.affinity import Affinity, restored
from iaff.trace.encoding import decode_photo, decode_png
from iaff.trace.from_arrays import from_arrays
from iaff.trace.schema import FORMAT, SCHEMA, check, without_odd_decorations


@dataclass
class Round:
    """One round of a trace; maps are on the affinity grid, channels are the trace's classes."""

    trace: "Trace"
    t: int  # from 1

    @property
    def figures(self) -> dict[str, Any]:
        """This photo's figures of the round; empty where none were measured."""
        return self._meta.get("figures", {})

    @cached_property
    def alpha_u(self) -> np.ndarray:
        """Unary map, ``float32 (K, h, w)``, sums to 1 over K."""
        return self._tensor("alpha_u").astype(np.float32)

    @cached_property
    def affinity(self) -> Affinity:
        """The round's affinity: ``row(x, y)``, ``column(x, y)``, ``propagate(alpha)``."""
        layers, prefix = self.trace.tensors, f"rounds.{self.t}."
        grid = tuple(self.trace.meta["grid"][::-1])
        return restored(self._meta["affinity"], lambda name: layers.get(prefix + name), grid, self.trace.stride)

    @cached_property
    def alpha_p(self) -> np.ndarray:
        """Refined map, recomputed from the saved affinity: ``float32 (K, h, w)``."""
        return self.affinity.propagate(self.alpha_u)

    @property
    def confident(self) -> np.ndarray | None:
        """Confident map Y: ``uint8 (h, w)`` class ids, 255 unknown; None where the trace has none."""
        return self.trace.labels(f"rounds.{self.t}.confident")

    @property
    def scores(self) -> np.ndarray | None:
        """Region scores of the superpixels, ``float16 (S, K)``; None where the trace has none."""
        return self.trace.tensors.get(f"rounds.{self.t}.scores")

    @property
    def embedding(self) -> np.ndarray | None:
        """The superpixels' unary features in two dimensions, ``float16 (S, 2)``; None where the trace has none."""
        return self.trace.tensors.get(f"rounds.{self.t}.embedding")

    @property
    def _meta(self) -> dict[str, Any]:
        return self.trace.meta["rounds"][self.t - 1]

    def _tensor(self, name: str) -> np.ndarray:
        return self.trace.tensors[f"rounds.{self.t}.{name}"]


@dataclass
class Trace:
    """One photo's trace; ``meta`` and ``tensors`` as written (see :mod:`iaff.trace.schema`)."""

    meta: dict[str, Any]
    tensors: dict[str, np.ndarray]

    @classmethod
    def load(cls, path: str | Path) -> "Trace":
        """Reads and checks a trace.

        Args:
            path: a file, or one on the Hugging Face Hub, ``hf://owner/name[@revision]/path/to/file.safetensors``.

        Raises:
            UserError: no such file, not a trace, of another schema, or with a layer that breaks the format; or what
                :func:`iaff.hub.fetched` says.
        """
        path = fetched(path)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise UserError(
                f"There is no trace {path}. Expected a .safetensors file by iaff; check the path."
            ) from None
        except OSError as error:
            raise UserError(f"{path} cannot be read: {error.strerror or error}. Expected a trace.") from error
        return cls.from_bytes(data, str(path))

    @classmethod
    def from_bytes(cls, data: bytes, name: str = "The trace") -> "Trace":
        """As :meth:`load`, of a file's bytes; ``name`` is what errors call it."""
        try:
            header = parse_json(data[8 : 8 + int.from_bytes(data[:8], "little")])
            tensors = load_bytes(data)
            said = header.get("__metadata__") or {}
        except (SafetensorError, ValueError, AttributeError, KeyError, TypeError, OverflowError) as error:
            raise UserError(
                f"{name} is not a trace: {shorten(str(error), 200)}. Expected a whole safetensors file by iaff; copy "
                "or write it again."
            ) from error
        got, schema = said.get("format"), said.get("schema")
        if got != FORMAT or schema != str(SCHEMA):
            raise UserError(
                f"{name}: got format {shorten(repr(got), 80)}, schema {shorten(repr(schema), 80)}; expected "
                f"{FORMAT!r}, {SCHEMA}. Write the trace again with this version of iaff."
            )
        try:
            meta = without_odd_decorations(parse_json(said.get("trace", "")))
        except ValueError as error:
            raise UserError(f"{name}: its description is not JSON ({error}). Copy or write the trace again.") from error
        check(meta, tensors, name)
        return cls(meta, tensors)

    @classmethod
    def from_arrays(
        cls, image: np.ndarray, classes: Sequence[str], rounds: Sequence[dict[str, Any]], **layers: Any
    ) -> "Trace":
        """A trace of anyone's model; arguments and errors as :func:`iaff.trace.from_arrays.from_arrays`."""
        return cls(*from_arrays(image, classes, rounds, **layers))

    def to_bytes(self) -> bytes:
        """The file's bytes: the same go to disk and to the browser."""
        header = {"format": FORMAT, "schema": str(SCHEMA), "trace": json.dumps(self.meta, ensure_ascii=False)}
        return save({k: np.ascontiguousarray(v) for k, v in self.tensors.items()}, header)

    def save(self, path: str | Path) -> None:
        """Writes the trace; a reader never sees half a file."""
        write_atomically(Path(path), self.to_bytes())

    @property
    def classes(self) -> list[str]:
        """Names of the channels, background first."""
        return self.meta["classes"]

    @property
    def stride(self) -> int:
        """Image px per cell of the affinity grid, which has ceil(H / stride) x ceil(W / stride) cells."""
        return self.meta.get("stride", STRIDE)

    @property
    def rounds(self) -> dict[int, Round]:
        """The rounds by their number, from 1."""
        return {t: Round(self, t) for t in range(1, len(self.meta["rounds"]) + 1)}

    def image(self) -> np.ndarray:
        """The photo as ``uint8 (H, W, 3)``."""
        return decode_photo(self.tensors["image"])

    def html(self, **view: Any) -> str:
        """The explorer's page of this trace as one HTML file, which needs no server and no network.

        Args:
            view: what it opens with, as the explorer's address has it: ``stage="affinity", round=3, x=220, y=100``
                (docs/exports.md).

        Raises:
            UserError: an unknown key, or a stage, round or pixel that is not there.
        """
        return iaff.page(self, view)

    def show(self, height: int = 760, **view: Any) -> Any:
        """The same for a notebook: the page in a frame, ``height`` px high. Arguments and errors as :meth:`html`."""
        return iaff.show(self, height, **view)

    def labels(self, name: str) -> np.ndarray | None:
        """A label map (``seeds``, ``truth``, ``rounds.1.confident``) as ``uint8 (rows, columns)``, or None."""
        return decode_png(self.tensors[name]) if name in self.tensors else None

    def superpixels(self) -> np.ndarray | None:
        """Superpixel ids ``int32 (H, W)``, 0..S-1, or None."""
        if "superpixels" not in self.tensors:
            return None
        rgb = decode_png(self.tensors["superpixels"]).astype(np.int32)
        return rgb[..., 0] + 256 * rgb[..., 1]
