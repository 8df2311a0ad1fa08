"""The stages of a round for the throughput benchmark: the loop's own code for each, and the bare networks."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from iaff.method.cam import find_evidence
from iaff.method.mining import region_scores
from iaff.method.stages import Stages
from iaff.nets.unary import unary_logits

from ..trainer import make_optimiser
from .timed import Timed

Made = dict[str, Any]  # networks and maps of the stages so far


@dataclass(frozen=True)
class Part:
    """A stage: ``real`` runs it on what the ones before made."""

    title: str
    real: Callable[[Stages, Made], Any]
    fit: str = ""  # a training: its section of the settings; else a pass over all photos
    unit: str = "photos"
    once: bool = False  # for all rounds


PARTS = {
    "classifier": Part("classifier training", lambda s, made: s.train_classifier(), "classifier", once=True),
    "superpixels": Part("superpixels", lambda s, made: s.find_superpixels(), once=True),
    "seeds": Part("seeds (CAM)", lambda s, made: s.find_seeds(made["classifier"]), once=True),
    "unary": Part("unary training", lambda s, made: s.train_unary(1, made["seeds"], None), "unary"),
    "alpha_u": Part("alpha^u", lambda s, made: s.predict_unary(1, made["unary"])),
    "region": Part(
        "region training",
        lambda s, made: s.train_region(1, made["unary"], made["alpha_u"]),
        "mining",
        unit="superpixels",
    ),
    "mining": Part("mining", lambda s, made: s.mine(1, made["region"], made["alpha_u"])),
    "pairwise": Part(
        "pairwise training", lambda s, made: s.train_pairwise(1, made["alpha_u"], made["mining"], None), "pairwise"
    ),
    "alpha_p": Part("alpha^p", lambda s, made: s.refine(1, made["pairwise"], made["alpha_u"])),
}


def bare_works(name: str, s: Stages, made: Made, trainer: Timed) -> list[Callable[[], Any]]:
    """What the networks alone do in a stage's timed steps or photos, on the same data, held in memory.

    Superpixels have no network: nothing.
    """
    if PARTS[name].fit:
        return [bare_step(trainer)] * trainer.span
    photos = range(trainer.skipped, trainer.skipped + trainer.span)
    return [forward(trainer, work) for work in bare_passes(name, s, made, photos)]


def bare_step(trainer: Timed) -> Callable[[], None]:
    """One step on the last batch of the real training: forward, backward and optimiser."""
    assert trainer.taught  # by the real training
    net, loss, batches = trainer.taught
    net.train()
    optimiser, _ = make_optimiser(net, trainer.how)

    def step() -> None:
        for batch in batches:
            counts = loss.counts(batch).to(trainer.device).float().clamp(min=1)
            with trainer.accelerator.autocast():
                value = loss.value(net, batch, counts)
            value.backward()
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)

    return step


def bare_passes(name: str, s: Stages, made: Made, photos: range) -> list[Callable[[], Any]]:
    """The forward of each photo in ``photos``; what it needs is read here."""
    device = s.trainer.device
    match name:
        case "seeds":
            tags = [torch.from_numpy(s.photos.tags(i)) for i in photos]
            return [
                partial(find_evidence, made["classifier"], s.photos.image(i), s.config.cam, t)
                for i, t in zip(photos, tags)
            ]
        case "alpha_u":
            scales = s.config.unary_scales
            return [partial(unary_logits, made["unary"], s.photos.image(i), scales=scales) for i in photos]
        case "mining":
            return [
                partial(region_scores, made["region"], made["alpha_u"][i]["pooled"].to(device), s.class_ids(i))
                for i in photos
            ]
        case "alpha_p":
            alphas = [made["alpha_u"][i]["alpha"][None].float().to(device) for i in photos]
            return [partial(refine, made["pairwise"], s.photos.image(i), alpha) for i, alpha in zip(photos, alphas)]
    return []


def refine(g: Any, image: Any, alpha: torch.Tensor) -> torch.Tensor:
    """alpha^p of one photo. (The real pass refines it once more, for the paper's energy.)"""
    return g.propagator(image).propagate(alpha)


def forward(trainer: Timed, work: Callable[[], Any]) -> Callable[[], Any]:
    """As the trainer's passes compute: without gradients, in its precision."""

    def computed() -> Any:
        with torch.no_grad(), trainer.accelerator.autocast():
            return work()

    return computed
