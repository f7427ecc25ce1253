"""Alembic's environment for this project, and the two questions asked of it: upgrade, state."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.engine import Connection, make_url

HERE = Path(__file__).parent


def config(url: str) -> Config:
    """Alembic's configuration; there is no ini file, the address comes from the settings."""
    made = Config()
    made.set_main_option("script_location", str(HERE))
    made.attributes["url"] = url
    return made


def upgrade(url: str) -> None:
    """Bring a database to the newest revision; running it twice does nothing."""
    if url.startswith("sqlite"):
        path = make_url(url).database
        if path:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
    command.upgrade(config(url), "head")


def upgrade_on(connection: Connection, revision: str) -> None:
    """Bring a database to a revision within the caller's own transaction."""
    made = config("")
    made.attributes["connection"] = connection
    command.upgrade(made, revision)


def knows(revision: str) -> bool:
    """Whether a revision is one of ours."""
    script = ScriptDirectory.from_config(config(""))
    return any(known.revision == revision for known in script.walk_revisions())


def newest() -> str | None:
    """The revision that the code needs."""
    return ScriptDirectory.from_config(config("")).get_current_head()


def current(connection: Connection) -> str | None:
    """The revision that a database is at, or None where it has none."""
    return MigrationContext.configure(connection).get_current_revision()


def is_current(url: str) -> bool:
    """Whether a database is at the newest revision."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return current(connection) == newest()
    finally:
        engine.dispose()
