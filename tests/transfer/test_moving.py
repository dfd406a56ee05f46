"""From one database to another and back: nothing lost, nothing twice, and jobs end with the same bits."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from services import jobs, keys
from services.errors import UnreadableExport
from services.status import Status
from services.store import Store, migrate
from services.transfer.content import ALL
from services.transfer.exporting import export
from services.transfer.importing import import_
from services.transfer.records import Writer, read
from tests.jobs.test_formats import NEWER
from tests.support import jobs as support
from tests.upgrade import previous
from tests.upgrade.test_upgrade import undisturbed
from tests.worker.training import Training, curve_bytes

if TYPE_CHECKING:
    from services.settings import Settings

Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(
    params=[
        "sqlite to sqlite",
        pytest.param("sqlite to postgresql", marks=pytest.mark.service),
        pytest.param("postgresql to sqlite", marks=pytest.mark.service),
    ]
)
def urls(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """The URLs of two databases: one to export from, one to import to."""
    kinds = request.param.split(" to ")
    found: list[str] = []
    for number, kind in enumerate(kinds):
        url = f"sqlite:///{tmp_path}/{number}.db"
        if kind == "postgresql":
            url = str(request.getfixturevalue("postgresql_url"))
        else:
            migrate.upgrade(url)
        found.append(url)
    return found[0], found[1]


@pytest.fixture
def source(urls: tuple[str, str], settings: Settings) -> Iterator[Store]:
    store = Store(urls[0], settings)
    yield store
    store.close()


@pytest.fixture
def target(urls: tuple[str, str], settings: Settings) -> Iterator[Store]:
    store = Store(urls[1], settings)
    yield store
    store.close()


def exported(url: str) -> bytes:
    file = BytesIO()
    export(url, file)
    return file.getvalue()


def rows(url: str) -> Rows:
    """Everything that is moved, as it is in the database."""
    return previous.rows(url, ALL)


def rewritten(packed: bytes, change: Any) -> bytes:
    """Let `change(kind, values)` have its way with every record, and write them anew: whole, and other."""
    file = BytesIO()
    writer = Writer(file)
    for record in read(BytesIO(packed)):
        change(record.kind, record.values)
        writer.write(*record)
    return file.getvalue()


def test_everything_arrives_as_it_was_but_for_the_job_that_ran(
    urls: tuple[str, str], source: Store, target: Store
) -> None:
    keys.create(source, "laptop")
    ids = previous.fill(source)
    support.submitted(source, name=None, metadata={"a": "ä\U0001f600"}, timeout_seconds=1e-3)

    counted = import_(urls[1], BytesIO(exported(urls[0])))

    expected, found = rows(urls[0]), rows(urls[1])
    assert all(expected[table] for table in set(ALL) - {"idempotency_keys"})
    for job in expected["jobs"]:
        if job["id"] == ids[Status.RUNNING]:
            job |= {"status": "queued", "version": job["version"] + 1}
            job |= {"worker": None, "lease_expires_at": None, "running_since": None}
    assert found == expected
    assert dict(counted) == {table: len(values) for table, values in expected.items() if values}


@pytest.mark.parametrize("status", [Status.QUEUED, Status.RUNNING, Status.PAUSED])
def test_a_job_goes_on_there_to_the_bits_of_an_undisturbed_one(
    urls: tuple[str, str], source: Store, target: Store, tmp_path: Path, status: Status
) -> None:
    ids = previous.fill(source)
    import_(urls[1], BytesIO(exported(urls[0])))
    for other in {Status.QUEUED, Status.RUNNING} - {status}:
        jobs.cancel(target, ids[other])
    if status is Status.PAUSED:
        jobs.resume(target, ids[status])
    before = jobs.get(target, ids[status])

    Training(target).run()

    job = jobs.get(target, ids[status])
    expected, curve = undisturbed(tmp_path, status)
    assert before.epoch == (0 if status is Status.QUEUED else 5)
    assert (job.status, job.weights_sha256) == (Status.SUCCEEDED, expected.weights_sha256)
    assert curve_bytes(target, job.id) == curve
    assert job.lost_attempts == 0


def test_there_and_back_is_the_same_file(urls: tuple[str, str], source: Store, tmp_path: Path) -> None:
    jobs.cancel(source, previous.fill(source)[Status.RUNNING])
    first = exported(urls[0])
    import_(urls[1], BytesIO(first))

    def without_its_time(kind: str, values: dict[str, Any]) -> None:
        values.pop("created_at" if kind == "export" else "", None)

    back = rewritten(exported(urls[1]), without_its_time)
    assert back == rewritten(first, without_its_time)


def test_what_is_imported_twice_is_there_once_and_as_it_has_become(
    urls: tuple[str, str], source: Store, target: Store
) -> None:
    key, _ = keys.create(source, "laptop")
    ids = previous.fill(source)
    packed = exported(urls[0])
    import_(urls[1], BytesIO(packed))
    jobs.cancel(target, ids[Status.RUNNING])
    Training(target).run()  # the queued one
    keys.revoke(target, key.id)
    before = rows(urls[1])

    counted = import_(urls[1], BytesIO(packed))

    assert not counted.total()
    assert rows(urls[1]) == before


def test_an_idempotency_key_finds_its_job_there(urls: tuple[str, str], source: Store, target: Store) -> None:
    submission = support.a_submission()
    job = jobs.submit(source, submission, idempotency_key="once", queue_limit=10).job
    import_(urls[1], BytesIO(exported(urls[0])))
    again = jobs.submit(target, submission, idempotency_key="once", queue_limit=10)
    assert (again.job.id, again.replayed) == (job.id, True)


def test_a_dataset_that_is_there_under_another_id_is_used(
    urls: tuple[str, str], source: Store, target: Store
) -> None:
    own = support.submitted(target)
    job = support.submitted(source)

    counted = import_(urls[1], BytesIO(exported(urls[0])))

    assert counted["datasets"] == 0
    assert jobs.get(target, job.id).dataset_id == own.dataset_id != job.dataset_id
    support.claimed(target)
    assert jobs.claim(target, worker="w", lease_seconds=10) is not None, "its data is found"


def test_a_key_works_there_and_stays_revoked_wherever_it_was(
    urls: tuple[str, str], source: Store, target: Store
) -> None:
    key, text = keys.create(source, "laptop")
    import_(urls[1], BytesIO(exported(urls[0])))
    assert keys.find(target, text) == key

    keys.revoke(source, key.id)
    import_(urls[1], BytesIO(exported(urls[0])))
    assert keys.find(target, text) is None


def test_the_file_is_one_moment_though_the_service_goes_on(urls: tuple[str, str], source: Store) -> None:
    ids = [support.submitted(source).id for _ in range(3)]

    class Meddling(BytesIO):
        """Has a job submitted and another cancelled while the file is being written."""

        def write(self, part: Any) -> int:
            if part[:11] == b'["datasets"':
                support.submitted(source, dataset=support.a_dataset(seed=1))
                jobs.cancel(source, ids[0])
            return super().write(part)

    file = Meddling()
    counted = export(urls[0], file)
    assert (counted["jobs"], counted["datasets"]) == (3, 1)
    statuses = [record.values["status"] for record in read(BytesIO(file.getvalue())) if record.kind == "jobs"]
    assert statuses == ["queued"] * 3
    assert jobs.get(source, ids[0]).status is Status.CANCELLED


@pytest.mark.parametrize("share", [0.3, 0.9, 0.999])
def test_of_a_file_that_was_cut_off_nothing_is_imported(
    urls: tuple[str, str], source: Store, share: float
) -> None:
    previous.fill(source)
    packed = exported(urls[0])
    before = rows(urls[1])
    with pytest.raises(UnreadableExport, match="cut off"):
        import_(urls[1], BytesIO(packed[: int(len(packed) * share)]))
    assert rows(urls[1]) == before


def test_of_a_damaged_file_nothing_is_imported(urls: tuple[str, str], source: Store) -> None:
    previous.fill(source)
    packed = bytearray(exported(urls[0]))
    packed[len(packed) * 9 // 10] ^= 1
    with pytest.raises(UnreadableExport, match="damaged"):
        import_(urls[1], BytesIO(bytes(packed)))
    assert not any(rows(urls[1]).values())


def _newer_version(kind: str, values: dict[str, Any]) -> None:
    if kind == "export":
        values["version"] = 2


def _newer_column(kind: str, values: dict[str, Any]) -> None:
    if kind == "export":
        values["columns"]["jobs"].append("colour")
    elif kind == "jobs":
        values["colour"] = "red"


def _newer_table(kind: str, values: dict[str, Any]) -> None:
    if kind == "export":
        values["columns"]["teams"] = ["id"]


def _newer_format(kind: str, values: dict[str, Any]) -> None:
    if kind == "jobs" and values["status"] == "queued":
        values["format"] = NEWER


def _older(kind: str, values: dict[str, Any]) -> None:
    if kind == "export":
        values["columns"]["jobs"].remove("spec")
    elif kind == "jobs":
        del values["spec"]


def _text_for_a_number(kind: str, values: dict[str, Any]) -> None:
    if kind == "jobs":
        values["created_at"] = "yesterday"


def _impossible_job(kind: str, values: dict[str, Any]) -> None:
    if kind == "jobs" and values["status"] == "queued":
        values["model_id"] = "mdl_none"


def _row_left_out(kind: str, values: dict[str, Any]) -> None:
    if kind == "end":
        values["jobs"] += 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_newer_version, "an export of version 2, and this gradqueue reads version 1"),
        (_newer_column, "has more than this one: jobs.colour"),
        (_newer_table, "has more than this one: teams.id"),
        (_newer_format, f"is of format {NEWER}, which this version does not understand"),
        (_older, "lacks jobs.spec"),
        (_text_for_a_number, "a row of jobs has in created_at what cannot be there"),
        (_impossible_job, "the database refuses what the file holds"),
        (_row_left_out, "not as many rows as it says"),
    ],
)
def test_what_is_not_understood_is_refused_in_words_and_nothing_is_imported(
    urls: tuple[str, str], source: Store, change: Any, says: str
) -> None:
    previous.fill(source)
    with pytest.raises(UnreadableExport, match=says):
        import_(urls[1], BytesIO(rewritten(exported(urls[0]), change)))
    assert not any(rows(urls[1]).values())


def test_a_column_that_came_later_gets_its_default(
    urls: tuple[str, str], source: Store, target: Store
) -> None:
    """A file of an older version is read by a newer one."""
    job = support.submitted(source)

    def before_formats(kind: str, values: dict[str, Any]) -> None:
        if kind == "export":
            values["columns"]["jobs"].remove("format")
        elif kind == "jobs":
            del values["format"]

    import_(urls[1], BytesIO(rewritten(exported(urls[0]), before_formats)))
    assert jobs.get(target, job.id).status is Status.QUEUED
