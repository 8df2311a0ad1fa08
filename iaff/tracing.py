"""Writes traces: one photo through all rounds of a run, into the run's ``traces`` folder."""

import base64
import io
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from iaff.data.transforms import UNKNOWN, enlarge, grid_size, to_tensor
from iaff.energy import image_weights, paper_energy, reference_energy
from iaff.explain import Explainer, RoundMaps
from iaff.labels import allowed_classes
from iaff.metrics import Partial, Segmentation, to_photo
from iaff.propagation import propagate, sample_reach
from iaff.run import Run
from iaff.seeds import cam_labels, find_seeds
from iaff.superpixels import on_grid
from iaff.trace import Trace, encode_photo, encode_png, encode_superpixels, half_down

THUMBNAIL = 96  # px, height


def grid_photo(image: np.ndarray) -> Tensor:
    """A photo ``uint8 (H, W, 3)`` averaged onto the affinity grid: ``float (3, h, w)``."""
    return adaptive_avg_pool2d(to_tensor(image).float(), grid_size(*image.shape[:2]))


@torch.no_grad()
def explain(explainer: Explainer, image: np.ndarray, tags: np.ndarray, truth: np.ndarray | None = None,
            **about: Any) -> Trace:  # fmt: skip
    """One photo through all finished rounds of a run.

    Args:
        image: ``uint8 (H, W, 3)``; tags: ``bool (C,)``; truth: ``uint8 (H, W)`` class ids, 255 void, for figures.
        about: ``name``, and optionally ``title``, ``credit``, ``note`` for the trace's metadata.
    """
    config, run = explainer.config, explainer.run
    tags_t, mask = torch.from_numpy(tags), None if truth is None else torch.from_numpy(truth.copy())
    classes = allowed_classes(tags_t)
    cam, probability = explainer.cam(image)
    ids = explainer.superpixels(image)
    seeds = find_seeds(cam, tags_t, on_grid(ids), config.seeds)
    tensors = {
        "image": encode_photo(image),
        "cam": cam[tags_t].half().numpy(),
        "seeds": encode_png(seeds.numpy()),
        "superpixels": encode_superpixels(ids.numpy()),
    }
    if mask is not None:
        tensors["truth"] = encode_png(truth)
    weights = image_weights(grid_photo(image))
    rounds, before = [], None
    for t in range(1, len(explainer.rounds) + 1):
        maps = _as_saved(explainer.round(t, image, ids, classes)[0], config.loss.passes)
        tensors |= {
            f"rounds.{t}.alpha_u": maps.alpha_u.half().numpy(),
            f"rounds.{t}.scores": maps.scores.half().numpy(),
            f"rounds.{t}.confident": encode_png(maps.confident.numpy()),
            f"rounds.{t}.gates": half_down(maps.gates[0].numpy()),
        }
        figures = round_figures(maps, classes, weights, config.loss.passes, before, mask)
        rounds.append({"round": t, "affinity": {"kind": "scan", "passes": config.loss.passes}, "figures": figures})
        before = maps.alpha_p.argmax(0)
    names = run.classes
    meta = {
        **about,
        "size": [image.shape[1], image.shape[0]],
        "grid": [cam.shape[2], cam.shape[1]],
        "class_ids": classes.tolist(),
        "classes": [names[c] for c in classes],
        "tags": [names[c] for c in classes[1:]],
        "tag_scores": dict(zip(names[1:], probability.tolist(), strict=True)),
        "run": {"name": run.name, "classes": list(names), "rounds": len(rounds)},
        "thresholds": {"seed_fg": config.seeds.foreground, "seed_bg": config.seeds.background,
                       "purity": config.mining.purity, "tau": config.mining.tau},
        "figures": {"seeds": _partial(seeds, mask), "cam": _cam_figures(cam, tags_t, config.seeds.threshold, mask)},
        "rounds": rounds,
    }  # fmt: skip
    return Trace(meta, tensors)


def _cam_figures(cam: Tensor, tags: Tensor, threshold: float, truth: Tensor | None) -> dict[str, float]:
    """mIoU of CAM as a segmentation at the run's fixed threshold, where there is truth."""
    if truth is None:
        return {}
    return {"miou": _miou(cam_labels(to_photo(cam, *truth.shape), tags, threshold), truth)}


def _miou(labels: Tensor, truth: Tensor) -> float:
    """mIoU of one photo over the classes that occur or are predicted; maps of class ids ``(H, W)``."""
    score = Segmentation(max(2, int(max(labels.max(), truth[truth != UNKNOWN].max())) + 1))
    score.add(labels, truth)
    return score.miou()


def round_figures(maps: RoundMaps, classes: Tensor, weights: list[Tensor], passes: int,
                  before: Tensor | None, truth: Tensor | None) -> dict[str, Any]:  # fmt: skip
    """One photo's figures of one round; ``before`` is the last round's refined label map, as channels."""
    u, p = maps.alpha_u.argmax(0), maps.alpha_p.argmax(0)
    known = maps.confident != UNKNOWN
    twice = propagate(maps.alpha_p[None], maps.gates, passes)[0]
    figures = {
        "unary": {}, "refined": {},
        "confident": {**_partial(maps.confident, truth),
                      "relabelled": float((known & (maps.confident != classes[u])).sum() / known.sum().clamp(min=1))},
        "changed": float((p != (u if before is None else before)).float().mean()),
        "agreement": float((p == u).float().mean()),
        "reach": float(sample_reach(maps.gates, passes).double().median()),
        "foreground": {"unary": float((u > 0).float().mean()), "refined": float((p > 0).float().mean())},
        "energy": {
            "paper": {"unary": paper_energy(maps.alpha_u, maps.alpha_p),
                      "refined": paper_energy(maps.alpha_p, twice)},
            "ref": {"unary": reference_energy(maps.alpha_u, weights),
                    "refined": reference_energy(maps.alpha_p, weights)},
        },
    }  # fmt: skip
    if truth is not None:
        for key, alpha in (("unary", maps.alpha_u), ("refined", maps.alpha_p)):
            figures[key]["miou"] = _miou(classes[to_photo(alpha, *truth.shape).argmax(0)], truth)
        figures["leak"] = leak_rate(maps.gates, truth, passes)
    return figures


def leak_rate(gates: Tensor, truth: Tensor, passes: int) -> float:
    """Mean share of a non-void pixel's decision that comes from pixels of another true label, 0..1."""
    labels = on_grid(truth).long()
    valid = labels != UNKNOWN
    channels = labels[valid].unique()
    one_hot = (labels == channels[:, None, None]).float()
    kept = (propagate(one_hot[None], gates, passes)[0] * one_hot).sum(0)
    return float((1 - kept)[valid].mean())


def _as_saved(maps: RoundMaps, passes: int) -> RoundMaps:
    """The maps as a reader of the trace will have them: half precision, alpha^p from the saved gates."""
    alpha = maps.alpha_u.half().float()
    gates = torch.from_numpy(half_down(maps.gates.numpy()).astype(np.float32))
    return RoundMaps(alpha, maps.scores, maps.confident, gates, propagate(alpha[None], gates, passes)[0])


def _partial(labels: Tensor, truth: Tensor | None) -> dict[str, float]:
    """Coverage of a label map on the grid and, against truth at photo size, its precision."""
    if truth is None:
        return {"coverage": float((labels != UNKNOWN).float().mean())}
    score = Partial()
    score.add(enlarge(labels, *truth.shape), truth)
    return {"coverage": score.coverage(), "precision": score.precision()}


def write_traces(run: Run, explainer: Explainer, photos: list[dict[str, Any]]) -> None:
    """Writes a trace per photo (``name``, ``image``, ``tags`` and what :func:`explain` takes) and the index."""
    index = []
    for photo in photos:
        trace = explain(explainer, **photo)
        trace.save(run.dir / "traces" / f"{photo['name']}.safetensors")
        index.append({"name": photo["name"], "title": photo.get("title", photo["name"]),
                      "file": f"{photo['name']}.safetensors", "thumb": _thumbnail(photo["image"]),
                      "tags": trace.meta["tags"]})  # fmt: skip
    if index:
        run.write("traces/index.json", {"traces": index})


def _thumbnail(image: np.ndarray) -> str:
    """A small JPEG of a photo as a data URI."""
    small = Image.fromarray(image)
    small.thumbnail((10 * THUMBNAIL, THUMBNAIL))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
