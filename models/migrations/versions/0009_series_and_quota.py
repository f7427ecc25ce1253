"""A stopped member of a series gives its time free; pushes are found by when they went out."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    is_not_stopped = sa.text("state <> 'stopped'")
    op.drop_index("uq_campaign_series", "campaign")
    op.create_index(
        "uq_campaign_series",
        "campaign",
        ["series_id", "send_at"],
        unique=True,
        sqlite_where=is_not_stopped,
        postgresql_where=is_not_stopped,
    )
    was_sent = sa.text("sent_at IS NOT NULL")
    op.create_index(
        "ix_push_sent", "push", ["sent_at"], sqlite_where=was_sent, postgresql_where=was_sent
    )


def downgrade() -> None:
    raise RuntimeError("this revision cannot be undone: restore a backup instead")
