"""The whole service as separate processes: database, broker, API and worker, each to be hurt on its own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.store.migrate import upgrade
from tests.faults.client import RecordingClient
from tests.faults.judge import audit
from tests.faults.judge.evidence import collect
from tests.faults.judge.history import History
from tests.faults.judge.judge import Violation, judge
from tests.faults.parts import sql
from tests.faults.parts.postgresql import Postgresql
from tests.faults.parts.proxy import Proxy
from tests.faults.parts.redis import Redis, redis_program, valkey_program
from tests.faults.parts.service import Api, Start, Worker
from tests.faults.parts.waiting import wait_until
from tests.faults.work import DEADLY_SEED, undisturbed

if TYPE_CHECKING:
    from tests.faults.parts.part import Part

#: Everything that takes time takes less of it than by default, in about the same proportions.
SETTINGS: Mapping[str, str] = {
    "GRADQUEUE_LEASE_SECONDS": "3",
    "GRADQUEUE_RENEW_SECONDS": "0.5",
    "GRADQUEUE_FLUSH_SECONDS": "0.1",
    "GRADQUEUE_SWEEP_SECONDS": "0.25",
    "GRADQUEUE_RING_AGAIN_SECONDS": "1",
    "GRADQUEUE_DEAD_MAN_SECONDS": "5",
    "GRADQUEUE_SHUTDOWN_SECONDS": "5",
    "GRADQUEUE_DATABASE_WAIT_SECONDS": "1",
    "GRADQUEUE_DATABASE_STATEMENT_SECONDS": "2",
    "GRADQUEUE_WORKER_MEMORY_BYTES": str(400 * 2**20),
    "GRADQUEUE_WORKERS": "2",
    "GRADQUEUE_API_THREADS": "16",
}
LEASE_SECONDS = float(SETTINGS["GRADQUEUE_LEASE_SECONDS"])
FLUSH_SECONDS = float(SETTINGS["GRADQUEUE_FLUSH_SECONDS"])

#: Seconds in which every job that these tests submit is done once nothing is broken any more.
QUIET_SECONDS = 90.0


class Stack:
    """SQLite with Valkey, as `gradqueue serve` has them, or PostgreSQL with Redis.

    `api` and `worker` are the two parts of the service. `database` is the PostgreSQL server, and `network`
    what lies between it and the service; both are None with SQLite.
    """

    def __init__(
        self, kind: str, store_folder: Path | None = None, settings: Mapping[str, str] | None = None
    ) -> None:
        """Make a stack whose database is in `store_folder`, or with everything else.

        `settings` are those that differ from `SETTINGS`.
        """
        self.kind = kind
        self._settings = {**SETTINGS, **(settings or {})}
        self.folder = Path(tempfile.mkdtemp(prefix=f"gradqueue-faults-{kind}-"))
        self.folder.chmod(0o755)  # PostgreSQL runs as another user
        self.history = History()
        self._services: list[Api | Worker] = []
        self._documents: dict[str, Mapping[str, Any]] = {}
        store_folder = store_folder or self.folder
        self.database = Postgresql(store_folder / "postgresql") if kind == "postgresql" else None
        self.network = Proxy(self.database.port) if self.database else None
        program = redis_program() if kind == "postgresql" else None
        self.broker = Redis(self.folder / "redis", program or valkey_program())
        self.database_url = (
            self.database.url() if self.database else f"sqlite:///{store_folder / 'gradqueue.db'}"
        )
        self.api = self.add_api("api")
        self.worker = self.add_worker("worker")
        self.client = self.client_of(self.api)

    def start(self) -> None:
        """Start everything, on an empty database."""
        for server in self._servers():
            server.start()
        upgrade(self.database_url)
        audit.install(self.database_url)
        self._start_services()

    def heal(self) -> None:
        """Bring everything back to how it was after `start`, with no job left to do."""
        self.repair()
        for job_id in self.ids("status IN ('queued', 'running', 'paused')"):
            self.client.act(job_id, "cancel")

    def freeze_worker(self) -> None:
        """SIGSTOP the worker, but not while it holds SQLite's lock: nobody else could write then."""
        self.worker.freeze()
        while self.kind == "sqlite" and sql.is_locked(self.database_url):
            self.worker.thaw()
            self.worker.freeze()

    def repair(self) -> None:
        """Bring every part back to how it was after `start`."""
        for service in [s for s in self._services if s not in (self.api, self.worker)]:
            service.discard()
            self._services.remove(service)
        self._trap.unlink(missing_ok=True)
        if self.network:
            self.network.mend()
        for server in self._servers():
            server.thaw()
            if not server.is_running:
                server.start()
        self._start_services()
        self.wait_until_ready()

    def close(self) -> None:
        """End everything and remove its files."""
        self.client.close()
        for part in (*self._services, *self._servers()):
            part.discard()
        if self.network:
            self.network.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def add_api(self, name: str, **environment: str) -> Api:
        """Make another API process; it is not started yet."""
        api = Api(name, self._how_to_start((), {"GRADQUEUE_LOG_LEVEL": "warning", **environment}))
        self._services.append(api)
        return api

    def add_worker(self, name: str, *entry: str, **environment: str) -> Worker:
        """Make another worker, with options of `tests.faults.entry`; it is not started yet."""
        worker = Worker(name, self._how_to_start(entry, environment))
        self._services.append(worker)
        return worker

    def client_of(self, api: Api) -> RecordingClient:
        """Make a client of an API process; one more thread, one more client."""
        return RecordingClient(api.url, self.history)

    def kill_at(self, point: str) -> None:
        """Have the next process killed that reaches a point whose name begins so (`crash.points`)."""
        self._trap.with_suffix(".new").write_text(point)
        self._trap.with_suffix(".new").rename(self._trap)

    def wait_for_kill(self) -> None:
        """Wait until somebody was killed at the point."""
        wait_until(lambda: not self._trap.exists(), QUIET_SECONDS, "a process reaches the point", self.tails)

    def submit(self, document: Mapping[str, Any], *, check: bool = True) -> str:
        """Submit a job and return its id; with `check` its bits are judged."""
        job_id = self.client.submit(document)
        if check:
            self.expect(job_id, document)
        return job_id

    def expect(self, job_id: str, document: Mapping[str, Any]) -> None:
        """Have the judge compare the job's bits with those of an undisturbed training."""
        self._documents[job_id] = document

    def wait_for_epochs(self, job_id: str, seconds: float = QUIET_SECONDS) -> None:
        """Wait until the job's present attempt has stored progress of its own."""
        began = self.client.job(job_id)["progress"]["epoch"]

        def has_moved() -> bool:
            job = self.client.job(job_id)
            assert not job["is_terminal"], "the job was done before the test began"
            return bool(job["status"] == "running" and job["progress"]["epoch"] > began)

        wait_until(has_moved, seconds, "the job makes progress", self.tails)

    def wait_for_attempt(self, job_id: str, attempt: int, seconds: float = QUIET_SECONDS) -> None:
        def has_begun() -> bool:
            return int(self.client.job(job_id)["attempt"]) >= attempt

        wait_until(has_begun, seconds, f"attempt {attempt} begins", self.tails)

    def wait_for_end(self, job_id: str, seconds: float = QUIET_SECONDS) -> dict[str, Any]:
        """Return the job once its status is terminal.

        A worker that ends itself, because it takes no more rings, is started again, as everywhere.
        """

        def is_done() -> bool:
            for service in self._services:
                if service.ended_by_itself:
                    service.start(wait=False)
            return bool(self.client.job(job_id)["is_terminal"])

        wait_until(is_done, seconds, "the job is done", self.tails)
        self.client.curve(job_id)
        return self.client.job(job_id)

    def supervise(self) -> None:
        """Start again what ended by itself, as the supervisor of every deployment does."""
        for service in self._services:
            if not service.is_running:
                service.start(wait=False)

    def all_answer(self) -> bool:
        """Whether every service does what it is there for."""
        return all(service.is_running and service.is_answering() for service in self._services)

    def workers(self) -> list[Worker]:
        return [service for service in self._services if isinstance(service, Worker)]

    def wait_until_ready(self) -> None:
        def is_ready() -> bool:
            response = self.client.ask("GET", "/readyz")
            return response is not None and response.ok

        wait_until(is_ready, QUIET_SECONDS, "the service is ready", self.tails)

    def wait_until_quiet(self, seconds: float = QUIET_SECONDS) -> None:
        """Wait until no job is queued or running."""

        def is_quiet() -> bool:
            return not self.ids("status IN ('queued', 'running')")

        wait_until(is_quiet, seconds, "every job is done", self.tails)

    def status(self, job_id: str) -> str:
        return str(self._column(job_id, "status"))

    def lost_attempts(self, job_id: str) -> int:
        return int(self._column(job_id, "lost_attempts"))

    def query(self, statement: str, **parameters: Any) -> list[Any]:
        """Ask the store directly."""
        return sql.rows(self.database_url, statement, **parameters)

    def ids(self, condition: str) -> list[str]:
        """The ids of the jobs that meet an SQL condition."""
        return [str(row.id) for row in self.query(f"SELECT id FROM jobs WHERE {condition}")]

    def violations(self) -> list[Violation]:
        """Judge everything that was done to this stack so far. Call it when it is quiet."""
        right = {job_id: undisturbed(document) for job_id, document in self._documents.items()}
        return judge(collect(self.database_url, self.history.observations()), right)

    def tails(self) -> str:
        """The ends of the services' logs, for the message of a failing test."""
        return "\n".join(f"--- {part.name}\n{part.tail()}" for part in self._services)

    @property
    def _trap(self) -> Path:
        return self.folder / "trap"

    def _servers(self) -> list[Part]:
        return [server for server in (self.database, self.broker) if server is not None]

    def _start_services(self) -> None:
        for service in (self.api, self.worker):
            service.thaw()
            if not service.is_running:
                service.start(wait=False)
        for service in (self.api, self.worker):
            service.wait_until_it_answers()

    def _column(self, job_id: str, name: str) -> Any:
        [(value,)] = self.query(f"SELECT {name} FROM jobs WHERE id = :id", id=job_id)
        return value

    def _how_to_start(self, entry: Sequence[str], differing: Mapping[str, str]) -> Start:
        faults = ("--trap", str(self._trap), "--deadly-seed", str(DEADLY_SEED))
        settings = {
            **self._settings,
            "GRADQUEUE_DATA_FOLDER": str(self.folder),
            "GRADQUEUE_DATABASE_URL": (
                self.database.url(port=self.network.port)
                if self.database and self.network
                else self.database_url
            ),
            "GRADQUEUE_BROKER_URL": self.broker.url(),
        }
        return Start((*faults, *entry), self.folder, {**settings, **differing}, self.database_url)
