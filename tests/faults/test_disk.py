"""The disk full: nothing is lost, and the service is back when there is space again."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import work
from tests.faults.parts.disk import Disk, small_disk
from tests.faults.parts.postgresql import programs
from tests.faults.parts.stack import Stack
from tests.faults.parts.waiting import wait_until
from tests.support.databases import absent

pytestmark = pytest.mark.service

#: Megabytes: room for a database and its log, and quickly filled.
DISK_MEGABYTES = {"sqlite": 16, "postgresql": 96}


@pytest.fixture(params=["sqlite", "postgresql"])
def small(request: pytest.FixtureRequest) -> Iterator[tuple[Stack, Disk]]:
    """A service of its own whose store is on a small disk."""
    kind = request.param
    if kind == "postgresql" and programs() is None:
        absent("the programs of PostgreSQL are not installed")
    with contextlib.ExitStack() as held:
        mounts = Path(tempfile.mkdtemp(prefix="gradqueue-disk-"))
        mounts.chmod(0o755)  # PostgreSQL runs as another user
        held.callback(mounts.rmdir)
        held.callback((mounts / "disk").rmdir)
        disk = held.enter_context(small_disk(mounts / "disk", DISK_MEGABYTES[kind]))
        if disk is None:
            pytest.skip("mounting a small disk needs root")
        stack = held.enter_context(contextlib.closing(Stack(kind, store_folder=disk.folder)))
        stack.start()
        yield stack, disk


def test_a_full_disk_loses_nothing_and_space_brings_the_service_back(small: tuple[Stack, Disk]) -> None:
    stack, disk = small
    accepted = [stack.submit(work.short_job(seed)) for seed in range(3)]
    running = stack.submit(work.job_of(3.0))
    stack.wait_for_epochs(running)
    disk.fill()

    def is_refused() -> bool:
        response = stack.client.post_job(work.short_job(seed=9))
        assert response is not None
        assert response.status_code in (202, 503), response.text
        return response.status_code == 503

    wait_until(is_refused, 60.0, "a job is refused for want of space")
    assert stack.client.ask("GET", "/healthz") is not None
    disk.free()
    if stack.database and not stack.database.is_running:
        stack.database.start()  # PostgreSQL ends itself when it cannot write its log
    accepted.append(stack.submit(work.short_job(seed=10)))
    for job_id in (running, *accepted):
        assert stack.wait_for_end(job_id)["status"] == "succeeded"
    stack.wait_until_quiet()
    assert stack.violations() == []
