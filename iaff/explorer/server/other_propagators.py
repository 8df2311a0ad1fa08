"""Other propagators on the photo in view, when they are asked for: the server function ``propagate``. Nothing is kept.

Linear ones answer with their stencil, which the browser walks itself; the others with the map that they refined. The
size of what is asked is bounded, and one photo is refined at a time (:mod:`iaff.explorer.server.lane`). Torch is
imported at the first question.
"""

import base64
import io
from importlib.util import find_spec
from typing import Any

import numpy as np
from PIL import Image

from iaff.decoding import read_photo_safely
from iaff.errors import UserError
from iaff.explorer.server.answers import answering
from iaff.explorer.server.requests import PropagateRequest
from iaff.explorer.server.torch_start import start_torch
from iaff.grid import whole_stride
from iaff.trace.encoding import half_down
from iaff.trace.values import check_distribution, check_finite

MOST_CELLS = 25_600  # of the affinity grid: at stride 4, a photo of 640 x 640 px
LARGEST_SIDE = 2048  # px, whatever the stride
MOST_VALUES = 21 * MOST_CELLS  # of a map: the classes of VOC on the largest grid


@answering(PropagateRequest)
def propagate(request: PropagateRequest) -> dict[str, Any]:
    """What another propagator is, or does to a map, on one photo.

    Args:
        request: ``by`` (one of BUILDERS), ``image`` (a JPEG or PNG file, as a trace holds it), ``grid`` ([w, h] of
            the affinity, of any whole stride), and for crf ``alpha`` (float32 (K, h, w), sums to 1 over K).

    Returns:
        ``{kind: "stencil", offsets, weights, steps}``: base64 of int32 (M, 2) and float16 (M, h, w), see
        :class:`iaff.propagation.RandomWalk`; or ``{kind: "map", alpha, why}``: base64 of float32 (K, h, w), and a
        sentence that says why it has no rows.
    """
    if request.by not in BUILDERS:
        raise UserError(f"Got the propagator {request.by[:60]!r}, expected one of {', '.join(BUILDERS)}.")
    photo, stride = photo_of(request)
    start_torch()
    return BUILDERS[request.by](photo, stride, request)


def answerable() -> list[str]:
    """The propagators that can answer here: the dense CRF where its library is installed."""
    return [by for by in BUILDERS if by != "crf" or find_spec("pydensecrf")]


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
        return read_photo_safely(data, "The photo", side=max(width, height), smallest=1).pixels, stride
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


def walk(photo: np.ndarray, stride: int, request: PropagateRequest) -> dict[str, Any]:
    """The random walk over colour pairs."""
    from iaff.data.transforms import grid_photo
    from iaff.propagation import colour_walk

    g = colour_walk(grid_photo(photo, stride))
    return stencil(g.offsets.numpy(), g.weights.numpy(), g.steps)


def pamr(photo: np.ndarray, stride: int, request: PropagateRequest) -> dict[str, Any]:
    """PAMR, which for one photo is linear: neighbours beyond the border are those on it, at offsets of their own."""
    from iaff.data.transforms import grid_photo
    from iaff.nets.untrained import GRID_DILATIONS, GRID_STEPS
    from iaff.propagation import Pamr

    g = Pamr(grid_photo(photo, stride), GRID_DILATIONS, GRID_STEPS)
    return stencil(**g.to_arrays())


def stencil(offsets: np.ndarray, weights: np.ndarray, steps: int) -> dict[str, Any]:
    """The answer of a linear propagator; weights are rounded down, as a trace has them."""
    return {
        "kind": "stencil",
        "offsets": encoded(offsets.astype("<i4")),
        "weights": encoded(half_down(weights)),
        "steps": steps,
    }


def crf(photo: np.ndarray, stride: int, request: PropagateRequest) -> dict[str, Any]:
    """The dense CRF, if its library is installed."""
    columns, rows = request.grid
    alpha = map_of(request, (rows, columns))

    import torch

    from iaff.data.transforms import grid_photo
    from iaff.propagation import DenseCrf

    propagator = DenseCrf(grid_photo(photo, stride), stride=stride)
    refined = propagator.propagate(torch.from_numpy(alpha)[None])[0].numpy()
    why = f"The dense CRF gives a refined map alone: its {propagator.why}."
    return {"kind": "map", "alpha": encoded(refined.astype("<f4")), "why": why}


def encoded(array: np.ndarray) -> str:
    """An array's bytes as base64."""
    return base64.b64encode(array.tobytes()).decode()


BUILDERS = {"walk": walk, "pamr": pamr, "crf": crf}
