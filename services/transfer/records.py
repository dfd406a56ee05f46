"""The export file: records one after the other, each proven whole before it is used.

After `MAGIC` come records: the length of a JSON text as 4 little-endian bytes, that of the bytes which follow
it as 8, the JSON text `[kind, values]`, the bytes, and the SHA-256 of everything in the file up to here. So a
record that was changed, cut off, left out or put elsewhere is noticed before anything is done with it. The
last record says that it is the last. Reading runs nothing and takes the memory of one record.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, NamedTuple, NoReturn

from services.errors import UnreadableExport

MAGIC = b"GRADQUEUE\r\n\x1a\n"
#: The kind of the last record.
END = "end"

_LENGTHS = struct.Struct("<IQ")
_DIGEST = hashlib.sha256().digest_size
#: Bytes read at once: a length that is wrong must not take memory that the file does not fill.
_PIECE = 2**20


class Record(NamedTuple):
    """One record: a kind, values fit for JSON, and bytes (possibly none)."""

    kind: str
    values: dict[str, Any]
    data: bytes = b""


class Writer:
    """Writes records to `file`, which is only ever appended to; a pipe will do."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._write(MAGIC)

    def write(self, kind: str, values: Mapping[str, Any], data: bytes = b"") -> None:
        """Append a record."""
        text = json.dumps([kind, values], separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
        self._write(_LENGTHS.pack(len(text), len(data)))
        self._write(text)
        self._write(data)
        self._file.write(self._digest.digest())

    def _write(self, part: bytes) -> None:
        self._digest.update(part)
        self._file.write(part)


def read(file: BinaryIO) -> Iterator[Record]:
    """Read records up to and with the last one, each checked before it is given out.

    Raises:
        UnreadableExport: the file is no export, is damaged, or does not end where it says.
    """
    reader = _Reader(file)
    if reader.take(len(MAGIC), "its beginning") != MAGIC:
        raise UnreadableExport("this is not a file that gradqueue export wrote")
    while True:
        record = reader.record()
        yield record
        if record.kind == END:
            break
    if file.read(1):
        raise UnreadableExport(f"the file goes on after its end, at byte {reader.position}")


class _Reader:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.position = 0

    def record(self) -> Record:
        start = self.position
        text_length, data_length = _LENGTHS.unpack(self.take(_LENGTHS.size, "a record"))
        text, data = self.take(text_length, "a record"), self.take(data_length, "a record")
        expected = self._digest.digest()
        if self._exactly(_DIGEST, "a record") != expected:
            raise UnreadableExport(f"the file is damaged: the record at byte {start} is not what was written")
        return _parsed(text, data, start)

    def take(self, length: int, what: str) -> bytes:
        """Return the next `length` bytes, which count for the digest."""
        part = self._exactly(length, what)
        self._digest.update(part)
        return part

    def _exactly(self, length: int, what: str) -> bytes:
        pieces, missing = [], length
        while missing and (piece := self._file.read(min(missing, _PIECE))):
            pieces.append(piece)
            missing -= len(piece)
        self.position += length - missing
        if missing:
            raise UnreadableExport(f"the file is cut off at byte {self.position}, within {what}")
        return b"".join(pieces)


def _parsed(text: bytes, data: bytes, start: int) -> Record:
    """Take a record apart. It is what was written; but by whom, only its form can tell."""
    try:
        kind, values = json.loads(text, parse_constant=_refuse)
    except (ValueError, TypeError, RecursionError) as error:
        raise UnreadableExport(f"the record at byte {start} is not in the form of an export") from error
    if not isinstance(kind, str) or not isinstance(values, dict):
        raise UnreadableExport(f"the record at byte {start} is not in the form of an export")
    return Record(kind, values, data)


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number in JSON")
