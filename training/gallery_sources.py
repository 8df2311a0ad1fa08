"""Builds ``assets/gallery`` from its sources: ``python -m training.gallery_sources --hopper FILE --stamps DIR``.

Photos of scikit-image with masks drawn by hand (polygons in ``polygons.json``), and composites of photographic
cut-outs, whose mattes give exact masks. ``--hopper`` is ``grace_hopper.jpg`` of matplotlib's sample data,
``--stamps`` the folder ``stamps/animals/mammals`` of Debian's tuxpaint-stamps-default.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from skimage import data
from sklearn.datasets import load_sample_image

CLASSES = ("background", "cat", "cow", "dog", "horse", "person", "sheep")
SIDE = 352  # px, the longer side
VOID = 255
BAND = 3  # px, width of the void band along a hand-drawn outline, as in VOC
# composite -> cut-outs as (stamp, class, width px, centre x, foot y)
COMPOSITES = {
    "pasture": [("bovines/cow", "cow", 190, 112, 214), ("bovines/sheep", "sheep", 120, 280, 240)],
    "yard": [("equines/horse", "horse", 205, 225, 206), ("dogs/dog", "dog", 92, 80, 240)],
}


def fit(image: Image.Image) -> Image.Image:
    """A copy whose longer side is SIDE px."""
    image = image.convert("RGB")
    image.thumbnail((SIDE, SIDE), Image.LANCZOS)
    return image


def polygon_mask(size: tuple[int, int], points: list[list[int]], label: int) -> Image.Image:
    """A filled polygon with a void band along its outline, none along the photo's edge."""
    mask = Image.new("L", size, 0)
    draw = ImageDraw.Draw(mask)
    draw.polygon([tuple(p) for p in points], fill=label)
    width, height = size
    for (x0, y0), (x1, y1) in zip(points, points[1:] + points[:1]):
        along = (x0 == x1 and x0 in (0, width - 1)) or (y0 == y1 and y0 in (0, height - 1))
        if not along:
            draw.line([(x0, y0), (x1, y1)], fill=VOID, width=BAND)
    return mask


def scene(ground: np.ndarray, tint: tuple[float, float, float]) -> Image.Image:
    """A view of the Summer Palace (china.jpg) above a ground made of a grey texture."""
    view = Image.fromarray(load_sample_image("china.jpg")).resize((352, 235), Image.LANCZOS)
    view = view.crop((0, 40, 352, 235))
    height, top = 264, 130
    canvas = Image.new("RGB", (352, height))
    canvas.paste(view, (0, 0))
    texture = Image.fromarray(ground).resize((420, 420), Image.LANCZOS).crop((34, 0, 386, height - top + 24))
    far = np.linspace(0.75, 1.1, texture.height)[:, None, None]  # farther ground is darker
    coloured = np.clip(np.asarray(texture, float)[..., None] * far * tint, 0, 255).astype(np.uint8)
    start = top - 24
    fade = np.clip(np.arange(texture.height) / 34, 0, 1)[:, None] * np.ones((1, 352))
    canvas.paste(Image.fromarray(coloured), (0, start), Image.fromarray((255 * fade).astype(np.uint8)))
    return canvas


def composite(background: Image.Image, things: list, stamps: Path) -> tuple[Image.Image, Image.Image]:
    """Cut-outs on a background, with soft shadows and feathered edges, and their mask."""
    photo, mask = background, np.zeros((background.height, background.width), np.uint8)
    for stamp, name, width, x, foot in things:
        cut = Image.open(stamps / f"{stamp}.png").convert("RGBA")
        cut = cut.resize((width, round(cut.height * width / cut.width)), Image.LANCZOS)
        place = (x - width // 2, foot - cut.height)
        matte = Image.new("L", photo.size, 0)
        matte.paste(cut.getchannel("A"), place)
        matte = matte.filter(ImageFilter.GaussianBlur(0.8))
        shadow = Image.new("L", photo.size, 0)
        ImageDraw.Draw(shadow).ellipse((place[0] + 8, foot - 9, place[0] + width - 8, foot + 7), fill=130)
        photo = Image.composite(
            Image.new("RGB", photo.size, (20, 22, 16)), photo, shadow.filter(ImageFilter.GaussianBlur(5))
        )
        layer = Image.new("RGB", photo.size)
        layer.paste(cut.convert("RGB"), place)
        # outside the matte the stamp's colour is undefined: spread it before blending
        layer = Image.composite(
            layer, layer.filter(ImageFilter.GaussianBlur(2)), matte.point(lambda v: 255 * (v > 200))
        )
        photo = Image.composite(layer, photo, matte)
        share = np.asarray(matte) / 255
        mask[share > 0.1] = VOID
        mask[share > 0.9] = CLASSES.index(name)
    noise = np.random.default_rng(0).normal(0, 2.5, (photo.height, photo.width, 1))
    grainy = np.clip(np.asarray(photo.filter(ImageFilter.GaussianBlur(0.4)), float) + noise, 0, 255)
    return Image.fromarray(grainy.astype(np.uint8)), Image.fromarray(mask)


def build(out: Path, hopper: Path, stamps: Path) -> None:
    """Writes every photo and mask that ``gallery.json`` lists."""
    polygons = json.loads((out / "polygons.json").read_text())
    photos = {
        "chelsea": fit(Image.fromarray(data.chelsea())),
        "astronaut": fit(Image.fromarray(data.astronaut())),
        "hopper": fit(Image.open(hopper)),
        "coffee": fit(Image.fromarray(data.coffee())),
    }
    for name, photo in photos.items():
        shape = polygons.get(name)
        empty = Image.new("L", photo.size, 0)
        mask = polygon_mask(photo.size, shape["points"], CLASSES.index(shape["class"])) if shape else empty
        save(out, name, photo, mask)
    grass, gravel = data.grass(), data.gravel()
    save(out, "pasture", *composite(scene(grass, (0.72, 0.92, 0.42)), COMPOSITES["pasture"], stamps))
    save(out, "yard", *composite(scene(gravel, (0.98, 0.9, 0.76)), COMPOSITES["yard"], stamps))


def save(out: Path, name: str, photo: Image.Image, mask: Image.Image) -> None:
    """A photo as JPEG and its mask as grey PNG of class ids."""
    photo.save(out / f"{name}.jpg", quality=88, optimize=True)
    mask.save(out / f"{name}_mask.png", optimize=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.gallery_sources", description=__doc__.splitlines()[0])
    parser.add_argument("--hopper", type=Path, required=True, help="matplotlib's grace_hopper.jpg")
    parser.add_argument("--stamps", type=Path, required=True, help="tuxpaint's stamps/animals/mammals")
    parser.add_argument("--out", type=Path, default=Path("assets/gallery"))
    arguments = parser.parse_args()
    build(arguments.out, arguments.hopper, arguments.stamps)


if __name__ == "__main__":
    main()
