"""One binary form for everything of ours that is bytes: a JSON header, then arrays of doubles.

Deterministic (the same content gives the same bytes on every machine) and safe to read from anywhere: nothing
in it can run. Layout: `MAGIC`, the header's length as 8 little-endian bytes, the header as JSON with sorted
keys padded with spaces to a multiple of 8, then each array's little-endian float64 values in row-major order.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nn.numerics import Floats

MAGIC = b"GRADQ\r\n\x01"
_LENGTH = 8
_DOUBLE = np.dtype("<f8")


class Unreadable(ValueError):
    """The bytes are not what `pack` made of this kind of content."""


def pack(kind: str, facts: Mapping[str, Any], arrays: Mapping[str, Floats]) -> bytes:
    """Return `facts` (JSON: text, whole numbers, lists of them, null) and `arrays` as bytes."""
    header = json.dumps(
        {
            "kind": kind,
            "facts": facts,
            "arrays": [[name, list(array.shape)] for name, array in arrays.items()],
        },
        sort_keys=True,
        separators=(",", ":"),
        allow_nan=False,
    ).encode()
    header += b" " * (-len(header) % 8)
    contents = (np.ascontiguousarray(array, dtype=_DOUBLE).tobytes() for array in arrays.values())
    return b"".join((MAGIC, len(header).to_bytes(_LENGTH, "little"), header, *contents))


def unpack(kind: str, packed: bytes) -> tuple[dict[str, Any], dict[str, Floats]]:
    """Return what `pack` was given; the arrays are read-only views of `packed`.

    Raises:
        Unreadable: the bytes are cut, longer than they should be, of another kind, or no such thing at all.
    """
    start = len(MAGIC) + _LENGTH
    if packed[: len(MAGIC)] != MAGIC:
        raise Unreadable(f"this is not a packed {kind}")
    end = start + int.from_bytes(packed[len(MAGIC) : start], "little")
    try:
        header = json.loads(packed[start:end])
        facts, shapes = header["facts"], [(name, tuple(shape)) for name, shape in header["arrays"]]
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable(f"the header of this {kind} cannot be read") from error
    if header["kind"] != kind:
        raise Unreadable(f"this is a packed {header['kind']}, not a {kind}")
    sizes = [int(np.prod(shape, dtype=np.int64)) for _, shape in shapes]
    if len(packed) != end + sum(sizes) * _DOUBLE.itemsize:
        raise Unreadable(f"this {kind} is {len(packed)} bytes long, which does not agree with its header")
    arrays: dict[str, Floats] = {}
    for (name, shape), size in zip(shapes, sizes, strict=True):
        arrays[name] = np.frombuffer(packed, _DOUBLE, size, end).astype(np.float64, copy=False).reshape(shape)
        end += size * _DOUBLE.itemsize
    return facts, arrays
