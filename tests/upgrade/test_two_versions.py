"""Workers of two versions beside each other: an upgrade under way."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import nn.compiled.kernels
from services import formats, jobs
from services.settings import Settings
from services.status import Status
from services.store import Store, migrate, schema
from tests.support.waiting import until
from tests.upgrade import previous
from tests.upgrade.test_upgrade import undisturbed
from tests.worker.process import PATIENCE, RUN, a_worker
from tests.worker.training import submitted

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Two workers start one after the other, each in its time on a busy machine.
pytestmark = [pytest.mark.service, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
ENDLESS = {"epochs": 10_000_000, "shuffle": True, "batch_size": 1}
NEWER = max(formats.UNDERSTOOD) + 1

#: A worker of a later release, as far as jobs are concerned: it understands one format more.
LATER = (
    "-c",
    f"from services import formats; formats.UNDERSTOOD = formats.UNDERSTOOD | {{{NEWER}}}\n{RUN[1]}",
)


def _git(*arguments: str) -> bytes:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True)
    if done.returncode != 0:
        pytest.skip(f"no history of the repository: {done.stderr.decode().strip()}")
    return done.stdout


@pytest.fixture(scope="session")
def old_code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the code as it was before the newest migration was added to it."""
    (added,) = (ROOT / "migrations" / "versions").glob(f"{schema.REVISION}_*.py")
    log = _git("log", "--diff-filter=A", "--format=%H", "--", str(added)).decode().split()
    commit = f"{log[-1]}^" if log else "HEAD"
    folder = tmp_path_factory.mktemp("old_code")
    with tarfile.open(fileobj=BytesIO(_git("archive", commit))) as archive:
        archive.extractall(folder, filter="data")
    # Kernels compiled already are used if they are of the same source.
    kernels = Path(nn.compiled.kernels.__file__).parent
    shutil.copytree(kernels / "__pycache__", folder / kernels.relative_to(ROOT) / "__pycache__")
    return folder


@pytest.fixture
def before(database_url: str, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A database of the previous migration with one endless job in its queue, and that job's id."""

    def one(store: Store) -> dict[Status, str]:
        return {Status.QUEUED: submitted(store, training=ENDLESS)}

    yield database_url, previous.make(database_url, tmp_path, one)[Status.QUEUED]
    migrate.upgrade(database_url)


def test_the_worker_of_the_previous_release_works_on_while_the_database_is_migrated(
    before: tuple[str, str], old_code: Path, tmp_path: Path
) -> None:
    """Then it is told to end, and the new worker goes on: nothing is lost, no attempt is counted."""
    url, job_id = before
    folders = [tmp_path / name for name in ("old", "new")]
    for folder in folders:
        folder.mkdir()
    old = ("-P", *RUN)  # so that this folder's code is not found first

    def stored(column: str) -> int:
        (found,) = previous.rows(url)["jobs"]
        return int(found[column])

    def signed_on() -> bool:
        return bool(previous.rows(url)["workers"])

    with a_worker(signed_on, url, folders[0], command=old, PYTHONPATH=str(old_code)) as (worker, _):
        until(lambda: stored("epoch") > 0, "progress of the old worker", PATIENCE)

        migrate.upgrade(url)

        migrated = stored("epoch")
        until(lambda: stored("epoch") > migrated, "progress of the old worker on the new tables", PATIENCE)
        assert stored("attempt") == 1
        store = Store(url, Settings())
        with a_worker(lambda: len(previous.rows(url)["workers"]) == 2, url, folders[1]):
            worker.terminate()
            until(lambda: jobs.get(store, job_id).attempt == 2, "the new worker's attempt", PATIENCE)
            handed_over = jobs.get(store, job_id).epoch
            until(lambda: jobs.get(store, job_id).epoch > handed_over, "progress of the new worker", PATIENCE)
    assert handed_over >= migrated
    assert jobs.get(store, job_id).lost_attempts == 0
    store.close()


def test_a_worker_leaves_a_job_that_it_does_not_understand_to_one_that_does(
    database_url: str, tmp_path: Path
) -> None:
    store = Store(database_url, Settings())
    folders = [tmp_path / name for name in ("old", "new", "undisturbed")]
    for folder in folders:
        folder.mkdir()
    newer = submitted(store, training=previous.training_of(Status.QUEUED))
    previous.say(database_url, "UPDATE jobs SET priority = 9, format = :number", number=NEWER)
    common = submitted(store)

    with a_worker(lambda: True, database_url, folders[0]):
        until(lambda: jobs.get(store, common).is_terminal, "the common job to end", PATIENCE)
        waiting = jobs.get(store, newer)
        with a_worker(lambda: True, database_url, folders[1], command=LATER):
            until(lambda: jobs.get(store, newer).is_terminal, "the newer job to end", PATIENCE)

    assert (waiting.status, waiting.attempt, waiting.lost_attempts) == (Status.QUEUED, 0, 0)
    job = jobs.get(store, newer)
    expected, _ = undisturbed(folders[2], Status.QUEUED)
    assert (job.weights_sha256, job.attempt, job.lost_attempts) == (expected.weights_sha256, 1, 0)
    store.close()
