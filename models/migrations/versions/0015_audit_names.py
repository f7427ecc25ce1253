"""Each entry of the audit trail has a name of its own, so that a copy of one is known."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audit_entry", sa.Column("uid", sa.String(32), nullable=True))
    op.add_column("audit_chain", sa.Column("named_since", sa.DateTime(timezone=True)))
    op.create_index("ix_audit_link_mac", "audit_link", ["mac"], unique=False)


def downgrade() -> None:
    raise RuntimeError("this revision cannot be undone: restore a backup instead")
