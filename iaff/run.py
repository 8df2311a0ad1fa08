"""A trained run on disk: settings, figures, weights and traces. Reading it needs no torch.

::

    config.json    the settings it was trained with, its classes
    figures.json   what was measured after each round
    images.csv     one line per photo and round, see below
    images_SPLIT.csv  the same of the photos of a split that was evaluated
    propagators.json  several propagators over a split
    tags.json      how sure the run must be of a class before it claims it, and how often it errs
    mining.json    histogram of the region scores by right / wrong / unknown
    weights/       classifier, and unary_T, region_T, pairwise_T of each round T (safetensors)
    traces/        index.json and one trace per photo
    .lock          held by the training that writes all this, empty

``images.csv``: ``round`` (from 1), ``image``, then shares of the grid's pixels, 0..1. Without labels, for the training
photos of a run that trains: ``changed`` (label of alpha^p against the round before; round 1: against alpha^u),
``agreement`` (of alpha^u and alpha^p), ``coverage`` (of the confident map), ``relabelled``, ``foreground_unary``,
``foreground_refined``. A shipped run has the gallery's photos instead: ``changed``, ``agreement``, ``coverage``, and
against their masks, with tags, ``miou_unary`` and ``miou_refined`` (of the photo, over the classes that occur),
``precision`` (of the confident map), ``leak`` (:mod:`iaff.propagation.leaks`), ``iou_refined.CLASS`` (of a class in the
refined map); empty where a photo has no mask, or neither has the class. ``images_SPLIT.csv``, which ``iaff evaluate``
writes, has the same columns.
"""

import csv
import io
import json
import re
import time
from collections.abc import Container, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import IO, Any

from iaff.config import Climb
from iaff.errors import UserError
from iaff.files import write_atomically
from iaff.hub import fetched, on_hub
from iaff.places import SHIPPED as SHIPPED  # Run.load(SHIPPED): where those look for it who open it by name
from iaff.places import expanded
from iaff.run_files import Figures, File, Index, Mining, Propagators, Settings, Tags, check, read_json
from iaff.run_table import read_images

try:
    import fcntl
except ImportError:  # not on Windows: no lock there
    fcntl = None

SCHEMA = 1
INDEX = "traces/index.json"
SPLIT = re.compile(r"[\w-]+([. ][\w-]+)*")  # a name of a split that can be one of a file, too
PATIENCE = 10  # s that a training waits for another: one that finds nothing left to do is soon over
# Settings that runs of older versions lack, and what they were then; None: not known.
LATER = {
    "tags": None,
    "classifier_backbone": "",
    "classifier_weights": "",
    "unary_scales": [],
    "cam.climb": Climb().model_dump(),
    "targets.keep_objects": False,
}


@dataclass(frozen=True)
class Run:
    """A run's folder and its settings."""

    dir: Path
    config: dict[str, Any]

    @classmethod
    def load(cls, folder: str | Path) -> "Run":
        """Opens a run, finished or still training.

        Args:
            folder: of this machine, or on the Hugging Face Hub, ``hf://owner/name[@revision][/path]``.

        Raises:
            UserError: the folder is missing, holds no run, or one of another schema; or what
                :func:`iaff.hub.fetched` says.
        """
        folder = fetched(folder)
        path = folder / "config.json"
        if not path.is_file():
            inside = ", ".join(sorted(config.parent.name for config in folder.glob("*/config.json")))
            raise UserError(
                f"{folder} is not a run: no config.json in it. Expected a folder written by "
                "`iaff train`, such as assets/runs/animals"
                f"{f'; there are some in it: {inside}' if inside else ''}."
            )
        config = read_json(own_file(folder, path.name), File)
        if config.get("schema") != SCHEMA:
            raise UserError(f"{folder}: got run schema {config.get('schema')}, expected {SCHEMA}; train it again.")
        check(config, Settings, path)
        if config.get("data"):  # where photos lie is said by who opens a run, never by the run
            config["data"].pop("root", None)
        return cls(folder, config)

    @property
    def name(self) -> str:
        return self.config["name"]

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the labels, background first."""
        return tuple(self.config["classes"])

    def figures(self) -> dict[str, Any]:
        """What was measured so far; ``rounds`` holds the finished rounds."""
        return self._json("figures.json", Figures, {"schema": SCHEMA, "rounds": []})

    def mining(self) -> dict[str, Any]:
        """Per round, superpixels by region score (equal bins from 0 to 1): right, wrong, unknown (void)."""
        return self._json("mining.json", Mining, {"rounds": []})

    def propagators(self) -> dict[str, Any]:
        """``tables``: what several propagators make of the run's unary maps, a table for each split that was scored."""
        return self._json("propagators.json", Propagators, {"tables": []})

    def tags(self) -> dict[str, Any]:
        """How sure the run must be of a class (:mod:`iaff.method.tag_rule`); empty where nobody found that out."""
        return self._json("tags.json", Tags, {})

    def images(self, split: str = "") -> list[dict[str, str]]:
        """The lines of a table of photos: all columns as texts, checked; none where it is not there yet.

        Args:
            split: one of :meth:`splits`, or "" for ``images.csv``.

        Raises:
            UserError: it cannot be read, or is not such a table.
        """
        path = self.images_path(split)
        try:
            return read_images(path, path.read_bytes()) if path.is_file() else []
        except OSError as error:
            raise UserError(
                f"{path} cannot be read ({error.strerror or error}); expected a table. Restore it."
            ) from error

    def images_path(self, split: str = "") -> Path:
        """Where the table of a split's photos lies; "" for ``images.csv``."""
        return self.inside(f"images_{split}.csv" if split else "images.csv")

    def splits(self) -> list[str]:
        """The splits whose photos were evaluated one by one, by name."""
        names = (path.stem.removeprefix("images_") for path in self.dir.glob("images_*.csv"))
        return sorted(name for name in names if SPLIT.fullmatch(name))

    def finished_rounds(self) -> int:
        """Rounds whose three networks are all there."""
        t = 0
        while all(
            (self.dir / "weights" / f"{net}_{t + 1}.safetensors").is_file() for net in ("unary", "region", "pairwise")
        ):
            t += 1
        return t

    def measured_rounds(self) -> int:
        """Finished rounds up to which none lacks its figures."""
        measured, t = {entry["round"] for entry in self.figures()["rounds"]}, 0
        while t + 1 in measured and t < self.finished_rounds():
            t += 1
        return t

    def changed(self) -> float:
        """When weights were last written, s since the epoch; 0 without any."""
        changed = 0.0
        for path in (self.dir / "weights").glob("*.safetensors"):
            with suppress(OSError):  # replaced or deleted meanwhile
                changed = max(changed, path.stat().st_mtime)
        return changed

    def traces(self) -> list[dict[str, Any]]:
        """The index of the run's traces: name, title, file, thumb, tags.

        Raises:
            UserError: it cannot be read, or names a file outside its folder or a picture outside itself.
        """
        return self._json(INDEX, Index, {"traces": []})["traces"]

    def trace_path(self, name: str) -> Path:
        """Where the trace of that name lies.

        Raises:
            UserError: the run has no trace of that name, or one that lies elsewhere.
        """
        for entry in self.traces():
            if entry["name"] == name:
                return self.inside(f"traces/{entry['file']}")
        known = ", ".join(e["name"] for e in self.traces()) or "none yet"
        raise UserError(f"Run {self.name} has no trace {name!r}; it has: {known}.")

    def weights(self, name: str) -> Path:
        """The file of a network's weights: ``classifier``, ``unary_1``, ``region_1``, ``pairwise_1`` ..."""
        path = self.dir / "weights" / f"{name}.safetensors"  # may be a link: networks read it, and nobody is shown it
        if not path.is_file():
            raise UserError(f"Run {self.name} has no {path}; it has {self.finished_rounds()} finished rounds.")
        return path

    def inside(self, name: str) -> Path:
        """The path of one of the run's files, see :func:`own_file`."""
        return own_file(self.dir, name)

    def write(self, name: str, content: Any) -> None:
        """Writes one of the run's JSON files, atomically."""
        write_atomically(self.dir / name, (json.dumps(content, indent=1) + "\n").encode())

    def append_images(self, rows: list[dict[str, Any]]) -> None:
        """Replaces one round's lines of ``images.csv`` (all rows share the columns ``round``, ``image``, ...)."""
        kept = [line for line in self.images() if line["round"] != str(rows[0]["round"])]
        self.write_images([*kept, *rows], list(rows[0]))

    def write_images(self, rows: list[dict[str, Any]], columns: list[str], split: str = "") -> None:
        """Writes a table of photos, atomically; what a row lacks of the columns is empty."""
        text = io.StringIO()
        table = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
        write_atomically(self.images_path(split), text.getvalue().encode())

    def _json(self, name: str, kind: type[File], default: dict) -> dict[str, Any]:
        path = self.inside(name)
        return read_json(path, kind) if path.is_file() else default


def own_file(folder: Path, name: str) -> Path:
    """The path of a file of a run, whether it is there or not, that no link leads out of the run's folder.

    What was downloaded from the Hub is links into its cache, to a folder ``blobs`` of the same repository.

    Raises:
        UserError: the file lies elsewhere, its links lead in a circle, or it is no file.
    """
    path, home = folder / name, folder.resolve()
    try:
        real = path.resolve()
    except (OSError, RuntimeError):
        real = None
    cached = real and real.parent.name == "blobs" and real.parents[1] / "snapshots" in home.parents
    if real is None or not (cached or real.is_relative_to(home)):
        raise UserError(
            f"{path}: got a link that leads out of the run's folder, expected a file in it, since a run may come from "
            "anywhere; copy the file there."
        )
    if path.exists() and not path.is_file():  # reading a pipe would wait for ever
        raise UserError(f"{path}: got a folder, a pipe or a device, expected a file; restore it.")
    return path


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Keeps other trainings out of a run's folder, until the block or this process ends, however it ends.

    Raises:
        UserError: another process trains there, or the folder is on the Hub.
    """
    folder = _here(folder)
    with _lock_file(folder) as file:
        until = time.monotonic() + PATIENCE
        while not _locked(file):
            if time.monotonic() > until:
                raise UserError(
                    f"{folder} is being trained by another process, expected none. Wait until it ends or stop it, or "
                    "give another folder with --run DIR."
                )
            time.sleep(0.1)
        yield


def _lock_file(folder: Path) -> IO[bytes]:
    """The file that stands for a run's folder, which is made where it is not there yet."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return (folder / ".lock").open("ab")
    except OSError as error:
        raise UserError(
            f"{folder} cannot be used as the folder of a run: got {error.strerror or error}, expected a folder that "
            "can be written to, or none yet. Mend that, or give another folder with --run DIR."
        ) from error


def _here(folder: str | Path) -> Path:
    """A folder to write a run into; UserError where it is an address on the Hub."""
    if on_hub(folder):
        raise UserError(
            f"{folder} is an address on the Hub, expected a folder of this machine to write a run into; "
            "`iaff ship --push` uploads one."
        )
    return expanded(folder)


def _locked(file: IO) -> bool:
    """Locks a file for this process alone: processes that it forks to load photos would keep a lock of flock's."""
    try:
        if fcntl:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:  # a file system without locks
        pass
    return True


def create(folder: str | Path, config: dict[str, Any]) -> Run:
    """Opens the run in ``folder`` for writing, or starts it.

    Raises:
        UserError: the folder holds a run of other settings; the message shows the differences. Or it is on the Hub.
    """
    folder = _here(folder)
    config = {"schema": SCHEMA, **json.loads(json.dumps(config))}
    if (folder / "config.json").is_file():
        found = Run.load(folder).config
        if differs := list(_differences(found, config)):
            raise UserError(
                f"{folder} holds a run with other settings: {'; '.join(differs)}. "
                "Go on with its settings, or give another folder with --run DIR."
            )
    run = Run(folder, config)
    run.write("config.json", config)
    return run


def _differences(found: dict[str, Any], wanted: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """Settings that differ, but for the number of rounds, since more may follow, and what older versions lack."""
    for key in sorted(found.keys() | wanted.keys()):
        old, new, name = found.get(key), wanted.get(key), f"{prefix}{key}"
        if isinstance(old, dict) and isinstance(new, dict):
            yield from _differences(old, new, f"{name}.")
        elif old != new and name != "rounds" and not (key not in found and LATER.get(name, ...) in (None, new)):
            yield f"{name} = {old!r}, not {new!r}"


def unused(name: str, taken: Container[str], numbered: str) -> str:
    """The name itself or, where it is taken, the first that is not of those numbered from 2 on, as ``"{} ({})"``."""
    names = chain([name], (numbered.format(name, number) for number in count(2)))
    return next(free for free in names if free not in taken)
