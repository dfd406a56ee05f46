"""The format of each job, and which code may use the database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

URGENCY = [sa.literal_column("priority DESC"), "queued_at", "id"]


def upgrade() -> None:
    # In place on both databases: a constant default rewrites no row, however many jobs there are.
    op.add_column("jobs", sa.Column("format", sa.BigInteger(), server_default=sa.text("1"), nullable=False))
    _make_claim_index([*URGENCY, "format"])
    admission = op.create_table(
        "admission",
        sa.Column("oldest_revision", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("oldest_revision", name=op.f("pk_admission")),
    )
    # Everything here is an addition that the code of 0003 passes over.
    op.bulk_insert(admission, [{"oldest_revision": "0003"}])


def downgrade() -> None:
    op.drop_table("admission")
    _make_claim_index(URGENCY)
    op.execute("ALTER TABLE jobs DROP COLUMN format")


def _make_claim_index(columns: list[sa.ColumnElement[str] | str]) -> None:
    op.drop_index("ix_jobs_claim", "jobs")
    op.create_index(
        "ix_jobs_claim",
        "jobs",
        columns,
        postgresql_where=sa.text("status = 'queued'"),
        sqlite_where=sa.text("status = 'queued'"),
    )
