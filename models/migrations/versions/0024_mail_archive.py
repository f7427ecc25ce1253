"""The archive of e-mails: append-only, erasable on a legal request."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

WHEN = sa.DateTime(timezone=True)
YEAR = 365  # days: the owner cannot choose a shorter period
FACTS = (
    *("id", "direction", "at", "mailbox", "validity", "uid", "mail_id", "author", "body_id"),
    *("sent_sha256", "full_size"),
)
MAIL_NEEDS = "SELECT 1 FROM archived_mail AS m WHERE m.erased_at IS NULL"
CHUNK_STAYS = f"EXISTS ({MAIL_NEEDS} AND m.id = OLD.mail_id AND m.sha256 IS NOT NULL)"
BODY_STAYS = f"EXISTS ({MAIL_NEEDS} AND m.body_id = OLD.id)"


def upgrade() -> None:
    make_tables()
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    differs = "IS NOT" if is_sqlite else "IS DISTINCT FROM"
    same = "IS" if is_sqlite else "IS NOT DISTINCT FROM"
    facts = " OR ".join(f"OLD.{name} {differs} NEW.{name}" for name in FACTS)
    mail = (
        f"OLD.erased_at IS NOT NULL OR {facts} OR (OLD.sha256 IS NOT NULL AND "
        f"(OLD.sha256 {differs} NEW.sha256 OR OLD.size {differs} NEW.size))"
    )
    key = sealed_under_sqlite if is_sqlite else sealed_under_postgres
    chunk = (
        f"OLD.id {differs} NEW.id OR OLD.mail_id {differs} NEW.mail_id"
        f" OR {key('OLD')} {same} {key('NEW')}"
    )
    young = (
        f"OLD.at > strftime('%Y-%m-%d %H:%M:%f', 'now', '-{YEAR} days')"
        if is_sqlite
        else f"OLD.at > now() - interval '{YEAR} days'"
    )
    refuse = refuse_on_sqlite if is_sqlite else refuse_on_postgres
    refuse("archived_mail", mail, f"OLD.sha256 IS NOT NULL AND {young}")
    refuse("archived_chunk", chunk, CHUNK_STAYS)
    refuse("archived_body", "1 = 1", BODY_STAYS)


def make_tables() -> None:
    op.create_table(
        "archived_mail",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("direction", sa.String(32), nullable=False),
        sa.Column("at", WHEN, nullable=False),
        sa.Column("mailbox", sa.String(64)),
        sa.Column("validity", sa.BigInteger()),
        sa.Column("uid", sa.BigInteger()),
        sa.Column("mail_id", sa.String(32)),
        sa.Column("author", sa.String(32)),
        sa.Column("body_id", sa.String(32)),
        sa.Column("sha256", sa.String(64)),
        sa.Column("size", sa.BigInteger()),
        sa.Column("sent_sha256", sa.String(64)),
        sa.Column("full_size", sa.BigInteger()),
        sa.Column("erased_at", WHEN),
        sa.Column("erased_why", sa.String(40)),
        sa.Column("read_at", WHEN),
        sa.Column("date", WHEN),
        sa.Column("subject_id", sa.String(32)),
        sa.Column("peer_sealed", sa.LargeBinary()),
        sa.Column("peer_index", sa.String(64)),
        sa.Column("addresses_sealed", sa.LargeBinary()),
        sa.Column("addresses_index", sa.Text()),
        sa.Column("message_id_sealed", sa.LargeBinary()),
        sa.Column("message_index", sa.String(64)),
        sa.Column("references_sealed", sa.LargeBinary()),
        sa.Column("references_index", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archived_mail")),
        sa.UniqueConstraint("sha256", name=op.f("uq_archived_mail_sha256")),
    )
    for column in ("at", "mail_id", "subject_id", "peer_index", "message_index"):
        op.create_index(f"ix_archived_mail_{column}", "archived_mail", [column])
    unread = "read_at IS NULL AND sha256 IS NOT NULL AND erased_at IS NULL"
    for name, column, where in (
        ("body", "body_id", "body_id IS NOT NULL"),
        ("unread", "at", unread),
        ("incomplete", "mailbox", "sha256 IS NULL"),
    ):
        op.create_index(
            f"ix_archived_mail_{name}",
            "archived_mail",
            [column],
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )
    op.create_table(
        "archived_chunk",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("mail_id", sa.String(32), nullable=False),
        sa.Column("piece_sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archived_chunk")),
    )
    op.create_index("ix_archived_chunk_mail_id", "archived_chunk", ["mail_id"])
    op.create_table(
        "archived_body",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("at", WHEN, nullable=False),
        sa.Column("campaign_id", sa.String(32), nullable=False),
        sa.Column("language", sa.String(32), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archived_body")),
        sa.UniqueConstraint(
            "campaign_id", "language", name=op.f("uq_archived_body_campaign_id_language")
        ),
    )


def sealed_under_sqlite(row: str) -> str:
    """The name of the key that sealed a piece, with its length before it (bot/crypto.py)."""
    piece = f"{row}.piece_sealed"
    return f"substr({piece}, 1, 1 + unicode(substr({piece}, 1, 1)))"


def sealed_under_postgres(row: str) -> str:
    piece = f"{row}.piece_sealed"
    return f"substring({piece} from 1 for 1 + get_byte({piece}, 0))"


def refuse_on_sqlite(table: str, update: str, deletion: str) -> None:
    """Refuse the changes and deletions of which something is true, whoever asks."""
    for verb, when in (("UPDATE", update), ("DELETE", deletion)):
        op.execute(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} WHEN {when} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def refuse_on_postgres(table: str, update: str, deletion: str) -> None:
    """The same; in functions, because a trigger's own condition cannot look at another table."""
    raised = f"RAISE EXCEPTION '{table} is append-only'"
    for verb, when, passed in (("update", update, "NEW"), ("delete", deletion, "OLD")):
        op.execute(
            f"CREATE OR REPLACE FUNCTION {table}_no_{verb}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN IF {when} THEN {raised}; END IF; RETURN {passed}; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {table}_no_{verb}()"
        )
    op.execute(
        f"CREATE OR REPLACE FUNCTION {table}_no_truncate() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {raised}; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_no_truncate()"
    )


def downgrade() -> None:
    raise RuntimeError("this revision cannot be undone: restore a backup instead")
