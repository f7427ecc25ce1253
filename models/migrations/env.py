"""Run by Alembic: connects, and migrates in one transaction."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection, create_engine, pool

from models.base import ByValue, UTCDateTime
from models.tables import metadata


def plain(kind: str, thing: Any, _context: Any) -> str | Literal[False]:
    """Write our column types as the plain ones below them: a migration outlives the code."""
    if kind == "type" and isinstance(thing, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(thing, ByValue):
        return "sa.String(length=32)"
    return False


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=plain,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    migrate(given)  # a restore does all in one transaction of its own
else:
    engine = create_engine(context.config.attributes["url"], poolclass=pool.NullPool)
    with engine.connect() as connection:
        migrate(connection)
    engine.dispose()
