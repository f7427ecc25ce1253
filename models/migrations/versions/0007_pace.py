"""Rates that all processes share, and mails per domain."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "line_rate",
        sa.Column("endpoint", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("endpoint", name=op.f("pk_line_rate")),
    )
    op.create_table(
        "quota_reading",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("limit", sa.Integer()),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_quota_reading")),
    )
    with op.batch_alter_table("push") as push:
        push.add_column(sa.Column("held", sa.Integer(), nullable=False, server_default="0"))
    mails()


def mails() -> None:
    """The pace of each domain, what came back, and how far the mailbox was read."""
    op.create_table(
        "mail_pace",
        sa.Column("domain", sa.String(64), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dated_to", sa.DateTime(timezone=True), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("slowed_at", sa.DateTime(timezone=True)),
        sa.Column("held_until", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "postbox_reading",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("validity", sa.BigInteger(), nullable=False),
        sa.Column("last_uid", sa.BigInteger(), nullable=False),
        sa.Column("worker", sa.String(40)),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.Column("read_at", sa.DateTime(timezone=True)),
    )
    has_bounced = sa.text("bounced_at IS NOT NULL")
    with op.batch_alter_table("mail") as mail:
        mail.add_column(sa.Column("bounced_at", sa.DateTime(timezone=True)))
        mail.add_column(sa.Column("bounce_code", sa.String(16)))
    op.create_index(
        "ix_mail_bounced",
        "mail",
        ["address_index", "bounced_at"],
        sqlite_where=has_bounced,
        postgresql_where=has_bounced,
    )


def downgrade() -> None:
    raise RuntimeError("this revision cannot be undone: restore a backup instead")
