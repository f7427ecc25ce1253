"""Somebody else's details: staff learn of it, the person in the chat never does."""

import pytest

from bot.texts.masks import masked_email
from handlers.line.registration.flow import Step
from models.account import Account
from models.audit import AuditEntry
from models.learner import Learner, PossibleDuplicate
from tests.scenarios.story import ACTS, EMAIL, LINE_ID, ORDER, reach, saying, tap

pytestmark = pytest.mark.sql

# What a newcomer gives that is or is not already known of somebody else.
FRESH = {"phone": "089-876-5432", "email": "nobody.else@gmail.com", "line_id": "nobody.else"}
KNOWN = {"phone": "086-555-1234", "email": EMAIL, "line_id": LINE_ID}


def story(chat, details):
    """Everything that a newcomer is answered, with what differs by nature left out."""
    chat.adds_the_account()
    tap(chat, "Register")
    for step in ORDER:
        act = saying(details[step]) if step in details else ACTS[step]
        act(chat)
    return chat.bubbles()


def plain(bubbles, details, account):
    """The words and buttons of a chat without what is this person's own."""
    text = "\n".join(str(_stripped(bubble.message)) for bubble in bubbles)
    text = text.replace(masked_email(details["email"]), "<masked>")
    for name, value in {**details, "username": account.username}.items():
        text = text.replace(value, f"<{name}>")
    return text


def _stripped(part):
    if isinstance(part, dict):
        return {key: _stripped(value) for key, value in part.items() if key != "uri"}
    if isinstance(part, list):
        return [_stripped(item) for item in part]
    return part


@pytest.mark.parametrize("known", [("phone",), ("email",), ("line_id",), tuple(KNOWN)])
def test_the_answers_do_not_tell_that_a_detail_is_known(known, someone, rows, database):
    first = someone("มะลิ")
    story(first, KNOWN)
    details = {**FRESH, **{name: KNOWN[name] for name in known}}
    second, stranger = someone("มะลิวัลย์"), someone("คนใหม่")
    unlike = {"phone": "086-111-2222", "email": "someone.new@gmail.com", "line_id": "someone.new"}
    theirs, others = story(second, details), story(stranger, unlike)

    accounts = {account.learner_id: account for account in rows(Account)}
    learners = rows(Learner)
    assert len(learners) == len(accounts) == 3
    assert plain(theirs, details, accounts[learners[1].id]) == plain(
        others, unlike, accounts[learners[2].id]
    )
    found = {(row.learner_id, row.other_id, row.matched) for row in rows(PossibleDuplicate)}
    assert found == {(learners[1].id, learners[0].id, name) for name in known}
    flagged = rows(AuditEntry, AuditEntry.action == "duplicate:flag")
    assert {entry.data["matched"] for entry in flagged} == set(known)
    assert not any(value in str(flagged[0].data) for value in KNOWN.values())


@pytest.mark.parametrize(
    ("item", "written"),
    [
        (Step.PHONE, "+66 86 555 1234"),
        (Step.PHONE, "๐๘๖๕๕๕๑๒๓๔"),
        (Step.EMAIL, "SOMCHAI.JD@GMAIL.COM"),
        (Step.LINE_ID, "@Somchai.JD"),
    ],
)
def test_another_way_of_writing_is_still_the_same_detail(item, written, someone, rows):
    story(someone("มะลิ"), KNOWN)
    story(someone("มะลิวัลย์"), {**FRESH, str(item): written})

    assert [row.matched for row in rows(PossibleDuplicate)] == [str(item)]


def test_two_without_a_line_id_are_not_duplicates(someone, rows):
    none = lambda chat: chat.taps("ไม่มี LINE ID")  # noqa: E731
    for name, phone, email in (
        ("มะลิ", KNOWN["phone"], EMAIL),
        ("มะลิวัลย์", FRESH["phone"], FRESH["email"]),
    ):
        chat = someone(name)
        reach(chat, Step.SUMMARY, phone=saying(phone), email=saying(email), line_id=none)
        ACTS[Step.SUMMARY](chat)

    assert len(rows(Learner)) == 2
    assert rows(PossibleDuplicate) == []
