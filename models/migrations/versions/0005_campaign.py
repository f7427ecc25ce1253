"""Announcements: campaigns, frozen lists, batches, and the revision that news depend on."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# What news depend on (bot/services/subscriptions/news.py), but for the mere passing of time.
LEARNER_COLUMNS = (
    "state",
    "age_band",
    "line_user_id_sealed",
    "email_sealed",
    "email_verified_at",
    "news_paused_until",
    "objected_at",
    "restricted_at",
)
BUMP = "UPDATE learner SET revision = revision + 1 WHERE"
# (name, table, when, whose): the row of the learner is found by `whose`.
TRIGGERS = (
    ("consent", "consent_event", "INSERT", "conversation_id = NEW.subject_id"),
    ("chosen", "subscription", "INSERT", "conversation_id = NEW.subject_id"),
    ("left", "subscription", "DELETE", "conversation_id = OLD.subject_id"),
    (
        "blocked",
        "conversation",
        "UPDATE OF blocked_at, language",
        "conversation_id = NEW.id",
    ),
    ("frozen", "account", "UPDATE OF state", "id = NEW.learner_id"),
    ("asked", "guardianship", "INSERT", "conversation_id = NEW.child_id"),
    ("guarded", "guardianship", "UPDATE OF state", "conversation_id = NEW.child_id"),
    ("unguarded", "guardianship", "DELETE", "conversation_id = OLD.child_id"),
)


def revision_triggers() -> None:
    """Nobody can forget to move the revision: the database does it."""
    columns = ", ".join(LEARNER_COLUMNS)
    if op.get_bind().dialect.name == "sqlite":
        for name, table, when, whose in TRIGGERS:
            op.execute(
                f"CREATE TRIGGER {table}_{name}_revision AFTER {when} ON {table} "
                f"BEGIN {BUMP} {whose}; END"
            )
        op.execute(
            f"CREATE TRIGGER learner_revision AFTER UPDATE OF {columns} ON learner "
            f"BEGIN {BUMP} id = NEW.id; END"
        )
        return
    for name, table, when, whose in TRIGGERS:
        op.execute(
            f"CREATE FUNCTION {table}_{name}_revision() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {BUMP} {whose}; RETURN NULL; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_{name}_revision AFTER {when} ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {table}_{name}_revision()"
        )
    op.execute(
        "CREATE FUNCTION learner_revision() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN NEW.revision := OLD.revision + 1; RETURN NEW; END $$"
    )
    op.execute(
        f"CREATE TRIGGER learner_revision BEFORE UPDATE OF {columns} ON learner "
        "FOR EACH ROW EXECUTE FUNCTION learner_revision()"
    )


def upgrade() -> None:
    op.create_table(
        "campaign",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("topic", sa.String(length=40), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("send_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rule", sa.String(length=80), nullable=True),
        sa.Column("rule_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("series_id", sa.String(length=32), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_by", sa.String(length=32), nullable=True),
        sa.Column("writers", sa.JSON(), nullable=False),
        sa.Column("counted_to", sa.String(length=32), nullable=True),
        sa.Column("chunks", sa.Integer(), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("cost_messages", sa.Integer(), nullable=True),
        sa.Column("cost_satang", sa.Integer(), nullable=True),
        sa.Column("list_digest", sa.String(length=64), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("approved_digest", sa.String(length=64), nullable=True),
        sa.Column("approved_by", sa.String(length=32), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("alive_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wave", sa.String(length=32), nullable=True),
        sa.Column("wave_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pause_reason", sa.String(length=80), nullable=True),
        sa.Column("unit", sa.String(length=30), nullable=False),
        sa.Column("results", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
        sa.UniqueConstraint("unit", name=op.f("uq_campaign_unit")),
    )
    is_open = sa.text("state IN ('approved', 'scheduled', 'sending')")
    op.create_index("ix_campaign_state", "campaign", ["state", "created_at"])
    op.create_index(op.f("ix_campaign_series_id"), "campaign", ["series_id"])
    op.create_index("uq_campaign_series", "campaign", ["series_id", "send_at"], unique=True)
    op.create_index(
        "ix_campaign_due",
        "campaign",
        ["due_at"],
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_table(
        "campaign_event",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staff_id", sa.String(length=32), nullable=True),
        sa.Column("verdict", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("note", sa.String(length=400), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaign.id"],
            name=op.f("fk_campaign_event_campaign_id_campaign"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_event")),
    )
    op.create_index(op.f("ix_campaign_event_campaign_id"), "campaign_event", ["campaign_id"])
    op.create_table(
        "recipient",
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("subject_id", sa.String(length=32), nullable=False),
        sa.Column("learner_id", sa.String(length=32), nullable=False),
        sa.Column("language", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=True),
        sa.Column("left_out", sa.String(length=32), nullable=True),
        sa.Column("wave", sa.String(length=32), nullable=True),
        sa.Column("batch", sa.Integer(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dropped", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_recipient_campaign_id_campaign")
        ),
        sa.PrimaryKeyConstraint("campaign_id", "subject_id", name=op.f("pk_recipient")),
    )
    is_sent_to = sa.text("batch IS NOT NULL")
    op.create_index(
        "ix_recipient_batch",
        "recipient",
        ["campaign_id", "batch"],
        sqlite_where=is_sent_to,
        postgresql_where=is_sent_to,
    )
    was_dropped = sa.text("dropped IS NOT NULL")
    op.create_index(
        "ix_recipient_dropped",
        "recipient",
        ["campaign_id", "dropped"],
        sqlite_where=was_dropped,
        postgresql_where=was_dropped,
    )
    # What a campaign caused is found without a look at everybody.
    has_blocked = sa.text("blocked_at IS NOT NULL")
    op.create_index(
        "ix_conversation_blocked_at",
        "conversation",
        ["blocked_at"],
        sqlite_where=has_blocked,
        postgresql_where=has_blocked,
    )
    is_frozen = sa.text("state = 'frozen'")
    op.create_index(
        "ix_account_frozen",
        "account",
        ["learner_id"],
        sqlite_where=is_frozen,
        postgresql_where=is_frozen,
    )
    was_taken_back = sa.text("state = 'withdrawn'")
    op.create_index(
        "ix_consent_event_withdrawn",
        "consent_event",
        ["at"],
        sqlite_where=was_taken_back,
        postgresql_where=was_taken_back,
    )
    op.create_table(
        "batch",
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("wave", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("language", sa.String(length=32), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("reached", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("retry_key", sa.String(length=36), nullable=False),
        sa.Column("body_digest", sa.String(length=64), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(length=40), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=80), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_batch_campaign_id_campaign")
        ),
        sa.PrimaryKeyConstraint("campaign_id", "number", name=op.f("pk_batch")),
    )
    is_queued = sa.text("state = 'queued'")
    op.create_index(
        "ix_batch_queued",
        "batch",
        ["campaign_id", "wave", "due_at"],
        sqlite_where=is_queued,
        postgresql_where=is_queued,
    )
    op.create_table(
        "picture",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("put_by", sa.String(length=32), nullable=False),
        sa.Column("put_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_picture")),
    )
    # Added in place: a batch that copied the table would take the foreign keys' rows with it.
    op.add_column(
        "learner", sa.Column("revision", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column("mail", sa.Column("campaign_id", sa.String(length=32), nullable=True))
    op.create_index(op.f("ix_mail_campaign_id"), "mail", ["campaign_id"])
    revision_triggers()


def downgrade() -> None:
    raise RuntimeError("this revision cannot be undone: restore a backup instead")
