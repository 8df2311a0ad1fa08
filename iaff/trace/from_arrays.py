"""Traces of anyone's model, from plain arrays: what the explorer needs to show another affinity."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from iaff.arrays import plain_array
from iaff.errors import UserError
from iaff.grid import STRIDE, UNKNOWN
from iaff.trace.affinity import restored
from iaff.trace.encoding import encode_photo, encode_png, encode_superpixels
from iaff.trace.fit import fitted, map_sizes
from iaff.trace.given_affinity import KEYS as AFFINITY_KEYS
from iaff.trace.given_affinity import GivenAffinity, numbers, whole_number
from iaff.trace.schema import check
from iaff.trace.values import check_distribution, check_finite, in_range

TOLERANCE = 1e-3  # of a given alpha_p against the one recomputed from the saved affinity
KEYS = {"alpha_u", "confident", "scores", "alpha_p"} | AFFINITY_KEYS


def from_arrays(
    image: np.ndarray,
    classes: Sequence[str],
    rounds: Sequence[dict[str, Any]],
    *,
    stride: int | None = None,
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

    The affinity grid has one cell per s x s image px, s the stride: ``h = ceil(H / s)``, ``w = ceil(W / s)``. Maps may
    have any stride from 1 to 64, which is seen from their size if networks have it (powers of two, 14) or it divides
    the photo evenly. Else (28 x 28 maps of a photo of 450 x 448 px), and where ``stride`` does not say it, the photo is
    resized to ``(s w, s h)`` px, with truth and superpixels, and the trace's note says so.

    A ``matrix`` is ``(n, n)``: entry (i, j) is what cell i takes from cell j. It is dense, of scipy.sparse, or a sparse
    tensor of torch; non-negative; its rows sum to at most 1 (0.02 more counts as rounding), and the rest stays with the
    cell. With it go ``keep`` (so many of the largest entries of each row; default: all up to n = 866, else what 1.5 MB
    hold; the mean share that was left out is the round's ``affinity.dropped``), ``renormalise`` (kept entries sum to
    what all did) and ``steps`` (how often it is applied; default 1).

    ``attention`` is a transformer's after the softmax, ``(heads, N, N)`` or ``(N, N)``, N = n, or n + 1 with the CLS
    token first, which is removed. With it go ``head`` (from 0; default: their mean), ``normalise``: ``sinkhorn`` (the
    default) as CLIP-ES has it (Lin et al., CVPR 2023: columns and rows in turn, three times, then the mean with the
    transpose; CLIP-ES also squares: ``steps=2``) or ``rows``; and ``keep``, ``renormalise`` and ``steps`` as above. See
    :mod:`iaff.trace.matrices`.

    Args:
        image: ``uint8 (H, W, 3)`` RGB, or other whole numbers 0..255.
        classes: K names, background first.
        rounds: one dict per round: ``alpha_u`` ``(K, h, w)``, sums to 1 over K; its affinity, either ``gates``
            ``(4, 3, h, w)`` (and ``passes``, default 1), or ``offsets`` ``int (M, 2)`` as (row, column), ``weights``
            ``(M, h, w)`` and ``steps``, or ``partners`` ``int (n, k)``, ``weights`` ``(n, k)`` and ``steps`` of n = h w
            cells, which are numbered row * w + column (:class:`iaff.propagation.Sparse`; partners None: k = n, and
            column j is cell j), or ``matrix`` or ``attention``, or, of what refines without a matrix, ``refined``
            ``(K, h, w)``, sums to 1 over K, and ``why``, in words; optionally ``confident`` ``uint8 (h, w)``,
            ``scores`` ``(S, K)``, and ``alpha_p`` ``(K, h, w)``, which is only compared with the recomputed one (1e-3).
        stride: image px per cell, 1..64; None: as the maps have it.
        cam: ``(K-1, h, w)`` in 0..1; seeds: ``uint8 (h, w)`` class ids, 255 unknown.
        superpixels: ``int (H, W)``, 0..S-1; truth: ``uint8 (H, W)`` class ids, 255 void.
        class_ids: the classes' ids in the label maps (default 0..K-1).
        name, about: ``title``, ``note``, ``credit`` and whatever else the metadata shall hold.

    Raises:
        UserError: says which array is wrong, what was got and what was expected.
    """
    try:
        return _Maker(image, classes, class_ids).make(rounds, stride, cam, seeds, superpixels, truth, name, about)
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
        self.image, self.classes = np.ascontiguousarray(image.astype(np.uint8)), list(classes)
        ids = range(len(self.classes)) if class_ids is None else class_ids
        self.ids = [whole_number(f"class_ids[{i}]", number) for i, number in enumerate(ids)]

    def make(
        self, rounds, stride, cam, seeds, superpixels, truth, name: str, about: dict[str, Any]
    ) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        if isinstance(rounds, (str, Mapping)) or not isinstance(rounds, Iterable):
            raise ValueError(f"rounds: got {type(rounds).__name__}, expected a list of dicts, one for each round")
        k, size, rounds = len(self.classes), self.image.shape[:2], list(rounds)
        stride = None if stride is None else whole_number("stride", stride)
        fit = fitted(size, map_sizes(rounds, cam, seeds), stride)
        self.grid, self.because = fit.grid, fit.because
        tensors = {"image": encode_photo(fit.photo(self.image))}
        if cam is not None:
            cam = self.floats("cam", cam, (k - 1, *self.grid))
            in_range("cam", cam, 1)
            tensors["cam"] = cam.astype(np.float16)
        if seeds is not None:
            tensors["seeds"] = encode_png(self.labels("seeds", seeds, self.grid))
        if superpixels is not None:
            tensors["superpixels"] = encode_superpixels(fit.labels(self.regions(superpixels, size)))
        if truth is not None:
            tensors["truth"] = encode_png(fit.labels(self.labels("truth", truth, size)))
        metas = []
        for i, given in enumerate(rounds):
            metas.append(self.round(f"rounds[{i}]", given, tensors, f"rounds.{i + 1}."))
        if fit.note:
            about = {**about, "note": f"{about['note']} {fit.note}" if about.get("note") else fit.note}
            about["original_size"] = [size[1], size[0]]
        meta = {
            "name": name,
            **about,
            "size": [fit.size[1], fit.size[0]],
            "grid": [self.grid[1], self.grid[0]],
            **({} if fit.stride == STRIDE else {"stride": fit.stride}),
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
                affinity = restored(metas[i]["affinity"], layers.get, self.grid)
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
        if "alpha_u" not in given:
            raise ValueError(f"{where}: got {sorted(given)}, expected alpha_u too")
        alpha = self.floats(f"{where}['alpha_u']", given["alpha_u"], (len(self.classes), *self.grid))
        check_distribution(f"{where}['alpha_u']", alpha)
        tensors[prefix + "alpha_u"] = alpha.astype(np.float16)
        if given.get("confident") is not None:
            labels = self.labels(f"{where}['confident']", given["confident"], self.grid)
            tensors[prefix + "confident"] = encode_png(labels)
        if given.get("scores") is not None:
            tensors[prefix + "scores"] = self.scores(f"{where}['scores']", given["scores"], tensors)
        about, arrays = GivenAffinity(where, given, self.grid, self.because).affinity().stored()
        tensors |= {prefix + name: array for name, array in arrays.items()}
        return {"affinity": about}

    def floats(self, name: str, array: Any, shape: tuple[int, ...]) -> np.ndarray:
        return numbers(name, array, shape, self.because)

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
