"""What a run's JSON files hold, as far as anything relies on it; what else is in them is kept as it is.

A run may come from anywhere, and may have been cut, edited or written by another version: each file is checked as it is
read, so that a wrong one is one sentence and never an error somewhere in the page.
"""

from pathlib import Path, PurePosixPath, PureWindowsPath
from textwrap import shorten
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    Strict,
    StrictInt,
    ValidationError,
    model_validator,
)

from iaff.errors import UserError
from iaff.grid import UNKNOWN
from iaff.json_text import parse_json

SLOP = 1e-6  # by which a mean of many shares may be off


def _share(value: float) -> float:
    if value < -SLOP or value > 1 + SLOP:  # NaN, of what could not be measured, is neither
        raise ValueError("expected a share, 0 to 1")
    return value


def _different(names: list[str]) -> list[str]:
    if len(set(names)) < len(names):
        raise ValueError("expected different ones")
    return names


Number = Annotated[float, Strict()] | None  # whole or not; None where nothing could be measured
Share = Annotated[float, Strict(), AfterValidator(_share)] | None
Count = Annotated[StrictInt, Field(ge=0)]
RoundNumber = Annotated[StrictInt, Field(ge=1, le=10_000)]


class File(BaseModel):
    """Any part of a file: a key more is no error."""

    model_config = ConfigDict(extra="allow")


class Settings(File):
    """``config.json``, as far as every run has it; :class:`iaff.inference.Predictor` checks the rest."""

    name: Annotated[str, Field(min_length=1)]
    classes: Annotated[
        list[Annotated[str, Field(min_length=1)]], Field(min_length=1, max_length=UNKNOWN), AfterValidator(_different)
    ]
    data: dict[str, Any] | None = None
    seed: Count = 0
    rounds: RoundNumber | None = None


class MapFigures(File):
    """What was measured of the unary or the refined map: without tags, with the true ones, with proposed ones."""

    iou: dict[str, Share] = {}
    iou_tags: dict[str, Share] = {}
    iou_proposed: dict[str, Share] = {}
    miou: Share = None
    miou_tags: Share = None
    miou_proposed: Share = None
    objects: Share = None
    objects_tags: Share = None
    objects_proposed: Share = None
    precision_tags: Share = None


class RoundFigures(File):
    round: RoundNumber
    photos: Count | None = None
    changed: Share = None
    agreement: Share = None
    leak: Share = None
    reach: Number = None
    confident: dict[str, Share] = {}
    foreground: dict[str, Share] = {}
    energy: dict[str, dict[str, Number]] = {}
    unary: MapFigures = MapFigures()
    refined: MapFigures = MapFigures()


class Figures(File):
    """``figures.json``."""

    rounds: list[RoundFigures]
    images: Count | None = None
    objects: Share = None
    split: str | None = None

    @model_validator(mode="after")
    def in_order(self) -> "Figures":
        numbers = [entry.round for entry in self.rounds]
        if numbers != sorted(set(numbers)):
            raise ValueError(f"got the rounds {numbers[:10]}, expected each once and in order")
        return self


class RegionScores(File):
    """Superpixels by region score, in equal bins from 0 to 1."""

    round: RoundNumber
    right: list[Count]
    wrong: list[Count]
    unknown: list[Count]

    @model_validator(mode="after")
    def of_one_length(self) -> "RegionScores":
        if not 0 < len(self.right) == len(self.wrong) == len(self.unknown):
            raise ValueError("got lists of several lengths, or empty ones, expected one bin each")
        return self


class Mining(File):
    """``mining.json``."""

    rounds: list[RegionScores]
    split: str | None = None


class PropagatorScore(File):
    """mIoU over a split, without tags, with proposed and with true ones."""

    title: str | None = None
    miou: Share = None
    miou_proposed: Share = None
    miou_tags: Share = None
    seconds: Number = None  # a photo


class PropagatorTable(File):
    """Several propagators on the unary maps of one round."""

    data: str
    split: str
    images: Count
    round: RoundNumber
    propagators: dict[str, PropagatorScore]


class Propagators(File):
    """``propagators.json``."""

    tables: list[PropagatorTable]


class TagErrors(File):
    """How often a run errs: shares of the photos that show some of its classes, and of those that show none."""

    data: str
    shows: Count  # photos that show some
    silent: Share  # of these: nothing is claimed
    missed: Share  # of these: that, or one of the classes in it is no tag
    none: Count  # photos that show none
    claims: Share  # of these: something is claimed


class Tags(File):
    """``tags.json``."""

    slope: Annotated[float, Strict(), Field(gt=0, le=1000)]
    offset: Annotated[float, Strict(), Field(ge=-1000, le=1000)]
    chosen: TagErrors | None = None
    held_out: TagErrors | None = None


def is_trace_name(file: str) -> bool:
    """Whether this is the name of a trace's file, without any folder, on any system."""
    return PurePosixPath(file).name == PureWindowsPath(file).name == file and file.endswith(".safetensors")


def _inside(file: str) -> str:
    if not is_trace_name(file):
        raise ValueError("expected a file of that folder (.safetensors)")
    return file


def _picture(address: str) -> str:
    if address and not address.startswith("data:image/"):
        raise ValueError("expected the picture itself, as data:image/...")
    return address


class TraceEntry(File):
    name: str
    title: str | None = None
    file: Annotated[str, AfterValidator(_inside)]
    thumb: Annotated[str, AfterValidator(_picture)] | None = None
    tags: list[str] | None = None


class Index(File):
    """``traces/index.json``."""

    traces: list[TraceEntry]

    @model_validator(mode="after")
    def names_differ(self) -> "Index":
        _different([entry.name for entry in self.traces])
        return self


def read_json(path: Path, kind: type[File]) -> dict[str, Any]:
    """What a file holds, as it is written there, once it is known to be of that kind: :class:`File` for any object.

    Raises:
        UserError: it cannot be read, or something in it is of another type than expected; with the place in the file.
    """
    try:
        content = parse_json(path.read_bytes(), finite=False)  # of what could not be measured
    except (OSError, ValueError) as error:
        raise UserError(
            f"{path} cannot be read ({error}). Expected the JSON that training wrote; restore it."
        ) from error
    if not isinstance(content, dict):
        raise UserError(f"{path}: got {type(content).__name__}, expected a JSON object; restore the file.")
    check(content, kind, path)
    return content


def check(content: dict[str, Any], kind: type[File], path: Path) -> None:
    """Raises UserError unless the content of a file is of that kind."""
    try:
        kind.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"][:8])) or "all of it"
        message = shorten(first["msg"].removeprefix("Value error, "), 200)
        raise UserError(
            f"{path}: got {shorten(repr(first.get('input')), 80)} at {shorten(where, 80)}: "
            f"{message[:1].lower()}{message[1:]}. Expected what training wrote; restore the file."
        ) from error
