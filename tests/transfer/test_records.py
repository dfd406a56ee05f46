"""The export file: what is read is what was written, or nothing is read."""

from __future__ import annotations

import hashlib
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.errors import UnreadableExport
from services.transfer.records import END, MAGIC, Record, Writer, read

_values = st.dictionaries(
    st.text(max_size=5),
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=9),
    max_size=3,
)
_records = st.lists(st.tuples(st.just("row"), _values, st.binary(max_size=40)), max_size=4)


def _written(*records: tuple[str, dict[str, object], bytes]) -> bytes:
    file = BytesIO()
    writer = Writer(file)
    for kind, values, data in records:
        writer.write(kind, values, data)
    writer.write(END, {})
    return file.getvalue()


SMALL = _written(("row", {"name": "a"}, b"bytes"), ("row", {"name": "b"}, b""))


@given(_records)
def test_what_was_written_is_read(records: list[tuple[str, dict[str, object], bytes]]) -> None:
    found = list(read(BytesIO(_written(*records))))
    assert found == [*(Record(*record) for record in records), Record(END, {})]


def test_the_form_is_that_of_version_1() -> None:
    """Files of years ago must be read: whoever changes the form writes another version."""
    digest = hashlib.sha256(_written(("row", {"n": 1.5, "text": "ä"}, b"\x00"))).hexdigest()
    assert digest == "18db03dfbe9ba676092b77e87ec03ed17ad69d8d81065fc2f68b8e84a52af84b"


@pytest.mark.parametrize("length", range(len(SMALL)))
def test_a_file_that_was_cut_off_anywhere_is_refused(length: int) -> None:
    with pytest.raises(UnreadableExport, match="cut off"):
        list(read(BytesIO(SMALL[:length])))


@pytest.mark.parametrize("place", range(len(SMALL)))
def test_a_file_with_a_changed_byte_is_refused_before_what_it_changes_is_used(place: int) -> None:
    changed = SMALL[:place] + bytes([SMALL[place] ^ 1]) + SMALL[place + 1 :]
    used = []
    with pytest.raises(UnreadableExport):
        used.extend(read(BytesIO(changed)))
    assert used == list(read(BytesIO(SMALL)))[: len(used)]


def test_a_length_that_lies_takes_no_memory() -> None:
    """Four gigabytes of text and an exabyte of bytes are announced, and none of it is there."""
    with pytest.raises(UnreadableExport, match="cut off"):
        list(read(BytesIO(MAGIC + b"\xff" * 4 + b"\xff" * 8)))


def test_records_cannot_change_places_or_be_left_out() -> None:
    first, second = _written(("row", {"name": "a"}, b"")), _written(("row", {"name": "b"}, b""))
    # The same lengths, each record whole in its own file.
    half = len(MAGIC) + (len(first) - len(MAGIC)) // 2
    with pytest.raises(UnreadableExport, match="not what was written"):
        list(read(BytesIO(first[:half] + second[half:])))


def test_nothing_may_follow_the_end() -> None:
    with pytest.raises(UnreadableExport, match="goes on after its end"):
        list(read(BytesIO(SMALL + b"\n")))


@pytest.mark.parametrize(
    "other", [b"", b"PK\x03\x04" * 9, b"SQLite format 3\x00", b"\x80\x04\x95pickle......"]
)
def test_another_file_is_refused(other: bytes) -> None:
    with pytest.raises(UnreadableExport):
        list(read(BytesIO(other)))
