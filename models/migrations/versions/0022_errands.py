"""Errands after an answer, and the mail that did not arrive, of which its owner is to be told."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "errand",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject_id", sa.String(length=32), nullable=False),
        sa.Column("item", sa.String(length=16), nullable=True),
        sa.Column("value_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_errand")),
    )
    op.add_column("conversation", sa.Column("undelivered", sa.String(length=32), nullable=True))
    op.create_index(op.f("ix_errand_subject_id"), "errand", ["subject_id"])


def downgrade() -> None:
    raise RuntimeError("this revision cannot be undone: restore a backup instead")
