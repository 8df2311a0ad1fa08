"""A trace: all that one photo went through, in one safetensors file (schema 1).

What the explorer draws, what is exported and what tests compare. The metadata hold one JSON document
(:attr:`Trace.meta`); label maps are PNG bytes, gates and pair weights are half precision, rounded down so that they
never sum to more than 1, and the refined maps are recomputed from the saved affinity. Nothing is ever unpickled, and
reading a trace needs no torch. The tensors are listed in ``TENSORS``; what is optional there may be missing.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_bytes
from safetensors.numpy import save

from iaff.affinity import Affinity, restored
from iaff.encoding import decode_photo, decode_png, write_atomically
from iaff.errors import UserError

if TYPE_CHECKING:
    from iaff.explorer.standalone.page import Shown

SCHEMA = 1
FORMAT = "iaff-trace"
TENSORS = {
    "image": "uint8 (n,): the photo as JPEG or PNG bytes, W x H",
    "cam": "float16 (K-1, h, w): class activation of the tags, 0..1 (optional)",
    "cam_scales": "uint8 (scales, K-1, h, w): the same at each scale of meta['cam_scales'], 255 is 1 (optional)",
    "cam_climb": "uint8 (steps + 1, K-1, h, w): the same at each step of the climb, 255 is 1 (optional)",
    "seeds": "uint8 (n,): PNG, w x h, class ids, 255 unknown (optional)",
    "superpixels": "uint8 (n,): PNG, RGB, W x H, id = R + 256 G (optional)",
    "truth": "uint8 (n,): PNG, W x H, class ids, 255 void (optional)",
    "rounds.T.alpha_u": "float16 (K, h, w): unary probabilities, sum to 1 over K",
    "rounds.T.scores": "float16 (S, K): region scores of the superpixels (optional)",
    "rounds.T.embedding": "float16 (S, 2): the superpixels by their unary features, see iaff.embedding (optional)",
    "rounds.T.confident": "uint8 (n,): PNG, w x h, class ids, 255 unknown (optional)",
    "rounds.T.gates": "float16 (4, 3, h, w): see iaff.propagation.gates (affinity of kind scan)",
    "rounds.T.offsets": "int32 (M, 2): (row, column) of the neighbours (affinity of kind stencil)",
    "rounds.T.weights": "float16 (M, h, w): see iaff.propagation.RandomWalk (affinity of kind stencil)",
}


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
        about = self._meta["affinity"]
        names = ("gates",) if about["kind"] == "scan" else ("offsets", "weights")
        return restored(about, {name: self._tensor(name) for name in names})

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
    """One photo's trace; ``meta`` and ``tensors`` as written (see the module and ``iaff.trace_check.Meta``)."""

    meta: dict[str, Any]
    tensors: dict[str, np.ndarray]

    @classmethod
    def load(cls, path: str | Path) -> "Trace":
        """Reads and checks a trace.

        Raises:
            UserError: no such file, not a trace, of another schema, or with a layer that breaks the format.
        """
        path = Path(path)
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
        from iaff.trace_check import check

        try:
            header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
            header = header.get("__metadata__", {})
            tensors = load_bytes(data)
        except (SafetensorError, ValueError, AttributeError, KeyError) as error:
            raise UserError(
                f"{name} is not a trace: {error}. Expected a whole safetensors file by iaff; copy or write it again."
            ) from error
        got, schema = header.get("format"), header.get("schema")
        if got != FORMAT or schema != str(SCHEMA):
            raise UserError(
                f"{name}: got format {got!r}, schema {schema!r}; expected {FORMAT!r}, {SCHEMA}. "
                "Write the trace again with this version of iaff."
            )
        try:
            meta = json.loads(header.get("trace", ""))
        except (ValueError, RecursionError) as error:
            raise UserError(f"{name}: its description is not JSON ({error}). Copy or write the trace again.") from error
        trace = cls(meta, tensors)
        check(trace, name)
        return trace

    @classmethod
    def from_arrays(cls, image: np.ndarray, classes: Sequence[str], rounds: Sequence[dict[str, Any]],
                    **layers: Any) -> "Trace":  # fmt: skip
        """A trace of anyone's model; see :func:`iaff.from_arrays.from_arrays`."""
        from iaff.from_arrays import from_arrays

        return from_arrays(image, classes, rounds, **layers)

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
        from iaff.explorer.standalone.page import page

        return page(self, view)

    def show(self, height: int = 760, **view: Any) -> "Shown":
        """The same for a notebook: the page in a frame, ``height`` px high. Arguments and errors as :meth:`html`."""
        from iaff.explorer.standalone.page import Shown

        return Shown(self.html(**view), height)

    def labels(self, name: str) -> np.ndarray | None:
        """A label map (``seeds``, ``truth``, ``rounds.1.confident``) as ``uint8 (rows, columns)``, or None."""
        return decode_png(self.tensors[name]) if name in self.tensors else None

    def superpixels(self) -> np.ndarray | None:
        """Superpixel ids ``int32 (H, W)``, 0..S-1, or None."""
        if "superpixels" not in self.tensors:
            return None
        rgb = decode_png(self.tensors["superpixels"]).astype(np.int32)
        return rgb[..., 0] + 256 * rgb[..., 1]
