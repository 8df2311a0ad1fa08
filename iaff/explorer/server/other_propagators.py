"""Other propagators on the photo in view, when they are asked for: the server function ``propagate``.

Linear ones answer with their matrix, whose steps the browser takes itself; the others with the map that they refined.
The size of what is asked is bounded, and one photo is refined at a time (:mod:`iaff.explorer.server.lane`). Torch is
imported at the first question.
"""

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from iaff.errors import UserError
from iaff.explorer.server.answers import Handler, answering
from iaff.explorer.server.feature_similarity import partners_and_weights
from iaff.explorer.server.propagator_parameters import parameters
from iaff.explorer.server.requests import PropagateRequest
from iaff.explorer.server.runs import named
from iaff.explorer.server.sent_photo import LARGEST_SIDE, decoded
from iaff.explorer.server.torch_start import start_torch
from iaff.grid import whole_stride
from iaff.run import Run
from iaff.trace.encoding import half_down
from iaff.trace.values import check_distribution, check_finite

if TYPE_CHECKING:
    from torch import Tensor

MOST_CELLS = 25_600  # of the affinity grid: at stride 4, a photo of 640 x 640 px
MOST_VALUES = 21 * MOST_CELLS  # of a map: the classes of VOC on the largest grid


def other_propagators(runs: list[Run]) -> Handler:
    """``propagate({by, image, grid, params, ...})``: what another propagator is, or does to a map, on one photo.

    Args:
        runs: whose networks ``similarity`` may ask.

    A request has ``by`` (one of BUILDERS), ``image`` (a JPEG or PNG file, as a trace holds it), ``grid`` ([w, h] of the
    affinity, of any whole stride) and ``params`` (see :mod:`iaff.explorer.server.propagator_parameters`); crf also
    ``alpha`` (float32 (K, h, w), sums to 1 over K); similarity ``run`` and ``round``, which made the trace.

    The answer is ``{kind: "stencil", offsets, weights, steps}``: base64 of int32 (M, 2) and float16 (M, h, w), see
    :class:`iaff.propagation.RandomWalk`; or ``{kind: "sparse", partners, weights, steps}``: of uint16 and float16
    (n, k), see :class:`iaff.propagation.Sparse`; or ``{kind: "map", alpha, why}``: of float32 (K, h, w), and a sentence
    that says why it has no rows.
    """
    by_name = named(runs)

    @answering(PropagateRequest)
    def propagate(request: PropagateRequest) -> dict[str, Any]:
        if request.by not in BUILDERS:
            raise UserError(f"Got the propagator {request.by[:60]!r}, expected one of {', '.join(BUILDERS)}.")
        chosen = parameters(request.by, request.params)
        photo, stride = photo_of(request)
        start_torch()
        return BUILDERS[request.by](Asked(photo, stride, request, by_name), **chosen)

    return propagate


@dataclass
class Asked:
    """A question that was found sound: the photo ``uint8 (H, W, 3)``, px per cell, and the explorer's runs by name."""

    photo: np.ndarray
    stride: int
    request: PropagateRequest
    runs: dict[str, Run]

    @property
    def grid(self) -> tuple[int, int]:
        columns, rows = self.request.grid
        return rows, columns

    def on_grid(self) -> "Tensor":
        """The photo on the affinity grid, ``float (3, h, w)``."""
        from iaff.data.transforms import grid_photo

        return grid_photo(self.photo, self.stride)


def answerable(runs: list[Run]) -> list[str]:
    """The propagators that can answer here: the dense CRF where its library is installed, similarity with weights."""
    missing = {"crf": not find_spec("pydensecrf"), "similarity": not any(run.finished_rounds() for run in runs)}
    return [by for by in BUILDERS if not missing.get(by)]


def photo_of(request: PropagateRequest) -> tuple[np.ndarray, int]:
    """The photo of a request, ``uint8 (H, W, 3)``, and its stride in px; its size is judged before it is read."""
    data, (columns, rows) = request.image, request.grid
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG", "PNG"]) as image:
            width, height = image.size
            stride = whole_stride((height, width), (rows, columns))
            if stride is None:
                raise UserError(
                    f"Got grid = {request.grid!r}, expected that of a whole stride for {width} x {height} px. Send the "
                    "trace's."
                )
            if rows * columns > MOST_CELLS or max(width, height) > LARGEST_SIDE:
                side = min(stride * int(MOST_CELLS**0.5), LARGEST_SIDE)
                raise UserError(
                    f"Got a photo of {width} x {height} px, expected at most {side} x {side}: other propagators are "
                    "computed on the spot. Choose a smaller photo."
                )
    except UserError:
        raise
    except Exception as error:  # Pillow's readers raise whatever they stumble upon
        raise UserError(f"Got {len(data):,} bytes that are no picture, expected the trace's JPEG or PNG.") from error
    try:
        return decoded(data), stride
    except UserError as error:
        raise UserError(f"Got {len(data):,} bytes that are no picture to be refined. {error}") from error


def map_of(request: PropagateRequest, grid: tuple[int, int]) -> np.ndarray:
    """The map of a request: ``float32 (K, h, w)``, a distribution over K."""
    cells, data = grid[0] * grid[1], request.alpha or b""
    if len(data) > 4 * MOST_VALUES:
        raise UserError(
            f"Got a map of {len(data) // (4 * cells)} classes on {grid[1]} x {grid[0]} cells, expected at most "
            f"{MOST_VALUES:,} values: other propagators are computed on the spot. Choose a smaller photo."
        )
    if not data or len(data) % (4 * cells):
        raise UserError(f"Got {len(data):,} bytes of alpha, expected 4 x K x {grid[0]} x {grid[1]}.")
    alpha = np.frombuffer(data, "<f4").reshape(-1, *grid).astype(np.float32)
    try:
        check_finite("alpha", alpha)
        check_distribution("alpha", alpha)
    except ValueError as error:
        raise UserError(f"Got a wrong {error}.") from error
    return alpha


def walk(asked: Asked, radius: int, beta: float, steps: int) -> dict[str, Any]:
    """The random walk over colour pairs."""
    from iaff.propagation import colour_stencil

    offsets, weights = colour_stencil(asked.on_grid(), radius=radius, beta=beta)
    return stencil(offsets.numpy(), weights.numpy(), steps)


def pamr(asked: Asked, dilations: int, steps: int) -> dict[str, Any]:
    """PAMR, which for one photo is linear: neighbours beyond the border are those on it.

    ``dilations``: 1, 2, 4 ... up to this one.
    """
    from iaff.propagation import Pamr

    g = Pamr(asked.on_grid(), tuple(2**i for i in range(dilations.bit_length())), steps)
    return sparse(**g.to_arrays())


def similarity(asked: Asked, temperature: float, k: int) -> dict[str, Any]:
    """Which cells' features are alike, as the unary network of the trace's run and round sees them."""
    run, t, image = asked.request.run, asked.request.round, asked.request.image
    return sparse(*partners_and_weights(asked.runs, run, t, image, asked.grid, temperature, k), steps=1)


def stencil(offsets: np.ndarray, weights: np.ndarray, steps: int) -> dict[str, Any]:
    """The answer of a linear propagator; weights are rounded down, as a trace has them."""
    return {
        "kind": "stencil",
        "offsets": encoded(offsets.astype("<i4")),
        "weights": encoded(half_down(weights)),
        "steps": steps,
    }


def sparse(partners: np.ndarray, weights: np.ndarray, steps: int) -> dict[str, Any]:
    """The same where each cell has partners of its own."""
    return {
        "kind": "sparse",
        "partners": encoded(partners.astype("<u2")),
        "weights": encoded(half_down(weights)),
        "steps": steps,
    }


def crf(asked: Asked, **widths: Any) -> dict[str, Any]:
    """The dense CRF, if its library is installed."""
    alpha = map_of(asked.request, asked.grid)

    import torch

    from iaff.propagation import DenseCrf

    propagator = DenseCrf(asked.on_grid(), **widths, stride=asked.stride)
    refined = propagator.propagate(torch.from_numpy(alpha)[None])[0].numpy()
    why = f"The dense CRF gives a refined map alone: its {propagator.why}."
    return {"kind": "map", "alpha": encoded(refined.astype("<f4")), "why": why}


def encoded(array: np.ndarray) -> str:
    """An array's bytes as base64."""
    return base64.b64encode(array.tobytes()).decode()


BUILDERS: dict[str, Callable[..., dict[str, Any]]] = {"walk": walk, "pamr": pamr, "crf": crf, "similarity": similarity}
