"""Damage to what is stored, as a failing disk does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.faults.parts.stack import Stack


def checkpoints(stack: Stack, job_id: str) -> list[tuple[int, bytes]]:
    """The version and the bytes of each checkpoint of a job, newest last."""
    statement = "SELECT version, data FROM checkpoints WHERE job_id = :id ORDER BY version"
    return [(row.version, bytes(row.data)) for row in stack.query(statement, id=job_id)]


def flip_a_bit(stack: Stack, job_id: str, version: int, data: bytes) -> None:
    """Change one bit in the middle of a checkpoint."""
    spoilt = bytearray(data)
    spoilt[len(spoilt) // 2] ^= 1
    statement = "UPDATE checkpoints SET data = :data WHERE job_id = :id AND version = :version"
    stack.query(statement, data=bytes(spoilt), id=job_id, version=version)
