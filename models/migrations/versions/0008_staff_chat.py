"""Staff in chat."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "staff_chat",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("staff_id", sa.String(length=32), nullable=False),
        sa.Column("user_id_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("user_index", sa.String(length=64), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_staff_chat_staff_id_staff")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_chat")),
        sa.UniqueConstraint("staff_id", name=op.f("uq_staff_chat_staff_id")),
        sa.UniqueConstraint("user_index", name=op.f("uq_staff_chat_user_index")),
    )
    op.create_table(
        "staff_chat_code",
        sa.Column("staff_id", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_staff_chat_code_staff_id_staff")
        ),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_staff_chat_code")),
        sa.UniqueConstraint("digest", name=op.f("uq_staff_chat_code_digest")),
    )


def downgrade() -> None:
    raise RuntimeError("this revision cannot be undone: restore a backup instead")
