"""The names of a dataset's columns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Nullable, so all the code that was admitted passes over it and stays admitted.
    op.add_column("datasets", sa.Column("column_names", sa.JSON(none_as_null=True)))


def downgrade() -> None:
    op.drop_column("datasets", "column_names")
