"""What may be asked of Python, one model for each question. A field's description says what is expected of it."""

import base64
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

MOST_PHOTO_BYTES = 8_000_000  # of the file of a photo that another propagator refines
MOST_LEAKS = 200  # that are listed at once
Mode = Literal["row", "column"]
Stage = Literal["seeds", "unary", "confident", "refined", "truth"]


def from_base64(value: Any) -> bytes:
    """The bytes behind a text; ValueError where it is none, or not in base64."""
    if not isinstance(value, str):
        raise ValueError("no text")
    return base64.b64decode(value, validate=True)


def from_float(value: Any) -> Any:
    """3.0 counts as 3: some programs have no other numbers."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Base64 = Annotated[bytes, BeforeValidator(from_base64)]
Whole = Annotated[int, BeforeValidator(from_float)]


class Request(BaseModel):
    """What every question keeps to: no other keys, and values of just these types of JSON."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class EmptyRequest(Request):
    """``shell`` and ``lessons``, which have nothing to choose."""


class RunRequest(Request):
    """``figures``, ``mining`` and ``warm_up``, and what programs ask of a run as a whole."""

    run: str = Field(description="a text, the name of a run")


class JobRequest(Request):
    """``progress``, ``take`` and ``cancel``: of a photo whose trace is computed."""

    job: str = Field(description="a text, the job that the photo became when it was sent")


class SubmitRequest(RunRequest):
    """``submit``: compute the trace of a photo that was uploaded."""

    path: str = Field(description="a text, the path that came back from the upload")
    name: str = Field(description="a text, what to call the photo")
    tags: list[str] | None = Field(None, description="a list of class names, or null: those that the run is sure of")


class BrowseRequest(RunRequest):
    """``browse``: some of the photos of a run's data set. An order, class or round that the run lacks is no wish."""

    sort: str | None = Field(None, description="a text, the key of a figure, or null")
    reversed: bool = Field(False, description="true or false")
    against: str | None = Field(None, description="a text, the key of what the figure is compared with, or null")
    plot: str | None = Field(None, description="a text, the key of a second figure, or null")
    split: str | None = Field(None, description="a text, a split that was evaluated, or null")
    cls: str | None = Field(None, description="a text, the name of a class, or null")
    round: int | None = Field(None, description="a whole number, or null: the last round")
    search: str = Field("", description="a text, part of a title or id")
    offset: int = Field(0, ge=0, description="a whole number from 0")
    count: int | None = Field(None, ge=0, description="a whole number from 0, or null: as many as there may be")


class PhotoRequest(RunRequest):
    """``photo_thumb``: of a photo of the run's data set."""

    id: str = Field(description="a text, the id of a photo of the run's data set")


class OpenPhotoRequest(PhotoRequest):
    """``open_photo``: compute its trace."""

    tags: list[str] | None = Field(None, description="a list of class names, or null: those of the data set")


class PropagateRequest(Request):
    """``propagate``: what another propagator is, or does to a map, on one photo."""

    by: str = Field(description="a text, the name of a propagator")
    image: Base64 = Field(
        max_length=MOST_PHOTO_BYTES,
        description=f"a text, a JPEG or PNG file of at most {MOST_PHOTO_BYTES:,} bytes in base64",
    )
    grid: list[int] = Field(min_length=2, max_length=2, description="[columns, rows] of the affinity")
    alpha: Base64 | None = Field(None, description="a text, a map of float32 in base64, or null")
    run: str | None = Field(None, description="a text, the name of the run that made the trace, or null")
    round: int | None = Field(None, description="a whole number, or null")
    params: dict[str, float] = Field({}, description="an object of numbers, some of the propagator's parameters")


class TraceRequest(RunRequest):
    """What programs ask of one trace of a run."""

    photo: str = Field(description="a text, the name of one of the run's photos")


class RoundRequest(TraceRequest):
    """What they ask of one of its rounds."""

    round: Whole = Field(description="a whole number from 1")


class QueryRequest(RoundRequest):
    """``query``: of one pixel."""

    x: Whole = Field(description="a whole number from 0")
    y: Whole = Field(description="a whole number from 0")
    mode: Mode = Field(description=f"one of {', '.join(Mode.__args__)}")


class LeaksRequest(RoundRequest):
    """``leaks``: the largest ones."""

    most: Whole = Field(ge=1, le=MOST_LEAKS, description=f"a whole number from 1 to {MOST_LEAKS}")


class LabelsRequest(RoundRequest):
    """``labels``: the label map of a stage."""

    stage: Stage = Field(description=f"one of {', '.join(Stage.__args__)}")


class CompareRequest(TraceRequest):
    """``compare``: the labels of two rounds."""

    round_a: Whole = Field(description="a whole number from 1")
    round_b: Whole = Field(description="a whole number from 1")
