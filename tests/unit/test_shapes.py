"""Procedural scenes: deterministic, honestly tagged, occluding, and not separable by colour."""

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from iaff.data.shapes import MIN_PIXELS, Shapes, _layout


@pytest.fixture(scope="module")
def scenes() -> Shapes:
    return Shapes(120, seed=7)


def test_formats(scenes):
    image, mask, tags = scenes.image(0), scenes.mask(0), scenes.tags(0)
    assert (image.shape, image.dtype) == ((96, 128, 3), np.uint8)
    assert (mask.shape, mask.dtype) == ((96, 128), np.uint8)
    assert (tags.shape, tags.dtype) == ((len(scenes.classes) - 1,), bool)
    assert scenes.classes[0] == "background"
    assert len(scenes.classes) >= 5
    assert len(scenes) == len(set(scenes.ids)) == 120


def test_scene_depends_on_seed_and_index_alone(scenes):
    longer, other = Shapes(500, seed=7), Shapes(120, seed=8)
    for i in (41, 3, 41):  # in any order, again and again
        assert np.array_equal(longer.image(i), scenes.image(i))
        assert np.array_equal(longer.mask(i), scenes.mask(i))
        assert longer.ids[i] == scenes.ids[i]
        assert not np.array_equal(other.image(i), scenes.image(i))
    with pytest.raises(IndexError):
        scenes.image(120)


def test_tags_are_the_classes_in_sight(scenes):
    for i in range(len(scenes)):
        pixels = np.bincount(scenes.mask(i).ravel(), minlength=len(scenes.classes))
        assert np.array_equal(scenes.tags(i), pixels[1:] > 0)
        assert pixels[pixels > 0].min() >= MIN_PIXELS


def test_every_class_and_every_number_of_tags_occurs(scenes):
    tags = np.array([scenes.tags(i) for i in range(len(scenes))])
    assert tags.mean(axis=0).min() > 0.2
    assert set(tags.sum(axis=1)) == {1, 2, 3}


def test_objects_occlude_each_other(scenes):
    hidden = 0
    for i in range(len(scenes)):
        things, mask = _layout(scenes._rng(i), scenes.size)
        inside = np.array([thing.distance < 0 for thing in things])
        hidden += (inside.sum(axis=0) > 1).sum() > MIN_PIXELS
        front = np.argmax(inside, axis=0)  # the first object that covers a pixel owns it
        labels = np.array([thing.label for thing in things])
        assert np.array_equal(mask, np.where(inside.any(axis=0), labels[front], 0))
    assert hidden > 0.2 * len(scenes)


@pytest.mark.parametrize("size", [(96, 128), (66, 101), (200, 150)])
def test_other_sizes_keep_the_share_of_the_objects(size):
    data = Shapes(40, size=size)
    assert data.image(0).shape == (*size, 3)
    assert 0.12 < np.mean([(data.mask(i) > 0).mean() for i in range(40)]) < 0.4


def test_too_small_is_refused():
    with pytest.raises(ValueError, match="48 or more"):
        Shapes(1, size=(32, 96))


def test_outlines_are_visible(scenes):
    """Narrow bands inside and outside the front object's outline differ in nearly every scene."""
    contrast = []
    for i in range(len(scenes)):
        image, distance = scenes.image(i).astype(float), _layout(scenes._rng(i), scenes.size)[0][0].distance
        bands = [image[(low < distance) & (distance < low + 3)].mean(axis=0) for low in (-4, 1)]
        contrast.append(abs(bands[0] - bands[1]).max())
    assert np.mean(np.array(contrast) > 20) > 0.9  # grey levels of 255


def test_colour_alone_does_not_separate(scenes):
    """The best colour classifier is hardly better than chance on scenes that it has not seen."""
    rng = np.random.default_rng(0)

    def pixels(first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        colours, labels = [], []
        for i in range(first, last):
            foreground = scenes.mask(i) > 0
            for side in (foreground, ~foreground):  # as many of the one as of the other
                colours.append(rng.permutation(scenes.image(i)[side])[:150])
                labels.append(np.full(len(colours[-1]), side is foreground))
        return np.concatenate(colours).astype(float), np.concatenate(labels)

    model = KNeighborsClassifier(101).fit(*pixels(0, 90))
    colours, labels = pixels(90, 120)
    accuracy = model.score(colours, labels)
    print(f"foreground against background by colour: {accuracy:.1%} of pixels right (chance 50 %)")
    assert accuracy < 0.58
