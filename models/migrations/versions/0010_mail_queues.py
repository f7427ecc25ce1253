"""A mail queue for each campaign; which of its mails went wrong."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

IS_QUEUED_ALONE = sa.text("state = 'queued' AND campaign_id IS NULL")
IS_QUEUED_BY_CAMPAIGN = sa.text("state = 'queued' AND campaign_id IS NOT NULL")
WENT_WRONG = sa.text("(state = 'failed' OR bounced_at IS NOT NULL)")


def upgrade() -> None:
    op.drop_index("ix_mail_queued", table_name="mail")
    op.create_index(
        "ix_mail_queued",
        "mail",
        ["stream", "due_at"],
        sqlite_where=IS_QUEUED_ALONE,
        postgresql_where=IS_QUEUED_ALONE,
    )
    op.create_index(
        "ix_mail_queued_by_campaign",
        "mail",
        ["campaign_id", "due_at"],
        sqlite_where=IS_QUEUED_BY_CAMPAIGN,
        postgresql_where=IS_QUEUED_BY_CAMPAIGN,
    )
    op.create_index(
        "ix_mail_went_wrong",
        "mail",
        ["campaign_id", "state", "first_tried_at", "bounced_at"],
        sqlite_where=WENT_WRONG,
        postgresql_where=WENT_WRONG,
    )


def downgrade() -> None:
    raise RuntimeError("this revision cannot be undone: restore a backup instead")
