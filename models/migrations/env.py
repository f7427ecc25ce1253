"""Run by Alembic: connects, and migrates in one transaction."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import create_engine, pool

from models.base import ByValue, UTCDateTime
from models.tables import metadata


def plain(kind: str, thing: Any, _context: Any) -> str | Literal[False]:
    """Write our column types as the plain ones below them: a migration outlives the code."""
    if kind == "type" and isinstance(thing, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(thing, ByValue):
        return "sa.String(length=32)"
    return False


engine = create_engine(context.config.attributes["url"], poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=plain,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
