"""An announcement's form saves itself: quietly, as a draft, and says when."""

from tests.console.announcing import FORM, draft, fields, row
from tests.console.door import actions

NEW = "/console/campaigns/new"


def autosave(desk, page, form):
    return desk.post(page, form | {"token": desk.token(page), "do": "autosave"})


def test_it_becomes_a_draft_and_goes_on_as_one(bot, author):
    first = autosave(author, NEW, FORM)
    assert first.status_code == 200, first.text
    assert first.json["said"].startswith("บันทึกเมื่อ ")
    edit = first.json["address"]
    second = autosave(author, edit, FORM | {"name": "ชื่อใหม่", "revision": "0"})
    assert second.json["revision"] == 1
    assert row(bot, edit.split("/")[3]).name == "ชื่อใหม่"
    assert actions(bot).count("campaign:write") == 1, "one entry for what one member writes"
    page = author.get(edit).text
    assert "บันทึกเมื่อ" in page
    assert author.post(edit, fields(page) | {"do": "save"}).status_code == 303
    assert actions(bot).count("campaign:write") == 2


def test_what_cannot_be_kept_yet_is_said(bot, author):
    for odd in ({"topic": "no such"}, {"send": "at", "send_day": "x"}, {"active_days": "0"}):
        answer = autosave(author, NEW, FORM | odd)
        assert answer.status_code == 422, odd
        assert answer.json["said"].startswith("ยังไม่ได้บันทึก: "), odd
    assert actions(bot).count("campaign:write") == 0


def test_it_never_writes_over_a_colleague(bot, author, approver):
    campaign_id = draft(bot, author.member_id)
    edit = f"/console/campaigns/{campaign_id}/edit"
    assert autosave(author, edit, FORM | {"revision": "0", "name": "ครั้งแรก"}).status_code == 200
    answer = autosave(author, edit, FORM | {"revision": "0", "name": "ครั้งที่สอง"})
    assert answer.status_code == 409
    assert row(bot, campaign_id).name == "ครั้งแรก"


def test_the_trail_names_a_second_writer(bot, author, console):
    campaign_id = draft(bot, "x" * 32)
    edit = f"/console/campaigns/{campaign_id}/edit"
    autosave(author, edit, FORM | {"revision": "0"})
    assert actions(bot).count("campaign:write") == 2
    assert author.member_id in row(bot, campaign_id).writers


def test_the_page_knows_what_is_not_saved(author):
    assert "data-unsaved" not in author.get(NEW).text
    answer = author.post(NEW, FORM | {"topic": "", "token": author.token(NEW), "do": "save"})
    assert answer.status_code != 422 or "data-unsaved" in answer.text
