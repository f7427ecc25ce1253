"""The audit trail as a chain of hashes, and the daily figures of the dashboard."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def append_only_for(table: str, days: int) -> None:
    """Refuse UPDATE, and DELETE of what is younger, in the database itself, whoever asks."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
            f"WHEN OLD.at > strftime('%Y-%m-%d %H:%M:%f', 'now', '-{days} days') "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
        return
    op.execute(
        f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW "
        f"WHEN (OLD.at > now() - interval '{days} days') "
        f"EXECUTE FUNCTION {table}_append_only()"
    )


def upgrade() -> None:
    # Added without a copy of the table, which would lose its triggers; old entries have no MAC.
    op.add_column("audit_entry", sa.Column("mac", sa.String(length=64), nullable=True))
    op.create_index("ix_audit_entry_at", "audit_entry", ["at"], unique=False)
    op.create_index("ix_audit_entry_action", "audit_entry", ["action", "at"], unique=False)
    op.create_index("ix_audit_entry_actor", "audit_entry", ["actor", "at"], unique=False)
    both = ["actor", "action", "at"]
    op.create_index("ix_audit_entry_actor_action", "audit_entry", both, unique=False)
    if op.get_bind().dialect.name == "postgresql":
        # Who does what is no chance: a search for a pair that never was must not read half a table.
        op.execute(
            "CREATE STATISTICS audit_entry_actor_action (mcv) ON actor, action FROM audit_entry"
        )
    op.create_table(
        "audit_link",
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("entry_seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mac", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_audit_link")),
        sa.UniqueConstraint("entry_seq", name=op.f("uq_audit_link_entry_seq")),
    )
    append_only_for("audit_link", 365)
    op.create_table(
        "audit_chain",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("purged_to", sa.Integer(), nullable=False),
        sa.Column("purged_hash", sa.String(length=64), nullable=False),
        sa.Column("purged_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("holes", sa.Integer(), nullable=False),
        sa.Column("mac", sa.String(length=64), nullable=False),
        sa.Column("floor", sa.Integer(), nullable=False),
        sa.Column("noted", sa.Integer(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_chain")),
    )
    op.create_table(
        "audit_anchor",
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_audit_anchor")),
    )
    op.create_table(
        "statistic",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", "day", name=op.f("pk_statistic")),
    )
    op.create_index("ix_statistic_day", "statistic", ["day"], unique=False)
    op.create_index("ix_learner_created_at", "learner", ["created_at"], unique=False)
    op.create_index("ix_conversation_created_at", "conversation", ["created_at"], unique=False)


def downgrade() -> None:
    raise RuntimeError("this revision cannot be undone: restore a backup instead")
