"""The page of returned mails: what it shows to whom, and what can be done there."""

import re

import pytest
from sqlalchemy import select

from bot.mail.reports import Report, ReportKind
from bot.services.delivery import mail_rate_limit, mails, waiting_letters
from bot.services.delivery.mailbox_cursor import Reading
from models.audit import AuditEntry
from models.mail import Mail, MailState, WaitingLetter, WhyWaiting
from models.staff import Role
from tests.factories import make_learner

PAGE = "/console/mails"


@pytest.fixture
def letter_id(database, clock):
    report = Report(
        ReportKind.OTHER, "5.1.1", sender="somying@example.test", title="<b>เรียนได้เมื่อไร</b>"
    )

    def work(session):
        reading = Reading("m", 1, 0)
        waiting_letters.add(session, reading, 1, 7, WhyWaiting.NOT_OURS, report, clock())
        waiting_letters.add(session, reading, 1, 7, WhyWaiting.NOT_OURS, report, clock())
        return session.scalars(select(WaitingLetter.id)).one()

    return database.write(work)


@pytest.fixture
def domain(database, clock):
    def work(session):
        text = mails.MailText("changed_name", "th")
        mail_id = mails.queue(session, text, cause="x", to="somying@family.test", now=clock())
        mail = session.get_one(Mail, mail_id)
        return mail_rate_limit.pause(session, mail, "5.7.1", clock()).domain

    return database.write(work)


def test_a_letter_is_shown_with_what_is_known_and_taken_off_the_list(console, database, letter_id):
    support = console(Role.SUPPORT)
    page = support.get(PAGE).text
    assert "&lt;b&gt;เรียนได้เมื่อไร&lt;/b&gt;" in page
    assert "แจ้งเรื่องอีเมลที่ไม่พบในระบบ · 5.1.1" in page
    assert "somying@example.test" not in page, "masked"
    assert "@example.test" in page
    overview = support.get("/console/overview").text
    assert "อีเมลที่รอเจ้าหน้าที่ดู</a></dt><dd>1</dd>" in overview, "counted once, where work waits"
    assert "อีเมลที่รอเจ้าหน้าที่ดู:" not in overview
    done = f"{PAGE}/letters/{letter_id}/done"
    assert support.submit(PAGE, done).status_code == 303
    assert support.post(done, {"token": "x"}).status_code != 303
    assert "ไม่มีอีเมลที่รอ" in support.get(PAGE).text
    query = select(AuditEntry).where(AuditEntry.action == "letter:done")
    [entry] = database.read(lambda session: list(session.scalars(query)))
    assert entry.actor == f"staff:{support.member_id}"


def test_news_to_a_domain_go_on_by_a_click(console, database, clock, domain):
    admin = console(Role.ADMIN)
    page = admin.get(PAGE).text
    assert "family.test ไม่รับอีเมลของเรา (5.7.1)" in page
    assert admin.submit(PAGE, f"{PAGE}/domains/{domain}/go-on").status_code == 303
    assert "family.test" not in admin.get(PAGE).text
    assert database.read(lambda session: mail_rate_limit.paused(session, clock())) == []
    assert "ไม่รับอีเมลของเรา" not in admin.get("/console/overview").text


def test_whoever_writes_announcements_is_told_nothing_of_it(console, letter_id, domain):
    author = console(Role.AUTHOR)
    assert author.get(PAGE).status_code == 403
    assert "family.test" not in author.get("/console/overview").text


@pytest.fixture
def lost(database, clock):
    """A notice to a learner that failed, and one to the operator of which nobody knows."""

    def work(session):
        learner = make_learner(session, clock(), name="สมหญิง ใจดี", email="somying@family.test")
        text = mails.MailText("changed_name", "th")
        ends = {"a": MailState.FAILED, "b": MailState.UNKNOWN, "c": MailState.SENT}
        found = {}
        for cause, state in ends.items():
            about = learner.conversation_id if cause == "a" else None
            found[cause] = mails.queue(
                session, text, cause=cause, to="x@family.test", now=clock(), subject_id=about
            )
            mail = session.get_one(Mail, found[cause])
            mail.state, mail.reason = state, "550 rcpt 5.7.1"
        return learner.id, learner.conversation_id, found["a"], found["b"]

    return database.write(work)


def test_notices_that_may_not_have_arrived_are_listed_by_ids_until_seen(console, database, lost):
    learner_id, person, failed, unknown = lost
    support, admin = console(Role.SUPPORT), console(Role.ADMIN)
    page = support.get(PAGE).text
    assert f'href="/console/learners/{learner_id}"' in page
    assert failed in page
    assert unknown in page
    assert page.count("550 rcpt 5.7.1") == 2, "what was sent is not there"
    assert "ไม่ทราบว่าถึงหรือไม่" in page
    assert "changed_name" in page
    assert "family.test" not in page
    assert "สมหญิง" not in page
    overview = support.get("/console/overview").text
    assert re.search(r"อีเมลแจ้งเรื่องที่อาจส่งไม่ถึง</a></dt><dd>2<", overview)
    # Whoever may not open learners has the ids.
    page = admin.get(PAGE).text
    assert f"/console/learners/{learner_id}" not in page
    assert person in page
    for mail_id in (failed, unknown, failed):
        seen = f"{PAGE}/notices/{mail_id}/seen"
        assert admin.submit(PAGE, seen).status_code == 303
    assert "ไม่มีอีเมลแจ้งเรื่องที่รอให้ดู" in support.get(PAGE).text
    query = select(AuditEntry).where(AuditEntry.action == "mail:see").order_by(AuditEntry.seq)
    entries = database.read(lambda session: list(session.scalars(query)))
    assert [entry.actor for entry in entries] == [f"staff:{admin.member_id}"] * 2


def test_a_link_to_no_notice_changes_nothing(console, database, lost):
    support = console(Role.SUPPORT)
    assert support.submit(PAGE, f"{PAGE}/notices/{'0' * 32}/seen").status_code == 303
    author = console(Role.AUTHOR)
    assert author.submit("/console/me", f"{PAGE}/notices/{lost[2]}/seen").status_code == 403
    assert lost[2] in support.get(PAGE).text
