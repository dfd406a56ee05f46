"""Every setting of the service, with its default and its meaning.

Read once, in the entry points, by `Settings.from_environment(os.environ)`; nothing else reads the
environment. `gradqueue settings` prints this list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from services import environment
from services.environment import setting
from services.loopback import is_loopback


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a request may ask for. Every limit is in `GET /v1/meta` and in the OpenAPI document."""

    body_bytes: int = setting(64 * 2**20, "largest request body", unit="bytes", minimum=1024)
    depth: int = setting(32, "deepest nesting of a JSON body", minimum=4, maximum=200)
    wait_seconds: int = setting(60, "longest wait of one long poll", unit="seconds", minimum=1, maximum=300)
    streams: int = setting(
        200,
        "most event streams at once, per API process; an eighth of the API's threads stays free of them",
        minimum=1,
    )
    stream_seconds: int = setting(
        45,
        "an event stream ends after this long, for the client to go on with a new one",
        unit="seconds",
        minimum=1,
        maximum=300,
    )
    page: int = setting(100, "most objects in one page of a list", minimum=1)
    curve_page: int = setting(100_000, "most epochs in one page of a loss curve", minimum=1)
    queued_jobs: int = setting(1_000_000, "most jobs that may wait at once", unit="jobs", minimum=1)
    queued_jobs_per_key: int = setting(
        10_000, "most jobs of one API key that may wait at once", unit="jobs", minimum=1
    )
    requests_per_second: int = setting(
        100,
        "most requests of one API key per second, on average and per API process; 0 for no limit",
        minimum=0,
    )
    requests_burst: int = setting(200, "most requests of one API key in a burst", minimum=1)
    requests_at_once: int = setting(
        64,
        "most requests of one API key under way at once, long polls included; 0 for no limit",
        minimum=0,
    )
    rows: int = setting(1_000_000, "most rows of a dataset", minimum=1)
    columns: int = setting(10_000, "most inputs, or targets, of a row", minimum=1)
    layers: int = setting(64, "most layers of a network", minimum=1)
    layer_width: int = setting(10_000, "widest layer", unit="neurons", minimum=1)
    parameters: int = setting(5_000_000, "most parameters of a network", minimum=1)
    epochs: int = setting(10_000_000, "most epochs of a job", minimum=1)
    budget: int = setting(
        10**14,
        "most work of a job: epochs x rows x parameters",
        unit="multiply-adds",
        minimum=1,
    )
    timeout_seconds: int = setting(86_400, "longest training a job may ask for", unit="seconds", minimum=1)
    name_length: int = setting(200, "longest name", unit="characters", minimum=1)
    metadata_entries: int = setting(16, "most entries of a job's metadata", minimum=0)
    metadata_key_length: int = setting(64, "longest metadata key", unit="characters", minimum=1)
    metadata_value_length: int = setting(512, "longest metadata value", unit="characters", minimum=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The configuration of one process; frozen, and passed to whatever needs it."""

    data_folder: Path = setting(  # noqa: RUF009 (`setting` makes a dataclass field, shared by nobody)
        Path("var"),
        "where `gradqueue serve` keeps its database and its broker's files",
    )
    database_url: str = setting(
        "",
        "the store; empty for gradqueue.db (SQLite) in the data folder",
        secret=True,
    )
    broker_url: str = setting(
        "",
        "the broker; empty for the one that `gradqueue serve` starts in the data folder",
        secret=True,
    )
    host: str = setting("127.0.0.1", "address to listen on")
    port: int = setting(8000, "port to listen on; 0 for any free one", minimum=0, maximum=65_535)
    authentication: str = setting(
        "auto",
        "whether requests need an API key; auto: as soon as the address to listen on is not the loopback",
        choices=("auto", "required", "off"),
    )
    secrets: str = setting(
        "checked",
        "whether passwords of databases and brokers on other machines must be there and not be known to all;"
        " any: not, for development",
        choices=("checked", "any"),
    )
    workers: int = setting(0, "worker processes; 0 for one per core", minimum=0, maximum=1024)
    api_threads: int = setting(
        256,
        "requests served at the same time; a long poll takes one while it waits",
        unit="threads",
        minimum=1,
        maximum=1024,
    )
    client_silence_seconds: float = setting(
        15.0,
        "how long a client may be silent while it sends a body, or take nothing of an answer",
        unit="seconds",
        minimum=0.1,
    )
    client_whole_seconds: float = setting(
        120.0,
        "how long a client may take to send a whole body, or to take 64 KiB of an answer that is streamed",
        unit="seconds",
        minimum=0.1,
    )
    log_level: str = setting("info", "least level logged", choices=("debug", "info", "warning", "error"))
    log_format: str = setting(
        "text", "one line of text, or one JSON object, per event", choices=("text", "json")
    )

    lease_seconds: float = setting(
        10.0,
        "how long a worker may stay silent before its job is taken back",
        unit="seconds",
        minimum=0.1,
    )
    renew_seconds: float = setting(
        2.0,
        "a lease is renewed at least this often, inside a long epoch too",
        unit="seconds",
        minimum=0.05,
    )
    flush_seconds: float = setting(
        0.25,
        "progress is made durable this often",
        unit="seconds",
        minimum=0.0,
    )
    sweep_seconds: float = setting(1.0, "time between two sweeps", unit="seconds", minimum=0.05)
    sweep_jobs: int = setting(100, "most jobs one sweep takes back, and most it rings for", minimum=1)
    ring_again_seconds: float = setting(
        5.0,
        "a job that waits this long is rung for again, unless plenty of rings wait too",
        unit="seconds",
        minimum=0.1,
    )
    dead_man_seconds: float = setting(
        20.0,
        "a worker that claims nothing for this long while jobs wait ends itself, to be started again",
        unit="seconds",
        minimum=1.0,
    )
    shutdown_seconds: float = setting(
        10.0,
        "how long processes may take to end before they are killed",
        unit="seconds",
        minimum=0.1,
    )
    worker_memory_bytes: int = setting(
        2 * 2**30,
        "memory one worker process may take; 0 for no limit",
        unit="bytes",
        minimum=0,
    )
    worker_jobs_per_process: int = setting(
        1000,
        "a worker process is replaced after this many jobs; 0 for never",
        unit="jobs",
        minimum=0,
    )

    database_pool: int = setting(10, "most connections of one process", minimum=1, maximum=1000)
    database_wait_seconds: float = setting(
        2.0,
        "longest wait for a connection, for a lock, and for the database to answer a connection attempt",
        unit="seconds",
        minimum=0.1,
    )
    database_statement_seconds: float = setting(
        2.0,
        "longest time one statement may take",
        unit="seconds",
        minimum=0.1,
    )
    broker_wait_seconds: float = setting(
        1.0,
        "longest wait for the broker when ringing",
        unit="seconds",
        minimum=0.1,
    )
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        """Refuse settings that contradict each other."""
        if self.renew_seconds * 2 > self.lease_seconds:
            raise environment.SettingError(
                "GRADQUEUE_LEASE_SECONDS must be at least twice GRADQUEUE_RENEW_SECONDS,"
                " or a healthy worker loses its job to one late flush"
            )
        if not re.match(r"(sqlite|postgresql(\+psycopg)?)://", self.store_url):
            raise environment.SettingError(
                "GRADQUEUE_DATABASE_URL must begin with sqlite:// or postgresql+psycopg://"
            )

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> Settings:
        """Read the settings from `variables` (usually `os.environ`).

        Raises:
            SettingError: a variable is unusable; one line that names it.
        """
        return cast("Settings", environment.read(cls, variables))

    @property
    def needs_keys(self) -> bool:
        """Whether requests need an API key."""
        return self.authentication == "required" or (
            self.authentication == "auto" and not is_loopback(self.host)
        )

    @property
    def store_url(self) -> str:
        """The database to use: the one configured, or SQLite in the data folder."""
        return self.database_url or f"sqlite:///{self.data_folder / 'gradqueue.db'}"

    def entries(self) -> Iterator[environment.Entry]:
        """List every setting with its variable, value, default, unit and meaning; secrets are masked."""
        return environment.entries(self)
