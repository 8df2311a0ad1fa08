"""Pictures of every kind: the same photo, whatever holds it, and what is said of it; or a sentence that says why."""

import functools
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, features

from iaff.cli.refine import expand
from iaff.errors import UserError
from iaff.images import read_photo
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


def planar(array, colours=2, strips=3):
    """A TIFF of one strip for each channel, if there are three."""
    about = {"bits": [8 * array.dtype.itemsize] * 3, "colours": colours, "samples": 3, "planes": 2}
    return tiff(np.moveaxis(array, -1, 0).tobytes(), 88, 56, strips=strips, **about)


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
    "planes.tif": (planar(RGB), ""),
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


def damaged(data, name):
    """A file with one byte of a part of it changed."""
    at = data.index(name) + 30
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


REFUSED = {
    "jpeg cut": (JPEG[: len(JPEG) // 2], "is cut short or damaged"),
    "jpeg cut by a little": (JPEG[:-40], "is cut short or damaged"),
    "jpeg cut and filled up": (JPEG[: len(JPEG) // 2] + bytes(9000), "is cut short or damaged"),
    "progressive cut": (encoded(COW, "JPEG", progressive=True)[:-400], "is cut short or damaged"),
    "jpeg without a scan": (JPEG[:300], r"damaged \(it has no scan\)"),
    "png cut": (PNG[: len(PNG) // 2], "damaged"),
    "png check sum of pixels": (damaged(PNG, b"IDAT"), "damaged"),
    "gif cut": (encoded(COW, "GIF")[:2000], "damaged"),
    "tif cut": (tiff_of(RGB)[:9] + tiff_of(RGB)[2000:], "damaged"),
    "16 bit in planes.tif": (
        planar(RGB * np.uint16(257)),
        "3 channels of 16 bit in separate planes",
    ),
    "lab in planes.tif": (planar(RGB, colours=8), "3 channels of 8 bit in separate planes"),
    "a plane is missing.tif": (planar(RGB, strips=1), r"damaged \(2 of its 3 strips or tiles are missing\)"),
    "ycbcr.tif": (tiff(RGB.tobytes(), 88, 56, bits=[8] * 3, colours=6, samples=3), "3 channels of 8 bit"),
    "floats of colour.tif": (
        tiff_of((RGB / 255).astype(np.float32)),
        r"32 bit \(floating-point numbers\)",
    ),
    "signed colours.tif": (tiff_of(RGB.astype(np.int16)), r"3 channels of 16 bit \(whole numbers with a sign\)"),
    "doubles.tif": (tiff_of(GREY / 255), r"1 channel of 64 bit \(floating-point"),
    "nan.tif": (tiff_of(np.where(GREY > 128, np.nan, GREY).astype(np.float32)), "NaN or infinite"),
    "infinite.tif": (tiff_of(np.where(GREY > 128, np.inf, GREY).astype(np.float32)), "NaN or infinite"),
    "raw.tif": (tiff_of(RGB, kind=1), "a preview without its picture"),
    "photo.heic": (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic" + bytes(99), r"type 'mif1' \(HEIC\)"),
    "short.pgm": (b"P5 88 56 255\n" + GREY.tobytes()[:-9], "9 of its 4,928 values are missing"),
    "above white.pgm": (b"P5 88 56 100\n" + b"\x65" * 4928, "the value 101, but gives 100 as white"),
    "huge.pgm": (b"P5 99999 99999 255\n", "expected at most 64 million"),
    "huge.webp": (b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\x3f\0\xff\x3f\0" + bytes(8), "at most 30 million"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_whole_or_not_known_is_refused_by_its_name(name):
    data, message = REFUSED[name]
    with pytest.raises(UserError, match=message) as error:
        read(data, name)
    assert str(error.value).startswith(name)
    assert len(str(error.value)) < 400


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        ([[0, 300], [600, 900]], 0, 1023),
        ([[29_000, 29_500], [30_000, 31_000]], 29_000, 31_000),  # as of a thermal camera
        ([[700, 700], [700, 700]], 0, 1023),
        ([[0, 0], [0, 0]], 0, 1),
        ([[-1000, 0], [1000, 3000]], -1000, 3000),  # as of a scanner
        ([[-5, -5], [-5, -5]], -5, -5),
        ([[0.0, 0.2], [0.5, 1.0]], 0, 1),
        ([[0.0, 0.2], [0.5, 40.0]], 0, 40),
        ([[1e-30, 1e-30], [1e30, 1e38]], 1e-30, 1e38),
    ],
)
def test_grey_is_scaled_by_its_own_range(values, low, high):
    array = np.kron(np.array(values), np.ones((40, 40)))
    kind = np.float32 if (array.dtype.kind == "f" and (array % 1).any()) or abs(high) > 1e9 else np.int32
    photo = read(tiff_of(array.astype(kind)))
    assert photo.notes[0].endswith(f"scaled by its own range {low:.10g}..{high:.10g}.") or kind == np.float32
    expected = np.rint((array - low) * (255 / (high - low) if high > low else 0))
    assert np.abs(photo.pixels[..., 0] - expected).max() <= 1


def test_transparency_is_laid_over_white():
    half = np.dstack((RGB, np.full_like(GREY, 128)))
    key = RGB[0, 0]
    keyed = np.where((key == RGB).all(-1, keepdims=True), 255, RGB)
    grey_key = np.where(GREY[0, 0] == GREY, 255, GREY)[..., None]
    for data, expected in {
        png_of(half): RGB * 0.5 + 127.5,
        png_of(half * np.uint16(257)): RGB * 0.5 + 127.5,
        png_of(half * np.uint16(16)): RGB * 0.5 + 127.5,  # opacity in the same range as colours
        png_of(RGB, png_chunk(b"tRNS", bytes(x for v in key for x in (0, v)))): keyed,
        png_of(RGB * np.uint16(257), png_chunk(b"tRNS", bytes(x for v in key for x in (v, v)))): keyed,
        png_of(GREY, png_chunk(b"tRNS", bytes((0, GREY[0, 0])))): grey_key,
        png_of(DEEP * 257, png_chunk(b"tRNS", bytes((GREY[0, 0],) * 2))): grey_key,
        encoded(Image.fromarray(half), "WEBP", lossless=True): RGB * 0.5 + 127.5,
    }.items():
        photo = read(data)
        assert np.abs(photo.pixels - expected).max() < 3
        assert "Transparency is laid over white." in photo.notes


# Each mode, and those on the way to it from RGB where Pillow does not convert at once.
MODES = {mode: [mode] for mode in ("1", "L", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "I", "F", "LA", "RGBX")}
MODES |= {"La": ["LA", "La"], "PA": ["P", "PA"], "RGBa": ["RGBA", "RGBa"]}
PICTURES = {mode: functools.reduce(Image.Image.convert, steps, COW) for mode, steps in MODES.items()}
PICTURES |= {"LAB": LAB, "I;16": Image.fromarray(DEEP * 257), "I;16B": Image.fromarray((DEEP * 257).astype(">u2"))}


@pytest.mark.parametrize("mode", PICTURES)
def test_pictures_of_every_mode_of_pillow(mode):
    image = PICTURES[mode]
    assert image.mode == mode
    photo = read_photo(image)
    grey = mode in ("1", "L", "LA", "La", "I", "F", "I;16", "I;16B")
    expected = np.repeat(GREY[..., None], 3, 2) if grey else RGB
    far = {"1": 120, "P": 30, "PA": 30, "F": 20}.get(mode, 4)
    assert np.abs(photo.pixels - expected.astype(float)).mean() < far
    assert np.asarray(image).shape[:2] == (56, 88)  # the caller's picture is as it was


def test_photos_in_a_folder(tmp_path):
    """By every name that a photo may have; what systems leave beside them is none."""
    names = ["a.JPG", "b.jfif", "c.JPE", "d.tif", "e.pgm", "f.pnm", "g.heic", "h.mpo", "i.avif"]
    for name in [*names, "._a.JPG", ".hidden.png", ".DS_Store", "Thumbs.db", "tags.csv", "a.safetensors"]:
        (tmp_path / name).write_bytes(JPEG)
    assert [path.name for path in expand([tmp_path])] == names
    assert read_photo(tmp_path / "g.heic").size == COW.size  # what a file is, not its name, says how it is read


def test_large_pictures_are_never_twice_in_memory():
    """Converted in parts, the result is that of the whole."""
    wide = np.kron(RGB, np.ones((40, 40, 1), np.uint8))
    photo = read(png_of(np.dstack((wide, np.full(wide.shape[:2], 128, np.uint8)))))
    expected = Image.fromarray(wide).resize(photo.pixels.shape[1::-1], Image.Resampling.LANCZOS, reducing_gap=3)
    assert np.abs(photo.pixels - (np.asarray(expected) * 0.5 + 127.5)).max() <= 2
    assert photo.notes[-1] == "Shrunk from 3520 x 2240 px."


# --- whatever bytes there are

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    SEEDS = [
        JPEG,
        encoded(COW, "JPEG", progressive=True),
        PNG,
        png_of(DEEP * 16, png_chunk(b"eXIf", exif(6))),
        encoded(COW, "GIF", **FRAMES),
        encoded(COW, "WEBP", **FRAMES),
        encoded(COW, "BMP"),
        tiff_of(RGB),
        tiff_of(DEEP, ">", compressed=True),
        tiff_of((GREY / 255).astype(np.float32)),
        encoded(COW, "PPM"),
        b"P2 88 56 255\n" + b" ".join(b"%d" % value for value in GREY.ravel()),
        encoded(COW, "MPO", **FRAMES),
        encoded(COW, "JPEG2000") if features.check("jpg_2000") else JPEG,
        encoded(COW, "AVIF") if AVIF else JPEG,
    ]


@st.composite
def mutated(draw):
    """A file of one of the formats with bytes changed, cut out, put in or doubled."""
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, draw(st.sampled_from([min(64, len(data)), len(data)]))))
        change, size = draw(st.sampled_from(["flip", "cut", "insert", "double", "end"])), draw(st.integers(1, 40))
        if change == "flip":
            data[at : at + 1] = bytes([draw(st.integers(0, 255))])
        elif change == "cut":
            del data[at : at + size]
        elif change == "insert":
            data[at:at] = draw(st.binary(min_size=1, max_size=8))
        elif change == "double":
            data[at:at] = data[at : at + size]
        else:
            del data[max(at, 1) :]
    return bytes(data)


def read_or_refused(data):
    photo, said = None, ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            photo = read(data, "IMG 7.jpg")
        except UserError as error:
            said = str(error)
    if photo is None:
        assert said.startswith("IMG 7.jpg")
        assert len(said) < 500
        assert "\n" not in said
        return
    height, width, channels = photo.pixels.shape
    assert (photo.pixels.dtype, channels) == (np.uint8, 3)
    assert 32 <= min(height, width) <= max(height, width) <= 352
    assert (width >= height) == (photo.size[0] >= photo.size[1])


anything = given(st.one_of(mutated(), st.binary(max_size=200)))


@settings(max_examples=100, deadline=None, derandomize=True)
@anything
def test_any_bytes(data):
    read_or_refused(data)


@pytest.mark.slow
@settings(max_examples=2000, deadline=None)
@anything
def test_any_bytes_at_length(data):
    read_or_refused(data)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.data())
def test_any_numbers_as_grey(data):
    """Black is the least value of the range that is said, white the greatest."""
    kind = data.draw(st.sampled_from([np.int8, np.uint16, np.int16, np.int32, np.uint32, np.float32]))
    if kind is np.float32:
        value = st.floats(-(2.0**99), 2.0**99, width=32)
    else:
        value = st.integers(int(np.iinfo(kind).min), int(np.iinfo(kind).max))
    few = np.array(data.draw(st.lists(value, min_size=1, max_size=4)), kind)
    array = np.resize(few, (33, 33))
    order, compressed = data.draw(st.sampled_from("<>")) if kind is not np.uint32 else "<", data.draw(st.booleans())
    photo = read(tiff_of(array, order, compressed))
    low, high = map(float, photo.notes[0].removesuffix(".").rpartition(" ")[2].split(".."))
    expected = np.clip((array.astype(float) - low) * (255 / (high - low) if high > low else 0), 0, 255)
    assert np.abs(photo.pixels[..., 0] - expected).max() <= 1
