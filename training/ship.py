"""Makes a small copy of a run to ship: ``iaff ship --run runs/animals --out assets/runs/animals``.

Weights in half precision, the figures (those in ``evaluation_*.json`` too), and a trace of every gallery photo. Nothing
of the training photos goes along: ``images.csv`` of the copy is about the gallery. ``--push owner/name`` uploads the
copy to the Hugging Face Hub, with a card; a run that is such a copy already needs no ``--out`` (docs/hub.md).
"""

import argparse
import json
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image

import iaff
from iaff.errors import UserError
from iaff.files import write_atomically
from iaff.hub import FILES, LOG_IN, parse, sentences
from iaff.inference import Predictor
from iaff.method.figures import photo_ious, photo_labels
from iaff.places import GALLERY, expanded
from iaff.run import Run, create
from iaff.run_table import iou_columns
from iaff.tensor_files import load_tensors, tensor_bytes
from iaff.trace import Trace
from iaff.trace.record import write_traces

from .card import model_card
from .storage import first_line

if TYPE_CHECKING:
    from huggingface_hub import CommitInfo

PROG = f"python -m {__package__}.ship"
LARGEST = 10_000_000  # bytes, of a shipped file


def gallery_photos(folder: Path, classes: tuple[str, ...]) -> list[dict[str, Any]]:
    """The photos of a gallery folder (``gallery.json``), as :func:`iaff.trace.record.write_traces` takes them.

    Raises:
        UserError: the gallery's labels are not the run's.
    """
    gallery = _described(folder)
    if tuple(gallery["classes"]) != classes:
        raise UserError(f"{folder}: got masks of {gallery['classes']}, expected the run's classes {list(classes)}.")
    return [
        {
            "image": np.asarray(Image.open(folder / photo["file"]).convert("RGB")),
            "tags": np.array([name in photo["tags"] for name in classes[1:]]),
            "truth": np.asarray(Image.open(folder / photo["mask"])),
            **{key: photo[key] for key in ("name", "title", "credit", "note") if key in photo},
        }
        for photo in gallery["photos"]
    ]


def _described(folder: Path) -> dict[str, Any]:
    try:
        return json.loads((folder / "gallery.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(
            f"{folder}: got no gallery.json that can be read ({error}); expected one, give --gallery."
        ) from error


def ship(run: Run, out: Path, gallery: Path) -> Run:
    """Writes the small copy and returns it.

    Raises:
        UserError: the run was taught by masks, a file is too large, or the gallery's labels are not the run's.
    """
    check_supervision(run)
    rounds = run.finished_rounds()
    figures = run.figures()
    figures["rounds"] = figures["rounds"][:rounds]
    copy = create(out, {**run.config, "rounds": rounds})
    copy.write("figures.json", figures)
    copy.write("mining.json", run.mining())
    kept = ("evaluation_*.json", "propagators.json", "tags.json")
    for path in [path for name in kept for path in run.dir.glob(name)]:
        write_atomically(out / path.name, path.read_bytes())
    nets = [f"{net}_{t}" for t in range(1, rounds + 1) for net in ("unary", "region", "pairwise")]
    for name in ["classifier", *nets]:
        state = load_tensors(run.weights(name))
        half = {key: value.half() if value.is_floating_point() else value for key, value in state.items()}
        data = tensor_bytes(half, f"weights/{name}")
        if len(data) > LARGEST:
            raise UserError(f"{name}: {len(data)} bytes, expected at most {LARGEST}; ship a smaller backbone.")
        write_atomically(out / "weights" / f"{name}.safetensors", data)
    photos = gallery_photos(gallery, copy.classes)
    write_traces(copy, Predictor(copy), photos)
    for t in range(1, rounds + 1):
        rows = [image_row(Trace.load(copy.trace_path(photo["name"])), t, copy.classes) for photo in photos]
        copy.append_images(rows)
    return copy


def check_supervision(run: Run) -> None:
    """Raises UserError where a run was taught by masks."""
    if run.config.get("supervision") == "masks":
        raise UserError(f"{run.dir} was trained with supervision=masks, as an upper bound; expected one of tags alone.")


def push(
    run: Run, place: str, gallery: Path, private: bool = False, revision: str | None = None, licence: str = "apache-2.0"
) -> "CommitInfo":
    """Uploads a shipped copy and its card to the Hugging Face Hub in one commit; what the run no longer has is deleted.

    Args:
        place: ``owner/name``, a repository that is created if it is not there; private: it must be.
        gallery: the folder of the photos that the copy has traces of; revision: a branch, created from ``main`` if it
            is not there; licence: of the weights, by the Hub's name.

    Returns:
        The commit that was made: its ``oid``, and where it is seen, ``commit_url``.

    Raises:
        UserError: nobody is logged in, the run is no shipped copy, or the Hub refuses.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_token

    name = f"hf://{place.removeprefix('hf://')}"
    uri = parse(name)
    if uri.type != "model" or uri.path_in_repo or uri.revision:
        raise UserError(
            f"--push {place}: expected a repository of models as owner/name; a branch is given by --revision."
        )
    if not get_token():
        raise UserError(
            f"--push {place}: nobody is logged in, and the Hub takes files only from those it knows: {LOG_IN}."
        )
    files = shipped_files(run, gallery)
    names = {entry["name"] for entry in run.traces()}
    photos = [photo for photo in _described(gallery)["photos"] if photo["name"] in names]
    card = model_card(run, uri.id, licence, photos)
    with sentences(name):
        hub = HfApi(library_name="iaff", library_version=iaff.__version__)
        hub.create_repo(uri.id, private=private or None, exist_ok=True)
        if private and not hub.model_info(uri.id).private:
            raise UserError(
                f"--push {place} --private: got a public repository. Make it private on its page, or name another."
            )
        if revision:
            hub.create_branch(uri.id, branch=revision, exist_ok=True)
        there = hub.list_repo_files(uri.id, revision=revision)
        stale = {file for file in there if any(fnmatchcase(file, kind) for kind in FILES)} - set(files)
        return hub.create_commit(
            uri.id,
            [
                *(CommitOperationDelete(path_in_repo=file) for file in sorted(stale)),
                *(CommitOperationAdd(path_in_repo=file, path_or_fileobj=run.dir / file) for file in files),
                CommitOperationAdd(path_in_repo="README.md", path_or_fileobj=card.encode()),
            ],
            commit_message=f"{run.name}: {run.finished_rounds()} rounds, by iaff {iaff.__version__}",
            revision=revision,
        )


def shipped_files(run: Run, gallery: Path) -> list[str]:
    """The files of a shipped copy, relative to its folder.

    Raises:
        UserError: it holds photos that are not the gallery's, as the run of a training does, or was taught by masks.
    """
    check_supervision(run)
    allowed = {photo["name"] for photo in _described(gallery)["photos"]}
    photos = {entry["name"] for entry in run.traces()}
    photos |= {path.stem for path in (run.dir / "traces").glob("*.safetensors")}
    photos |= {line["image"] for line in run.images()}
    if others := sorted(photos - allowed):
        raise UserError(
            f"{run.dir}: got {others[0]!r} among its photos, expected those of {gallery} alone, since photos of a data "
            "set are not ours to give away. Push a small copy of the run: give --out DIR too."
        )
    return sorted(path.relative_to(run.dir).as_posix() for kind in FILES for path in run.dir.glob(kind))


def image_row(trace: Trace, t: int, names: tuple[str, ...]) -> dict[str, Any]:
    """A photo's line of ``images.csv`` in round ``t`` (from 1); ``names``: the run's classes by id."""
    figures = trace.meta["rounds"][t - 1]["figures"]
    return {
        "round": t,
        "image": trace.meta["name"],
        "changed": figures["changed"],
        "agreement": figures["agreement"],
        "coverage": figures["confident"]["coverage"],
        "miou_unary": figures["unary"].get("miou", ""),
        "miou_refined": figures["refined"].get("miou", ""),
        "precision": figures["confident"].get("precision", ""),
        "leak": figures.get("leak", ""),
        **iou_columns(_ious(trace, t, names), names),
    }


def _ious(trace: Trace, t: int, names: tuple[str, ...]) -> dict[str, float | None]:
    truth = trace.labels("truth")
    if truth is None:
        return {}
    truth, ids = torch.from_numpy(truth.copy()), torch.tensor(trace.meta["class_ids"])
    return photo_ious(photo_labels(torch.from_numpy(trace.rounds[t].alpha_p), ids, truth), truth, names)


def main(argv: list[str] | None = None, prog: str = PROG) -> None:
    parser = argparse.ArgumentParser(prog=prog, description=first_line(__doc__))
    parser.add_argument("--run", required=True, help="folder of the trained run, or of a shipped copy to push")
    parser.add_argument("--out", type=expanded, help="folder of the copy; without it, the run is pushed as it is")
    parser.add_argument("--gallery", default=GALLERY, type=expanded, help="folder with gallery.json")
    parser.add_argument(
        "--push", metavar="OWNER/NAME", help="upload the copy to this repository on the Hugging Face Hub"
    )
    parser.add_argument("--private", action="store_true", help="of --push: nobody else may see it")
    parser.add_argument("--revision", help="of --push: a branch (default: main)")
    parser.add_argument("--license", default="apache-2.0", metavar="ID", help="of --push: of the weights (%(default)s)")
    arguments = parser.parse_args(argv)
    if not (arguments.out or arguments.push):
        parser.error("got neither --out DIR nor --push OWNER/NAME, expected one of them or both")
    try:
        run = Run.load(arguments.run)
        if arguments.out:
            run = ship(run, arguments.out, arguments.gallery)
        size = sum(path.stat().st_size for path in run.dir.rglob("*") if path.is_file())
        print(f"{run.dir}: {run.finished_rounds()} rounds, {size / 1e6:.1f} MB.")
        if arguments.push:
            gallery, branch = arguments.gallery, arguments.revision
            commit = push(run, arguments.push, gallery, arguments.private, branch, arguments.license)
            place = f"hf://{arguments.push.removeprefix('hf://')}"
            print(f"Pushed: {commit.commit_url}")
            print(f"Open it: iaff {place}{f'@{branch}' if branch else ''}   This state of it: {place}@{commit.oid}")
    except UserError as error:
        sys.exit(f"{prog}: {error}")


if __name__ == "__main__":
    main()
