"""What stands under "waits for me" in the console."""

from dataclasses import replace

import pytest

from bot.services.campaigns.reporting import listing
from bot.services.campaigns.workflow import alerts
from bot.services.staff import sessions
from models.campaign import CampaignState
from models.staff import Role
from tests.factories import make_campaign, make_staff


@pytest.mark.parametrize("part", ["nothing", "author_id", "asked_by", "writers"])
def test_what_one_had_a_part_in_does_not_wait_for_oneself(part, database, settings, clock):
    """One word is enough; the list says what the card in the chat and the approval itself say."""

    def write(session):
        both = {Role.AUTHOR, Role.APPROVER}
        mine = sessions.member_of(make_staff(session, clock(), roles=both, name="ครู"))
        values = {"author_id": "b" * 32, "asked_by": None, "writers": ["b" * 32, "c" * 32]}
        if part in {"author_id", "asked_by"}:
            values[part] = mine.id
        elif part == "writers":
            values["writers"] = ["b" * 32, mine.id]
        row = make_campaign(session, clock(), [], settings, state=CampaignState.IN_REVIEW, **values)
        listed = [each.id for each in listing.waiting(session, mine, settings)]
        assert (listed == [row.id]) is alerts.is_for(row, mine, settings)
        school_of_one = replace(settings, approve_own=True)
        assert listing.waiting(session, mine, school_of_one)
        return listed

    assert bool(database.write(write)) is (part == "nothing")
