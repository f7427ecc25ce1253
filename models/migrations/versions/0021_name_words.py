"""Learners are found by the words of their names: a keyed digest of each."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "learner_name_word",
        sa.Column("learner_id", sa.String(length=32), nullable=False),
        sa.Column("word_index", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["learner_id"],
            ["learner.id"],
            name=op.f("fk_learner_name_word_learner_id_learner"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("learner_id", "word_index", name=op.f("pk_learner_name_word")),
    )
    # Names are sealed: the job "name words" fills this in, a batch at a time.
    op.create_index(op.f("ix_learner_name_word_word_index"), "learner_name_word", ["word_index"])


def downgrade() -> None:
    raise RuntimeError("this revision cannot be undone: restore a backup instead")
