"""Odd photos, made here: file name -> (bytes, None where it is a good photo, else what the error says)."""

import io
import struct
import zlib

import numpy as np
from PIL import Image, TiffImagePlugin
from skimage.data import chelsea


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def huge_png(width: int, height: int) -> bytes:
    """A valid header of a PNG of that size, with next to no data."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(bytes(1000))), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def odd_photos() -> dict[str, tuple[bytes, str | None]]:
    cat = Image.fromarray(chelsea()).resize((176, 117))
    jpeg, png = encoded(cat, "JPEG"), encoded(cat, "PNG")
    deep = Image.fromarray(np.asarray(cat.convert("L")).astype(np.uint16) * 257)
    clear = cat.copy()
    clear.putalpha(Image.linear_gradient("L").resize(cat.size))
    turned = Image.Exif()
    turned[TiffImagePlugin.Image.ExifTags.Base.Orientation] = 6
    frames = [cat, cat.rotate(180)]
    return {
        "plain.jpg": (jpeg, None),
        "plain.png": (png, None),
        "grey.jpg": (encoded(cat.convert("L"), "JPEG"), None),
        "palette.png": (encoded(cat.quantize(64), "PNG"), None),
        "palette.gif": (encoded(cat.quantize(64), "GIF"), None),
        "cmyk.jpg": (encoded(cat.convert("CMYK"), "JPEG"), None),
        "sixteen.png": (encoded(deep, "PNG"), None),
        "bits.png": (encoded(cat.convert("1"), "PNG"), None),
        "alpha.png": (encoded(clear, "PNG"), None),
        "grey_alpha.png": (encoded(clear.convert("LA"), "PNG"), None),
        "turned.jpg": (encoded(cat.transpose(Image.Transpose.ROTATE_90), "JPEG", exif=turned), None),
        "moving.gif": (encoded(cat, "GIF", save_all=True, append_images=frames), None),
        "moving.webp": (encoded(cat, "WEBP", save_all=True, append_images=frames), None),
        "still.webp": (encoded(cat, "WEBP"), None),
        "photo.tif": (encoded(cat, "TIFF"), None),
        "wide.png": (encoded(Image.new("RGB", (20_000, 2_000), "grey"), "PNG"), None),
        "wrong_name.txt": (jpeg, None),
        "empty.jpg": (b"", "is empty"),
        "cut.jpg": (jpeg[: len(jpeg) // 2], "cut short or damaged"),
        "cut.png": (png[: len(png) // 2], "damaged"),
        "text.jpg": (b"Dear reader, this is no photo.", "Got text"),
        "dot.png": (encoded(Image.new("RGB", (1, 1)), "PNG"), "got 1 x 1 px"),
        "stick.png": (encoded(Image.new("RGB", (3, 4000)), "PNG"), "got 3 x 4000 px"),
        "ribbon.png": (encoded(Image.new("RGB", (20_000, 10)), "PNG"), "got 20000 x 10 px"),
        "bomb.png": (huge_png(60_000, 60_000), "pixels"),
        "large.png": (huge_png(9_000, 9_000), "expected at most 64 million"),
        "iphone.heic": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99), "'heic' .HEIC"),
        "film.mp4": (b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + bytes(99), "film"),
        "drawing.svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "Got text"),
    }


def mutations(data: bytes, count: int, seed: int = 0):
    """Copies of a file with a few bytes changed, cut, doubled or dropped; the same for the same seed."""
    random = np.random.default_rng(seed)
    for i in range(count):
        copy = bytearray(data)
        for _ in range(random.integers(1, 6)):
            # headers decide most: many changes fall into the first kilobyte
            at = int(random.integers(min(len(copy), 1024) if random.random() < 0.2 else len(copy)))
            copy[at] = random.integers(256)
        if i % 4 == 1:
            del copy[int(random.integers(len(copy))) :]
        if i % 4 == 2:
            at = int(random.integers(len(copy)))
            copy[at:at] = copy[at : at + int(random.integers(1, 64))]
        yield bytes(copy)
