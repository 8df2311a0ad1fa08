"""Text files that other programs wrote: lists, tables and annotations in the encodings in which they are met."""

import codecs
from pathlib import Path

from iaff.errors import UserError

# UTF-32's mark begins with that of UTF-16, so it comes first.
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_text(path: Path, expected: str) -> str:
    """A text file as UTF-8, or as UTF-16 or UTF-32 where it begins with their byte order mark; the mark is left out.

    Line ends stay as they are: ``str.splitlines`` and ``csv`` know them all.

    Args:
        expected: what the file should hold, as a whole sentence, for errors: ``"Expected lines such as ..."``.

    Raises:
        UserError: there is no such file, it cannot be read, or it is in another encoding; then with the line.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"There is no {path}. {expected}") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror or error}). {expected}") from error
    encoding = next((name for mark, name in MARKS if data.startswith(mark)), None) or _without_mark(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UserError(
            f"{path}, line {line}: got the byte 0x{data[error.start]:02x}, expected text in {encoding.upper()}. Save "
            f"the file as UTF-8. {expected}"
        ) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise UserError(f"{path}, line {line}: got a zero byte, expected text; restore the file. {expected}")
    return text


def _without_mark(data: bytes) -> str:
    """UTF-16 without a mark has a zero in every second byte of plain text; anything else is taken for UTF-8."""
    start = data[:64]
    if len(start) >= 4 and not any(start[1::2]) and all(start[::2]):
        return "utf-16-le"
    if len(start) >= 4 and not any(start[::2]) and all(start[1::2]):
        return "utf-16-be"
    return "utf-8"
