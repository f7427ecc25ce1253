"""Learners in the console: tags, merges, imports, exports."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "learner_tag",
        sa.Column("learner_id", sa.String(length=32), nullable=False),
        sa.Column("tag", sa.String(length=40), nullable=False),
        sa.Column("put_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["learner_id"], ["learner.id"], name=op.f("fk_learner_tag_learner_id_learner")
        ),
        sa.PrimaryKeyConstraint("learner_id", "tag", name=op.f("pk_learner_tag")),
    )
    op.create_index(op.f("ix_learner_tag_tag"), "learner_tag", ["tag"])

    op.create_table(
        "tag",
        sa.Column("word", sa.String(length=40), nullable=False),
        sa.Column("made_by", sa.String(length=32), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("word", name=op.f("pk_tag")),
    )
    op.create_table(
        "unmasking",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("learner_id", sa.String(length=32), nullable=False),
        sa.Column("member_id", sa.String(length=32), nullable=False),
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["learner_id"], ["learner.id"], name=op.f("fk_unmasking_learner_id_learner")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unmasking")),
    )
    with op.batch_alter_table("unmasking", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_unmasking_learner_id"), ["learner_id"], unique=False)
        batch_op.create_index("ix_unmasking_member", ["member_id", "at"], unique=False)

    op.create_table(
        "learner_merge",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kept_id", sa.String(length=32), nullable=False),
        sa.Column("closed_id", sa.String(length=32), nullable=False),
        sa.Column("member_id", sa.String(length=32), nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undo_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("memory_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["kept_id"], ["learner.id"], name=op.f("fk_learner_merge_kept_id_learner")
        ),
        sa.ForeignKeyConstraint(
            ["closed_id"], ["learner.id"], name=op.f("fk_learner_merge_closed_id_learner")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learner_merge")),
    )
    with op.batch_alter_table("learner_merge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_learner_merge_closed_id"), ["closed_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_learner_merge_kept_id"), ["kept_id"], unique=False)

    op.create_table(
        "learner_import",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("member_id", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("enrolled", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learner_import")),
        sa.UniqueConstraint("digest", name=op.f("uq_learner_import_digest")),
    )
    with op.batch_alter_table("learner_import", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_learner_import_state"), ["state"], unique=False)

    op.create_table(
        "export_request",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("member_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("in_full", sa.Boolean(), nullable=False),
        sa.Column("chosen", sa.JSON(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=32), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_request")),
    )
    with op.batch_alter_table("export_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_export_request_expires_at"), ["expires_at"])


def downgrade() -> None:
    raise RuntimeError("this revision cannot be undone: restore a backup instead")
