"""Annotations of VOC: XML files that name the objects of a photo."""

import re
from codecs import lookup
from pathlib import Path
from xml.etree import ElementTree

from iaff.data.text import MARKS, read_text
from iaff.errors import UserError

EXPECTED = "Expected XML such as <annotation><object><name>cow</name></object></annotation>."
LINE_END = re.compile("\r\n|\r|\n")
DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?\bencoding\s*=\s*["']([A-Za-z][\w.-]*)["']""")


def read_names(path: Path) -> list[str]:
    """The names of the objects in an annotation, as they are written, without spaces around them.

    Raises:
        UserError: there is no such file, it is no XML of VOC, or an object has no name; with the line where there is
            one.
    """
    text = _text(path)
    if not text.strip():
        raise UserError(f"{path} is empty. {EXPECTED}")
    entity = text.find("<!ENTITY")
    if entity >= 0:  # VOC has none, and of a few nested ones grows any number of bytes
        line = text.count("\n", 0, entity) + 1
        raise UserError(f"{path}, line {line}: got a declaration of entities, expected none. {EXPECTED}")
    try:
        root = ElementTree.fromstring(text.lstrip())
    except (ElementTree.ParseError, ValueError) as error:  # ValueError: half a character
        line = getattr(error, "position", (1,))[0]
        got = (LINE_END.split(text.lstrip())[line - 1 :] or [""])[0].strip()[:60]
        line += len(LINE_END.findall(text[: -len(text.lstrip())]))
        raise UserError(
            f"{path}, line {line}: no XML ({str(error).split(':')[0]}), got {got!r}. {EXPECTED} A bare & is written "
            "&amp;."
        ) from error
    if _local(root.tag).lower() != "annotation":
        raise UserError(f"{path}: got <{_local(root.tag)}> as the outermost element. {EXPECTED}")
    names = []
    for number, thing in enumerate(root.iterfind("{*}object"), 1):
        name = (thing.findtext("{*}name") or "").strip()
        if not name:
            raise UserError(f"{path}: got no name in <object> {number}. {EXPECTED}")
        names.append(name)
    return names


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2]


def _text(path: Path) -> str:
    """The text in the encoding that it is in: what it declares is often that of the program that wrote it."""
    try:
        data = path.read_bytes()
    except OSError:
        return read_text(path, EXPECTED)  # which says why
    declared = DECLARED.match(data[:200])
    name = declared[1].decode() if declared else "utf-8"
    marked = any(data.startswith(mark) for mark, _ in MARKS)
    if marked or name.lower().replace("_", "-").startswith(("utf", "us-ascii", "ascii", "ucs")):
        return read_text(path, EXPECTED)
    try:
        return data.decode(lookup(name).name)
    except (LookupError, UnicodeError) as error:
        raise UserError(
            f"{path}, line 1: got the encoding {name!r}, in which it cannot be read ({error}). Save the file as UTF-8, "
            f"and declare that. {EXPECTED}"
        ) from error
