"""Stages that several tests of services share."""

import pytest

from bot.runtime import auditing
from tests.services.audit.trails import act


@pytest.fixture
def trail(database, bot, clock):
    """The database with twelve acts in its audit trail, linked."""
    for number in range(12):
        act(database, clock, number)
    assert auditing.seal(bot) == 12
    return database
