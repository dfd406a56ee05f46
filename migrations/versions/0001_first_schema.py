"""The first schema: jobs with their loss curves and checkpoints, datasets, models, idempotency keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

FORBIDDEN_MOVE = """OLD.status IN ('cancelled', 'failed', 'succeeded')
OR OLD.status <> NEW.status AND OLD.status || '->' || NEW.status NOT IN (
'paused->cancelled', 'paused->queued', 'queued->cancelled', 'queued->paused', 'queued->running',
'running->cancelled', 'running->failed', 'running->paused', 'running->queued', 'running->running',
'running->succeeded')"""

TRIGGERS = {
    "sqlite": (
        f"""CREATE TRIGGER jobs_moves BEFORE UPDATE ON jobs
WHEN {FORBIDDEN_MOVE}
BEGIN SELECT RAISE(ABORT, 'the status of this job does not allow this change'); END""",
        """CREATE TRIGGER loss_chunks_are_final BEFORE UPDATE ON loss_chunks
BEGIN SELECT RAISE(ABORT, 'stored epochs never change'); END""",
    ),
    "postgresql": (
        """CREATE FUNCTION gradqueue_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'check_violation'; END $$""",
        f"""CREATE TRIGGER jobs_moves BEFORE UPDATE ON jobs FOR EACH ROW
WHEN ({FORBIDDEN_MOVE})
EXECUTE FUNCTION gradqueue_refuse('the status of this job does not allow this change')""",
        """CREATE TRIGGER loss_chunks_are_final BEFORE UPDATE ON loss_chunks FOR EACH ROW
EXECUTE FUNCTION gradqueue_refuse('stored epochs never change')""",
    ),
}


def upgrade() -> None:
    op.create_table(
        "datasets",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("inputs", sa.BigInteger(), nullable=False),
        sa.Column("targets", sa.BigInteger(), nullable=False),
        sa.Column("labels", sa.JSON(none_as_null=True)),
        sa.Column("inline", sa.Boolean(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_datasets")),
        sa.UniqueConstraint("owner", "sha256", name=op.f("uq_datasets_owner_sha256")),
    )
    op.create_index("ix_datasets_list", "datasets", ["owner", "created_at", "id"])
    op.create_table(
        "jobs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("lost_attempts", sa.BigInteger(), nullable=False),
        sa.Column("max_attempts", sa.BigInteger(), nullable=False),
        sa.Column("timeout_seconds", sa.Double()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("queued_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger()),
        sa.Column("finished_at", sa.BigInteger()),
        sa.Column("worker", sa.Text()),
        sa.Column("lease_expires_at", sa.BigInteger()),
        sa.Column("running_since", sa.BigInteger()),
        sa.Column("queued_us", sa.BigInteger(), nullable=False),
        sa.Column("running_us", sa.BigInteger(), nullable=False),
        sa.Column("spec", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("dataset_id", sa.Text(), nullable=False),
        sa.Column("validation_dataset_id", sa.Text()),
        sa.Column("epochs", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("latest", sa.JSON(none_as_null=True)),
        sa.Column("best", sa.JSON(none_as_null=True)),
        sa.Column("epochs_per_second", sa.Double()),
        sa.Column("stop_reason", sa.Text()),
        sa.Column("error_code", sa.Text()),
        sa.Column("error_detail", sa.Text()),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("request_sha256", sa.Text(), nullable=False),
        sa.Column("model_id", sa.Text()),
        sa.Column("weights_sha256", sa.Text()),
        sa.Column("metadata", sa.JSON(none_as_null=True), nullable=False),
        sa.CheckConstraint(
            "(error_code IS NOT NULL) = (status IN ('failed'))", name=op.f("ck_jobs_error_code_filled")
        ),
        sa.CheckConstraint(
            "(error_detail IS NOT NULL) = (status IN ('failed'))", name=op.f("ck_jobs_error_detail_filled")
        ),
        sa.CheckConstraint(
            "(finished_at IS NOT NULL) = (status IN ('cancelled', 'failed', 'succeeded'))",
            name=op.f("ck_jobs_finished_at_filled"),
        ),
        sa.CheckConstraint(
            "(lease_expires_at IS NOT NULL) = (status IN ('running'))",
            name=op.f("ck_jobs_lease_expires_at_filled"),
        ),
        sa.CheckConstraint(
            "(model_id IS NOT NULL) = (status IN ('succeeded'))", name=op.f("ck_jobs_model_id_filled")
        ),
        sa.CheckConstraint(
            "(running_since IS NOT NULL) = (status IN ('running'))", name=op.f("ck_jobs_running_since_filled")
        ),
        sa.CheckConstraint(
            "(stop_reason IS NOT NULL) = (status IN ('succeeded'))", name=op.f("ck_jobs_stop_reason_filled")
        ),
        sa.CheckConstraint(
            "(weights_sha256 IS NOT NULL) = (status IN ('succeeded'))",
            name=op.f("ck_jobs_weights_sha256_filled"),
        ),
        sa.CheckConstraint(
            "(worker IS NOT NULL) = (status IN ('running'))", name=op.f("ck_jobs_worker_filled")
        ),
        sa.CheckConstraint(
            "error_code IN "
            "('determinism_violation', 'diverged', 'internal', 'out_of_memory', 'timeout', 'worker_lost')",
            name=op.f("ck_jobs_error_code"),
        ),
        sa.CheckConstraint(
            "lost_attempts < max_attempts OR (lost_attempts = max_attempts AND status = 'failed')",
            name=op.f("ck_jobs_attempts_left"),
        ),
        sa.CheckConstraint(
            "status IN ('cancelled', 'failed', 'paused', 'queued', 'running', 'succeeded')",
            name=op.f("ck_jobs_status"),
        ),
        sa.CheckConstraint(
            "stop_reason IN ('early_stopping', 'max_epochs', 'target_reached')",
            name=op.f("ck_jobs_stop_reason"),
        ),
        sa.CheckConstraint("(started_at IS NOT NULL) = (attempt > 0)", name=op.f("ck_jobs_started_at")),
        sa.CheckConstraint("epoch >= 0 AND epoch <= epochs", name=op.f("ck_jobs_epoch")),
        sa.CheckConstraint("epochs >= 1", name=op.f("ck_jobs_epochs")),
        sa.CheckConstraint(
            "lost_attempts >= 0 AND lost_attempts <= attempt", name=op.f("ck_jobs_lost_attempts")
        ),
        sa.CheckConstraint("max_attempts >= 1 AND max_attempts <= 100", name=op.f("ck_jobs_max_attempts")),
        sa.CheckConstraint("priority >= 0 AND priority <= 9", name=op.f("ck_jobs_priority")),
        sa.CheckConstraint("queued_us >= 0", name=op.f("ck_jobs_queued_us")),
        sa.CheckConstraint("running_us >= 0", name=op.f("ck_jobs_running_us")),
        sa.CheckConstraint("timeout_seconds > 0", name=op.f("ck_jobs_timeout_seconds")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_jobs_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    op.create_index(
        "ix_jobs_claim",
        "jobs",
        [sa.literal_column("priority DESC"), "queued_at", "id"],
        postgresql_where=sa.text("status = 'queued'"),
        sqlite_where=sa.text("status = 'queued'"),
    )
    op.create_index("ix_jobs_dataset_id", "jobs", ["dataset_id"])
    op.create_index(
        "ix_jobs_lease",
        "jobs",
        ["lease_expires_at"],
        postgresql_where=sa.text("status = 'running'"),
        sqlite_where=sa.text("status = 'running'"),
    )
    op.create_index("ix_jobs_list", "jobs", ["owner", "created_at", "id"])
    op.create_index("ix_jobs_list_by_status", "jobs", ["owner", "status", "created_at", "id"])
    op.create_index("ix_jobs_validation_dataset_id", "jobs", ["validation_dataset_id"])
    op.create_table(
        "models",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("job_id", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("inputs", sa.BigInteger(), nullable=False),
        sa.Column("outputs", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("weights_sha256", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_models")),
    )
    op.create_index("ix_models_list", "models", ["owner", "created_at", "id"])
    op.create_table(
        "workers",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("processes", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("alive_until", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("processes >= 1", name=op.f("ck_workers_processes")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_workers")),
    )
    op.create_table(
        "checkpoints",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("epoch >= 0", name=op.f("ck_checkpoints_epoch")),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_checkpoints_job_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("job_id", "version", name=op.f("pk_checkpoints")),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_sha256", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["jobs.id"],
            name=op.f("fk_idempotency_keys_job_id"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("owner", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index("ix_idempotency_keys_job_id", "idempotency_keys", ["job_id"])
    op.create_table(
        "loss_chunks",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("first_epoch", sa.BigInteger(), nullable=False),
        sa.Column("epochs", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("metrics", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("epochs >= 1", name=op.f("ck_loss_chunks_epochs")),
        sa.CheckConstraint("first_epoch >= 1", name=op.f("ck_loss_chunks_first_epoch")),
        sa.CheckConstraint(
            "length(data) > 0 AND length(data) % (8 * epochs) = 0", name=op.f("ck_loss_chunks_data")
        ),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_loss_chunks_job_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("job_id", "first_epoch", name=op.f("pk_loss_chunks")),
    )
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    for table in ("workers", "idempotency_keys", "loss_chunks", "checkpoints", "models", "datasets", "jobs"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION gradqueue_refuse()")
