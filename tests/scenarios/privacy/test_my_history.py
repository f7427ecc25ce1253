"""My history by chat: from every place that knows something, in the person's words."""

import pytest
from sqlalchemy import select

from bot.services.auth import secret_links
from bot.services.privacy import history
from bot.services.privacy.history import HistoryKind
from models.base import new_id
from models.consent import Purpose
from models.conversation import Language
from models.learner import Learner
from models.mail import Mail, MailState, Stream
from models.outbox import Push, PushState
from models.portal import LessonProgress, PortalAccount
from models.privacy import Disclosure, Ground, PrivacyRequest, RequestKind, RequestState
from tests.chat import words
from tests.scenarios.story import language_of, register, tap, tapping
from tests.traces import PHONE_END

SECRETS = ("canary-to@example.test", "canary-message")


def learner_of(session):
    return session.scalars(select(Learner)).one()


@pytest.fixture
def full_life(someone, database, clock, client):
    """Somebody of whom every kind of thing is known."""

    def live(language="th"):
        chat = someone("มะลิ", language)
        register(chat, line_news=tapping("Yes, please"))
        t = language_of(chat)
        link = chat.opens(t("Show my password")).removeprefix("https://bot.example.test")
        clock.advance(minutes=1)
        assert client.post(link).status_code == 200

        def rows(session):
            learner, now = learner_of(session), clock()
            subject = learner.conversation_id
            portal = session.scalars(select(PortalAccount)).one()
            for lesson in ("greetings", "numbers-time-dates"):
                session.add(
                    LessonProgress(
                        id=new_id(),
                        account_id=portal.id,
                        course="everyday-english",
                        lesson=lesson,
                        done_at=now,
                    )
                )
            session.add(
                Push(
                    id=new_id(),
                    cause="news:1",
                    person="x",
                    retry_key=new_id(),
                    state=PushState.SENT,
                    created_at=now,
                    due_at=now,
                    sent_at=now,
                    purpose=Purpose.LINE_NEWS,
                    topic="articles",
                    subject_id=subject,
                )
            )
            mail = Mail(
                id=new_id(),
                cause="news:2",
                stream=Stream.NEWS,
                template="news",
                language=Language.THAI,
                subject_id=subject,
                message_id=f"<{new_id()}@x>",
                state=MailState.SENT,
                purpose=Purpose.EMAIL_NEWS,
                topic="a-topic-that-vanished",
                created_at=now,
                due_at=now,
                sent_at=now,
            )
            with session.no_autoflush:
                session.add(mail)
                mail.to, mail.text = SECRETS
            session.add(
                PrivacyRequest(
                    id=new_id(),
                    subject_id=subject,
                    learner_id=learner.id,
                    kind=RequestKind.ACCESS,
                    state=RequestState.DONE,
                    asked_by="self",
                    channel="line",
                    opened_at=now,
                    acknowledge_by=now,
                    due_at=now,
                )
            )
            session.add(
                Disclosure(
                    id=new_id(),
                    learner_id=learner.id,
                    ground=Ground.LAW,
                    reference="12/2569",
                    recipient="Revenue Department",
                    items=["name"],
                    approved_by=["a", "b"],
                    at=now,
                )
            )

        database.write(rows)
        return chat

    return live


def entries(database):
    return database.read(lambda s: history.entries(s, learner_of(s)))


def test_every_place_tells_its_part_newest_first(full_life, database):
    full_life()
    found = entries(database)
    assert {entry.kind for entry in found} == set(HistoryKind) - {HistoryKind.CHANGE}
    assert [entry.at for entry in found] == sorted((e.at for e in found), reverse=True)
    (course,) = [entry for entry in found if entry.kind is HistoryKind.COURSE]
    assert course.detail == {"course": "everyday-english", "done": "2"}


def test_no_entry_holds_a_secret_or_a_detail(full_life, database):
    full_life()
    said = str(entries(database))
    for secret in (*SECRETS, "สมชาย", "somchai"):
        assert secret not in said
    assert not PHONE_END.search(said)


@pytest.mark.parametrize("language", ["th", "en"])
def test_the_card_says_the_newest_and_leads_to_the_rest(language, full_life):
    chat = full_life(language)
    said = words(chat.says("ประวัติของฉัน" if language == "th" else "my history"))

    assert language_of(chat)("My history") in said
    assert "Revenue Department" in said
    assert ("พฤศจิกายน 2569" if language == "th" else "November 2026") in said
    assert chat.opens(language_of(chat)("See everything")).endswith(
        f"/portal/history?lang={language}"
    )


def test_a_reset_reads_unlike_the_first_password(full_life, database, bot, clock):
    full_life()
    account = database.read(lambda s: s.scalars(select(PortalAccount.external_key)).one())
    clock.advance(minutes=1)

    database.write(lambda s: secret_links.revealed(s, account, clock()))
    issued = [e for e in entries(database) if e.detail.get("what") == "password:issue"]
    assert [e.detail["is_again"] for e in issued] == ["yes", ""]


@pytest.mark.parametrize("language", ["th", "en"])
def test_a_change_shows_in_the_history(language, someone):
    chat = someone("มะลิ", language)
    register(chat)
    chat.posts("a=change&item=name")
    chat.says("สมชัย รักเรียน")
    tap(chat, "Save")
    said = words(chat.posts("a=history"))
    assert language_of(chat)("Your name was changed") in said
    assert "สมชัย" not in said


def test_what_belongs_to_somebody_else_is_not_told(someone, full_life, database):
    full_life()
    other = someone("Ben", "en")
    register(other)
    said = words(other.posts("a=history"))
    assert "Revenue Department" not in said
    assert "Everyday" not in said


def test_a_history_after_closing_leads_to_the_rights(someone):
    chat = someone("มะลิ")
    register(chat)
    chat.posts("a=close")
    tap(chat, "Close account")
    chat.posts("a=history")
    labels = chat.labels()
    assert language_of(chat)("See everything") not in labels
    assert language_of(chat)("My rights") in labels
