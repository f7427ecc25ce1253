"""Draft a migration: python -m models.migrations "what it does"."""

import sys
import tempfile
from pathlib import Path

from alembic import command

from models.migrations import config, upgrade


def main(message: str) -> None:
    """Compare the models with what the migrations make, and write the difference down."""
    with tempfile.TemporaryDirectory() as directory:
        url = f"sqlite:///{Path(directory) / 'draft.db'}"
        upgrade(url)
        command.revision(config(url), message=message, autogenerate=True)


if __name__ == "__main__":
    if len(sys.argv) != 2 or not sys.argv[1].strip():
        sys.exit('Say what it does: make migration NAME="add the colour of a course"')
    main(sys.argv[1])
