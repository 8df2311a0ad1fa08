"""A photo and the files that another program made of it -> a trace, and what each file was read as."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from iaff.data.masks import read_mask, shrunk
from iaff.errors import UserError
from iaff.grid import UNKNOWN
from iaff.images import read_photo
from iaff.importing import distributions
from iaff.importing.affinities import read_affinity, read_attention
from iaff.importing.grids import Grid, grid_of_cells, grid_of_maps
from iaff.importing.maps import PICTURES, MapReader, Maps
from iaff.trace import Trace

SIDE = 1024  # px, the longer side of a photo in a trace
NO_MATRIX = "a map that was refined elsewhere: there is no matrix to ask, so no rows and columns"


@dataclass(frozen=True)
class Files:
    """The files of one photo; one of ``cam``, ``scores`` and ``labels`` is needed."""

    photo: Path
    cam: Path | None = None
    scores: Path | None = None
    labels: Path | None = None
    affinity: Path | None = None
    attention: Path | None = None
    refined: Path | None = None
    truth: Path | None = None


def trace_of(files: Files, classes: Sequence[str], steps: int | None, name: str) -> tuple[Trace, list[str]]:
    """A trace of one round, and a line about each file.

    The unary map is the scores, or else the label map, or else the CAM with background (1 - max)^16 as in PSA. The
    affinity is the matrix, the attention, none (the refined map is the unary one), or unknown, where a refined map
    stands for it.

    Args:
        classes: names in the order in which files number them, without background.
        steps: how often the affinity is applied; None: once, or as its file says.

    Raises:
        UserError: a file is not as expected.
    """
    return _Import(files, classes, steps).trace(name)


class _Import:
    def __init__(self, files: Files, classes: Sequence[str], steps: int | None):
        self.files, self.steps, self.reader = files, steps, MapReader(classes)
        self.photo = read_photo(files.photo, side=SIDE)
        self.lines = [f"{files.photo}: {self.photo.size[0]} x {self.photo.size[1]} px", *self.photo.notes]

    def trace(self, name: str) -> tuple[Trace, list[str]]:
        maps = {part: self._maps(part) for part in ("scores", "labels", "cam", "refined")}
        affinity, cells = self._affinity()
        sizes = [found.size for found in maps.values() if found]
        size = self.photo.size
        if isinstance(cells, int):
            source = self.files.affinity or self.files.attention
            grid = grid_of_cells(size, cells, sizes, self.files.attention is not None, str(source))
        else:
            grid = cells or grid_of_maps(size, sizes)
        unary, refined, cam = self._distributions(maps, grid)
        won = distributions.winners(*filter(None, (unary, refined)))
        names = [each for each in self.reader.full if each in won]
        dropped = [each for each in unary if each not in won]
        if dropped:
            self.lines.append(f"left out, as they win nowhere: {', '.join(dropped)}")
        round_ = {"alpha_u": distributions.stacked(unary, names), **affinity}
        if not affinity and not refined:
            self.lines.append("no affinity: the refined map is the unary one")
            round_["gates"] = np.zeros((4, 3, *grid), np.float32)
        if refined:
            round_ |= {"refined": distributions.stacked(refined, names), "why": NO_MATRIX}
        about: dict[str, Any] = {"title": name}
        if cam:
            about["cam"] = np.stack([cam.get(each, np.zeros(grid, np.float32)) for each in names[1:]])
        if self.files.truth:
            about["truth"] = self._truth(names)
        trace = Trace.from_arrays(self.photo.pixels, names, [round_], name=name, **about)
        self._say_grid(trace)
        return trace, self.lines

    def _maps(self, part: str) -> Maps | None:
        path: Path | None = getattr(self.files, part)
        if path is None:
            return None
        if part == "labels" or (part == "refined" and path.suffix.lower() in PICTURES):
            found = self.reader.labels(path, self.photo)
        else:
            found = self.reader.activations(path) if part == "cam" else self.reader.scores(path)
        self._say(part, path, found.said)
        return found

    def _affinity(self) -> tuple[dict[str, Any], Grid | int | None]:
        """What the round's dict holds of it, and its grid, or the number of its cells."""
        files = self.files
        if files.attention:
            given, cells, said = read_attention(files.attention)
            self._say("attention", files.attention, said)
        elif files.affinity:
            given, cells, said = read_affinity(files.affinity)
            self._say("affinity", files.affinity, said)
        else:
            return {}, None
        if self.steps is not None:
            given["passes" if "gates" in given else "steps"] = self.steps
        return given, cells if cells is not None else _grid_of(given)

    def _distributions(
        self, maps: Mapping[str, Maps | None], grid: Grid
    ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray] | None, dict[str, np.ndarray] | None]:
        """The unary map and, where there are files of them, the refined map and the CAM: by class, on the grid."""
        unary, refined, cam = None, None, None
        if maps["cam"]:
            cam, unary, said = distributions.of_activations(maps["cam"], grid)
        if maps["labels"]:
            unary, said = distributions.of_labels(maps["labels"], grid)
        if maps["scores"]:
            unary, said = distributions.of_scores(maps["scores"], grid)
        if unary is None:
            raise UserError(
                f"{self.files.photo}: got no map of its classes, expected one that the affinity shall refine: give "
                "--cam, --scores or --labels."
            )
        self.lines.append(f"unary map: {said}")
        if maps["refined"]:
            of = distributions.of_labels if maps["refined"].labels else distributions.of_scores
            refined, said = of(maps["refined"], grid)
            self.lines.append(f"refined map: {said}")
        return unary, refined, cam

    def _truth(self, names: list[str]) -> np.ndarray:
        path = self.files.truth
        assert path
        truth = read_mask(path, self.photo, tuple(self.reader.full), tuple(names), self.lines)
        shown = ", ".join(names[index] for index in np.unique(truth) if index != UNKNOWN)
        self._say("truth", path, f"label map of {shown or 'nothing known'}")
        return shrunk(truth, self.photo)

    def _say(self, part: str, path: Path, said: str) -> None:
        self.lines.append(f"{part}: {path}: {said}")

    def _say_grid(self, trace: Trace) -> None:
        (width, height), (w, h) = trace.meta["size"], trace.meta["grid"]
        about = trace.meta["rounds"][0]["affinity"]
        if "dropped" in about:
            self.lines.append(f"kept the largest weights of each row: {about['dropped']:.1%} of its mass dropped")
        seen = self.photo.pixels.shape[1::-1]
        resized = "" if (width, height) == seen else f", resized from {seen[0]} x {seen[1]} to fit"
        self.lines.append(f"grid: {w} x {h} cells over a photo of {width} x {height} px{resized}")


def _grid_of(given: Mapping[str, Any]) -> Grid | int:
    """The grid of a propagator's arrays, or their number of cells."""
    key = "gates" if "gates" in given else "partners" if given.get("partners") is not None else "weights"
    shape = np.asarray(given[key]).shape
    return (shape[-2], shape[-1]) if len(shape) > 2 else len(given[key])
