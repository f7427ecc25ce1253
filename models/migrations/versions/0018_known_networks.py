"""Waits that grow, and networks that an account's owner came from as rows of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("throttle", sa.Column("tries", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "known_network",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("owner_id", sa.String(length=32), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_network")),
        sa.UniqueConstraint("key", name=op.f("uq_known_network_key")),
    )
    op.create_index(op.f("ix_known_network_owner_id"), "known_network", ["owner_id"])
    # Networks known until now were rows under keys of another making: they are learnt anew.
    op.execute("DELETE FROM throttle")


def downgrade() -> None:
    raise RuntimeError("this revision cannot be undone: restore a backup instead")
