"""Procedural scenes with image-level tags and exact masks: any number, from a seed, without a download.

One to three objects lie before a textured background and occlude each other. A class is a shape with a
texture pattern of its own; the colours of objects and background come from one exchangeable palette, so that
colour alone says nothing. The pattern fades out over part of every object: as in photos, only some of an
object is discriminative, and the rest has to be reached from there.
"""

from dataclasses import dataclass
from math import cos, pi, sin

import numpy as np
from PIL import Image, ImageFilter

CLASSES = ("background", "disc", "square", "triangle", "ring")
DIAMETER = (30.0, 68.0)  # px in a scene whose shorter side is 96 px; other sizes scale with it
PERIOD = (6.5, 9.0)  # px, of the patterns, scaled likewise
MIN_VISIBLE = 0.4  # share of an object within the image that must be left in sight
MIN_PIXELS = 40  # px in sight below which an object is left out of the scene
MAX_COVERED = 0.6  # share of the image that objects may cover
TILT = 0.25  # radians by which a pattern may be turned; outlines take any angle
CONTRAST = 0.22  # smallest RGB distance (0..1 per channel) between the mean colours of two regions
NOISE = 5  # standard deviation of the pixel noise, in grey levels


@dataclass(frozen=True)
class _Thing:
    """One object of a scene, in front of all those after it.

    Attributes:
        label: 1..C.
        x, y: ``float (H, W)`` px from the object's centre, along the axes of its pattern.
        distance: ``float (H, W)`` px from the outline, negative inside.
        radius: px.
    """

    label: int
    x: np.ndarray
    y: np.ndarray
    distance: np.ndarray
    radius: float


class Shapes:
    """Scene i depends on ``(seed, i)`` alone, so a longer set begins with the scenes of a shorter one.

    Args:
        n: number of scenes.
        seed: 0 or more; other seeds give other scenes.
        size: (H, W) in px, 48 or more each.
    """

    classes = CLASSES

    def __init__(self, n: int, seed: int = 0, size: tuple[int, int] = (96, 128)):
        if min(size) < 48:
            raise ValueError(f"Scenes of {size} px are too small for their textures; take 48 or more.")
        self.seed, self.size = seed, size
        self.ids = [f"shapes_{i:06d}" for i in range(n)]
        self.notes: list[str] = []

    def __len__(self) -> int:
        return len(self.ids)

    def image(self, i: int) -> np.ndarray:
        """Scene i as ``uint8 (H, W, 3)`` RGB, with softened edges and a little noise."""
        rng = self._rng(i)
        things, _ = _layout(rng, self.size)
        return _render(rng, things, self.size)

    def tags(self, i: int) -> np.ndarray:
        """Image-level tags of scene i as ``bool (C,)``, background not among them."""
        _, drawn = _layout(self._rng(i), self.size)  # not from mask(): training must do without that
        return np.isin(np.arange(1, len(CLASSES)), drawn)

    def mask(self, i: int) -> np.ndarray:
        """Exact labels of scene i as ``uint8 (H, W)``: 0 background, 1..C. For metrics only."""
        return _layout(self._rng(i), self.size)[1]

    def _rng(self, i: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, range(len(self))[i]])


# Layout: which object is where, and which pixels of it are in sight


def _layout(rng: np.random.Generator, size: tuple[int, int]) -> tuple[list[_Thing], np.ndarray]:
    """Places objects from front to back; returns them in this order, and the mask ``uint8 (H, W)``.

    An object of which too little would be seen is left out, so that tags and mask always agree.
    """
    mask = np.zeros(size, np.uint8)
    things: list[_Thing] = []
    wanted = rng.choice([1, 2, 3], p=[0.35, 0.35, 0.3])
    while not things:  # the first one always fits, unless it lies mostly outside
        for _ in range(3 * wanted):
            if len(things) == wanted:
                break
            thing = _place(rng, size)
            inside = thing.distance < 0
            seen = inside & (mask == 0)
            enough = seen.sum() >= max(MIN_VISIBLE * inside.sum(), MIN_PIXELS)
            if enough and (seen | (mask > 0)).mean() <= MAX_COVERED:
                mask[seen] = thing.label
                things.append(thing)
    return things, mask


def _place(rng: np.random.Generator, size: tuple[int, int]) -> _Thing:
    label = int(rng.integers(1, len(CLASSES)))
    radius = rng.uniform(*DIAMETER) / 2 * _scale(size)
    centre = rng.uniform(0.12, 0.88, 2) * size
    stretch = rng.uniform(0.9, 1.12)
    y, x = np.indices(size, np.float32) - np.asarray(centre, np.float32)[:, None, None]
    along, across = _turn(x, y, rng.uniform(0, 2 * pi))
    distance = radius * _outline(label, along / radius * stretch, across / radius / stretch)
    return _Thing(label, *_turn(x, y, rng.uniform(-TILT, TILT)), distance, radius)


def _turn(x: np.ndarray, y: np.ndarray, angle: float) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates along axes that are turned by ``angle`` (radians)."""
    return cos(angle) * x + sin(angle) * y, cos(angle) * y - sin(angle) * x


def _outline(label: int, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Distance from the outline of a shape of radius 1: negative inside."""
    name = CLASSES[label]
    if name == "disc":
        return np.hypot(x, y) - 1
    if name == "square":
        return np.maximum(abs(x), abs(y)) - 0.86
    if name == "triangle":
        return np.maximum(np.maximum(0.866 * x + 0.5 * y, -0.866 * x + 0.5 * y), -y) - 0.58
    return abs(np.hypot(x, y) - 0.72) - 0.28


# Appearance: patterns, colours, light


def _render(rng: np.random.Generator, things: list[_Thing], size: tuple[int, int]) -> np.ndarray:
    colours = iter(_palette(rng, len(things) + 2))
    image = _background(rng, size, colours)
    for thing in reversed(things):
        image += _coverage(thing) * (_texture(rng, thing, size, next(colours)) - image)
    light = 1 + 0.12 * (_noise(rng, size, 2) - 0.5)
    image = np.clip(255 * image * light, 0, 255).astype(np.uint8).transpose(1, 2, 0)
    blur = ImageFilter.GaussianBlur(rng.uniform(0.3, 0.7))
    image = np.asarray(Image.fromarray(np.ascontiguousarray(image)).filter(blur))
    return np.clip(image + NOISE * rng.standard_normal(image.shape, np.float32), 0, 255).astype(np.uint8)


def _coverage(thing: _Thing) -> np.ndarray:
    """Share of each pixel that lies inside the outline, ``(H, W)`` in 0..1."""
    return np.clip(0.5 - thing.distance, 0, 1)


def _palette(rng: np.random.Generator, regions: int) -> np.ndarray:
    """A darker and a lighter colour for each region: ``(regions, 2, 3)`` in 0..1.

    All regions are drawn together under a symmetric condition, so that no role has colours of its own.
    """
    while True:
        mean = rng.uniform(0.15, 0.85, (regions, 3))
        apart = np.linalg.norm(mean[:, None] - mean, axis=-1)[np.triu_indices(regions, 1)]
        if apart.min() >= CONTRAST:
            break
    # Light against dark, with some hue: patterns in photos are mostly so, and they are learnt sooner.
    step = rng.uniform(0.13, 0.2, (regions, 1)) + rng.normal(0, 0.05, (regions, 3))
    return np.clip(np.stack([mean - step, mean + step], 1), 0, 1).astype(np.float32)


def _background(rng: np.random.Generator, size: tuple[int, int], colours) -> np.ndarray:
    """One or, as with earth and sky, two textures: ``float (3, H, W)`` in 0..1."""
    image = _mix(next(colours), _backdrop(rng, size))
    other = _mix(next(colours), _backdrop(rng, size))
    if rng.random() < 0.5:
        border = np.clip(8 * (_noise(rng, size, 2) - 0.5) + 0.5, 0, 1)
        image += border * (other - image)
    return image


def _backdrop(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """A pattern that no class has, ``(H, W)`` in 0..1: clouds, blotches, a gradient, grain or waves."""
    kind = rng.integers(5)
    if kind == 0:
        return _noise(rng, size, int(rng.integers(4, 9)))
    if kind == 1:
        return _harden(6 * (_noise(rng, size, int(rng.integers(5, 10))) - 0.5))
    y, x = np.indices(size, np.float32) - np.asarray(size, np.float32)[:, None, None] / 2
    ramp = _ramp(rng, x, y, 0.5 * min(size))
    if kind == 2:
        return ramp
    if kind == 3:
        return np.clip(0.6 * rng.random(size, np.float32) + 0.4 * _noise(rng, size, 4), 0, 1)
    return _harden(np.sin(6 * ramp + 9 * _noise(rng, size, 5)))


def _texture(rng: np.random.Generator, thing: _Thing, size, colours: np.ndarray) -> np.ndarray:
    """The class's own pattern, strong at one side of the object and faint at the other: ``(3, H, W)``."""
    wave = 2 * pi / (rng.uniform(*PERIOD) * _scale(size))
    x, y = wave * thing.x, wave * thing.y
    name = CLASSES[thing.label]
    if name == "disc":  # light dots
        pattern = np.cos(x) + np.cos(y) - 0.7
    elif name == "square":  # level stripes
        pattern = 1.5 * np.sin(y)
    elif name == "triangle":  # upright stripes
        pattern = 1.5 * np.sin(x)
    else:  # checks on their corners
        pattern = 2 * np.sin(0.7 * (x + y)) * np.sin(0.7 * (x - y))
    strength = 0.25 + 0.75 * _ramp(rng, thing.x, thing.y, 0.6 * thing.radius)
    return _mix(colours, 0.5 + strength * (_harden(pattern) - 0.5))


def _mix(colours: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Paints shares ``(H, W)`` of the second of two colours: ``(3, H, W)``, planar because that is faster."""
    first, second = colours[..., None, None]
    return first + share * (second - first)


def _harden(wave: np.ndarray) -> np.ndarray:
    """Makes a wave around 0 steeper: 0..1."""
    return 0.5 + 0.5 * np.tanh(2 * wave)


def _ramp(rng: np.random.Generator, x: np.ndarray, y: np.ndarray, width: float) -> np.ndarray:
    """A soft step through the origin, ``width`` px wide, in a random direction: 0..1."""
    along, _ = _turn(x, y, rng.uniform(0, 2 * pi))
    return 0.5 + 0.5 * np.tanh(along / width)


def _noise(rng: np.random.Generator, size: tuple[int, int], cells: int) -> np.ndarray:
    """Smooth noise of about ``cells`` bumps along a side: ``(H, W)``, mean near 0.5, mostly in 0..1."""
    coarse = Image.fromarray(rng.random((cells + 1, cells + 2), np.float32))
    return np.asarray(coarse.resize((size[1], size[0]), Image.Resampling.BICUBIC))


def _scale(size: tuple[int, int]) -> float:
    return min(size) / 96
