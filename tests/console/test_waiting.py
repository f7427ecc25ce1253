"""What waits for a member stands on the first page and as counts in the menu."""

import re

from models.campaign import CampaignState
from models.staff import Role
from tests.factories import make_campaign

BADGE = re.compile(r'class="badge waits">(\d+)<')


def review(database, now, author):
    values = {"state": CampaignState.IN_REVIEW, "digest": "d", "author_id": author}
    database.write(lambda s: make_campaign(s, now, **values, writers=[author]).id)


def test_it_is_counted_in_the_menu_and_listed_on_the_first_page(database, clock, console):
    approver, author = console(Role.APPROVER), console(Role.AUTHOR)
    for _ in range(2):
        review(database, clock(), author.member_id)
    page = approver.get("/console/overview").text
    assert "งานที่รอฉัน" in page
    assert re.search(r'href="/console/campaigns">ประกาศที่รอการอนุมัติ</a></dt><dd>2</dd>', page)
    assert set(BADGE.findall(approver.get("/console/me").text)) == {"2"}, "on every page"
    page = author.get("/console/overview").text
    assert "ไม่มีงานที่รอคุณ" in page
    assert BADGE.findall(page) == []
