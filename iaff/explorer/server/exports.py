"""What exports need the server for: the shell of a self-contained file, and putting frames together as a GIF."""

import base64
import io
from typing import Any

from PIL import Image, UnidentifiedImageError

from iaff.errors import UserError
from iaff.explorer.server.answers import Handler, answering
from iaff.explorer.server.requests import EmptyRequest, GifRequest
from iaff.explorer.standalone.page import shell as build_shell

LARGEST_SIDE = 2400  # px
LARGEST_TOTAL = 40_000_000  # px, of all frames together
COLOURS = 255  # of the one palette that all frames share


def exports() -> list[Handler]:
    """``shell({}) -> {shell}``, see :func:`iaff.explorer.standalone.page.shell`, and ``gif({frames, ms}) -> {gif}``.

    frames: PNGs of one size, and the GIF, are in base64; ms: how long each frame stays.
    """

    @answering(EmptyRequest)
    def shell(_: EmptyRequest) -> dict[str, Any]:
        return {"shell": build_shell()}

    @answering(GifRequest)
    def gif(request: GifRequest) -> dict[str, Any]:
        return {"gif": base64.b64encode(make_gif(decoded(request.frames), request.ms)).decode()}

    return [shell, gif]


def decoded(frames: list[bytes]) -> list[Image.Image]:
    """Frames as pictures, all of one size.

    Raises:
        UserError: one is no PNG, too large, or of another size than the first.
    """
    pictures: list[Image.Image] = []
    for i, data in enumerate(frames, start=1):
        try:
            picture = Image.open(io.BytesIO(data), formats=["PNG"])  # reads the header only
        except (ValueError, UnidentifiedImageError, Image.DecompressionBombError) as error:
            raise UserError(f"Frame {i}: got no PNG, expected one; draw it again.") from error
        size = pictures[0].size if pictures else picture.size
        if max(size) > LARGEST_SIDE or len(frames) * size[0] * size[1] > LARGEST_TOTAL:
            raise UserError(
                f"Got {len(frames)} frames of {size[0]} x {size[1]} px, expected at most {LARGEST_SIDE} px a side "
                f"and {LARGEST_TOTAL:,} px in all; make the window smaller."
            )
        if picture.size != size:
            raise UserError(f"Frame {i}: got {picture.size} px, expected {size} as the first; draw all alike.")
        try:
            pictures.append(picture.convert("RGB"))
        except (OSError, ValueError, SyntaxError) as error:
            raise UserError(f"Frame {i}: got a PNG that is cut short, expected a whole one; draw it again.") from error
    return pictures


def make_gif(frames: list[Image.Image], ms: int) -> bytes:
    """The frames as a GIF that runs for ever, each for ``ms``; one palette for all, so that nothing flickers."""
    width, height = frames[0].size
    together = Image.new("RGB", (width, height * len(frames)))
    for i, frame in enumerate(frames):
        together.paste(frame, (0, i * height))
    palette = together.quantize(COLOURS, method=Image.Quantize.FASTOCTREE)
    plain = [frame.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG) for frame in frames]
    file = io.BytesIO()
    plain[0].save(file, "GIF", save_all=True, append_images=plain[1:], duration=ms, loop=0, disposal=1, optimize=False)
    return file.getvalue()
