"""API keys, and what each worker has counted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger()),
        sa.CheckConstraint("length(owner) > 0", name=op.f("ck_api_keys_owner")),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_api_keys_sha256")),
        sa.CheckConstraint("scope IN ('jobs', 'metrics')", name=op.f("ck_api_keys_scope")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_keys_prefix")),
    )
    _make_workers(sa.Column("figures", sa.JSON(none_as_null=True)))


def downgrade() -> None:
    _make_workers()
    op.drop_table("api_keys")


def _make_workers(*more: sa.Column) -> None:
    """Make the table anew: whoever is alive says so again at the next sweep, a second from now."""
    op.drop_table("workers")
    op.create_table(
        "workers",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("processes", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("alive_until", sa.BigInteger(), nullable=False),
        *more,
        sa.CheckConstraint("processes >= 1", name=op.f("ck_workers_processes")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_workers")),
    )
