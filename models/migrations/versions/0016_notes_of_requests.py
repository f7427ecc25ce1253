"""A request knows which message each of its notes came in, so that it goes with the message."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "privacy_request", sa.Column("sources", sa.JSON(none_as_null=True), nullable=True)
    )


def downgrade() -> None:
    raise RuntimeError("this revision cannot be undone: restore a backup instead")
