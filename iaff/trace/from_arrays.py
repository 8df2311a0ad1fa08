"""Traces of anyone's model, from plain arrays: what the explorer needs to show another affinity."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from iaff.arrays import plain_array
from iaff.errors import UserError
from iaff.grid import STRIDE, UNKNOWN, grid_size
from iaff.trace.affinity import affinity_of, restored
from iaff.trace.encoding import encode_photo, encode_png, encode_superpixels
from iaff.trace.schema import check, check_distribution, check_finite, check_gates, check_stencil, in_range

TOLERANCE = 1e-3  # of a given alpha_p against the one recomputed from the saved affinity
KEYS = {"alpha_u", "gates", "passes", "offsets", "weights", "steps", "confident", "scores", "alpha_p"}


def from_arrays(
    image: np.ndarray,
    classes: Sequence[str],
    rounds: Sequence[dict[str, Any]],
    *,
    cam: np.ndarray | None = None,
    seeds: np.ndarray | None = None,
    superpixels: np.ndarray | None = None,
    truth: np.ndarray | None = None,
    class_ids: Sequence[int] | None = None,
    name: str = "from arrays",
    **about: Any,
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The description and the tensors of a trace: :meth:`iaff.Trace.from_arrays` makes it of them.

    Arrays may be tensors or arrays of any framework, device and precision, or nested lists
    (:func:`iaff.arrays.plain_array`).

    The affinity grid has one cell per 4 x 4 image px: ``h = ceil(H / 4)``, ``w = ceil(W / 4)``. For maps of another
    size, resize the photo to ``(4 w, 4 h)`` px.

    Args:
        image: ``uint8 (H, W, 3)`` RGB, or other whole numbers 0..255.
        classes: K names, background first.
        rounds: one dict per round: ``alpha_u`` ``(K, h, w)``, sums to 1 over K; its affinity, either ``gates``
            ``(4, 3, h, w)`` (and ``passes``, default 1) or ``offsets`` ``int (M, 2)`` as (row, column), ``weights``
            ``(M, h, w)`` and ``steps``; optionally ``confident`` ``uint8 (h, w)``, ``scores`` ``(S, K)``, and
            ``alpha_p`` ``(K, h, w)``, which is only compared with the recomputed one (1e-3).
        cam: ``(K-1, h, w)`` in 0..1; seeds: ``uint8 (h, w)`` class ids, 255 unknown.
        superpixels: ``int (H, W)``, 0..S-1; truth: ``uint8 (H, W)`` class ids, 255 void.
        class_ids: the classes' ids in the label maps (default 0..K-1).
        name, about: ``title``, ``note``, ``credit`` and whatever else the metadata shall hold.

    Raises:
        UserError: says which array is wrong, what was got and what was expected.
    """
    try:
        return _Maker(image, classes, class_ids).make(rounds, cam, seeds, superpixels, truth, name, about)
    except ValueError as error:
        raise UserError(f"{error}.") from error


class _Maker:
    def __init__(self, image: np.ndarray, classes: Sequence[str], class_ids: Sequence[int] | None):
        image = plain_array("image", image)
        if image.dtype.kind not in "iu" or image.ndim != 3 or image.shape[-1] != 3 or not image.size:
            raise ValueError(f"image: got {image.dtype} {image.shape}, expected uint8 (H, W, 3)")
        if image.min() < 0 or image.max() > 255:
            raise ValueError(f"image: got values {image.min()}..{image.max()}, expected uint8 (H, W, 3), 0..255")
        if isinstance(classes, str) or not isinstance(classes, Iterable):
            raise ValueError(f"classes: got {str(classes)[:40]!r}, expected a list of names, background first")
        self.image, self.classes = image.astype(np.uint8), list(classes)
        ids = range(len(self.classes)) if class_ids is None else class_ids
        self.ids = [whole_number(f"class_ids[{i}]", number) for i, number in enumerate(ids)]
        self.grid = grid_size(*image.shape[:2])

    def make(
        self, rounds, cam, seeds, superpixels, truth, name: str, about: dict[str, Any]
    ) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        if isinstance(rounds, (str, Mapping)) or not isinstance(rounds, Iterable):
            raise ValueError(f"rounds: got {type(rounds).__name__}, expected a list of dicts, one for each round")
        k, size, rounds = len(self.classes), self.image.shape[:2], list(rounds)
        tensors = {"image": encode_photo(self.image)}
        if cam is not None:
            cam = self.floats("cam", cam, (k - 1, *self.grid))
            in_range("cam", cam, 1)
            tensors["cam"] = cam.astype(np.float16)
        if seeds is not None:
            tensors["seeds"] = encode_png(self.labels("seeds", seeds, self.grid))
        if superpixels is not None:
            tensors["superpixels"] = encode_superpixels(self.regions(superpixels, size))
        if truth is not None:
            tensors["truth"] = encode_png(self.labels("truth", truth, size))
        metas = []
        for i, given in enumerate(rounds):
            metas.append(self.round(f"rounds[{i}]", given, tensors, f"rounds.{i + 1}."))
        meta = {
            "name": name,
            **about,
            "size": [size[1], size[0]],
            "grid": [self.grid[1], self.grid[0]],
            "classes": self.classes,
            "class_ids": self.ids,
            "tags": self.classes[1:],
            "rounds": metas,
        }
        try:
            json.dumps(meta)
        except (TypeError, ValueError) as error:
            raise ValueError(f"its description: {error}, expected texts, numbers, lists and dicts alone") from error
        check(meta, tensors, "The trace")
        for i, given in enumerate(rounds):
            if given.get("alpha_p") is not None:
                prefix = f"rounds.{i + 1}."
                layers = {name.removeprefix(prefix): layer for name, layer in tensors.items()}
                affinity = restored(metas[i]["affinity"], layers.__getitem__)
                refined = affinity.propagate(layers["alpha_u"].astype(np.float32))
                self.compare(f"rounds[{i}]['alpha_p']", given["alpha_p"], refined)
        return meta, tensors

    def round(self, where: str, given: dict[str, Any], tensors: dict[str, np.ndarray], prefix: str) -> dict[str, Any]:
        """Adds one round's tensors and returns its metadata."""
        if not isinstance(given, Mapping):
            raise ValueError(f"{where}: got {type(given).__name__}, expected a dict of alpha_u and its affinity")
        strange = set(given) - KEYS
        if strange:
            raise ValueError(f"{where}: got the key {min(strange)!r}, expected some of {', '.join(sorted(KEYS))}")
        if "alpha_u" not in given or ("gates" in given) == ("weights" in given):
            raise ValueError(f"{where}: got {sorted(given)}, expected alpha_u and either gates or offsets and weights")
        alpha = self.floats(f"{where}['alpha_u']", given["alpha_u"], (len(self.classes), *self.grid))
        check_distribution(f"{where}['alpha_u']", alpha)
        tensors[prefix + "alpha_u"] = alpha.astype(np.float16)
        if given.get("confident") is not None:
            labels = self.labels(f"{where}['confident']", given["confident"], self.grid)
            tensors[prefix + "confident"] = encode_png(labels)
        if given.get("scores") is not None:
            tensors[prefix + "scores"] = self.scores(f"{where}['scores']", given["scores"], tensors)
        about, arrays = affinity_of(self.checked_affinity(where, given)).stored()
        tensors |= {prefix + name: array for name, array in arrays.items()}
        return {"affinity": about}

    def checked_affinity(self, where: str, given: dict[str, Any]) -> dict[str, Any]:
        if "gates" in given:
            gates = self.floats(f"{where}['gates']", given["gates"], (4, 3, *self.grid))
            check_gates(f"{where}['gates']", gates)
            return {"gates": gates, "passes": whole_number(f"{where}['passes']", given.get("passes", 1))}
        for key in ("offsets", "steps"):
            if key not in given:
                raise ValueError(
                    f"{where}: got weights without {key}, expected offsets (M, 2), weights (M, h, w), steps"
                )
        offsets = plain_array(f"{where}['offsets']", given["offsets"])
        if offsets.dtype.kind not in "iu" or offsets.ndim != 2 or offsets.shape[1] != 2:
            raise ValueError(f"{where}['offsets']: got {offsets.dtype} {offsets.shape}, expected int (M, 2)")
        weights = self.floats(f"{where}['weights']", given["weights"], (len(offsets), *self.grid))
        check_stencil(f"{where}['weights']", offsets, weights)
        return {"offsets": offsets, "weights": weights, "steps": whole_number(f"{where}['steps']", given["steps"])}

    def floats(self, name: str, array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        array = plain_array(name, array)
        if array.dtype.kind not in "fiu" or array.shape != shape:
            height, width = self.image.shape[:2]
            raise ValueError(
                f"{name}: got {array.dtype} {array.shape}, expected numbers of shape {shape} for a photo of "
                f"{width} x {height} px (one cell per {STRIDE} x {STRIDE} px)"
            )
        with np.errstate(over="ignore"):  # beyond single precision is infinite, which is said
            array = array.astype(np.float32)
        check_finite(name, array)
        return array

    def labels(self, name: str, array: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
        array = plain_array(name, array)
        if array.dtype.kind not in "iub" or array.shape != shape:
            raise ValueError(f"{name}: got {array.dtype} {array.shape}, expected whole numbers of shape {shape}")
        strange = set(np.unique(array).tolist()) - {*self.ids, UNKNOWN}
        if strange:
            raise ValueError(f"{name}: got class {min(strange)}, expected {self.ids} or {UNKNOWN}")
        return array.astype(np.uint8)

    def regions(self, array: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
        array = plain_array("superpixels", array)
        if array.dtype.kind not in "iu" or array.shape != shape or array.min() < 0 or array.max() > 65535:
            raise ValueError(f"superpixels: got {array.dtype} {array.shape}, expected ids 0..65535 of shape {shape}")
        return array.astype(np.int32)

    def scores(self, name: str, array: np.ndarray, tensors: dict[str, np.ndarray]) -> np.ndarray:
        array = plain_array(name, array)
        if "superpixels" not in tensors:
            raise ValueError(f"{name}: given without superpixels, expected both: a row belongs to a superpixel")
        if array.dtype.kind != "f" or array.ndim != 2 or array.shape[1] != len(self.classes):
            raise ValueError(f"{name}: got {array.dtype} {array.shape}, expected floats (S, {len(self.classes)})")
        check_finite(name, array)
        return array.astype(np.float16)

    def compare(self, name: str, given: np.ndarray, ours: np.ndarray) -> None:
        difference = float(np.abs(self.floats(name, given, ours.shape) - ours).max())
        if difference > TOLERANCE:
            raise ValueError(
                f"{name}: differs by up to {difference:.2g} from alpha_u propagated by the given affinity, expected at "
                f"most {TOLERANCE}: does the affinity use other conventions (see iaff.propagation.gates, "
                "iaff.propagation.RandomWalk)?"
            )


def whole_number(name: str, given: Any) -> int:
    """A number, or an array or tensor of one.

    Raises:
        ValueError: it is none, or has a fraction.
    """
    number = plain_array(name, given)
    if number.size != 1 or number.dtype.kind == "b" or not float(number.item()).is_integer():
        raise ValueError(f"{name}: got {str(given)[:40]}, expected a whole number")
    return int(number.item())
