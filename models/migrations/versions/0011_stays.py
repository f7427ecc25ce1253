"""Browsers that stay signed in; sessions that open lessons only."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "portal_stay",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("before", sa.String(length=64), nullable=True),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("device", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["portal_account.id"],
            name=op.f("fk_portal_stay_account_id_portal_account"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portal_stay")),
    )
    op.create_index(op.f("ix_portal_stay_account_id"), "portal_stay", ["account_id"])
    with op.batch_alter_table("portal_session", schema=None) as batch_op:
        batch_op.add_column(sa.Column("stay_id", sa.String(length=32), nullable=True))
        batch_op.add_column(
            sa.Column("is_limited", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_portal_session_stay_id_portal_stay"),
            "portal_stay",
            ["stay_id"],
            ["id"],
            ondelete="CASCADE",
        )
        batch_op.create_index(batch_op.f("ix_portal_session_stay_id"), ["stay_id"], unique=False)


def downgrade() -> None:
    raise RuntimeError("this revision cannot be undone: restore a backup instead")
