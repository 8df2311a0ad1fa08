"""CAM and its climb, against the formulae."""

import numpy as np
import pytest
import torch

from iaff.config import Cam, Climb
from iaff.data.transforms import to_tensor
from iaff.method.cam import climbed_activations, find_evidence
from iaff.nets.classifier import Classifier
from iaff.nets.small import Small

CLASSES = 3


@pytest.fixture(scope="module")
def net():
    torch.manual_seed(0)
    net = Classifier(Small(2, 16), CLASSES).eval()
    net.head.weight.data.mul_(20)  # maps of an untrained network are nearly flat
    return net.requires_grad_(False)


@pytest.fixture(scope="module")
def image():
    return np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)


def test_a_step_is_the_textbooks(net, image):
    """One step for one class, written out with autograd on the whole photo, gives the same map."""
    how = Climb(steps=1, size=6, weight=0)
    photo = to_tensor(image)[None].float().requires_grad_()
    logits = net(photo)[0]
    (logits[2] - logits[0]).backward()
    moved = (photo + 6 * photo.grad / photo.grad.abs().max()).detach()
    expected = net.activations(moved)[0, 2].relu()
    got = climbed_activations(net, image, torch.tensor([0, 2]), how)[1, 1]
    fine = torch.nn.functional.interpolate(expected[None, None], got.shape, mode="bilinear", align_corners=False)[0, 0]
    torch.testing.assert_close(got, fine, rtol=1e-4, atol=1e-5)


def test_climbing_raises_the_class_and_holds_what_was_found(net, image):
    towards = torch.tensor([1])
    free, held = (climbed_activations(net, image, towards, Climb(steps=6, size=4, weight=w))[:, 0] for w in (0, 50))
    assert free[6].mean() > free[3].mean() > free[0].mean() > 0
    found = free[0] > 0.5 * free[0].max()
    change = [(m[6] - m[0])[found].abs().mean() for m in (free, held)]
    assert change[1] < change[0]


def test_tags_are_climbed_as_one_by_one_and_others_not_at_all(net, image):
    how = Cam(scales=(0.5, 1), climb=Climb(steps=2, weight=1))
    plain = find_evidence(net, image, Cam(scales=(0.5, 1)))
    both = find_evidence(net, image, how, torch.tensor([True, False, True]))
    torch.testing.assert_close(both.cam[1], plain.cam[1])
    assert both.climb.shape == (3, CLASSES, 12, 16)
    assert not both.climb[:, 1].any()
    assert not torch.equal(both.cam[0], plain.cam[0])
    for maps in (both.cam, both.climb, both.scales):
        assert maps.min() >= 0
        assert maps.max() <= 1
    torch.testing.assert_close(both.cam[[0, 2]].amax((1, 2)), torch.ones(2), rtol=1e-3, atol=1e-3)


def test_without_tags_the_photo_is_climbed_towards_what_is_proposed(net, image, monkeypatch):
    how = Cam(climb=Climb(steps=1))
    probability = find_evidence(net, image, how).probability
    monkeypatch.setattr("iaff.method.cam.PROPOSED", float(probability.mean()))  # some classes are above it, some below
    found = find_evidence(net, image, how)
    assert 0 < found.proposed.sum() < CLASSES
    torch.testing.assert_close(found.cam, find_evidence(net, image, how, found.proposed).cam)
    none = find_evidence(net, image, how, torch.zeros(CLASSES, dtype=torch.bool))
    assert not none.climb.any()
