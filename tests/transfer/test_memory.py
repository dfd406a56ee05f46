"""However many rows there are, moving them takes the memory of a few."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from services.settings import Settings
from services.store import Store, migrate, tables
from tests.support.databases import plain_engine
from tests.support.jobs import claimed, flush, submitted

ROWS = 20_000
#: Bytes of each of the large rows, and how many there are: far more together than may be held.
LARGE, NUMBER = 2 * 2**20, 60

#: Bytes that moving may take: a few large rows and what waits to be inserted, in Python and in the driver.
MOST = 32 * 2**20


#: Does it in a process of its own, and tells by how many bytes its memory grew at most, and what was moved.
_MEASURED = """
import json, sys
from services.transfer.exporting import export
from services.transfer.importing import import_
from services.store import patient
def peak():  # the most this process ever had; getrusage would tell of the one it was forked from
    (line,) = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024
url, path = sys.argv[1:]
with patient.reading(url):  # what any connection takes
    before = peak()
with open(path, {mode!r}) as file:
    counted = {function}(url, file)
print(json.dumps([peak() - before, counted]))
"""
EXPORT = _MEASURED.format(mode="wb", function="export")
IMPORT = _MEASURED.format(mode="rb", function="import_")


def grown(code: str, url: str, path: Path) -> tuple[int, dict[str, int]]:
    done = subprocess.run([sys.executable, "-c", code, url, str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    growth, counted = json.loads(done.stdout)
    return growth, counted


def fill(url: str) -> None:
    """Make `ROWS` jobs with a chunk of their curve and a checkpoint each, and models of 126 MB together."""
    store = Store(url, Settings())
    submitted(store)
    flush(store, claimed(store))
    store.close()
    with plain_engine(url).begin() as connection:
        (job,) = connection.execute(select(tables.jobs)).mappings()
        ids = [f"job_{uuid.uuid4().hex}" for _ in range(ROWS - 1)]
        for start in range(0, len(ids), 1000):
            some = ids[start : start + 1000]
            connection.execute(insert(tables.jobs), [{**job, "id": each} for each in some])
            for table in (tables.loss_chunks, tables.checkpoints):
                (row,) = connection.execute(select(table).where(table.c.job_id == job["id"])).mappings()
                connection.execute(insert(table), [{**row, "job_id": each} for each in some])
        for number in range(NUMBER):
            connection.execute(insert(tables.models), _model(number))


def _model(number: int) -> dict[str, object]:
    facts = {"id": f"mdl_{number:032}", "owner": "", "created_at": 1, "problem": "regression", "inputs": 2}
    digests = {"outputs": 1, "epoch": 1, "weights_sha256": "", "sha256": ""}
    return {**facts, **digests, "data": number.to_bytes(4, "big") * (LARGE // 4)}


@pytest.mark.service
@pytest.mark.timeout(300)
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the most a process had")
def test_tens_of_thousands_of_rows_take_the_memory_of_a_few(database_url: str, tmp_path: Path) -> None:
    """From SQLite to PostgreSQL, or from there to SQLite."""
    other = f"sqlite:///{tmp_path}/other.db"
    migrate.upgrade(other)
    fill(database_url)
    packed = tmp_path / "everything.gqx"

    exporting, counted = grown(EXPORT, database_url, packed)
    importing, imported = grown(IMPORT, other, packed)

    assert imported == counted
    assert counted == {
        "jobs": ROWS,
        "loss_chunks": ROWS,
        "checkpoints": ROWS,
        "models": NUMBER,
        "datasets": 1,
    }
    assert packed.stat().st_size > 3 * MOST
    assert exporting < MOST
    assert importing < MOST
