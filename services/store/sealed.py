"""Bytes that are trusted only while they have the digest they were stored with."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from services.errors import Damaged


@dataclass(frozen=True, slots=True)
class Sealed:
    """Bytes and the digest they had when they were made.

    Both making and checking read every byte, so they belong outside of transactions.
    """

    sha256: str
    data: bytes

    @classmethod
    def of(cls, data: bytes) -> Sealed:
        """Seal `data`."""
        return cls(_digest(data), data)

    @property
    def is_whole(self) -> bool:
        """Whether the bytes are still those that were sealed."""
        return _digest(self.data) == self.sha256

    def opened(self) -> bytes:
        """Return the bytes.

        Raises:
            Damaged: they are not those that were sealed.
        """
        if not self.is_whole:
            raise Damaged("stored bytes are damaged: their digest has changed")
        return self.data


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
