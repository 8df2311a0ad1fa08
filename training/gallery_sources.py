"""Builds ``assets/gallery``: ``python -m training.gallery_sources --sources DIR``.

Photos with masks drawn by hand (polygons in ``polygons.json``), and composites of photographic cut-outs,
whose mattes give exact masks. The folder of sources holds what its README lists: ``grace_hopper.jpg``
(matplotlib's sample data), ``cow.jpg`` (Debian's r-cran-cowplot), ``dogs.jpg`` (the examples of Debian's
libdlib19.1) and ``mammals/`` (``stamps/animals/mammals`` of Debian's tuxpaint-stamps-default).
"""

import argparse
import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageOps
from scipy.ndimage import gaussian_filter, map_coordinates
from skimage import data
from sklearn.datasets import load_sample_image

from iaff.places import expanded

CLASSES = ("background", "cat", "cow", "dog", "horse", "person", "sheep")
SIDE = 352  # px, the longer side
VOID = 255
BAND = 3  # px, width of the void band along a hand-drawn outline, as in VOC
# composite -> cut-outs as (stamp, class, width px, centre x, foot y)
COMPOSITES = {
    "pasture": [("bovines/cow", "cow", 190, 112, 214), ("bovines/sheep", "sheep", 120, 280, 240)],
    "yard": [("equines/horse", "horse", 205, 225, 206), ("dogs/dingo", "dog", 104, 74, 254)],
}


def fit(image: Image.Image) -> Image.Image:
    """A copy whose longer side is SIDE px."""
    image = image.convert("RGB")
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    return image


def polygon_mask(size: tuple[int, int], shape: dict) -> Image.Image:
    """A filled polygon with a void band along its outline, none along the photo's edge.

    ``shape`` is {"class", "points"} and, where the photo does not tell what a region is, "void" (polygons).
    """
    mask = Image.new("L", size, 0)
    draw = ImageDraw.Draw(mask)
    for points in shape.get("void", []):
        draw.polygon([tuple(p) for p in points], fill=VOID)
    points = shape["points"]
    draw.polygon([tuple(p) for p in points], fill=CLASSES.index(shape["class"]))
    width, height = size
    for (x0, y0), (x1, y1) in zip(points, points[1:] + points[:1]):
        along = (x0 == x1 and x0 in (0, width - 1)) or (y0 == y1 and y0 in (0, height - 1))
        if not along:
            draw.line([(x0, y0), (x1, y1)], fill=VOID, width=BAND)
    return mask


def ground(texture: np.ndarray, tint: tuple[float, float, float], height: int) -> Image.Image:
    """A plane SIDE x ``height`` px, receding from bottom to top: a grey texture (0..255), tinted."""
    fine, eye = 4, 60  # samples per px and axis against aliasing; px from the plane's top up to the horizon
    y, x = np.mgrid[0 : height * fine, 0 : SIDE * fine] / fine
    depth = (height + eye) / (y + eye)  # 1 at the bottom
    where = np.stack([1.5 * (height + eye) * depth, texture.shape[1] / 2 + 1.5 * (x - SIDE / 2) * depth])
    grey = map_coordinates(texture.astype(float), where, order=1, mode="mirror")
    grey = grey.reshape(height, fine, SIDE, fine).mean((1, 3))
    light = np.linspace(0.8, 1.0, height)[:, None]  # farther ground is darker
    return Image.fromarray(np.clip((grey * light)[..., None] * tint, 0, 255).astype(np.uint8))


def scene(view: Image.Image, plane: Image.Image) -> Image.Image:
    """A view, SIDE px wide, and below it a plane; the seam is soft."""
    soft = 8  # px
    canvas = Image.new("RGB", (SIDE, view.height + plane.height - soft))
    canvas.paste(view, (0, 0))
    rise = np.clip(np.arange(plane.height) / soft, 0, 1)[:, None] * np.ones((1, SIDE))
    canvas.paste(plane, (0, view.height - soft), Image.fromarray((255 * rise).astype(np.uint8)))
    return canvas


def scenes() -> dict[str, Image.Image]:
    """The composites' backgrounds, 352 x 264 px: two views out of china.jpg, each above a ground."""
    china = Image.fromarray(load_sample_image("china.jpg"))
    lake = china.crop((372, 233, 640, 340)).resize((SIDE, 140), Image.Resampling.LANCZOS)
    palace = ImageOps.mirror(china.crop((20, 190, 430, 353)).resize((SIDE, 140), Image.Resampling.LANCZOS))
    return {
        "pasture": scene(lake, ground(data.grass(), (0.74, 0.88, 0.42), 132)),
        "yard": scene(palace, ground(data.gravel(), (1.08, 1.0, 0.86), 132)),
    }


def place(stamp: Path, width: int, x: int, foot: int, size: tuple) -> tuple[Image.Image, Image.Image]:
    """A cut-out on an empty layer of ``size`` px: its colours, spread beyond its outline, and its matte."""
    cut = Image.open(stamp).convert("RGBA")
    cut = cut.resize((width, round(cut.height * width / cut.width)), Image.Resampling.LANCZOS)
    layer = Image.new("RGBA", size)
    layer.paste(cut, (x - width // 2, foot - cut.height))
    pixels = np.asarray(layer, float)
    alpha = pixels[..., 3:] / 255
    # where the matte is thin, a stamp's colour is a rest of its old background: take the neighbours' instead
    solid = alpha * (alpha > 0.5)
    spread = gaussian_filter(pixels[..., :3] * solid, (2, 2, 0)) / (gaussian_filter(solid, (2, 2, 0)) + 1e-6)
    colour = np.where(alpha > 0.5, pixels[..., :3], spread)
    matte = Image.fromarray((255 * gaussian_filter(alpha[..., 0], 0.7)).astype(np.uint8))
    return Image.fromarray(np.clip(colour, 0, 255).astype(np.uint8)), matte


def shadow(matte: Image.Image) -> Image.Image:
    """A soft shadow at an animal's feet: its matte, flattened onto the ground."""
    left, top, right, foot = matte.getbbox() or (0, 0, *matte.size)
    flat = matte.crop((left, top, right, foot)).resize((right - left, (foot - top) // 6), Image.Resampling.BOX)
    dark = Image.new("L", matte.size)
    dark.paste(flat, (left, foot - flat.height * 3 // 4))
    return dark.filter(ImageFilter.GaussianBlur(3)).point([round(0.65 * v) for v in range(256)])


def composite(photo: Image.Image, things: list, stamps: Path) -> tuple[Image.Image, Image.Image]:
    """Cut-outs on a background, with soft shadows and feathered edges, and their mask."""
    mask = np.zeros((photo.height, photo.width), np.uint8)
    for stamp, name, width, x, foot in things:
        layer, matte = place(stamps / f"{stamp}.png", width, x, foot, photo.size)
        photo = Image.composite(Image.new("RGB", photo.size, (18, 20, 14)), photo, shadow(matte))
        photo = Image.composite(layer, photo, matte)
        share = np.asarray(matte) / 255
        mask[share > 0.1] = VOID
        mask[share > 0.9] = CLASSES.index(name)
    # one grain and one sharpness over everything, as from one camera
    grain = np.random.default_rng(0).normal(0, 2, (photo.height, photo.width, 1))
    pixels = np.asarray(photo.filter(ImageFilter.GaussianBlur(0.4)), float) + grain
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)), Image.fromarray(mask)


def build(out: Path, sources: Path) -> None:
    """Writes every photo and mask that ``gallery.json`` lists."""
    polygons = json.loads((out / "polygons.json").read_text("utf-8"))
    dogs = Image.open(sources / "dogs.jpg")  # four photos in one
    photos = {
        "chelsea": fit(Image.fromarray(data.chelsea())),
        "astronaut": fit(Image.fromarray(data.astronaut())),
        "hopper": fit(Image.open(sources / "grace_hopper.jpg")),
        "cow": fit(Image.open(sources / "cow.jpg").crop((0, 0, 1140, 720))),  # without the line of credit
        "frisbee": fit(dogs.crop((464, 0, 900, 452))),
        "spitz": fit(dogs.crop((0, 456, 460, 916))),
        "coffee": fit(Image.fromarray(data.coffee())),
    }
    for name, photo in photos.items():
        shape = polygons.get(name)
        empty = Image.new("L", photo.size, 0)
        save(out, name, photo, polygon_mask(photo.size, shape) if shape else empty)
    for name, background in scenes().items():
        save(out, name, *composite(background, COMPOSITES[name], sources / "mammals"))


def save(out: Path, name: str, photo: Image.Image, mask: Image.Image) -> None:
    """A photo as JPEG and its mask as grey PNG of class ids."""
    photo.save(out / f"{name}.jpg", quality=88, optimize=True)
    mask.save(out / f"{name}_mask.png", optimize=True)


def main() -> None:
    description = "Builds the gallery's photos and masks from their sources."
    parser = argparse.ArgumentParser(prog="python -m training.gallery_sources", description=description)
    parser.add_argument("--sources", type=expanded, required=True, help="folder with the files named above")
    parser.add_argument("--out", type=expanded, default=Path("assets/gallery"))
    arguments = parser.parse_args()
    build(arguments.out, arguments.sources)


if __name__ == "__main__":
    main()
