"""The page of returned mails: what it shows to whom, and what can be done there."""

import pytest
from sqlalchemy import select

from bot.mail.reports import Report, ReportKind
from bot.services.delivery import mail_rate_limit, mails, waiting_letters
from bot.services.delivery.mailbox_cursor import Reading
from models.audit import AuditEntry
from models.mail import Mail, WaitingLetter, WhyWaiting
from models.staff import Role

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
