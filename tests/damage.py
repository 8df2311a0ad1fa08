"""Files of a run as they may be after an accident, or by a stranger's hand: JSON and traces, changed in one place."""

import json
import struct
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import numpy as np

DEEP, TWICE = "@deep@", "@twice@"  # stand-ins for what json.dumps cannot write
ODD_VALUES: list[Any] = [
    None, True, False, 0, -1, 1, 3, 1.5, -0.5, 2**31, 2**63, 10**400, 1e308, float("inf"), float("nan"),
    "", "x", "../x", "\ud800", "a\0b", "ü" * 300, "12", [], {}, [[]], [None], ["x", 1], {"a": None}, {"round": 1}, DEEP,
]  # fmt: skip


def places(value: Any, place: tuple = ()) -> Iterator[tuple]:
    """The places of all that a JSON value holds, itself among them."""
    yield place
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in pairs:
        yield from places(one, (*place, key))


def changed(value: Any, place: tuple, change: Any, how: str = "put") -> Any:
    """A copy of a JSON value with one place changed: something put there, taken away, or there twice."""
    if not place:
        return deepcopy(change)
    copy = deepcopy(value)
    holder = copy
    for key in place[:-1]:
        holder = holder[key]
    key = place[-1]
    if how == "take":
        del holder[key]
    elif how == "twice" and isinstance(holder, dict):
        holder[TWICE + key] = holder[key]
    elif how == "twice":
        holder.insert(key, deepcopy(holder[key]))
    elif how == "rename" and isinstance(holder, dict):
        holder[f"{key}_"] = holder.pop(key)
    else:
        holder[key] = deepcopy(change)
    return copy


def json_text(value: Any) -> str:
    return json.dumps(value).replace(json.dumps(DEEP), "[" * 50_000 + "]" * 50_000).replace(TWICE, "")


def odd_json(value: Any, random: np.random.Generator) -> str:
    """JSON text of a value, changed in one place."""
    found = list(places(value))
    place = found[random.integers(len(found))]
    how = ["put", "put", "put", "take", "twice", "rename"][random.integers(6)]
    return json_text(changed(value, place, ODD_VALUES[random.integers(len(ODD_VALUES))], how))


def split(data: bytes) -> tuple[dict[str, Any], bytes]:
    """Header and tensors' bytes of a safetensors file."""
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def joined(header: str, body: bytes) -> bytes:
    text = header.encode("utf-8")
    return struct.pack("<Q", len(text)) + text + body


def odd_trace(data: bytes, random: np.random.Generator) -> bytes:
    """A trace's bytes, changed in one place of its header, its description, its numbers or its length."""
    header, body = split(data)
    kind = random.integers(5)
    if kind == 0:
        return joined(odd_json(header, random), body)
    if kind <= 2:
        said = header["__metadata__"]
        description = odd_json(json.loads(said["trace"]), random)
        return joined(json.dumps({**header, "__metadata__": {**said, "trace": description}}), body)
    if kind == 3:
        names = [name for name in header if name != "__metadata__" and header[name]["dtype"] in ("F16", "U16")]
        start, end = header[names[random.integers(len(names))]]["data_offsets"]
        at = start + 2 * int(random.integers((end - start) // 2))
        number = np.float16([np.nan, np.inf, -np.inf, -1, 7, 0][random.integers(6)]).tobytes()  # 0: cell 0 of U16
        return joined(json.dumps(header), body[:at] + number + body[at + 2 :])
    length = [0, 1, 7, 2**31, 2**53, 2**63, 2**64 - 1, len(data) - 8][random.integers(8)]
    return [
        struct.pack("<Q", length) + data[8:],
        data[: random.integers(len(data))],
        data + bytes(int(random.integers(1, 100))),
        joined("[" * 100_000, body),
    ][random.integers(4)]


def flipped(data: bytes, random: np.random.Generator) -> bytes:
    """A copy with one bit changed."""
    copy = bytearray(data)
    copy[random.integers(len(copy))] ^= 1 << random.integers(8)
    return bytes(copy)
