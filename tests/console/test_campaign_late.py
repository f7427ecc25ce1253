"""The page of an announcement whose time has come before anybody approved it."""

from datetime import timedelta

import pytest

from bot.services.campaigns.sending import quota
from models.campaign import CampaignState
from models.staff import Role
from tests.console.announcing import asked, draft, row, subscribers


@pytest.fixture
def late(console, bot, line):
    """An announcement for half past ten that waited for so many minutes more; its id."""

    def make(minutes):
        subscribers(bot, line)
        author = console(Role.AUTHOR).member_id
        send_at = bot.clock() + timedelta(minutes=30)
        campaign_id = draft(bot, author, send_at=send_at)
        asked(bot, campaign_id, author)
        bot.clock.time = send_at + timedelta(minutes=minutes)
        bot.database.write(lambda session: quota.record(session, 1000, 0, bot.clock()))
        return campaign_id

    return make


@pytest.mark.parametrize("minutes", [0, 30])
def test_for_half_an_hour_it_can_still_be_approved(late, console, bot, minutes):
    campaign_id = late(minutes)
    page, approver = f"/console/campaigns/{campaign_id}", console(Role.APPROVER)
    shown = approver.get(f"{page}/review").text
    assert "ถึงเวลาส่งแล้ว" in shown
    assert "11:00 น. จะเริ่มส่งทันที" in shown
    digest = row(bot, campaign_id).digest
    approver.submit(f"{page}/review", f"{page}/approve", seen=digest, read="yes")
    assert row(bot, campaign_id).state is CampaignState.APPROVED


def test_after_that_it_needs_another_time(late, console):
    campaign_id = late(31)
    page = console(Role.APPROVER).get(f"/console/campaigns/{campaign_id}/review").text
    assert "เลยเวลาส่งแล้ว" in page
    assert "ถึงเวลาส่งแล้ว" not in page


def test_before_it_nothing_is_said(late, console):
    campaign_id = late(-1)
    page = console(Role.APPROVER).get(f"/console/campaigns/{campaign_id}/review").text
    assert "เวลาส่งแล้ว" not in page
