"""Writes traces: one photo through all rounds of a run, into the run's ``traces`` folder."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from iaff.config import Config
from iaff.data.transforms import grid_photo
from iaff.grid import UNKNOWN
from iaff.inference import Predictor
from iaff.method.cam import PROPOSED
from iaff.method.embedding import embed
from iaff.method.energy import image_weights
from iaff.method.figures import (
    PHOTO_ROWS,
    CamFigures,
    RoundFigures,
    Shares,
    mean_leak,
    median_reach,
    paper_energies,
    partial_figures,
    photo_labels,
    photo_miou,
    reference_energies,
)
from iaff.method.labels import allowed_classes
from iaff.method.metrics import to_photo
from iaff.method.mining import confident_map
from iaff.method.photo import RoundMaps, refine
from iaff.method.seeds import cam_labels, find_seeds
from iaff.method.superpixels import on_grid
from iaff.method.tag_rule import CLAIMED
from iaff.propagation import Linear
from iaff.run import Run
from iaff.trace import Trace
from iaff.trace.affinity import affinity_of, restored
from iaff.trace.encoding import encode_photo, encode_png, encode_superpixels, thumbnail

Progress = Callable[[str, float], None]  # (what is done next, share done 0..1); raising ends the work


@torch.no_grad()
def trace_photo(
    predictor: Predictor,
    image: np.ndarray,
    tags: np.ndarray | None = None,
    truth: np.ndarray | None = None,
    progress: Progress = lambda stage, share: None,
    **about: Any,
) -> Trace:
    """One photo through all finished rounds of a run.

    Args:
        image: ``uint8 (H, W, 3)``; tags: ``bool (C,)``, or None for those that the run claims.
        truth: ``uint8 (H, W)`` class ids, 255 void, for figures; a mask that is all void is as good as none.
        progress: told before each step.
        about: ``name``, and optionally ``title``, ``credit``, ``note`` for the trace's metadata.
    """
    config, run, count = predictor.config, predictor.run, len(predictor.rounds)
    if truth is not None and (truth == UNKNOWN).all():
        truth = None
    mask = None if truth is None else torch.from_numpy(truth.copy())
    progress("Looking for the classes (CAM)", 0)
    evidence = predictor.evidence(image, None if tags is None else torch.from_numpy(tags))
    claimed = evidence.claimed
    chosen = claimed if tags is None else torch.from_numpy(tags)
    classes = allowed_classes(chosen)
    progress("Superpixels and seeds", 1 / (count + 2))
    ids = predictor.superpixels(image)
    cells = on_grid(ids)
    cam = evidence.cam.half().float()  # as a reader of the trace will have it
    seeds = find_seeds(cam, chosen, cells, config.seeds)
    tensors = {
        "image": encode_photo(image),
        "cam": cam[chosen].half().numpy(),
        "cam_scales": (255 * evidence.scales[:, chosen]).round().byte().numpy(),
        "seeds": encode_png(seeds.numpy()),
        "superpixels": encode_superpixels(ids.numpy()),
    }
    if config.cam.climb.steps:
        tensors["cam_climb"] = (255 * evidence.climb[:, chosen]).round().byte().numpy()
        about["cam_climb"] = config.cam.climb.model_dump()
    if truth is not None:
        tensors["truth"] = encode_png(truth)
    weights = image_weights(grid_photo(image))
    rounds, before = [], None
    for t in range(1, count + 1):
        progress(f"Round {t} of {count}: unary map, confident regions, affinity", (t + 1) / (count + 2))
        maps = predictor.round(t, image, ids, classes)[0]
        kind, affinity = affinity_of(maps.g.to_arrays(), maps.g.grid).stored()
        saved = restored(kind, affinity.get, maps.g.grid)
        maps = _as_saved(maps, saved.propagator, cells, classes, config)
        tensors |= _round_tensors(f"rounds.{t}.", maps, cells, affinity)
        figures = round_figures(maps, weights, before, mask)
        rounds.append({"round": t, "affinity": kind, "figures": figures})
        before = classes[maps.alpha_p.argmax(0)]
    names = run.classes
    if evidence.rule:
        about["tag_sure"] = dict(zip(names[1:], evidence.rule.sure(evidence.peaks).tolist(), strict=True))
    meta = {
        **about,
        "size": [image.shape[1], image.shape[0]],
        "grid": [seeds.shape[1], seeds.shape[0]],
        "class_ids": classes.tolist(),
        "classes": [names[c] for c in classes],
        "tags": [names[c] for c in classes[1:]],
        "tag_scores": dict(zip(names[1:], evidence.probability.tolist(), strict=True)),
        "proposed": [name for name, yes in zip(names[1:], claimed.tolist(), strict=True) if yes],
        "cam_scales": list(config.cam.scales),
        "run": {"name": run.name, "classes": list(names), "rounds": count},
        "thresholds": {
            "seed_fg": config.seeds.foreground,
            "seed_bg": config.seeds.background,
            "seed_superpixels": float(config.seeds.superpixels),  # 1: CAM is averaged in them first
            "purity": config.mining.purity,
            "tau": config.mining.tau,
            "tau_background": config.mining.tau_background,
            "proposed": PROPOSED,
            **({"claimed": CLAIMED} if evidence.rule else {}),
        },
        "figures": {
            "seeds": partial_figures(seeds, mask),
            "cam": _cam_figures(cam, chosen, config.seeds.threshold, mask),
        },
        "rounds": rounds,
    }
    return Trace(meta, tensors)


def _round_tensors(
    prefix: str, maps: RoundMaps, cells: Tensor, affinity: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    sizes = torch.bincount(cells.flatten(), minlength=len(maps.pooled))
    tensors = {
        "alpha_u": maps.alpha_u.half().numpy(),
        "scores": maps.scores.half().numpy(),
        "embedding": embed(maps.pooled.numpy(), sizes.numpy()),
        "confident": encode_png(maps.confident.numpy()),
        **affinity,
    }
    return {prefix + name: tensor for name, tensor in tensors.items()}


def _cam_figures(cam: Tensor, tags: Tensor, threshold: float, truth: Tensor | None) -> CamFigures:
    """mIoU of CAM as a segmentation at the run's fixed threshold, where there is truth."""
    if truth is None:
        return {}
    miou = photo_miou(cam_labels(to_photo(cam, *truth.shape), tags, threshold), truth)
    return {} if miou is None else {"miou": miou}


def round_figures(maps: RoundMaps, weights: list[Tensor], before: Tensor | None, truth: Tensor | None) -> RoundFigures:
    """One photo's figures of a round; ``before`` is the last round's refined label map, as class ids."""
    unary, refined = maps.classes[maps.alpha_u.argmax(0)], maps.classes[maps.alpha_p.argmax(0)]
    shares = Shares.of(unary, maps.confident, refined, before)
    twice = refine(maps.g, maps.alpha_p)
    figures: RoundFigures = {
        "unary": {},
        "refined": {},
        "confident": {**partial_figures(maps.confident, truth), "relabelled": shares.relabelled},
        "changed": shares.changed,
        "agreement": shares.agreement,
        "reach": median_reach(maps.g, PHOTO_ROWS),
        "foreground": {"unary": shares.foreground_unary, "refined": shares.foreground_refined},
        "energy": {
            "paper": paper_energies(maps.alpha_u, maps.alpha_p, twice),
            "ref": reference_energies(maps.alpha_u, maps.alpha_p, weights),
        },
    }
    if truth is not None:
        for key, alpha in (("unary", maps.alpha_u), ("refined", maps.alpha_p)):
            miou = photo_miou(photo_labels(alpha, maps.classes, truth), truth)
            if miou is not None:
                figures[key]["miou"] = miou
        leak = mean_leak(maps.g, truth)
        if leak is not None:
            figures["leak"] = leak
    return figures


def _as_saved(maps: RoundMaps, g: Linear, cells: Tensor, classes: Tensor, config: Config) -> RoundMaps:
    """The maps as a reader of the trace will have them: half precision, and what follows from that."""
    alpha, scores = maps.alpha_u.half().float(), maps.scores.half().float()
    confident = confident_map(scores, cells, alpha.argmax(0), classes, config.mining)
    return replace(maps, alpha_u=alpha, scores=scores, confident=confident, g=g, alpha_p=refine(g, alpha))


def write_traces(run: Run, predictor: Predictor, photos: list[dict[str, Any]]) -> None:
    """Writes a trace per photo (``name``, ``image``, ``tags`` and what :func:`trace_photo` takes) and the index."""
    index = []
    for photo in photos:
        trace = trace_photo(predictor, **photo)
        trace.save(run.dir / "traces" / f"{photo['name']}.safetensors")
        index.append(
            {
                "name": photo["name"],
                "title": photo.get("title", photo["name"]),
                "file": f"{photo['name']}.safetensors",
                "thumb": thumbnail(photo["image"]),
                "tags": trace.meta["tags"],
            }
        )
    if index:
        run.write("traces/index.json", {"traces": index})
