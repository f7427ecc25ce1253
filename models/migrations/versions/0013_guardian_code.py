"""The code for a guardian can be shown again while it waits."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("guardianship", sa.Column("code_sealed", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    raise RuntimeError("this revision cannot be undone: restore a backup instead")
