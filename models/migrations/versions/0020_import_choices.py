"""An import keeps its file's name, what was said about its lines, and for a day what is left."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("name_sealed", "rest_sealed"):
        op.add_column("learner_import", sa.Column(name, sa.LargeBinary(), nullable=True))
    for name in ("choices", "left_out"):
        column = sa.Column(name, sa.JSON(), server_default="{}", nullable=False)
        op.add_column("learner_import", column)
    undone = sa.Column("undone", sa.Integer(), server_default="0", nullable=False)
    op.add_column("learner_import", undone)


def downgrade() -> None:
    raise RuntimeError("this revision cannot be undone: restore a backup instead")
