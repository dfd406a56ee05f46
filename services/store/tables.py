"""The tables. What a row may look like is written here once more, for the database to refuse the rest.

Times are microseconds since 1970 (see `clock`), durations microseconds, ids text, counts BIGINT: SQLite
forgives an overflow that PostgreSQL answers with an error. Triggers are in `triggers`.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Dialect,
    Double,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

from services.scopes import Scope
from services.status import FILLED_IN, JobError, Status, StopReason
from services.store.constraints import at_least, between, filled_in, one_of

#: Every constraint has a name, so that a migration can drop it.
_NAMES = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}

#: What the service stores.
metadata = MetaData(naming_convention=_NAMES)

#: What migrations write down for the code of other versions; no row of it is anybody's data.
bookkeeping = MetaData(naming_convention=_NAMES)


class _Real(TypeDecorator[float]):
    """A double that is one in every result: RETURNING on SQLite gives 10 for a stored 10.0."""

    impl = Double
    cache_ok = True

    def process_result_value(self, value: float | None, dialect: Dialect) -> float | None:
        return None if value is None else float(value)


#: JSON stays text, byte for byte: PostgreSQL's jsonb would drop the sign of -0.0 and reorder keys.
_Json = JSON(none_as_null=True)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("name", Text),
    Column("status", Text, nullable=False),
    Column("priority", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("attempt", BigInteger, nullable=False),
    Column("lost_attempts", BigInteger, nullable=False),
    Column("max_attempts", BigInteger, nullable=False),
    Column("timeout_seconds", _Real),
    Column("created_at", BigInteger, nullable=False),
    Column("queued_at", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    Column("finished_at", BigInteger),
    Column("worker", Text),
    Column("lease_expires_at", BigInteger),
    Column("running_since", BigInteger),
    Column("queued_us", BigInteger, nullable=False),
    Column("running_us", BigInteger, nullable=False),
    # What a worker must understand to train the job (services/formats.py). Code that came before it writes 1.
    Column("format", BigInteger, nullable=False, server_default=text("1")),
    Column("spec", _Json, nullable=False),
    Column("dataset_id", Text, nullable=False),
    Column("validation_dataset_id", Text),
    Column("epochs", BigInteger, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("latest", _Json),
    Column("best", _Json),
    Column("epochs_per_second", _Real),
    Column("stop_reason", Text),
    Column("error_code", Text),
    Column("error_detail", Text),
    Column("fingerprint", Text, nullable=False),
    Column("request_sha256", Text, nullable=False),
    Column("model_id", Text),
    Column("weights_sha256", Text),
    # Which of nn.trainers.TRAINERS trained it; empty before its first flush.
    Column("trainer", Text),
    Column("metadata", _Json, nullable=False),
    CheckConstraint(one_of("status", Status), name="status"),
    CheckConstraint(one_of("stop_reason", StopReason), name="stop_reason"),
    CheckConstraint(one_of("error_code", JobError), name="error_code"),
    CheckConstraint(between("priority", 0, 9), name="priority"),
    CheckConstraint(between("max_attempts", 1, 100), name="max_attempts"),
    CheckConstraint(between("lost_attempts", 0, "attempt"), name="lost_attempts"),
    CheckConstraint(
        f"lost_attempts < max_attempts OR (lost_attempts = max_attempts AND status = '{Status.FAILED}')",
        name="attempts_left",
    ),
    CheckConstraint("(started_at IS NOT NULL) = (attempt > 0)", name="started_at"),
    CheckConstraint(at_least("epochs", 1), name="epochs"),
    CheckConstraint(between("epoch", 0, "epochs"), name="epoch"),
    CheckConstraint(at_least("version", 1), name="version"),
    CheckConstraint(at_least("queued_us", 0), name="queued_us"),
    CheckConstraint(at_least("running_us", 0), name="running_us"),
    CheckConstraint("timeout_seconds > 0", name="timeout_seconds"),
    *(CheckConstraint(filled_in(name, where), name=f"{name}_filled") for name, where in FILLED_IN.items()),
)

_queued = text(f"status = '{Status.QUEUED}'")
_running = text(f"status = '{Status.RUNNING}'")

#: The order in which queued jobs are claimed: the highest priority, then the longest wait.
URGENCY = (jobs.c.priority.desc(), jobs.c.queued_at, jobs.c.id)

# Only queued jobs are in it, so it stays small, and claiming takes the same time however many wait. With the
# format, jobs that a worker does not understand are passed over without a look at their rows.
Index("ix_jobs_claim", *URGENCY, jobs.c.format, postgresql_where=_queued, sqlite_where=_queued)
Index("ix_jobs_lease", jobs.c.lease_expires_at, postgresql_where=_running, sqlite_where=_running)
Index("ix_jobs_list", jobs.c.owner, jobs.c.created_at, jobs.c.id)
Index("ix_jobs_list_by_status", jobs.c.owner, jobs.c.status, jobs.c.created_at, jobs.c.id)
Index("ix_jobs_dataset_id", jobs.c.dataset_id)
Index("ix_jobs_validation_dataset_id", jobs.c.validation_dataset_id)

loss_chunks = Table(
    "loss_chunks",
    metadata,
    Column("job_id", Text, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
    Column("first_epoch", BigInteger, nullable=False),
    Column("epochs", BigInteger, nullable=False),
    Column("attempt", BigInteger, nullable=False),
    Column("metrics", _Json, nullable=False),
    Column("data", LargeBinary, nullable=False),
    PrimaryKeyConstraint("job_id", "first_epoch"),
    CheckConstraint(at_least("first_epoch", 1), name="first_epoch"),
    CheckConstraint(at_least("epochs", 1), name="epochs"),
    CheckConstraint("length(data) > 0 AND length(data) % (8 * epochs) = 0", name="data"),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("job_id", Text, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("attempt", BigInteger, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
    PrimaryKeyConstraint("job_id", "version"),
    CheckConstraint(at_least("epoch", 0), name="epoch"),
)

datasets = Table(
    "datasets",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("name", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("inputs", BigInteger, nullable=False),
    Column("targets", BigInteger, nullable=False),
    Column("labels", _Json),
    Column("inline", Boolean, nullable=False),
    Column("data", LargeBinary, nullable=False),
    # Of the inputs, then of the targets; names are not content.
    Column("column_names", _Json),
    UniqueConstraint("owner", "sha256"),
)
Index("ix_datasets_list", datasets.c.owner, datasets.c.created_at, datasets.c.id)

models = Table(
    "models",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("name", Text),
    Column("job_id", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("problem", Text, nullable=False),
    Column("inputs", BigInteger, nullable=False),
    Column("outputs", BigInteger, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("weights_sha256", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
)
Index("ix_models_list", models.c.owner, models.c.created_at, models.c.id)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("owner", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("request_sha256", Text, nullable=False),
    # Deferred, because the key is claimed before the job is inserted: whoever inserts it first, wins.
    Column(
        "job_id",
        Text,
        ForeignKey("jobs.id", ondelete="CASCADE", deferrable=True, initially="DEFERRED"),
        nullable=False,
    ),
    Column("created_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("owner", "key"),
)
Index("ix_idempotency_keys_job_id", idempotency_keys.c.job_id)

# Workers that are or were alive: each renews its row at every sweep (services/workers.py).
workers = Table(
    "workers",
    metadata,
    Column("name", Text, primary_key=True),
    Column("processes", BigInteger, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("alive_until", BigInteger, nullable=False),
    # What it has counted since it started (services/worker/tally.py); only /metrics looks at it.
    Column("figures", _Json),
    CheckConstraint(at_least("processes", 1), name="processes"),
)

# Who may use the API (services/keys.py). A key itself is not here, only its digest: whoever reads this table
# cannot be anybody.
api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    UniqueConstraint("prefix"),
    CheckConstraint(one_of("scope", Scope), name="scope"),
    CheckConstraint("length(owner) > 0", name="owner"),
    CheckConstraint("length(sha256) = 64", name="sha256"),
)

# One row, written by migrations: the oldest revision whose code may use the database (see `schema`).
admission = Table(
    "admission",
    bookkeeping,
    Column("oldest_revision", Text, primary_key=True),
)
