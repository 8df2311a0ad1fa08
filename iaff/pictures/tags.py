"""Directories of tags, as TIFF and EXIF have them (TIFF 6.0, section 2), read no further than they are asked."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

ORIENTATION = 274
FORMS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q"}  # whole numbers, of 1, 2, 4, 4 and 8 bytes
MOST_ENTRIES = 4096
MOST_DIRECTORIES = 10_000


@dataclass(frozen=True)
class Tags:
    """One directory: where it lies, and its entries by their tag, each as it stands in the file."""

    file: "TagFile"
    entries: dict[int, bytes]
    next: int  # where the next directory lies; 0: none does
    cut: bool  # entries are missing

    def numbers(self, tag: int, most: int = 64) -> tuple[int, ...]:
        """The whole numbers of a tag, at most so many; none where it is missing, or of another type."""
        entry = self.entries.get(tag)
        if entry is None:
            return ()
        file = self.file
        kind, count = struct.unpack_from(f"{file.order}H{file.word}", entry, 2)
        if kind not in FORMS:
            return ()
        form = f"{file.order}{min(count, most)}{FORMS[kind]}"
        size = count * struct.calcsize(FORMS[kind])
        try:
            if size <= file.word_size:
                return struct.unpack_from(form, entry, 4 + file.word_size)
            (place,) = struct.unpack_from(file.order + file.word, entry, len(entry) - file.word_size)
            return struct.unpack_from(form, file.data, place)
        except struct.error:
            return ()

    def count(self, tag: int) -> int:
        """How many values a tag has."""
        entry = self.entries.get(tag)
        return struct.unpack_from(self.file.order + self.file.word, entry, 4)[0] if entry else 0

    def number(self, tag: int, default: int) -> int:
        """The first number of a tag."""
        return (*self.numbers(tag, 1), default)[0]


class TagFile:
    """A file of directories, classic or BigTIFF.

    Raises:
        ValueError: it does not begin as such a file does.
    """

    def __init__(self, data: bytes):
        self.data = data
        order = {b"II": "<", b"MM": ">"}.get(data[:2])
        version = struct.unpack_from(f"{order}H", data, 2)[0] if order and len(data) >= 16 else 0
        if version not in (42, 43):
            raise ValueError("no directory of tags")
        self.order, self.big = str(order), version == 43
        self.word, self.word_size = ("Q", 8) if self.big else ("I", 4)
        self.entry_size = 20 if self.big else 12
        self.first_at = 8 if self.big else 4  # where the header says where the first directory is
        self.first = struct.unpack_from(self.order + self.word, data, self.first_at)[0]

    def read(self, at: int) -> Tags:
        """The directory at a place.

        Raises:
            ValueError: there is none.
        """
        counted = self.order + ("Q" if self.big else "H")
        start = at + struct.calcsize(counted)
        try:
            count = struct.unpack_from(counted, self.data, at)[0] if at else 0
        except struct.error:
            count = 0
        if not 0 < count <= MOST_ENTRIES:
            raise ValueError(f"no directory of tags at {at}")
        size, entries = self.entry_size, {}
        for place in range(start, min(start + count * size, len(self.data) - size + 1), size):
            entry = self.data[place : place + size]
            entries.setdefault(struct.unpack_from(self.order + "H", entry)[0], entry)
        end = start + count * size
        cut = end + self.word_size > len(self.data)
        following = 0 if cut else struct.unpack_from(self.order + self.word, self.data, end)[0]
        return Tags(self, entries, following, end > len(self.data))

    def chain(self) -> Iterator[Tags]:
        """All directories, one after the other; ends where one is damaged, or leads back to an earlier one."""
        at, seen = self.first, set()
        while at and at not in seen and len(seen) < MOST_DIRECTORIES:
            seen.add(at)
            try:
                tags = self.read(at)
            except ValueError:
                return
            yield tags
            at = tags.next

    def written(self, tags: Tags, kept: frozenset[int]) -> bytes:
        """A file of one directory with some of its tags: what they point to stays where it is."""
        entries = [tags.entries[tag] for tag in sorted(tags.entries.keys() & kept)]
        padding = bytes(len(self.data) % 2)
        place = struct.pack(self.order + self.word, len(self.data) + len(padding))
        count = struct.pack(self.order + ("Q" if self.big else "H"), len(entries))
        head, rest = self.data[: self.first_at], self.data[self.first_at + self.word_size :]
        return b"".join((head, place, rest, padding, count, *entries, bytes(self.word_size)))
