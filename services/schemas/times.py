"""Times and durations on the wire. The store counts microseconds since 1970; clients read RFC 3339, UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def timestamp(microseconds: int) -> str:
    """Return a time such as "2026-11-23T14:00:00.123456Z", always with six decimals."""
    moment = _EPOCH + timedelta(microseconds=microseconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def optional_timestamp(microseconds: int | None) -> str | None:
    """Return the time, or None for None."""
    return None if microseconds is None else timestamp(microseconds)


def microseconds(text: str) -> int:
    """Return the microseconds since 1970 of an RFC 3339 time with its offset from UTC.

    Raises:
        ValueError: it is not one.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or len(text) < len("2026-11-23T14:00Z"):
        raise ValueError("a time needs a date, a time of day and an offset from UTC")
    return (moment - _EPOCH) // _MICROSECOND
