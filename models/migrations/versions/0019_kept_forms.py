"""Forms of staff that wait for their writer; when members last signed in; names of passkeys;
an index for what waits."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kept_form",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("staff_id", sa.String(length=32), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_kept_form_staff_id_staff")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_form")),
    )
    op.create_index(op.f("ix_kept_form_staff_id"), "kept_form", ["staff_id"])
    is_open = sa.text("state IN ('received', 'acknowledged', 'held')")
    op.create_index(
        "ix_privacy_request_open",
        "privacy_request",
        ["kind"],
        unique=False,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.add_column("staff", sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("staff_passkey", sa.Column("name_sealed", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    raise RuntimeError("this revision cannot be undone: restore a backup instead")
