"""No file takes long, or much memory, to be refused; and a photo that nobody waits for is let go at once."""

import os
import re
import struct
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from iaff import decoding
from iaff.decoding import Stopped, read_photo_safely
from iaff.errors import UserError
from iaff.images import read_photo
from iaff.pictures.photo import MAX_BYTES
from iaff.places import GALLERY
from tests.files import png_chunk, png_of, tiff, tiff_of, zeros
from tests.odd import encoded, huge_png

CAT = (GALLERY / "chelsea.jpg").read_bytes()
GREY = np.zeros((300, 300), np.uint8)


def many_scans(side: int, count: int) -> bytes:
    """A progressive JPEG, the last scan of which is repeated."""
    data = encoded(Image.new("RGB", (side, side)), "JPEG", progressive=True)
    at = data.rindex(b"\xff\xda")
    return data[:at] + data[at:-2] * count + data[-2:]


def chained_tiff(count: int) -> bytes:
    """A TIFF followed by so many directories of one entry."""
    data = tiff_of(GREY)[:-4]
    at = len(data) + 4
    entry = struct.pack("<HHHII", 1, 254, 4, 1, 0)
    return data + struct.pack("<I", at) + b"".join(entry + struct.pack("<I", at + 18 * i) for i in range(1, count + 1))


def commented_gif(blocks: int) -> bytes:
    data = encoded(Image.new("P", (300, 300)), "GIF")
    start = 13 + (6 << (data[10] & 7) if data[10] & 128 else 0)
    return data[:start] + (b"\x21\xfe\xff" + b"x" * 255 + b"\0") * blocks + data[start:]


def repeated_tiff(rows: int) -> bytes:
    """Numbers of 32 bit, 8,000 a row, whose strips of 100 rows all lie at the same place."""
    strip = bytes(8000 * 100 * 4)
    about = {"bits": 32, "colours": 1, "samples": 1, "format": 2}
    return tiff(strip, 8000, rows, strips=[8] * (rows // 100), **about)


BOMBS = {
    "scans": lambda: many_scans(4000, 36_000),
    "comments": lambda: commented_gif(190_000),
    "few levels": lambda: b"P6 4000 4000 3\n" + bytes(48_000_000),
    "many levels": lambda: b"P6 3500 2400 65535\n" + bytes(50_400_000),
    "text": lambda: b"P1 6000 6000\n" + b"1 " * 20_000_000,
    "packed text": lambda: png_of(GREY, png_chunk(b"zTXt", b"a\0\0" + zeros(2_000_000_000))),
    "chunks": lambda: png_of(GREY, png_chunk(b"tEXt", b"a\0") * 3_500_000),
    "directories": lambda: chained_tiff(2_500_000),
    "pixels": lambda: huge_png(60_000, 60_000),
    "numbers": lambda: repeated_tiff(7900),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_bombs(name):
    """Read or refused, in 5 seconds and 500 MB."""
    data = BOMBS[name]()
    read_photo_safely(CAT, "cat")  # the decoder has started
    status = Path(f"/proc/{decoding._free[-1].process.pid}/status")
    start = time.monotonic()
    with suppress(UserError):
        read_photo_safely(data, name)
    assert time.monotonic() - start < 5
    if status.exists():
        (most,) = re.findall(r"VmHWM:\s*(\d+) kB", status.read_text("utf-8"))
        assert int(most) < 600_000  # with what the decoder takes itself


@pytest.mark.parametrize(
    ("make", "seconds", "refusal"),
    [
        (lambda: many_scans(2000, 4000), 0.5, "^IMG 7: decoding it takes longer than 0.5 s, .* Export it again"),
        (lambda: repeated_tiff(7900), 4, "^IMG 7: decoding it needs more than 500 MB of memory"),
        (lambda: commented_gif(20_000), 2, None),
        (lambda: chained_tiff(50_000), 2, None),
        (lambda: b"P6 1500 1500 65535\n" + bytes(13_500_000), 2, None),
    ],
)
def test_small_bombs(make, seconds, refusal, monkeypatch):
    monkeypatch.setattr(decoding, "SECONDS", seconds)
    data = make()
    read_photo_safely(CAT, "cat")
    start = time.monotonic()
    if refusal:
        with pytest.raises(UserError, match=refusal):
            read_photo_safely(data, "IMG 7")
    else:
        read_photo_safely(data, "IMG 7")
    assert time.monotonic() - start < seconds + 1
    assert read_photo_safely(CAT, "cat").size == (352, 234)  # and it goes on


def test_what_is_said_comes_through():
    photo = read_photo_safely(encoded(Image.new("RGBA", (400, 300)), "PNG"), "a")
    assert photo.notes == ("Transparency is laid over white.", "Shrunk from 400 x 300 px.")
    assert (photo.size, photo.pixels.shape, photo.orientation) == ((400, 300), (264, 352, 3), 1)
    photo.pixels[0] = 0  # it is the caller's
    with pytest.raises(UserError, match=r"^Größe \udcff\.jpg is empty"):
        read_photo_safely(b"", "Größe \udcff.jpg")


def test_it_is_stopped_at_once():
    bomb, asked = many_scans(2000, 20_000), []

    def cancelled():
        asked.append(time.monotonic())
        return len(asked) > 4

    with pytest.raises(Stopped):
        read_photo_safely(bomb, "a", cancelled=cancelled)
    assert time.monotonic() - asked[0] < 1
    assert read_photo_safely(CAT, "cat").size == (352, 234)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_an_answer_that_was_not_waited_for_is_never_taken_for_the_next(error):
    def cancelled():
        raise error

    with pytest.raises(error):
        read_photo_safely(many_scans(1000, 300), "a", cancelled=cancelled)
    assert read_photo_safely(CAT, "cat").size == (352, 234)


def test_a_decoder_that_broke_is_replaced():
    read_photo_safely(CAT, "cat")
    for decoder in decoding._free:
        decoder.process.kill()
        decoder.process.wait()
    assert read_photo_safely(CAT, "cat").size == (352, 234)
    threading.Timer(0.3, lambda: os.kill(decoding_now[0], 9)).start()
    decoding_now = [decoding._free[-1].process.pid]
    with pytest.raises(UserError, match="broke its decoder: it is damaged"):
        read_photo_safely(many_scans(2000, 20_000), "a")


def test_askers_take_turns():
    results = []

    def ask(side):
        results.append((side, read_photo_safely(encoded(Image.new("RGB", (side, 40)), "PNG"), "a").size[0]))

    threads = [threading.Thread(target=ask, args=(side,)) for side in range(40, 60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [(side, side) for side in range(40, 60)]
    assert len(decoding._free) <= decoding.AT_ONCE


def test_a_program_without_a_guard_may_read_photos(tmp_path):
    """Nothing of the program is run a second time; forked processes have decoders of their own; none is left behind."""
    path, script = GALLERY / "chelsea.jpg", tmp_path / "program.py"
    script.write_text(
        f"""print("once")
import os, sys
from iaff.images import read_photo
from iaff.decoding import _free
print(read_photo({str(path)!r}).size, [name for name in ("torch", "gradio") if name in sys.modules], flush=True)
print(_free[0].process.pid, flush=True)
if hasattr(os, "fork"):
    child = os.fork()
    if not child:
        print(read_photo({str(path)!r}).size, flush=True)
        os._exit(0)
    os.waitpid(child, 0)
""",
        encoding="utf-8",
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, cwd=tmp_path, env=environment)
    once, read, pid, *forked = done.stdout.splitlines()
    assert (once, read, done.stderr) == ("once", "(352, 234) []", "")
    assert forked in (["(352, 234)"], [])
    if os.path.isdir("/proc"):
        assert not os.path.exists(f"/proc/{pid}")


def test_a_file_of_gigabytes_is_not_read(tmp_path):
    with (tmp_path / "big.png").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(UserError, match=r"big\.png: got 100 MB, expected at most 100 MB"):
        read_photo(tmp_path / "big.png")
