"""Runs and traces on the Hugging Face Hub: ``hf://owner/name[@revision][/path]``, as huggingface_hub writes addresses.

What an address names is downloaded once, into the cache that huggingface_hub keeps for all programs (``HF_HUB_CACHE``),
and is a folder or a file like any other from then on. Of a run only :data:`FILES` are fetched, all from one commit:
JSON, CSV and safetensors, of which nothing is executed or unpickled. Without a network the cached copy is opened, and
that is said. docs/hub.md shows how to open, pin and push.
"""

import errno
import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from functools import cache, partial
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING

from iaff.errors import UserError
from iaff.places import expanded

if TYPE_CHECKING:
    from huggingface_hub.utils import HfUri

# What a run consists of (docs/formats.md), as patterns. Nothing else is downloaded, or pushed.
FILES = (
    "config.json",
    "figures.json",
    "mining.json",
    "images.csv",
    "propagators.json",
    "tags.json",
    "evaluation_*.json",
    "weights/*.safetensors",
    "traces/index.json",
    "traces/*.safetensors",
)
ADDRESS = "hf://owner/name, hf://owner/name@revision or hf://owner/name@revision/path"
LOG_IN = "log in with `hf auth login`, or set HF_TOKEN"
COMMIT = re.compile(r"[0-9a-f]{40}")
TIMEOUT = 10  # s that the Hub may take to say which commit a revision is


def on_hub(place: str | os.PathLike[str]) -> bool:
    """Whether this is an address on the Hub; also as a Path, which makes one slash of two."""
    return re.match(r"hf:[/\\]", os.fspath(place)) is not None


def fetched(place: str | os.PathLike[str]) -> Path:
    """The folder or file of that name on this machine; what an address on the Hub names is downloaded first.

    Args:
        place: a path, of which ``~`` alone is replaced, or an address: of a run, of a folder of runs, or of a trace
            (``.safetensors``).

    Raises:
        UserError: the address is malformed, is not there or not open to this user, or names neither a run nor a trace;
            the Hub cannot be reached and nothing is cached; the disk is full.
    """
    if not on_hub(place):
        return expanded(place)
    name = re.sub(r"^hf:[/\\]+", "hf://", os.fspath(place))
    uri = parse(name)
    with sentences(name):
        names, offline = _asked(uri)
        trace = uri.path_in_repo.endswith(".safetensors")
        found = _trace(uri, bool(offline)) if trace else _runs(uri, name, names, bool(offline))
    if offline:
        _say_cached(name, offline, str(found))
    return found


def parse(address: str) -> "HfUri":
    """The parts of an address: ``type`` (model, dataset or space), ``id``, ``revision`` and ``path_in_repo``.

    Raises:
        UserError: it is malformed.
    """
    from huggingface_hub.errors import HfUriError
    from huggingface_hub.utils import parse_hf_uri

    try:
        uri = parse_hf_uri(address)
    except HfUriError as error:
        raise UserError(
            f"{address} is no address on the Hub: {error.msg.strip().rstrip('.')}. Expected {ADDRESS}."
        ) from error
    if uri.type not in ("model", "dataset", "space"):
        raise UserError(f"{address} names a {uri.type}, which holds no runs; expected a repository, {ADDRESS}.")
    if {".", ".."} & {*uri.path_in_repo.split("/"), *(uri.revision or "").split("/")}:
        raise UserError(f"{address}: got a path with . or .. in it, expected one from the top of the repository.")
    return uri


def _asked(uri: "HfUri") -> tuple[list[str] | None, str]:
    """The names of all files that the address's revision has now, and why the Hub cannot be asked (or empty).

    A whole commit never changes: it is not asked about, and the network only serves for what is not cached.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HTTPError, OfflineModeIsEnabled

    if COMMIT.fullmatch(uri.revision or ""):
        return None, ""
    try:
        about = HfApi().repo_info(uri.id, repo_type=uri.type, revision=uri.revision, timeout=TIMEOUT)
    except OfflineModeIsEnabled:
        return None, "HF_HUB_OFFLINE is set"
    except HfHubHTTPError as error:
        if error.response.status_code < 500:
            raise
        return None, f"it answers {error.response.status_code}"
    except (HTTPError, OSError) as error:
        return None, first_line(error)
    return [file.rfilename for file in getattr(about, "siblings", None) or []], ""


def _trace(uri: "HfUri", offline: bool) -> Path:
    from huggingface_hub import hf_hub_download

    file = hf_hub_download(
        uri.id, uri.path_in_repo, repo_type=uri.type, revision=uri.revision, local_files_only=offline
    )
    return Path(file)


def _runs(uri: "HfUri", name: str, names: list[str] | None, offline: bool) -> Path:
    """Downloads the run at the address, or else the runs one folder below. Their configs come first, and say whether
    these are runs at all, before anything large is fetched."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError
    from huggingface_hub.utils import tqdm

    class Quiet(tqdm):
        """A progress bar that is not shown."""

        def __init__(self, *args, **options):
            super().__init__(*args, **{**options, "disable": True})

    download = partial(snapshot_download, uri.id, repo_type=uri.type)
    here = escape(f"{uri.path_in_repo.rstrip('/')}/").lstrip("/")
    configs = [f"{here}config.json", f"{here}*/config.json"]
    if names is not None and not any(fnmatchcase(file, pattern) for file in names for pattern in configs):
        raise _no_run(name)
    commit = Path(download(revision=uri.revision, allow_patterns=configs, local_files_only=offline, tqdm_class=Quiet))
    folder = commit / uri.path_in_repo
    runs = [folder] if _is_run(folder) else sorted(filter(_is_run, folder.glob("*")))
    if not runs:
        raise _no_run(name)
    parts = [run.relative_to(commit).as_posix() for run in runs]
    wanted = [file if part == "." else f"{escape(part)}/{file}" for part in parts for file in FILES]
    try:  # what is complete is opened without a word
        download(revision=commit.name, allow_patterns=wanted, local_files_only=True)
    except LocalEntryNotFoundError:
        if offline:
            raise
        download(revision=commit.name, allow_patterns=wanted)
    return folder


def _no_run(name: str) -> UserError:
    return UserError(
        f"{name} holds no run: got no config.json by iaff at that place or one folder below. Expected what "
        f"`iaff ship --push` uploads: {', '.join(FILES)}; or a trace, as hf://owner/name/trace.safetensors."
    )


def _is_run(folder: Path) -> bool:
    """Whether a folder's ``config.json`` is one by iaff: those of other libraries have the same name."""
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(config, dict) and {"schema", "classes"} <= config.keys()


@cache
def _say_cached(name: str, reason: str, found: str) -> None:
    """Says once that what was opened is the cached copy, and of which commit."""
    commit = re.search(r"[/\\]snapshots[/\\]([0-9a-f]{7})", found)
    print(
        f"{name}: the Hub cannot be reached ({reason}); opening the cached copy of commit {commit and commit[1]}.",
        file=sys.stderr,
    )


def first_line(error: BaseException) -> str:
    """The first line of what an error says, or its kind where it says nothing."""
    return str(error).strip().split("\n")[0].rstrip(".") or type(error).__name__


@contextmanager
def sentences(name: str) -> Iterator[None]:
    """What asking the Hub about ``name`` may fail with, as sentences.

    Raises:
        UserError: instead of the errors of huggingface_hub, of the network and of the disk.
    """
    from huggingface_hub import constants, errors

    space = f"the cache {constants.HF_HUB_CACHE}"
    try:
        yield
    except errors.GatedRepoError as error:
        raise UserError(
            f"{name}: the repository is gated, and this user may not read it. Ask for access on its page, "
            f"then {LOG_IN}."
        ) from error
    except errors.RevisionNotFoundError as error:
        raise UserError(
            f"{name}: the repository has no such revision. Expected a branch, a tag or a whole commit of its history."
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise UserError(
            f"{name}: there is no such repository, or it is private. Check the name; if it is private, {LOG_IN}."
        ) from error
    except errors.IncompleteSnapshotError as error:
        raise UserError(
            f"{name}: only a part of it is in {space}, and the Hub cannot be reached for the rest. Connect to the "
            "network once (and unset HF_HUB_OFFLINE)."
        ) from error
    except errors.LocalEntryNotFoundError as error:
        why = f" ({first_line(error.__cause__)})" if error.__cause__ else ""
        raise UserError(
            f"{name}: it is not in {space}, and the Hub cannot be reached{why}. Connect to the network once (and unset "
            "HF_HUB_OFFLINE), or check the address."
        ) from error
    except errors.EntryNotFoundError as error:
        raise UserError(f"{name}: the repository has no such file. Check the path, and the revision.") from error
    except errors.HfHubHTTPError as error:
        status = error.response.status_code
        what = {401: "the token is not valid", 403: "this user may not do that"}.get(status, first_line(error))
        remedy = f"To mend it, {LOG_IN} of a user who may." if status in (401, 403) else "Try again later."
        raise UserError(f"{name}: the Hub refuses with {status}: {what}. {remedy}") from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise UserError(
                f"{name}: the disk is full: it cannot be written into {space}. Free some space, or name another folder "
                "with HF_HUB_CACHE; what is complete stays there."
            ) from error
        raise UserError(f"{name} cannot be had: {first_line(error)}. Check the network and {space}.") from error
    except (errors.HTTPError, RuntimeError) as error:  # RuntimeError: of the library that moves large files
        raise UserError(f"{name}: the connection to the Hub broke ({first_line(error)}). Try again.") from error
