"""What waits for a member: counted by what they may decide; told once, the free ways first."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from bot.services.campaigns.reporting import listing
from bot.services.delivery import mails
from bot.services.staff.sessions import Member
from bot.services.statistics import waiting
from bot.services.statistics.waiting import Matter
from models.base import new_id
from models.campaign import CampaignState
from models.conversation import Language
from models.imports_exports import ExportRequest, ExportState, Import, ImportState
from models.mail import Mail, MailState, Stream, WaitingLetter, WhyWaiting
from models.outbox import Push
from models.privacy import PrivacyRequest, RequestKind, RequestState
from models.staff import Role
from models.staff_chat import StaffChat
from tests.factories import make_campaign, make_staff

pytestmark = pytest.mark.sql

ME, OTHER = "m" * 32, "o" * 32


def member(*roles):
    return Member(ME, "ครูแก้ว", frozenset(roles or Role), "th")


def export(now, **values):
    row = {"member_id": OTHER, "state": ExportState.WAITING, "columns": [], "in_full": False}
    row |= {"chosen": {}, "rows": 200, "asked_at": now, "expires_at": now + timedelta(days=1)}
    return ExportRequest(id=new_id(), **row | values)


def brought(now, **values):
    row = {"member_id": ME, "state": ImportState.UPLOADED, "lines": 1, "columns": {}}
    row |= {"digest": new_id(), "uploaded_at": now, "expires_at": now + timedelta(days=1)}
    return Import(id=new_id(), **row | values)


def asked(now, **values):
    row = {"kind": RequestKind.CORRECT, "state": RequestState.ACKNOWLEDGED, "asked_by": "self"}
    row |= {"subject_id": new_id(), "channel": "line", "opened_at": now}
    row |= {"acknowledge_by": now, "due_at": now + timedelta(days=30)}
    return PrivacyRequest(id=new_id(), **row | values)


def letter(now):
    row = {"mailbox": "INBOX", "validity": 1, "uid": 1, "why": WhyWaiting.BROKE}
    return WaitingLetter(id=new_id(), at=now, **row)


def notice(now, **values):
    row = {"template": "changed_name", "language": Language.THAI, "stream": Stream.TRANSACTIONAL}
    row |= {"state": MailState.FAILED, "created_at": now, "due_at": now}
    mail_id = new_id()
    return Mail(id=mail_id, cause=mail_id, message_id=mail_id, **row | values)


def review(session, now, author=OTHER, **values):
    row = {"state": CampaignState.IN_REVIEW, "digest": "d", "author_id": author}
    return make_campaign(session, now, **row | {"writers": [author]} | values)


@pytest.fixture
def everything(database, clock):
    """One of each that counts, beside what does not."""

    def plant(session):
        now = clock()
        over = now - timedelta(seconds=1)
        review(session, now)
        review(session, now, ME)
        review(session, now, writers=[OTHER, ME])
        review(session, now, digest=None)
        make_campaign(session, now, state=CampaignState.PAUSED, pause_reason="errors")
        make_campaign(session, now, state=CampaignState.PAUSED, pause_reason="person")
        session.add_all(
            [
                export(now),
                export(now, member_id=ME),
                export(now, expires_at=over),
                export(now, state=ExportState.APPROVED, member_id=ME),
                export(now, state=ExportState.APPROVED),
                brought(now),
                brought(now, member_id=OTHER),
                brought(now, state=ImportState.DONE),
                asked(now),
                asked(now, kind=RequestKind.ACCESS),
                asked(now, kind=RequestKind.ERASE, state=RequestState.HELD),
                asked(now, state=RequestState.DONE),
                letter(now),
                notice(now, state=MailState.UNKNOWN),
                notice(now, seen_at=now),
                notice(now, stream=Stream.NEWS),
                notice(now - mails.SHOWN),
                notice(now, state=MailState.DROPPED),
            ]
        )

    database.write(plant)


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize(
    ("roles", "wanted"),
    [
        (tuple(Role), set(Matter)),
        ((Role.AUTHOR,), set()),
        ((Role.APPROVER,), {Matter.APPROVAL, Matter.PAUSED}),
        ((Role.SUPPORT,), {Matter.DOWNLOAD, Matter.IMPORT, Matter.LETTER, Matter.NOTICE}),
        ((Role.PRIVACY,), {Matter.EXPORT, Matter.DOWNLOAD, Matter.REQUEST}),
        ((Role.ADMIN,), {Matter.LETTER, Matter.NOTICE}),
    ],
)
def test_each_counts_what_they_may_decide(database, settings, clock, roles, wanted):
    found = database.read(lambda s: waiting.counts(s, member(*roles), settings, clock()))
    assert found == dict.fromkeys(wanted, 1)


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize("role", list(Role))
def test_the_list_of_announcements_shows_what_is_counted(database, settings, clock, role):
    """What somebody paused waits for nobody else; whoever may not go on with it is not asked to."""
    mine = member(role)
    found = database.read(lambda s: waiting.counts(s, mine, settings, clock()))
    listed = database.read(lambda s: listing.waiting(s, mine, settings))
    assert len(listed) == found.get(Matter.APPROVAL, 0) + found.get(Matter.PAUSED, 0)


@pytest.mark.usefixtures("everything")
def test_one_who_may_approve_their_own_has_them_too(database, settings, clock):
    alone = replace(settings, approve_own=True)
    found = database.read(lambda s: waiting.counts(s, member(), alone, clock()))
    assert found[Matter.APPROVAL] == 3


@pytest.mark.usefixtures("everything")
def test_two_queries_however_much_waits(database, settings, clock):
    seen = []

    def note(_connection, _cursor, statement, *_):
        seen.append(statement)

    database.write(lambda s: s.add_all([export(clock()) for _ in range(20)]))
    engines = {database.engine, database._engine}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    found = database.read(lambda s: waiting.counts(s, member(), settings, clock()))
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)
    assert found[Matter.EXPORT] == 21
    assert len([statement for statement in seen if "SELECT" in statement]) == 2


def told(database):
    return (
        database.read(lambda s: [mail.cause for mail in s.scalars(select(Mail))]),
        database.read(lambda s: [push.cause for push in s.scalars(select(Push))]),
    )


def linked(session, now, *roles):
    staff = make_staff(session, now, roles=roles)
    row = StaffChat(id=new_id(), staff_id=staff.id, linked_at=now)
    session.add(row)
    row.user_id = f"U{new_id()}"
    return staff.id


def test_the_owner_gets_a_mail_at_once_and_deciders_a_push_later(database, settings, clock):
    def plant(session):
        officers = [linked(session, clock(), Role.PRIVACY) for _ in range(2)]
        linked(session, clock(), Role.SUPPORT)
        row = export(clock(), member_id=officers[0])
        session.add(row)
        return str(row.id), officers

    row_id, officers = database.write(plant)
    owned = replace(settings, owner_email="owner@school.example")

    def tick():
        return database.write(lambda s: waiting.tell(s, owned, clock()))

    assert tick() == 1
    assert told(database) == ([f"waits:{row_id}"], [])
    assert tick() == 0, "once"
    clock.advance(minutes=31)
    assert tick() == 1
    assert told(database)[1] == [f"waits:{row_id}:{officers[1]}"], "not whoever asked"
    assert tick() == 0


def test_nobody_is_woken_up(database, settings, clock):
    def plant(session):
        linked(session, clock(), Role.PRIVACY)
        session.add(asked(clock()))

    clock.advance(hours=(22 - 7 - clock().hour) % 24)  # ten in the evening in Bangkok
    database.write(plant)
    assert database.write(lambda s: waiting.tell(s, settings, clock())) == 0
    clock.advance(hours=10)
    assert database.write(lambda s: waiting.tell(s, settings, clock())) == 1
