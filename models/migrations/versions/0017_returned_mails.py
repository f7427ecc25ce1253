"""What a bounce said of its address; domains that take nothing from us; letters for a person."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

WHEN = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "waiting_letter",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("mailbox", sa.String(64), nullable=False),
        sa.Column("validity", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("at", WHEN, nullable=False),
        sa.Column("why", sa.String(32), nullable=False),
        sa.Column("code", sa.String(16)),
        sa.Column("sender_sealed", sa.LargeBinary()),
        sa.Column("sender_index", sa.String(64)),
        sa.Column("title_sealed", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting_letter")),
        sa.UniqueConstraint(
            "mailbox", "validity", "uid", name=op.f("uq_waiting_letter_mailbox_validity_uid")
        ),
    )
    op.create_index("ix_waiting_letter_at", "waiting_letter", ["at"])
    op.create_index("ix_waiting_letter_sender_index", "waiting_letter", ["sender_index"])
    with op.batch_alter_table("mail") as mail:
        mail.add_column(sa.Column("bounce_verdict", sa.String(16)))
    with op.batch_alter_table("mail_pace") as pace:
        pace.add_column(sa.Column("paused_at", WHEN))
        pace.add_column(sa.Column("paused_until", WHEN))
        pace.add_column(sa.Column("paused_by", sa.String(32)))
        pace.add_column(sa.Column("pause_code", sa.String(16)))
        pace.add_column(sa.Column("released_at", WHEN))
    with op.batch_alter_table("postbox_reading") as reading:
        reading.add_column(sa.Column("trying_uid", sa.BigInteger()))
        reading.add_column(sa.Column("trouble", sa.String(40)))
        reading.add_column(sa.Column("trouble_at", WHEN))


def downgrade() -> None:
    raise RuntimeError("this revision cannot be undone: restore a backup instead")
