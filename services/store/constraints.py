"""CHECK conditions as text that both databases read alike."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum


def quoted(words: Collection[str]) -> str:
    """Return a list of SQL strings in a fixed order: `'a', 'b'`."""
    return ", ".join(f"'{word}'" for word in sorted(words))


def one_of(column: str, words: type[StrEnum]) -> str:
    """Say that `column`, if it is filled, is one of the words."""
    return f"{column} IN ({quoted(list(words))})"


def at_least(column: str, minimum: int) -> str:
    """Say that `column` is not smaller than `minimum`."""
    return f"{column} >= {minimum}"


def between(column: str, minimum: int, maximum: int | str) -> str:
    """Say that `column` is in a closed range; `maximum` may be another column."""
    return f"{column} >= {minimum} AND {column} <= {maximum}"


def filled_in(column: str, statuses: Collection[str]) -> str:
    """Say that `column` is filled in exactly these statuses."""
    return f"({column} IS NOT NULL) = (status IN ({quoted(statuses)}))"
