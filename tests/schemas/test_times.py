"""Times on the wire."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.schemas.times import microseconds, timestamp


def test_a_time_has_six_decimals_and_a_z() -> None:
    assert timestamp(0) == "1970-01-01T00:00:00.000000Z"
    assert timestamp(1_795_442_400_123_456) == "2026-11-23T14:00:00.123456Z"


@given(st.integers(0, 250_000_000_000_000_000))
def test_a_time_reads_back(moment: int) -> None:
    assert microseconds(timestamp(moment)) == moment


def test_offsets_are_understood() -> None:
    assert microseconds("2026-11-23T15:00:00+01:00") == microseconds("2026-11-23T14:00:00Z")


@pytest.mark.parametrize(
    "text", ["", "now", "2026-11-23", "2026-11-23T14:00:00", "1795442400", "2026-13-01T00:00:00Z"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (the message is the standard library's)
        microseconds(text)
