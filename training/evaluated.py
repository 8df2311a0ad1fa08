"""What an evaluation leaves in the run (see :mod:`iaff.run`): each photo's figures, and the table of propagators."""

from typing import Any

from torch import Tensor

from iaff.method.figures import Shares, mean_leak, partial_figures, photo_ious, photo_labels, photo_miou
from iaff.method.photo import RoundMaps
from iaff.run import SPLIT, Run
from iaff.run_table import iou_columns

from .propagators import MEANING


class PhotoRows:
    """The lines of ``images_SPLIT.csv``. It takes the photos one by one, the rounds of each in order.

    Args:
        names: of the classes by id.
    """

    def __init__(self, names: tuple[str, ...]):
        self.names = names
        self.rows: list[dict[str, Any]] = []
        self._before: tuple[str, int, Tensor] | None = None  # photo, round and labels of what was added last

    def add(self, photo: str, t: int, maps: RoundMaps, truth: Tensor) -> None:
        """Adds a photo's maps, with its tags, of round ``t`` (from 1), against truth ``(H, W)``."""
        unary, refined = (maps.classes[alpha.argmax(0)] for alpha in (maps.alpha_u, maps.alpha_p))
        earlier = self._before[2] if self._before and self._before[:2] == (photo, t - 1) else None
        self._before = photo, t, refined
        shares = Shares.of(unary, maps.confident, refined, earlier)
        confident = partial_figures(maps.confident, truth)
        whole = photo_labels(maps.alpha_p, maps.classes, truth)
        self.rows.append(
            {
                "round": t,
                "image": photo,
                "changed": shares.changed if earlier is not None or t == 1 else None,
                "agreement": shares.agreement,
                "coverage": confident.get("coverage"),
                "miou_unary": photo_miou(photo_labels(maps.alpha_u, maps.classes, truth), truth),
                "miou_refined": photo_miou(whole, truth),
                "precision": confident.get("precision"),
                "leak": mean_leak(maps.g, truth),
                **iou_columns(photo_ious(whole, truth, self.names), self.names),
            }
        )


def store(run: Run, result: dict[str, Any], photos: PhotoRows) -> str:
    """Writes into the run what the explorer shows of an evaluation.

    Returns:
        what was written, or why nothing was, as a sentence.
    """
    data, split = result["data"], result["split"]
    if not SPLIT.fullmatch(split):
        return f"Nothing was written into the run: {split!r} is no name of a file."
    if "snapshots" in run.dir.parts:  # a link there would be one into the Hub's cache
        return "Nothing was written into the run, which is a download from the Hub."
    names = [f"images_{split}.csv"]
    try:
        run.write_images(photos.rows, list(photos.rows[0]), split)
        if "comparison" in result:
            others = [one for one in run.propagators()["tables"] if (one["data"], one["split"]) != (data, split)]
            about = {key: result[key] for key in ("data", "split", "images", "choice")}
            scores = {
                name: {"title": MEANING.get(name, f"affinity of {name}"), **score}
                for name, score in result["comparison"]["propagators"].items()
            }
            table = {**about, **result["comparison"], "propagators": scores}
            run.write("propagators.json", {"tables": [*others, table]})
            names.append("propagators.json")
    except OSError as error:
        return f"Nothing was written into the run: {run.dir}: {error.strerror or error}."
    return f"For the explorer (All photos, the run's figures): {' and '.join(names)} in {run.dir}"
