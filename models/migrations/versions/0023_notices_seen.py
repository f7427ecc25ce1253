"""Staff say which lost notices they have seen; what came in a message can be taken back with it."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

IS_UNSEEN = sa.text(
    "stream = 'transactional' AND state IN ('failed', 'unknown') AND seen_at IS NULL"
)


def upgrade() -> None:
    op.add_column("mail", sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("campaign_event", sa.Column("note_source", sa.String(length=64), nullable=True))
    op.add_column("guardianship", sa.Column("nickname_source", sa.String(length=64), nullable=True))
    op.create_index(
        "ix_mail_unseen",
        "mail",
        ["created_at"],
        sqlite_where=IS_UNSEEN,
        postgresql_where=IS_UNSEEN,
    )


def downgrade() -> None:
    raise RuntimeError("this revision cannot be undone: restore a backup instead")
