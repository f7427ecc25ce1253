"""Each period at its boundary: a day before it is kept, a day after it is gone."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.runtime import purging
from bot.services.accounts import accounts, holds
from bot.services.campaigns.content import pictures
from bot.services.campaigns.content.pictures import Drawn
from bot.services.privacy import retention
from bot.settings import School
from models.audit import AuditEntry
from models.base import new_id
from models.campaign import CampaignState
from models.consent import ConsentEvent
from models.conversation import Conversation
from models.errand import Errand
from models.guardianship import Guardianship, GuardianshipState
from models.inbox import WebhookEvent
from models.inquiry import Inquiry
from models.learner import Learner
from models.mail import Mail, MailPace, MailState, WaitingLetter
from models.mail_archive import ArchivedBody, ArchivedMail
from models.one_time_token import OneTimeToken
from models.outbox import Push
from models.picture import Picture
from models.portal import KnownNetwork, PortalSession, PortalStay, Throttle
from models.privacy import Disclosure, Erasure, LegalHold, PrivacyRequest
from models.recipient import Recipient
from models.secret_link import SecretLink
from models.staff import StaffLink, StaffSession
from tests.factories import (
    make_account,
    make_campaign,
    make_consent_event,
    make_conversation,
    make_learner,
)
from tests.services.privacy import aged
from tests.services.privacy.aged import DAY
from tests.services.privacy.canaries import make_guardianship, make_mail

SCHOOL = School(account_years=2, archive_years=3, proof_years=5, audit_years=1)


@pytest.fixture
def settings(settings):
    return replace(settings, school=SCHOOL)


@dataclass(frozen=True)
class Case:
    """A row of some table, and how many days after its last event it goes."""

    name: str
    make: Callable[[Session, datetime], Any]
    model: Any
    days: int


YEARS = {n: retention.BY_KEY["account"].span(School(account_years=n)).days for n in (1, 2, 3, 5)}
CASES = (
    Case("account", aged.learner, Learner, YEARS[2]),
    Case("mail", aged.mail, Mail, YEARS[3]),
    Case("archived mail", aged.archived_mail, ArchivedMail, YEARS[3]),
    Case("body of a campaign", aged.archived_body, ArchivedBody, YEARS[3]),
    Case("push", aged.push, Push, YEARS[3]),
    Case("inquiry", aged.inquiry, Inquiry, YEARS[3]),
    Case("consent", lambda s, at: make_consent_event(s, at), ConsentEvent, YEARS[5]),
    Case("request", aged.request, PrivacyRequest, YEARS[5]),
    Case("hold", aged.hold, LegalHold, YEARS[5]),
    Case("disclosure", aged.disclosure, Disclosure, YEARS[5]),
    Case(
        "erasure",
        lambda s, at: s.add(Erasure(id=new_id(), subject_id=new_id(), erased_at=at)),
        Erasure,
        YEARS[5],
    ),
    Case(
        "audit",
        lambda s, at: s.add(AuditEntry(at=at, action="x:y", actor="a", subject=None, data={})),
        AuditEntry,
        YEARS[1],
    ),
    Case("stranger", lambda s, at: make_conversation(s, at), Conversation, 30),
    Case("event", aged.event, WebhookEvent, 30),
    Case("token", aged.token, OneTimeToken, 7),
    Case("errand", aged.errand, Errand, 7),
    Case("link", aged.link, SecretLink, 30),
    Case("stay", aged.stay, PortalStay, 30),
    Case(
        "known network",
        lambda s, at: s.add(KnownNetwork(id=new_id(), key=new_id(), owner_id=new_id(), seen_at=at)),
        KnownNetwork,
        30,
    ),
    Case("link of staff", aged.staff_link, StaffLink, 30),
    Case("session of staff", aged.staff_session, StaffSession, 30),
    Case("waiting letter", aged.waiting_letter, WaitingLetter, 30),
    Case("list", aged.listed, Recipient, 90),
    Case("picture", aged.picture, Picture, 30),
    Case(
        "requests to guardians",
        lambda s, at: s.add(make_guardianship(at, state=GuardianshipState.REFUSED)),
        Guardianship,
        7,
    ),
)


def count(database, case: Case) -> int:
    query = select(func.count()).select_from(case.model)
    if case.model is AuditEntry:
        query = query.where(AuditEntry.action == "x:y")  # the purge adds entries of its own
    return database.read(lambda session: session.execute(query).scalar_one())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_day_before_it_is_kept_and_a_day_after_it_is_gone(case, bot, database, clock):
    for age in (case.days - 1, case.days + 1):
        database.write(lambda s, age=age: case.make(s, clock() - age * DAY) and None)
    assert count(database, case) == 2
    counts = purging.dry_run(bot)
    assert counts[case.name] == 1
    assert count(database, case) == 2, "a dry run changes nothing"
    assert purging.purge(bot)[case.name] == 1
    assert count(database, case) == 1
    assert purging.purge(bot)[case.name] == 0


def test_every_rule_has_its_boundary_tested():
    in_hours = {"draft", "session", "throttle", "mail pace", "form of staff"}
    assert {rule.name for rule in retention.RULES} == {case.name for case in CASES} | in_hours


def test_what_lives_for_hours(bot, database, clock):
    def plant(session):
        from models.portal import PortalAccount

        account = PortalAccount(
            id=new_id(), external_key=new_id(), username="u", created_at=clock()
        )
        session.add(account)
        session.flush()
        for hours in (11, 13):
            at = clock() - timedelta(hours=hours)
            row = PortalSession(id=new_id(), digest=new_id(), account_id=account.id, created_at=at)
            session.add(row)
            session.add(MailPace(domain=new_id(), at=at, dated_to=at, level=0))
        aged.kept_form(session, clock())
        aged.kept_form(session, clock() - timedelta(hours=1))
        for hours in (-25, -23):
            session.add(Throttle(key=new_id(), at=clock() + timedelta(hours=hours)))
        for hours in (-1, 1):
            chat = make_conversation(session, clock())
            chat.draft_json, chat.expires_at = "{}", clock() + timedelta(hours=hours)

    database.write(plant)
    counts = purging.purge(bot)
    names = ("session", "throttle", "draft", "mail pace", "form of staff")
    assert [counts[name] for name in names] == [1, 1, 1, 1, 1]


def test_that_a_domain_refused_us_is_remembered_for_as_long_as_its_mails_come_back(
    bot, database, clock
):
    def plant(session):
        at = clock() - DAY * 2
        for days in (6, 8):
            paused_at = clock() - DAY * days
            row = MailPace(domain=str(days), at=at, dated_to=at, level=0, paused_at=paused_at)
            session.add(row)

    database.write(plant)
    purging.purge(bot)
    query = select(MailPace.domain)
    assert database.read(lambda session: list(session.scalars(query))) == ["6"]


def test_a_learner_who_signs_in_or_writes_stays(bot, database, clock):
    long_ago = clock() - timedelta(days=2000)

    def plant(session):
        for name in ("used_at", "closed_at"):
            row = make_learner(session, long_ago)
            setattr(row, name, clock() - DAY)
        row = make_learner(session, long_ago)
        session.get_one(Conversation, row.conversation_id).seen_at = clock() - DAY

    database.write(plant)
    assert purging.purge(bot)["account"] == 0


def test_what_the_owner_has_not_decided_is_kept(bot, database, clock):
    bot.settings = replace(bot.settings, school=School())
    ages = clock() - timedelta(days=11000)
    database.write(lambda session: [case.make(session, ages) for case in CASES[:12]] and None)
    counts = purging.purge(bot)
    undecided = {rule.name for rule in retention.RULES if rule.period.years_of}
    assert undecided == {case.name for case in CASES[:12]}
    assert sum(counts[name] for name in undecided) == 0
    assert {period.key for period in retention.undecided(School())} == {
        "account",
        "archive",
        "proof",
        "audit",
    }


def test_a_hold_keeps_everything_of_that_person(bot, database, clock):
    long_ago = clock() - timedelta(days=4000)

    def plant(session):
        row = make_learner(session, long_ago)
        chat = session.get_one(Conversation, row.conversation_id)
        chat.learner_id = row.id
        session.add(make_mail(long_ago, state=MailState.SENT, subject_id=chat.id))
        make_consent_event(session, long_ago, subject_id=chat.id)
        entry = AuditEntry(at=long_ago, action="x:y", actor="a", subject=row.id, data={})
        session.add(entry)
        place = {"may_tell": True, "actor": "test", "now": clock()}
        return row.id, holds.place(session, row.id, "order", **place).id

    learner_id, hold_id = database.write(plant)
    assert sum(purging.purge(bot).values()) == 0
    database.write(lambda s: holds.release(s, hold_id, actor="test", now=clock()))
    counts = purging.purge(bot)
    # The mail went with the erasure: its tombstone is over too. The proof goes after its learner.
    assert counts["account"] == 1
    assert database.read(lambda s: s.get(Learner, learner_id)) is None
    assert counts["audit"] == 1


def test_a_picture_that_an_announcement_shows_stays(bot, database, clock):
    long_ago = clock() - timedelta(days=400)
    shown = {
        "picture": lambda p: {"type": "picture", "picture": p},
        "card": lambda p: {"type": "card", "title": "ข่าว", "picture": p},
        "cards": lambda p: {"type": "cards", "cards": [{"title": "ข่าว", "picture": p}]},
    }

    def plant(session):
        for _ in CampaignState:
            aged.picture(session, long_ago)
        session.flush()
        ids = sorted(session.scalars(select(Picture.id)))
        for state, part, picture in zip(CampaignState, [*shown.values()] * 3, ids, strict=True):
            said = {"title": "ข่าว", "parts": [part(picture)]}
            make_campaign(session, long_ago, state=state, content={"th": said})
        aged.picture(session, long_ago)
        return ids

    ids = database.write(plant)
    assert purging.dry_run(bot)["picture"] == 1
    assert purging.purge(bot)["picture"] == 1
    assert database.read(lambda s: sorted(s.scalars(select(Picture.id)))) == ids


def test_a_picture_that_is_put_here_again_stays_for_its_time(bot, database, clock):
    drawn = Drawn("p" * 32, b"x", 1, 1)
    for days in (29, 29, 31):
        database.write(lambda s: pictures.keep(s, drawn, "a" * 32, clock()))
        clock.advance(days=days)
        assert purging.purge(bot)["picture"] == (days > 30)


def test_an_open_wish_a_request_and_a_guardian_are_no_strangers(bot, database, clock):
    long_ago = clock() - timedelta(days=400)

    def plant(session):
        chats = [make_conversation(session, long_ago) for _ in range(5)]
        session.add(
            Inquiry(id=new_id(), conversation_id=chats[0].id, topic="x", created_at=long_ago)
        )
        session.add(make_guardianship(clock(), child_id=chats[1].id, guardian_id=chats[2].id))
        aged.request(session, long_ago)
        session.flush()
        row = session.scalars(select(PrivacyRequest)).one()
        row.subject_id, row.closed_at = chats[3].id, None

    database.write(plant)
    assert purging.purge(bot)["stranger"] == 1


def test_a_purge_that_was_killed_goes_on_where_it_was(bot, database, clock):
    rule = next(rule for rule in retention.RULES if rule.name == "push")
    long_ago = clock() - timedelta(days=2000)
    database.write(lambda s: [aged.push(s, long_ago) for _ in range(retention.BATCH + 50)] and None)
    first = database.write(lambda s: retention.purge_batch(s, rule, SCHOOL, clock()))
    assert first == (retention.BATCH, True)
    assert purging.purge(bot)["push"] == 50


def test_the_report_is_counts_and_the_trail_names_the_rule(bot, database, clock):
    database.write(lambda session: aged.push(session, clock() - timedelta(days=2000)))
    purging.purge(bot)
    entries = database.read(
        lambda s: [e.data for e in s.scalars(select(AuditEntry)) if e.action == "data:purge"]
    )
    assert entries == [{"rule": "push", "rows": 1}]


def test_the_command_counts_first_and_purges_then(app, database, clock):
    database.write(lambda session: aged.push(session, clock() - timedelta(days=2000)))
    dry = app.test_cli_runner().invoke(args=["purge", "--dry-run"]).output
    assert "1  push" in dry
    assert "1  would go" in dry
    assert "1  gone" in app.test_cli_runner().invoke(args=["purge"]).output
    assert "0  gone" in app.test_cli_runner().invoke(args=["purge"]).output


def test_the_account_is_closed_at_the_elearning_system_too(bot, engine, database, clock):
    long_ago = clock() - timedelta(days=2000)

    def plant(session):
        row = make_learner(session, long_ago)
        session.get_one(Conversation, row.conversation_id).learner_id = row.id
        make_account(session, row, long_ago)

    database.write(plant)
    purging.purge(bot)
    assert engine.drain_accounts() == 1
    assert engine.drain_accounts() == 0
    assert database.read(lambda s: accounts.due(s, clock())) == []
