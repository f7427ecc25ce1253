"""Which guardian asked: a request for a child is the guardian's own."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# Whoever had agreed for the child when it was asked; an ended agreement keeps the chat's id.
FILL = """
UPDATE privacy_request SET guardian_id = (
    SELECT guardianship.guardian_id FROM guardianship
    WHERE guardianship.child_id = privacy_request.subject_id
      AND guardianship.decided_at <= privacy_request.opened_at
    ORDER BY guardianship.decided_at DESC LIMIT 1
)
WHERE asked_by = 'guardian'
"""


def upgrade() -> None:
    with op.batch_alter_table("privacy_request", schema=None) as batch_op:
        batch_op.add_column(sa.Column("guardian_id", sa.String(length=32), nullable=True))
        batch_op.create_index(
            batch_op.f("ix_privacy_request_guardian_id"), ["guardian_id"], unique=False
        )
    op.execute(FILL)


def downgrade() -> None:
    raise RuntimeError("this revision cannot be undone: restore a backup instead")
