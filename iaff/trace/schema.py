"""The format of a trace, and what a valid one obeys; errors name the layer, what was got, and what was expected."""

import io
from textwrap import shorten
from typing import Annotated, Any, Literal

import numpy as np
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from iaff.errors import UserError
from iaff.grid import LARGEST_STRIDE, STRIDE, UNKNOWN, grid_size
from iaff.trace.encoding import decode_png
from iaff.trace.values import (
    check_distribution,
    check_finite,
    check_gates,
    check_sparse,
    check_stencil,
    in_range,
)

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
    "rounds.T.embedding": "float16 (S, 2): the superpixels by their unary features, iaff.method.embedding (optional)",
    "rounds.T.confident": "uint8 (n,): PNG, w x h, class ids, 255 unknown (optional)",
    "rounds.T.gates": "float16 (4, 3, h, w): see iaff.propagation.gates (affinity of kind scan)",
    "rounds.T.offsets": "int32 (M, 2): (row, column) of the neighbours (affinity of kind stencil)",
    "rounds.T.weights": "float16 (M, h, w): see iaff.propagation.RandomWalk (affinity of kind stencil); "
    "float16 (n, k), n = h w: see iaff.propagation.Sparse (affinity of kind sparse)",
    "rounds.T.alpha_p": "float16 (K, h, w): refined map, sums to 1 over K (affinity of kind map)",
    "rounds.T.partners": "uint16 (n, k): cell numbers, row * w + column (affinity of kind sparse; without: k = n)",
}
LARGEST = 4096  # px, of a trace's photo


class Part(BaseModel):
    """A JSON object: types are taken as they stand, and further keys are kept."""

    model_config = ConfigDict(extra="allow", strict=True, allow_inf_nan=False)


Share = Annotated[float, Field(ge=0, le=1)]
Pixels = Annotated[int, Field(ge=1, le=LARGEST)]


class Scan(Part):
    kind: Literal["scan"]
    passes: Annotated[int, Field(ge=1, le=64)]


class Stencil(Part):
    kind: Literal["stencil"]
    steps: Annotated[int, Field(ge=1, le=4096)]


class Sparse(Part):
    kind: Literal["sparse"]
    steps: Annotated[int, Field(ge=1, le=4096)]
    dropped: Share | None = None  # mean share of a row that was left out when the largest partners were kept


class RefinedMap(Part):
    kind: Literal["map"]
    why: str  # there is no matrix


class RoundMeta(Part):
    affinity: Annotated[Scan | Stencil | Sparse | RefinedMap, Field(discriminator="kind")]
    figures: dict[str, Any] = {}


class Meta(Part):
    """The description of a trace: what the layers need, then what only decorates, which may be missing."""

    name: str
    size: Annotated[list[Pixels], Field(min_length=2, max_length=2)]  # W, H
    grid: Annotated[list[int], Field(min_length=2, max_length=2)]  # w, h
    classes: Annotated[list[str], Field(min_length=1, max_length=255)]
    class_ids: list[Annotated[int, Field(ge=0, lt=UNKNOWN)]]
    tags: list[str]
    rounds: list[RoundMeta]
    stride: Annotated[int, Field(ge=1, le=LARGEST_STRIDE)] = STRIDE  # image px per cell
    tag_scores: dict[str, Share] | None = None
    tag_sure: dict[str, Share] | None = None
    thresholds: dict[str, Share | None] | None = None
    cam_scales: list[float] | None = None
    cam_climb: dict[str, Any] | None = None
    figures: dict[str, Any] | None = None
    run: dict[str, Any] | None = None
    title: str | None = None
    note: str | None = None
    proposed: list[str] | None = None
    credit: dict[str, str] | None = None


NEEDED = {"stride"} | {name for name, field in Meta.model_fields.items() if field.is_required()}


def without_odd_decorations(description: Any) -> Any:
    """A description without what only decorates and is of another type than expected; the browser leaves it out too."""
    try:
        Meta.model_validate(description)
    except ValidationError as error:
        places = [each["loc"] for each in error.errors(include_input=False, include_url=False)]
        for place in places if isinstance(description, dict) else ():
            if place and place[0] not in NEEDED:
                _drop(description, *place[:2])
            elif place[0:1] == ("rounds",) and place[2:3] == ("figures",):
                _drop(description["rounds"][place[1]], "figures")
            elif place[0:1] == ("rounds",) and place[-1] == "dropped":
                _drop(description["rounds"][place[1]]["affinity"], "dropped")
    return description


def _drop(holder: dict[str, Any], key: Any, entry: Any = None) -> None:
    """Takes a key away or, where it holds an object, the one entry of it that is wrong."""
    if isinstance(holder.get(key), dict) and entry is not None:
        holder[key].pop(entry, None)
    else:
        holder.pop(key, None)


def check(description: dict[str, Any], tensors: dict[str, np.ndarray], name: str) -> None:
    """Raises UserError unless a trace of these obeys the format; ``name`` is what the error calls it."""
    try:
        meta = Meta.model_validate(description)
    except ValidationError as error:
        first = error.errors()[0]
        where = shorten(".".join(map(str, first["loc"][:8])), 80) or "all of it"
        got, why = shorten(str(first.get("input")), 60), shorten(first["msg"], 200)
        raise UserError(f"{name}: its description is wrong at {where}: {why}, got {got}.") from error
    try:
        _check_meta(meta)
        _Layers(tensors, meta).check()
    except ValueError as error:
        raise UserError(f"{name}: {shorten(str(error), 400)}. Write the trace again.") from error


def _check_meta(meta: Meta) -> None:
    (width, height), expected = meta.size, grid_size(meta.size[1], meta.size[0], meta.stride)
    if tuple(meta.grid[::-1]) != expected:
        raise ValueError(
            f"grid: got {tuple(meta.grid)}, expected {expected[::-1]} for a photo of {width} x {height} px and cells "
            f"of {meta.stride} x {meta.stride} px"
        )
    if len(meta.class_ids) != len(meta.classes) or len(set(meta.class_ids)) != len(meta.class_ids):
        raise ValueError(f"class_ids: got {meta.class_ids}, expected {len(meta.classes)} different ids, one a class")


class _Layers:
    """The checks of the tensors, one method a layer."""

    def __init__(self, tensors: dict[str, np.ndarray], meta: Meta):
        self.tensors, self.meta = tensors, meta
        self.photo, self.grid = tuple(meta.size[::-1]), tuple(meta.grid[::-1])
        self.channels = len(meta.classes)

    def check(self) -> None:
        k = self.channels
        self._check_image()
        in_range("cam", self._optional_floats("cam", (k - 1, *self.grid)), 1.01)
        if "cam_scales" in self.tensors:
            self._shaped("cam_scales", np.uint8, (len(self.meta.cam_scales or ()), k - 1, *self.grid))
        if "cam_climb" in self.tensors:  # the photo, and at least one step
            maps = max((2, *self.tensors["cam_climb"].shape[:1]))
            self._shaped("cam_climb", np.uint8, (maps, k - 1, *self.grid))
        self._labels("seeds", self.grid, optional=True)
        self._labels("truth", self.photo, optional=True, others=True)
        regions = self._check_superpixels()
        for t, about in enumerate(self.meta.rounds, start=1):
            name = f"rounds.{t}."
            check_distribution(name + "alpha_u", self._floats(name + "alpha_u", (k, *self.grid)))
            self._labels(name + "confident", self.grid, optional=True)
            self._check_scores(name + "scores", regions)
            self._of_regions(name + "embedding", regions, 2)
            if isinstance(about.affinity, Scan):
                check_gates(name + "gates", self._floats(name + "gates", (4, 3, *self.grid)))
            elif isinstance(about.affinity, Stencil):
                self._check_stencil(name)
            elif isinstance(about.affinity, RefinedMap):
                check_distribution(name + "alpha_p", self._floats(name + "alpha_p", (k, *self.grid)))
            else:
                self._check_sparse(name)

    def _check_image(self) -> None:
        try:
            with Image.open(io.BytesIO(self._bytes("image")), formats=["JPEG", "PNG"]) as image:
                size = image.size[::-1]
                if size == self.photo:
                    image.load()
        except Exception as error:  # Pillow's readers raise whatever they stumble upon
            raise ValueError("image: cannot be decoded, expected the bytes of a JPEG or PNG") from error
        if size != self.photo:
            raise ValueError(f"image: got {size[::-1]} px, expected {tuple(self.meta.size)}")

    def _check_superpixels(self) -> int | None:
        ids = self._png("superpixels", (*self.photo, 3), optional=True)
        return None if ids is None else int((ids.astype(int) @ (1, 256, 0)).max()) + 1

    def _check_scores(self, name: str, regions: int | None) -> None:
        in_range(name, self._of_regions(name, regions, self.channels), 1.01)

    def _of_regions(self, name: str, regions: int | None, columns: int) -> np.ndarray | None:
        """An optional table with a row for each superpixel."""
        if name in self.tensors and regions is None:
            raise ValueError(f"{name}: there, but not the layer superpixels that it belongs to")
        return self._optional_floats(name, (regions or 0, columns))

    def _check_stencil(self, name: str) -> None:
        offsets = self._tensor(name + "offsets")
        if offsets.dtype != np.int32 or offsets.ndim != 2 or offsets.shape[1] != 2 or not len(offsets):
            raise ValueError(f"{name}offsets: got {offsets.dtype} {offsets.shape}, expected int32 (M, 2)")
        weights = self._floats(name + "weights", (len(offsets), *self.grid))
        check_stencil(name + "weights", offsets, weights)

    def _check_sparse(self, name: str) -> None:
        weights, n = self._tensor(name + "weights"), self.grid[0] * self.grid[1]
        partners = self.tensors.get(name + "partners")
        k = n if partners is None else max((1, *weights.shape[1:2]))
        weights = self._floats(name + "weights", (n, k))
        if partners is not None:
            partners = self._shaped(name + "partners", np.uint16, (n, k))
        check_sparse(name + "partners", partners, name + "weights", weights)

    def _optional_floats(self, name: str, shape: tuple[int, ...]) -> np.ndarray | None:
        return self._floats(name, shape) if name in self.tensors else None

    def _floats(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        array = self._shaped(name, np.float16, shape).astype(np.float32)
        check_finite(name, array)
        return array

    def _shaped(self, name: str, dtype: type, shape: tuple[int, ...]) -> np.ndarray:
        array = self._tensor(name)
        if array.dtype != dtype or array.shape != shape:
            raise ValueError(f"{name}: got {array.dtype} {array.shape}, expected {np.dtype(dtype)} {shape}")
        return array

    def _tensor(self, name: str) -> np.ndarray:
        if name not in self.tensors:
            raise ValueError(f"{name}: missing, expected every layer that is not optional")
        return self.tensors[name]

    def _bytes(self, name: str) -> bytes:
        array = self._tensor(name)
        if array.dtype != np.uint8 or array.ndim != 1:
            raise ValueError(f"{name}: got {array.dtype} {array.shape}, expected the bytes of a picture, uint8 (n,)")
        return array.tobytes()

    def _png(self, name: str, shape: tuple[int, ...], optional: bool) -> np.ndarray | None:
        if optional and name not in self.tensors:
            return None
        try:
            with Image.open(io.BytesIO(self._bytes(name)), formats=["PNG"]) as image:
                size = (image.height, image.width, *((3,) if image.mode == "RGB" else ()))
                pixels = decode_png(self.tensors[name]) if size == shape and image.mode in ("L", "RGB") else None
                mode = image.mode
        except Exception as error:  # Pillow's readers raise whatever they stumble upon
            raise ValueError(f"{name}: cannot be decoded, expected the bytes of a PNG") from error
        if pixels is None:
            raise ValueError(f"{name}: got a PNG of {size} in mode {mode}, expected 8 bit of {shape}")
        return pixels

    def _labels(self, name: str, shape: tuple[int, ...], optional: bool, others: bool = False) -> None:
        labels = self._png(name, shape, optional)
        if labels is not None and not others:
            strange = set(np.unique(labels).tolist()) - {*self.meta.class_ids, UNKNOWN}
            if strange:
                raise ValueError(f"{name}: got class {min(strange)}, expected {self.meta.class_ids} or 255")
