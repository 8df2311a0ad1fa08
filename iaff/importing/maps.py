"""Maps of classes from other programs' files: activations, scores and label maps, by the names of their classes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from iaff.arrays import plain_array
from iaff.data.masks import read_mask
from iaff.data.spelling import by_letters, letters
from iaff.data.voc import VOC_CLASSES
from iaff.errors import UserError
from iaff.grid import UNKNOWN
from iaff.images import Photo
from iaff.importing.files import read_arrays

BACKGROUND = "background"
PICTURES = (".png", ".bmp", ".tif", ".tiff")
SIZES = "an array (classes, h, w), a dict of maps by class, or a folder of grey pictures named after their classes"


@dataclass
class Maps:
    """Maps ``float32 (h, w)`` by class, all of one size; ``said`` is what the file was read as."""

    by_class: dict[str, np.ndarray]
    said: str
    full: "Maps | None" = None  # the same at a higher resolution, where the file has both
    labels: bool = False  # maps of 0 and 1, of a label map

    @property
    def size(self) -> tuple[int, int]:
        """(h, w)."""
        return next(iter(self.by_class.values())).shape

    def stack(self, names: Sequence[str]) -> np.ndarray:
        """``float32 (K, h, w)``; 0 where a class has no map."""
        nothing = np.zeros(self.size, np.float32)
        return np.stack([self.by_class.get(name, nothing) for name in names])


class MapReader:
    """Reads maps of one set of classes.

    Args:
        classes: their names in the order in which files number them, without background.
    """

    def __init__(self, classes: Sequence[str]):
        self.classes = list(classes)
        self.full = [BACKGROUND, *self.classes]

    def activations(self, path: Path) -> Maps:
        """A CAM: numbers of classes count from the first one, background is not among them.

        Raises:
            UserError: what was got, expected, and what to do.
        """
        return self._read(path, self.classes)

    def scores(self, path: Path) -> Maps:
        """Scores: numbers of classes count from background, which is 0. Errors as :meth:`activations`."""
        return self._read(path, self.full)

    def labels(self, path: Path, photo: Photo) -> Maps:
        """A label map, as maps of 0 and 1; unknown pixels are 0 in all. A picture must be as large as the photo."""
        if path.suffix.lower() in PICTURES:
            labels, what = read_mask(path, photo, tuple(self.full), tuple(self.full)), "label map"
        else:
            labels = _lead(plain_or_refused(path, _only(path, read_arrays(path))), 2)
            what = "label map of an array"
            strange = set(np.unique(labels).tolist()) - {*range(len(self.full)), UNKNOWN}
            if labels.ndim != 2 or labels.dtype.kind not in "iub" or strange:
                got = f"class {min(strange)}" if strange else f"{labels.dtype} {labels.shape}"
                raise UserError(
                    f"{path}: got {got}, expected whole numbers (h, w), 0 background to {len(self.classes)} "
                    f"({self.classes[-1]}), or 255. Name the classes in their order with --classes."
                )
        found = [int(index) for index in np.unique(labels) if index != UNKNOWN]
        if not found:
            raise UserError(f"{path}: got no known pixel, expected class indices that are not all 255.")
        by_class = {self.full[index]: (labels == index).astype(np.float32) for index in found}
        return Maps(by_class, f"{what} of {_names(by_class)}, {_size(labels)}", labels=True)

    def _read(self, path: Path, names: list[str]) -> Maps:
        if path.is_dir():
            return self._folder(path, names)
        if path.suffix.lower() in PICTURES:
            return self._folder(path, names, [path])
        value = _only(path, read_arrays(path))
        if isinstance(value, Mapping) and "keys" in value and len(value) > 1:
            return self._numbered(path, value, names)
        if isinstance(value, Mapping):
            return self._by_key(path, value, names)
        maps = _lead(plain_or_refused(path, value), 3)
        if maps.ndim == 2:
            maps = maps[None]
        if maps.ndim != 3 or not maps.size:
            raise UserError(f"{path}: got {maps.dtype} {maps.shape}, expected {SIZES}.")
        for known in (names, self.full, self.classes):
            if len(known) == len(maps):
                return self._maps(path, dict(zip(known, maps)), "array")
        raise UserError(
            f"{path}: got {len(maps)} maps {maps.shape}, expected {len(self.classes)} (one per class) or "
            f"{len(self.full)} (background first). Name the classes in their order with --classes."
        )

    def _numbered(self, path: Path, value: Mapping[Any, Any], names: list[str]) -> Maps:
        """``{"keys": class numbers, "cam": maps, ...}``: of IRN's ``cam`` (stride 4) and ``high_res`` (the photo's
        size), or CLIP-ES's ``attn_highres``, the coarsest and the finest."""
        keys = plain_or_refused(path, value["keys"]).ravel().tolist()
        read = []
        for part in value.keys() - {"keys"}:
            maps = _lead(plain_or_refused(path, value[part]), 3)
            if maps.ndim != 3 or len(maps) != len(keys) or not maps.size:
                raise UserError(f"{path}: got {part!a} {maps.shape}, expected one map for each of {len(keys)} keys.")
            named = self._named(path, dict(zip(keys, maps)), names)
            read.append(self._maps(path, named, f"dict of keys and {part!a}"))
        read.sort(key=lambda maps: maps.size)
        read[0].full = read[-1] if len(read) > 1 else None
        return read[0]

    def _by_key(self, path: Path, value: Mapping[Any, Any], names: list[str]) -> Maps:
        maps = {key: _lead(plain_or_refused(path, found), 2) for key, found in value.items()}
        odd = [found.shape for found in maps.values() if found.ndim != 2 or not found.size]
        if odd or not maps:
            raise UserError(
                f"{path}: got a dict of {', '.join(map(repr, [*value][:6]))} with {odd[0] if odd else 'nothing'} in "
                f"it, expected {SIZES}."
            )
        return self._maps(path, self._named(path, maps, names), "dict by class")

    def _named(self, path: Path, maps: dict[Any, np.ndarray], names: list[str]) -> dict[str, np.ndarray]:
        """Maps by the names of their classes, which are their keys, or are numbered by them."""
        known, found, table = by_letters(self.full), {}, self._table(maps, names)
        for key, one in maps.items():
            name = known.get(letters(key)) if isinstance(key, str) else table.get(key)
            if name is None:
                raise UserError(
                    f"{path}: got the class {key!a}, expected 0 ({names[0]}) to {len(names) - 1} ({names[-1]}), or "
                    "their names. Name all classes in the order of the data set with --classes."
                )
            found[name] = one
        return found

    def _table(self, keys: Iterable[Any], names: list[str]) -> dict[Any, str]:
        """Names by number: of the classes as they were named, or VOC's numbers, if only these reach so far."""
        table, known = dict(enumerate(names)), by_letters(self.full)
        if any(key not in table for key in keys if not isinstance(key, str)):
            voc = [BACKGROUND, *VOC_CLASSES] if names == self.full else VOC_CLASSES
            table = {i: known[letters(name)] for i, name in enumerate(voc) if letters(name) in known}
        return table

    def _folder(self, path: Path, names: list[str], files: list[Path] | None = None) -> Maps:
        """Grey pictures, 255 is 1, each named after its class; one picture alone may be of the only class."""
        known, found = by_letters(self.full), {}
        pictures = files or sorted(file for file in path.iterdir() if file.suffix.lower() in PICTURES)
        for file in pictures:
            name = self.classes[0] if files and len(self.classes) == 1 else known.get(letters(file.stem))
            if name is None:
                raise UserError(
                    f"{file}: got a map of {file.stem!r}, expected the name of a class: {', '.join(self.full)}. Rename "
                    "it, or name the classes with --classes."
                )
            found[name] = read_grey(file)
        if not found:
            raise UserError(f"{path}: got a folder without pictures, expected {SIZES}.")
        return self._maps(path, found, "grey pictures")

    def _maps(self, path: Path, maps: dict[str, np.ndarray], what: str) -> Maps:
        by_class = {name: np.asarray(maps[name], np.float32) for name in self.full if name in maps}
        sizes = {one.shape for one in by_class.values()}
        if len(sizes) > 1:
            raise UserError(f"{path}: got maps of {' and '.join(map(str, sorted(sizes)[:2]))}, expected one size.")
        if not all(np.isfinite(one).all() for one in by_class.values()):
            raise UserError(f"{path}: got NaN or infinity, expected finite numbers.")
        low, high = (
            pick(one) for pick, one in ((min, map(np.min, by_class.values())), (max, map(np.max, by_class.values())))
        )
        return Maps(
            by_class, f"{what}, {_names(by_class)}, {_size(next(iter(by_class.values())))}, {low:.3g}..{high:.3g}"
        )


def read_grey(path: Path) -> np.ndarray:
    """A grey picture of 8 or 16 bit as ``float32 (H, W)``, 0..1; UserError where it is none."""
    try:
        with Image.open(path) as image:
            mode, pixels = image.mode, np.asarray(image)
    except Exception as error:  # Pillow's readers raise whatever they stumble upon
        raise UserError(f"{path} cannot be read ({error}). Expected a grey picture, such as a PNG.") from error
    if mode not in ("L", "I;16", "I;16B", "I") or pixels.ndim != 2:
        raise UserError(
            f"{path}: got a picture in mode {mode}, expected a grey one of 8 or 16 bit; save the map itself, without a "
            "colour map."
        )
    return pixels.astype(np.float32) / (255 if mode == "L" else 65535)


def plain_or_refused(path: Path, value: Any) -> np.ndarray:
    """A value as an array of numbers; UserError where it is none."""
    try:
        return plain_array(str(path), value)
    except ValueError as error:
        raise UserError(f"{error}. Save an array of numbers with numpy.save.") from error


def _only(path: Path, value: Any) -> Any:
    """What a file holds; of an ``.npz`` or a dict with one array of more than two axes, that array."""
    if isinstance(value, Mapping) and len(value) == 1:
        (key, one) = next(iter(value.items()))
        if isinstance(key, str) and getattr(one, "ndim", 0) > 2:
            return one
    return value


def _lead(array: np.ndarray, axes: int) -> np.ndarray:
    """Without leading axes of one entry, which are batches."""
    while array.ndim > axes and len(array) == 1:
        array = array[0]
    return array


def _names(maps: Mapping[str, Any]) -> str:
    return ", ".join(maps)


def _size(array: np.ndarray) -> str:
    """As pictures are measured: width first."""
    return f"{array.shape[1]} x {array.shape[0]}"
