"""Backups made while a service runs, and a service that goes on from one with all its jobs."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy
from click.testing import CliRunner, Result

from gradqueue.cli import main
from gradqueue.cli.outcome import Exit
from services import jobs
from services.embedded.folder import locked
from services.settings import Settings
from services.status import Status
from services.store import Store, migrate
from tests.e2e.serve import Serve
from tests.support import jobs as support
from tests.support.databases import absent
from tests.support.waiting import until
from tests.upgrade import previous
from tests.upgrade.test_upgrade import undisturbed
from tests.worker.process import PATIENCE, a_worker
from tests.worker.training import curve_bytes

Run = Callable[..., Result]
UNDER_WAY = (Status.QUEUED, Status.RUNNING, Status.PAUSED)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a command on the data folder `var` of this test."""

    def gradqueue(command: str, *arguments: str | Path) -> Result:
        options = [command, *map(str, arguments), "--data", str(tmp_path / "var")]
        return CliRunner().invoke(main, options, env={"GRADQUEUE_DATABASE_URL": ""})

    return gradqueue


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The SQLite database in that folder."""
    url = f"sqlite:///{tmp_path}/var/gradqueue.db"
    migrate.upgrade(url)
    return url


def _is_done(store: Store, job_id: str) -> bool:
    return jobs.get(store, job_id).is_terminal


def finish_and_compare(url: str, ids: dict[Status, str], folder: Path) -> None:
    """Have a real worker end what is under way, and compare with trainings that nothing disturbed."""
    store = Store(url, Settings())
    jobs.resume(store, ids[Status.PAUSED])
    with a_worker(store, url, folder):
        for status in UNDER_WAY:
            until(partial(_is_done, store, ids[status]), f"the {status} job to end", PATIENCE)
    for status in UNDER_WAY:
        expected, curve = undisturbed(folder, status)
        job = jobs.get(store, ids[status])
        assert (job.status, job.weights_sha256) == (Status.SUCCEEDED, expected.weights_sha256)
        assert curve_bytes(store, job.id) == curve
        assert job.lost_attempts == 0
    for status in (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED):
        assert jobs.get(store, ids[status]).status is status
    store.close()


def test_a_restored_database_is_what_was_backed_up_but_for_the_jobs_that_ran(run: Run, url: str) -> None:
    store = Store(url, Settings())
    ids = previous.fill(store)
    before = previous.rows(url)
    backup = previous_file(url)

    assert run("backup", backup).exit_code == Exit.OK
    later = support.submitted(store).id
    store.close()
    result = run("restore", backup)

    assert result.stderr == "gradqueue: restored; 1 jobs that ran are queued\n"
    after = previous.rows(url)
    assert later not in {job["id"] for job in after["jobs"]}
    changed = [job for job in after["jobs"] if job not in before["jobs"]]
    assert [(job["id"], job["status"], job["lost_attempts"]) for job in changed] == [
        (ids[Status.RUNNING], "queued", 0)
    ]
    assert {name: found for name, found in after.items() if name != "jobs"} == {
        name: found for name, found in before.items() if name != "jobs"
    }


def previous_file(url: str) -> Path:
    """A name for a backup beside the data folder of `url`."""
    return Path(str(sqlalchemy.make_url(url).database)).parents[1] / "backup.db"


@pytest.mark.service
def test_a_service_on_a_restored_sqlite_file_goes_on_with_its_jobs(
    run: Run, url: str, tmp_path: Path
) -> None:
    store = Store(url, Settings())
    ids = previous.fill(store)
    store.close()
    run("backup", previous_file(url))
    for name in ("gradqueue.db", "gradqueue.db-wal", "gradqueue.db-shm"):  # the disk is gone
        (tmp_path / "var" / name).unlink(missing_ok=True)

    assert run("restore", previous_file(url)).exit_code == Exit.OK

    finish_and_compare(url, ids, tmp_path)


@pytest.mark.service
def test_a_backup_is_made_while_the_service_trains_and_holds_a_moment_of_it(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    serve = Serve(tmp_path)
    request.addfinalizer(serve.discard)
    serve.start()
    endless = {
        "dataset": {"generator": "moons", "rows": 100, "noise": 0.1, "seed": 0},
        "model": {"hidden_layers": [8]},
        "training": {"epochs": 1_000_000, "batch_size": 1},
    }
    job_id = serve.client.submit(endless)["id"]
    until(lambda: serve.client.job(job_id)["progress"]["epoch"] > 0, "progress", PATIENCE)
    backup = tmp_path / "backup.db"

    result = CliRunner().invoke(main, ["backup", str(backup), "--data", str(serve.data)])
    refused = CliRunner().invoke(main, ["restore", str(backup), "--data", str(serve.data)])
    known = serve.client.job(job_id)["progress"]["epoch"]
    until(
        lambda: serve.client.job(job_id)["progress"]["epoch"] > known, "progress after the backup", PATIENCE
    )
    serve.client.cancel(job_id)
    serve.stop()

    assert result.exit_code == Exit.OK, result.stderr
    assert backup.stat().st_mode & 0o777 == 0o600
    assert refused.exit_code == Exit.REFUSED, "a service uses the folder"
    with sqlite3.connect(backup) as connection:
        ((status, epoch),) = connection.execute("SELECT status, epoch FROM jobs").fetchall()
    connection.close()
    assert status == "running"
    assert 0 < epoch <= known


def test_a_backup_of_the_previous_version_is_restored_with_this_version_s_tables(
    run: Run, url: str, tmp_path: Path
) -> None:
    ids = previous.make(url, tmp_path)
    backup = tmp_path / "old.db"
    with sqlite3.connect(tmp_path / "var" / "gradqueue.db") as connection:
        connection.execute("VACUUM INTO ?", (str(backup),))
    connection.close()

    assert run("restore", backup).exit_code == Exit.OK

    store = Store(url, Settings())
    assert jobs.get(store, ids[Status.RUNNING]).status is Status.QUEUED
    store.close()


@pytest.mark.parametrize("damage", ["rubbish", "cut", "empty"])
def test_a_file_that_cannot_be_restored_changes_nothing(run: Run, url: str, damage: str) -> None:
    store = Store(url, Settings())
    job_id = support.submitted(store).id
    file = previous_file(url)
    run("backup", file)
    whole = file.read_bytes()
    file.write_bytes({"rubbish": b"x" * 8192, "cut": whole[: len(whole) // 2], "empty": b""}[damage])

    result = run("restore", file)

    assert result.exit_code == Exit.INVALID
    assert "Traceback" not in result.output
    assert jobs.get(store, job_id).status is Status.QUEUED
    assert [path.name for path in file.parent.glob("var/restoring*")] == []
    store.close()


def test_a_backup_never_replaces_a_file(run: Run, url: str) -> None:
    file = previous_file(url)
    file.write_text("an older backup")
    assert run("backup", file).exit_code == Exit.INVALID
    assert file.read_text() == "an older backup"


def test_nothing_is_restored_under_a_running_service(run: Run, url: str, tmp_path: Path) -> None:
    run("backup", previous_file(url))
    with locked(tmp_path / "var"):
        result = run("restore", previous_file(url))
    assert result.exit_code == Exit.REFUSED
    assert "in use by another" in result.stderr


@pytest.fixture
def restored_url(postgresql_url: str) -> str:
    """The URL of a second database on the same server, to restore to; not made yet."""
    url = sqlalchemy.make_url(postgresql_url)
    return url.set(database=f"{url.database}_restored").render_as_string(hide_password=False)


@pytest.mark.service
def test_a_service_on_a_restored_postgresql_dump_goes_on_with_its_jobs(
    postgresql_url: str, restored_url: str, tmp_path: Path
) -> None:
    """With the commands of docs/operations.md: pg_dump while it is used, createdb, pg_restore, requeue."""
    for program in ("pg_dump", "pg_restore", "createdb", "dropdb"):
        if shutil.which(program) is None:
            absent(f"no {program}")
    store = Store(postgresql_url, Settings())
    ids = previous.fill(store)
    store.close()
    before, dump = previous.rows(postgresql_url), tmp_path / "gradqueue.dump"
    plain = [each.replace("+psycopg", "") for each in (postgresql_url, restored_url)]
    name = sqlalchemy.make_url(restored_url).database or ""
    maintenance = f"--maintenance-db={plain[0]}"

    def call(*command: str) -> None:
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    call("pg_dump", "--format=custom", f"--file={dump}", plain[0])
    call("createdb", maintenance, name)
    try:
        call("pg_restore", "--exit-on-error", "--no-owner", f"--dbname={plain[1]}", str(dump))
        assert previous.rows(restored_url) == before
        environment = {**os.environ, "GRADQUEUE_DATABASE_URL": restored_url}
        result = CliRunner().invoke(main, ["requeue"], env=environment)
        assert result.stderr == "gradqueue: 1 jobs that ran are queued\n"
        finish_and_compare(restored_url, ids, tmp_path)
    finally:
        call("dropdb", "--force", maintenance, name)


def test_a_job_requeued_beside_its_living_worker_is_never_written_by_both(url: str) -> None:
    """Who calls requeue too soon loses the time of an attempt, and nothing else."""
    from services.errors import LeaseLost

    store = Store(url, Settings())
    job = support.submitted(store)
    claim = support.claimed(store)

    assert jobs.hand_back_all(store) == [job.id]

    with pytest.raises(LeaseLost):
        support.flush(store, claim)
    after = jobs.get(store, job.id)
    assert (after.status, after.attempt, after.lost_attempts, after.epoch) == (Status.QUEUED, 1, 0, 0)
    store.close()
