"""A new announcement with the words of an old one: whoever wrote them does not approve them."""

from bot.services.campaigns.workflow import campaigns
from models.campaign import CampaignState
from models.staff import Role
from tests.console.announcing import asked, draft, row, subscribers


def test_the_writers_come_with_their_words(console, bot, line):
    subscribers(bot, line)
    writer = console(Role.AUTHOR, Role.APPROVER)
    colleague = console(Role.AUTHOR)
    first = draft(bot, writer.member_id)
    page = f"/console/campaigns/{first}"
    asked(bot, first, writer.member_id)
    colleague.submit(f"{page}/review", f"{page}/stop")
    assert row(bot, first).state is CampaignState.STOPPED
    answer = colleague.submit(f"{page}/results", f"{page}/copy")
    copy = answer.location.split("/")[-2]
    assert row(bot, copy).writers == [writer.member_id, colleague.member_id]
    asked(bot, copy, colleague.member_id)
    desk = f"/console/campaigns/{copy}"
    shown = writer.get(f"{desk}/review").text
    assert campaigns.is_own(row(bot, copy), writer.member_id)
    assert f"{desk}/approve" not in shown
    form = {"token": writer.token(f"{desk}/review"), "seen": row(bot, copy).digest, "read": "yes"}
    writer.post(f"{desk}/approve", form)
    assert row(bot, copy).state is CampaignState.IN_REVIEW
