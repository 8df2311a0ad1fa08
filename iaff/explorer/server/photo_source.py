"""Where the photos of a run's table are: in its data set, or in its own traces."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from pydantic import ValidationError

from iaff.config import Data
from iaff.data import Dataset, open_split
from iaff.errors import UserError
from iaff.explorer.server.jobs import Sample
from iaff.run import Run


class Photos:
    """The photos of a run's table, by id: from its data set, or from its own traces.

    Args:
        split: of the data set, "" for the one that the run was trained on.
    """

    def __init__(self, run: Run, split: str = ""):
        self.run = run
        self.split = split
        self.traces = {entry["name"]: entry for entry in run.traces()}

    @property
    def source(self) -> "Source":
        """The data set.

        Raises:
            UserError: the run does not say which it is or where it lies, or it cannot be opened.
        """
        about = self.run.config.get("data")
        try:
            data = Data.model_validate(about)
        except ValidationError:
            raise UserError(
                f"The run {self.run.name} does not say which photos it was trained on: got data = {about!r} in its "
                "config.json. Restore the settings that training wrote."
            ) from None
        if data.kind != "shapes" and not data.root:
            raise UserError(
                f"The run {self.run.name} does not say where its photos lie: got no data.root, expected the folder "
                f"of its data set ({data.kind}). Start the explorer with --data DIR."
            )
        choice = self.run.config.get("seed", 0) if data.choice is None else data.choice
        which = (self.split, 0) if self.split else (data.train, data.train_size)
        source = _source(data.kind, data.root, which[0], data.classes, which[1], choice)
        if source.data.classes != self.run.classes:
            raise UserError(
                f"The data set has the classes {', '.join(source.data.classes[1:])}; expected those of the run "
                f"{self.run.name}: {', '.join(self.run.classes[1:])}. Start the explorer with the --data DIR of its "
                "training."
            )
        return source

    def title(self, name: str) -> str:
        """What people call a photo: as its trace does, else by its id."""
        return self.traces.get(name, {}).get("title") or name

    def missing(self, ids: list[str]) -> str | None:
        """Why some of these photos have no picture, or None."""
        if all(name in self.traces for name in ids):
            return None
        try:
            _ = self.source
        except UserError as error:
            return str(error)
        return None

    def tags(self, ids: list[str]) -> list[list[str] | None]:
        """The names of each photo's tags; None where they are not known."""
        known = {name: entry.get("tags") for name, entry in self.traces.items()}
        if self.missing(ids) is None and any(name not in known for name in ids):
            known = self.source.tags | known
        return [known.get(name) for name in ids]


@dataclass(frozen=True)
class Source:
    """An open data set, the places of its ids, and the names of each photo's tags."""

    data: Dataset
    places: dict[str, int]
    tags: dict[str, list[str]]

    def place(self, name: str) -> int:
        """Where a photo stands; UserError where it does not."""
        if name not in self.places:
            raise UserError(
                f"The data set has no photo {name[:80]!r}: got {len(self.places):,} others, expected those that the "
                "run was trained on. Start the explorer with the --data DIR of its training."
            )
        return self.places[name]

    def sample(self, name: str) -> Sample:
        """A photo with its tags, and its truth where the data set has any."""
        i = self.place(name)
        try:
            truth = self.data.mask(i)
        except UserError:
            truth = None
        return Sample(self.data.image(i), self.data.tags(i), truth)


@dataclass(frozen=True)
class DataSetPhoto:
    """A photo of a data set, for a job: decoded when its turn has come."""

    source: Source
    id: str

    def read(self) -> Sample:
        return self.source.sample(self.id)

    def release(self) -> None:
        """Nothing is held."""


@lru_cache(maxsize=4)
def _source(kind: str, root: str, split: str, classes: tuple[str, ...], size: int, seed: int) -> Source:
    data = open_split(kind, root, split, classes or None, size, seed)
    names = np.array(data.classes[1:])
    tags = {name: names[data.tags(i)].tolist() for i, name in enumerate(data.ids)}
    return Source(data, {name: i for i, name in enumerate(data.ids)}, tags)
