"""The formats of jobs: what a worker must understand to train one.

A format is a number that stands for everything a job is made of: the spec's document and its words, the
packed dataset, the checkpoint, and the arithmetic (`NUMERICS_VERSION`). It is written with the job. A worker
claims jobs of the formats it understands and passes over all others: they stay queued for a worker that does,
and no attempt is counted. So old workers can run beside new ones: docs/decisions/upgrades.md.
"""

from __future__ import annotations

#: The format of the jobs that this code submits. A test knows what it stands for and says when to raise it.
WRITTEN = 1

#: The formats that this code can train to the bits that were promised.
UNDERSTOOD = frozenset({1})
