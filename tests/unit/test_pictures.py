"""Pictures of every kind: the same photo, whatever holds it; or one sentence that says why not."""

import numpy as np
import pytest
from PIL import Image, ImageCms, features

from iaff.pictures.decode import decode
from iaff.places import GALLERY
from tests.files import exif, png_chunk, png_of, tiff, tiff_of, with_segment, zeros
from tests.odd import encoded

with Image.open(GALLERY / "cow.jpg") as opened:
    COW = opened.convert("RGB").resize((88, 56))
RGB, GREY = np.asarray(COW), np.asarray(COW.convert("L"))
JPEG, PNG = encoded(COW, "JPEG", quality=95), encoded(COW, "PNG")
UNTURNED = "whether it is to be turned is not known"
DEEP = GREY.astype(np.uint16)
ALPHA = np.dstack((RGB, np.full_like(GREY, 255)))
LAB = ImageCms.profileToProfile(COW, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB")
FRAMES = {"save_all": True, "append_images": [COW.rotate(90), COW.rotate(180)]}
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
TURNED = COW.transpose(Image.Transpose.ROTATE_90)  # what orientation 6 turns upright
TURNED_JPEG, TURNED_PNG = encoded(TURNED, "JPEG", quality=95), encoded(TURNED, "PNG")
BOMB = zeros(30_000_000)
AVIF = features.check("avif")


def read(data, name="photo"):
    return decode(data, name, 352, 32)


def planes(array):
    return np.moveaxis(array, -1, 0).reshape(-1, array.shape[1])


def looped(data):
    """A TIFF of one directory, which says that the next one is itself."""
    return data[:-4] + data[4:8]


# name -> (file, what is said of it; of grey "~" the picture is grey)
READ = {
    "exif garbage": (with_segment(JPEG, 0xE1, b"Exif\0\0" + b"garbage" * 9), UNTURNED),
    "exif empty": (with_segment(JPEG, 0xE1, b"Exif\0\0"), UNTURNED),
    "exif cut": (with_segment(JPEG, 0xE1, b"Exif\0\0" + exif(6)[:-14]), UNTURNED),
    "exif turned": (with_segment(TURNED_JPEG, 0xE1, b"Exif\0\0" + exif(6)), ""),
    "exif turned, long": (with_segment(TURNED_JPEG, 0xE1, b"Exif\0\0" + exif(6, kind=4)), ""),
    "exif turned, the rest cut": (
        with_segment(TURNED_JPEG, 0xE1, b"Exif\0\0" + exif(6).replace(b"\x01\0", b"\x09\0", 1)),
        "",
    ),
    "exif 9": (with_segment(JPEG, 0xE1, b"Exif\0\0" + exif(9)), "Its orientation is given as 9, expected 1 to 8"),
    "exif 0": (with_segment(JPEG, 0xE1, b"Exif\0\0" + exif(0)), "Its orientation is given as 0"),
    "exif as text": (with_segment(JPEG, 0xE1, b"Exif\0\0" + exif(6, kind=2)), "Its orientation is given as 0"),
    "xmp turned": (with_segment(TURNED_JPEG, 0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP), ""),
    "xmp broken": (with_segment(JPEG, 0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmp"), ""),
    "photoshop broken": (with_segment(JPEG, 0xED, b"Photoshop 3.0\0" + b"8BIM\xff\xff\xff\xff\xff"), ""),
    "icc broken": (with_segment(JPEG, 0xE2, b"ICC_PROFILE\0"), ""),
    "jfif short": (with_segment(JPEG, 0xE0, b"JFIF\0"), ""),
    "adobe short": (with_segment(JPEG, 0xEE, b"Adobe"), ""),
    "mpf broken": (with_segment(JPEG, 0xE2, b"MPF\0" + b"II*\0garbage"), ""),
    "thumbnail with an end": (with_segment(JPEG, 0xE1, b"Exif\0\0" + exif(1) + JPEG[:900] + b"\xff\xd9"), ""),
    "fill bytes": (JPEG[:2] + b"\xff\xff" + JPEG[2:], ""),
    "no end": (JPEG[:-2], "Its end mark is missing; its pixels are complete."),
    "no end, filled up": (JPEG[:-2] + bytes(3000), "Its end mark is missing; its pixels are complete."),
    "half an end": (JPEG[:-1], "Its end mark is missing; its pixels are complete."),
    "progressive, no end": (encoded(COW, "JPEG", quality=95, progressive=True)[:-2], "Its end mark is missing"),
    "restarts, no end": (encoded(COW, "JPEG", quality=95, restart_marker_rows=1)[:-2], "Its end mark is missing"),
    "and more": (JPEG + b"garbage" * 99, ""),
    "mpo": (encoded(COW, "MPO", quality=95, **FRAMES), "The first of 3 pictures."),
    "cmyk.jpg": (encoded(COW.convert("CMYK"), "JPEG", quality=95), "Converted from CMYK without its colour profile."),
    "png exif garbage": (png_of(RGB, png_chunk(b"eXIf", b"garbage")), UNTURNED),
    "png exif turned": (png_of(np.asarray(TURNED), png_chunk(b"eXIf", exif(6))), ""),
    "png xmp turned": (png_of(np.asarray(TURNED), png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP)), ""),
    "png raw profile": (
        png_of(
            np.asarray(TURNED), png_chunk(b"tEXt", b"Raw profile type exif\0\nexif\n 99\n" + exif(6).hex().encode())
        ),
        "",
    ),
    "png raw profile broken": (png_of(RGB, png_chunk(b"zTXt", b"Raw profile type exif\0\0garbage")), UNTURNED),
    "png texts": (
        png_of(RGB, *(png_chunk(name, b"\xff") for name in (b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"gAMA"))),
        "",
    ),
    "png bomb": (png_of(RGB, *(png_chunk(name, b"a\0\0" + BOMB) for name in (b"zTXt", b"iCCP"))), ""),
    "png xmp bomb": (png_of(RGB, png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + BOMB)), ""),
    "png check sum of a text": (png_of(RGB, png_chunk(b"tEXt", b"a\0b", wrong=True)), ""),
    "png transparency broken": (png_of(RGB, png_chunk(b"tRNS", b"\0")), "its transparency is damaged"),
    "png no end": (PNG[:-12], "Its end mark is missing; its pixels are complete."),
    "png half an end": (PNG[:-3], ""),
    "apng": (encoded(COW, "PNG", **FRAMES), "The first of 3 frames."),
    "apng and a still picture": (encoded(COW, "PNG", default_image=True, **FRAMES), "The first of 3 pictures."),
    "grey 16": (png_of(DEEP * 257), "~Grey of 16 bit, scaled by its own range 0..65535."),
    "grey 12 in 16": (png_of(DEEP * 16), "~Grey of 16 bit, scaled by its own range 0..4095."),
    "grey 10 in 16": (png_of(DEEP * 4), "~Grey of 16 bit, scaled by its own range 0..1023."),
    "grey 8 in 16": (png_of(DEEP), "~Grey of 16 bit, scaled by its own range 0..255."),
    "colours of 16": (png_of(RGB * np.uint16(257)), ""),
    "colours 12 in 16": (png_of(RGB * np.uint16(16)), "Colours of 16 bit, scaled by their own range 0..4095."),
    "rgba 12 in 16": (png_of(np.dstack((RGB * np.uint16(16), DEEP * 0 + 65535))), "scaled by their own range 0..4095."),
    "grey and alpha 12 in 16": (
        png_of(np.dstack((DEEP * 16, DEEP * 0 + 65535))),
        "~Colours of 16 bit, scaled by their",
    ),
    "stack.tif": (tiff(RGB.tobytes(), 88, 56, pages=3, bits=[8] * 3, colours=2, samples=3), "The first of 3 pictures."),
    "loop.tif": (looped(tiff_of(GREY)), "~"),
    "turned.tif": (tiff_of(np.asarray(TURNED), orientation=6), ""),
    "orientation 12.tif": (tiff_of(RGB, orientation=12), "Its orientation is given as 12"),
    "strange tags.tif": (tiff_of(RGB, rest=b"\xff\xfe\x07\0\xff\xff\xff\x7f\xff\xff\xff\x7f" * 20), ""),
    "white is zero.tif": (tiff_of(255 - GREY, colours=0), "~"),
    "white is zero, 16.tif": (tiff_of(65535 - DEEP * 257, colours=0), "~Grey of 16 bit"),
    "one plane.tif": (tiff_of(DEEP * 257, planes=2), "~Grey of 16 bit"),
    "planes.tif": (tiff(planes(RGB).tobytes(), 88, 56, bits=[8] * 3, colours=2, samples=3, planes=2, strips=3), ""),
    "bilevel.tif": (encoded(COW.convert("1").convert("L").convert("1"), "TIFF"), "1"),
    "lab.tif": (encoded(LAB, "TIFF"), ""),
    "still.webp": (encoded(COW, "WEBP", lossless=True, exif=b"Exif\0\0garbage"), UNTURNED),
    "turned.webp": (encoded(TURNED, "WEBP", lossless=True, exif=exif(6)), ""),
    "moving.webp": (encoded(COW, "WEBP", lossless=True, **FRAMES), "The first of 3 frames."),
    "12 bit.pgm": (
        b"P5 # a remark\n88 56\n4095\n" + (DEEP.astype(int) * 4095 // 255).astype(">u2").tobytes(),
        "~Scaled from 0..4095",
    ),
    "levels.pgm": (b"P5 88 56 100\n" + (DEEP * 100 // 255).astype(np.uint8).tobytes(), "~Scaled from 0..100"),
    "text.ppm": (b"P3\n88 56\n255\n" + b" ".join(b"%d" % value for value in RGB.ravel()), ""),
    "palette.png": (encoded(COW.quantize(255), "PNG"), ""),
}
for kind, values in {
    "int8": (GREY // 2).astype(np.int8),
    "int16": DEEP.astype(np.int16) * 128,
    "uint32": GREY.astype(np.uint32) * 16_843_009,
    "int32": GREY.astype(np.int32) * 8_421_504,
    "float32": (GREY / 255).astype(np.float32),
}.items():
    for order in "<>":
        for compressed in (False, True):
            if kind != "uint32" or order == "<":
                words = "Grey of floating-point numbers" if kind == "float32" else f"Grey of {kind.strip('uint')} bit"
                READ[f"{kind} {order} {compressed}.tif"] = (
                    tiff_of(values, order, compressed),
                    f"~{words}, scaled by its own",
                )
if AVIF:
    READ["turned.avif"] = (encoded(TURNED, "AVIF", quality=95, exif=exif(6)), "")
    READ["exif.avif"] = (encoded(COW, "AVIF", quality=95, exif=exif(1)).replace(exif(1), b"\xff" * len(exif(1))), "")


@pytest.mark.parametrize("name", READ)
def test_the_pixels_are_read_and_what_was_done_is_said(name):
    data, said = READ[name]
    photo = read(data)
    one = said == "1"
    expected = RGB.astype(float)
    if said.startswith("~") or one:
        expected = np.repeat(GREY[..., None], 3, 2).astype(float)
    assert photo.pixels.shape == expected.shape
    assert np.abs(photo.pixels - expected).mean() < (120 if one else 6)
    notes = " ".join(photo.notes)
    assert said.strip("~1") in notes
    assert bool(notes) == bool(said.strip("~1"))
