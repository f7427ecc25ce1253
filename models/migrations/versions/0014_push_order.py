"""Pushes that are due at the same moment go out in the order in which they were queued."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

QUEUED = sa.text("state = 'queued'")


def upgrade() -> None:
    op.drop_index("ix_push_queued", table_name="push")
    op.create_index(
        "ix_push_queued",
        "push",
        ["due_at", "id"],
        unique=False,
        sqlite_where=QUEUED,
        postgresql_where=QUEUED,
    )


def downgrade() -> None:
    raise RuntimeError("this revision cannot be undone: restore a backup instead")
