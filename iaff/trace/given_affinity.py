"""The affinity of a round as anyone gives it to :func:`iaff.trace.from_arrays.from_arrays`, checked."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from iaff.arrays import plain_array
from iaff.trace.affinity import Affinity, affinity_of
from iaff.trace.matrices import attention_matrix, keep_largest
from iaff.trace.values import check_distribution, check_finite, check_gates, check_sparse, check_stencil

FORMS = {
    "gates": {"gates", "passes"},
    "offsets": {"offsets", "weights", "steps"},
    "partners": {"partners", "weights", "steps"},
    "matrix": {"matrix", "keep", "renormalise", "steps"},
    "attention": {"attention", "head", "normalise", "keep", "renormalise", "steps"},
    "refined": {"refined", "why"},
}  # by the key that tells them apart, all keys that they may have
NO_MATRIX = "it was refined without a matrix: there are no rows and columns to ask"
KEYS = set().union(*FORMS.values())


class GivenAffinity:
    """A round's dict as an affinity on a grid.

    Args:
        where: what errors call the round; given: its dict.
        grid: (h, w); because: why, for errors about shapes.
    """

    def __init__(self, where: str, given: Mapping[str, Any], grid: tuple[int, int], because: str):
        self.where, self.given, self.grid, self.because = where, given, grid, because

    def affinity(self) -> Affinity:
        """Raises ValueError unless there is exactly one, whole and right."""
        forms = [form for form in FORMS if form in self.given]
        if len(forms) != 1:
            raise ValueError(
                f"{self.where}: got {sorted(self.given)}, expected one affinity: gates (and passes); offsets, weights "
                "and steps; partners, weights and steps; matrix; attention; or, without a matrix, refined (and why)"
            )
        strange = (KEYS & self.given.keys()) - FORMS[forms[0]] - {"passes", "steps"}
        if strange:
            raise ValueError(f"{self.where}: got {min(strange)} beside {forms[0]}, expected one affinity")
        return affinity_of(getattr(self, f"_{forms[0]}")(), self.grid)

    def _gates(self) -> dict[str, Any]:
        gates = self._numbers("gates", (4, 3, *self.grid))
        check_gates(self._name("gates"), gates)
        return {"gates": gates, "passes": self._whole("passes", 1)}

    def _offsets(self) -> dict[str, Any]:
        self._need("offsets", "weights", "steps")
        offsets = plain_array(self._name("offsets"), self.given["offsets"])
        if offsets.dtype.kind not in "iu" or offsets.ndim != 2 or offsets.shape[1] != 2:
            raise ValueError(f"{self._name('offsets')}: got {offsets.dtype} {offsets.shape}, expected int (M, 2)")
        weights = self._numbers("weights", (len(offsets), *self.grid))
        check_stencil(self._name("weights"), offsets, weights)
        return {"offsets": offsets, "weights": weights, "steps": self._whole("steps")}

    def _partners(self) -> dict[str, Any]:
        self._need("partners", "weights", "steps")
        n, partners = self.grid[0] * self.grid[1], self.given["partners"]
        if partners is not None:
            partners = plain_array(self._name("partners"), partners)
            if partners.dtype.kind not in "iu" or partners.ndim != 2 or len(partners) != n or not partners.size:
                raise ValueError(
                    f"{self._name('partners')}: got {partners.dtype} {partners.shape}, expected whole numbers of shape "
                    f"({n}, k) {self.because}"
                )
        weights = self._numbers("weights", (n, n) if partners is None else partners.shape)
        if partners is not None:
            partners = np.where(weights == 0, 0, partners)  # whatever fills a slot that counts for nothing
        check_sparse(self._name("partners"), partners, self._name("weights"), weights)
        return {"partners": partners, "weights": weights, "steps": self._whole("steps")}

    def _matrix(self) -> dict[str, Any]:
        return self._largest("matrix", self.given["matrix"])

    def _attention(self) -> dict[str, Any]:
        head = None if self.given.get("head") is None else self._whole("head")
        n, normalise = self.grid[0] * self.grid[1], self.given.get("normalise", "sinkhorn")
        name = self._name("attention")
        return self._largest(
            "attention", attention_matrix(name, self.given["attention"], n, self.because, head, normalise)
        )

    def _largest(self, key: str, matrix: Any) -> dict[str, Any]:
        keep = None if self.given.get("keep") is None else self._whole("keep")
        if keep is not None and keep < 1:
            raise ValueError(f"{self._name('keep')}: got {keep}, expected at least 1 entry of each row")
        renormalise, n = bool(self.given.get("renormalise", False)), self.grid[0] * self.grid[1]
        kept = keep_largest(self._name(key), matrix, n, self.because, keep, renormalise)
        return {**vars(kept), "steps": self._whole("steps", 1)}

    def _refined(self) -> dict[str, Any]:
        classes = len(plain_array(self._name("alpha_u"), self.given["alpha_u"]))
        refined, why = self._numbers("refined", (classes, *self.grid)), self.given.get("why", NO_MATRIX)
        check_distribution(self._name("refined"), refined)
        if not isinstance(why, str) or not why.strip():
            raise ValueError(f"{self._name('why')}: got {str(why)[:40]!r}, expected why there is no matrix, in words")
        return {"refined": refined, "why": why}

    def _need(self, *keys: str) -> None:
        missing = [key for key in keys if key not in self.given]
        if missing:
            raise ValueError(f"{self.where}: got {sorted(self.given)}, expected {missing[0]} too: {', '.join(keys)}")

    def _name(self, key: str) -> str:
        return f"{self.where}[{key!r}]"

    def _numbers(self, key: str, shape: tuple[int, ...]) -> np.ndarray:
        return numbers(self._name(key), self.given[key], shape, self.because)

    def _whole(self, key: str, default: int | None = None) -> int:
        return whole_number(self._name(key), self.given.get(key, default))


def numbers(name: str, given: Any, shape: tuple[int, ...], because: str) -> np.ndarray:
    """An array of finite numbers of a shape, as float32; ValueError says why it has to have it."""
    array = plain_array(name, given)
    if array.dtype.kind not in "fiu" or array.shape != shape:
        raise ValueError(f"{name}: got {array.dtype} {array.shape}, expected numbers of shape {shape} {because}")
    with np.errstate(over="ignore"):  # beyond single precision is infinite, which is said
        array = array.astype(np.float32)
    check_finite(name, array)
    return array


def whole_number(name: str, given: Any) -> int:
    """A number, or an array or tensor of one.

    Raises:
        ValueError: it is none, or has a fraction.
    """
    number = plain_array(name, given)
    if number.size != 1 or number.dtype.kind == "b" or not float(number.item()).is_integer():
        raise ValueError(f"{name}: got {str(given)[:40]}, expected a whole number")
    return int(number.item())
