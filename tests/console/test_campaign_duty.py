"""Who loses their role between the door of the console and the act: the act does not happen."""

from collections.abc import Callable

import pytest
from flask import Flask, g, get_flashed_messages
from sqlalchemy.orm import Session

from bot.runtime import Bot
from bot.services.auth.sessions import SessionCookie
from bot.services.staff import sessions, staff
from bot.services.staff.sessions import Found
from handlers.console import campaign_acts
from handlers.console.request_context import Desk as Browser
from handlers.web.visits import Visit
from models.campaign import CampaignState
from models.staff import Role, Staff, Stage
from tests.console.announcing import draft, row
from tests.console.conftest import Desk


def shut_out(session: Session, staff_id: str, bot: Bot) -> None:
    staff.disable(session, staff_id, "operator", bot.clock())


def demote(session: Session, staff_id: str, bot: Bot) -> None:
    session.get_one(Staff, staff_id).roles = frozenset({Role.SUPPORT})


@pytest.mark.parametrize("leave", [None, shut_out, demote])
def test_a_role_counts_at_the_moment_of_the_act(
    leave: Callable[[Session, str, Bot], None] | None,
    console: Callable[..., Desk],
    app: Flask,
    bot: Bot,
) -> None:
    """The guard asked before; the act may have waited for the announcement since."""
    mine = console(Role.AUTHOR).member_id
    campaign_id = draft(bot, mine)
    at_the_door = bot.database.read(lambda s: sessions.member_of(s.get_one(Staff, mine)))
    if leave is not None:
        bot.database.write(lambda session: leave(session, mine, bot))
    with app.test_request_context(f"/console/campaigns/{campaign_id}/stop", method="POST"):
        ticket = SessionCookie.new(bot.clock(), signed_in=True)
        found = Found("0" * 32, Stage.IN, at_the_door, None, None)
        g.desk = Browser(Visit(bot.cookie_keys, ticket, None), found)
        answer = campaign_acts.stop_campaign(campaign_id)
        [said] = get_flashed_messages()
    assert answer.status_code == 303
    assert ("ไม่มีสิทธิ์" in said) is (leave is not None)
    expected = CampaignState.DRAFT if leave else CampaignState.STOPPED
    assert row(bot, campaign_id).state is expected


class Meanwhile:
    """LINE, while it looks at the messages: something happens elsewhere."""

    def __init__(self, happens: Callable[[], None]) -> None:
        self.happens = happens

    def validate(self, kind: str, messages: list[object]) -> None:
        self.happens()


def test_a_role_that_goes_while_line_looks_asks_for_nothing(
    console: Callable[..., Desk], bot: Bot
) -> None:
    author = console(Role.AUTHOR)
    campaign_id = draft(bot, author.member_id)
    page = f"/console/campaigns/{campaign_id}/preview"
    bot.gateway = Meanwhile(  # type: ignore[assignment]
        lambda: bot.database.write(lambda session: demote(session, author.member_id, bot))
    )
    author.submit(page, f"/console/campaigns/{campaign_id}/ask", revision="0")
    assert row(bot, campaign_id).state is CampaignState.DRAFT
