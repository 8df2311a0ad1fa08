"""Files that others may read at any time."""

from pathlib import Path

from iaff.places import expanded


def write_atomically(path: Path, data: bytes) -> None:
    """Writes beside the target and renames it into place: a reader never sees half a file.

    Raises:
        OSError: with the file's name in it; what was there before is kept.
    """
    path = expanded(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        error.filename = error.filename or str(path)  # a write that fails does not say of what
        part.unlink(missing_ok=True)
        raise
