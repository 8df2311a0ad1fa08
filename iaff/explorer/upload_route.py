"""Takes uploads in Gradio's place: each at a path of its own, written as it comes, gone when it breaks off.

Gradio names an upload by its content, so that people who send the same photo share one file, and lets a body be as
large as there are files in it. Requests and answers are Gradio's: a form with ``files``, answered by a list of paths.
"""

import asyncio
from collections.abc import AsyncIterator

from gradio_client.utils import strip_invalid_filename_characters
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.datastructures import Headers
from starlette.types import Send

from iaff.explorer.bodies import Refused, answer_json
from iaff.explorer.doors import Doors
from iaff.explorer.server.client_files import ClientFile, ClientFiles
from iaff.explorer.server.full import Full

LARGEST_UPLOAD = 50 * 1024 * 1024
OVERHEAD = 64_000  # bytes of a form around its files
MOST_FILES = 20  # of one form; the page sends one
AT_ONCE = 6  # uploads of one address; others of it wait
MOST_WAITING = 100  # of them
PATIENCE = 60  # s that they wait
WRITTEN = 1 << 20  # bytes that are gathered before they are written
LONGEST_NAME = 100  # characters


class UploadRoute:
    """``POST /gradio_api/upload``."""

    def __init__(self, files: ClientFiles):
        self.files = files
        self.doors = Doors(AT_ONCE, MOST_WAITING, PATIENCE)

    async def __call__(self, address: str, headers: Headers, body: AsyncIterator[bytes], send: Send) -> None:
        async with self.doors.through(address):
            form = Form(headers.get("content-type", ""), self.files, address)
            try:
                async for chunk in body:
                    form.write(chunk)
                    if form.gathered >= WRITTEN:
                        await asyncio.to_thread(form.flush)
                await asyncio.to_thread(form.finish)
            except BaseException as error:
                await asyncio.to_thread(form.abandon)
                raise _told(error) from error
        await answer_json(200, [str(file.path) for file in form.files], send)


def _told(error: BaseException) -> BaseException:
    """What is said of an upload that failed."""
    if isinstance(error, Full):
        return Refused(503, str(error))
    if isinstance(error, OSError):
        return Refused(503, f"The server cannot keep the file ({error.strerror}); try again in a minute.")
    if isinstance(error, FormParserError):
        return Refused(400, "Got a form that cannot be read, expected multipart/form-data with `files`; send it again.")
    return error


class Form:
    """A form as it comes in; everything in it but files is passed over. ``flush``, ``finish`` and ``abandon`` write or
    delete, and are called in a thread."""

    def __init__(self, content_type: str, store: ClientFiles, address: str):
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or not options.get(b"boundary"):
            raise Refused(400, f"Got {content_type[:60]!r}, expected multipart/form-data with `files`.")
        self.store, self.address = store, address
        self.files: list[ClientFile] = []
        self.parts: list[tuple[ClientFile, bytes]] = []  # not yet written
        self.gathered = 0  # bytes in them
        self.inside: ClientFile | None = None  # the file whose part is being read
        self.begun = self.ended = 0  # parts
        self.name, self.value, self.disposition = b"", b"", b""
        parts = {"on_part_begin": self._begin, "on_part_data": self._data, "on_part_end": self._end}
        heads = {"on_header_field": self._name, "on_header_value": self._value, "on_header_end": self._header}
        self.parser = MultipartParser(
            options[b"boundary"],
            {**parts, **heads, "on_headers_finished": self._headers_end},  # type: ignore
        )

    def write(self, chunk: bytes) -> None:
        """The next bytes of the body."""
        self.parser.write(chunk)

    def flush(self) -> None:
        """Writes what was gathered."""
        parts, self.parts, self.gathered = self.parts, [], 0
        for file, data in parts:
            self.store.grow(file, len(data))
            with file.path.open("ab") as out:
                out.write(data)

    def finish(self) -> None:
        """Every file is whole."""
        self.parser.finalize()
        if not self.files or self.begun != self.ended:
            raise Refused(400, "Got a form that is cut short or has no file, expected one with `files`; send it again.")
        self.flush()
        for file in self.files:
            self.store.written(file)

    def abandon(self) -> None:
        """Deletes what was written."""
        for file in self.files:
            self.store.drop(file)

    # --- what the parser finds ---------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self.begun += 1
        self.disposition = b""

    def _name(self, data: bytes, start: int, end: int) -> None:
        self.name += data[start:end]

    def _value(self, data: bytes, start: int, end: int) -> None:
        self.value += data[start:end]

    def _header(self) -> None:
        if self.name.lower() == b"content-disposition":
            self.disposition = self.value
        self.name = self.value = b""

    def _headers_end(self) -> None:
        _, options = parse_options_header(self.disposition)
        if options.get(b"name") != b"files" or b"filename" not in options:
            return
        if len(self.files) == MOST_FILES:
            raise Refused(413, f"Got more than {MOST_FILES} files in one form, expected fewer. Send them in several.")
        self.inside = self.store.new(tidy_name(options[b"filename"].decode("utf-8", "replace")), self.address)
        self.inside.path.touch()
        self.files.append(self.inside)

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self.inside:
            self.parts.append((self.inside, data[start:end]))
            self.gathered += end - start

    def _end(self) -> None:
        self.ended += 1
        self.inside = None


def tidy_name(name: str) -> str:
    """The last part of a client's name for a file, without what paths and addresses do not bear; its ending is kept."""
    base = strip_invalid_filename_characters(name.replace("\\", "/").rsplit("/", 1)[-1]).lstrip(". ")
    stem, dot, ending = base.rpartition(".")
    return (stem[:LONGEST_NAME] + dot + ending[:20]) if stem else base[:LONGEST_NAME] or "upload"
