"""After a restore nothing goes out a second time, and nothing by itself to who said no since."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.presentation import campaign_words
from bot.presentation.presenter import LinePresenter
from bot.runtime import campaigning, mailing, quota_reading
from bot.runtime.pushing import Pushing
from bot.services.backups import backups, restores
from bot.services.campaigns.workflow import campaigns
from bot.services.consent import consents
from bot.services.consent.consents import ConsentStatement
from bot.services.delivery import mails, outbox
from bot.services.learners import imports
from bot.services.subscriptions import subscriptions
from bot.texts import translator
from models.base import new_id
from models.campaign import Campaign, CampaignAction, CampaignState
from models.consent import Purpose
from models.conversation import Conversation
from models.database import Database
from models.imports_exports import Import, ImportState
from models.inbox import EventState, WebhookEvent
from models.mail import Mail, MailState
from models.outbox import Push, PushState
from models.subscription import Channel
from tests.campaigns import APPROVER, Announcement, resumed
from tests.factories import make_campaign
from tests.news import Subscriber
from tests.services.learners.csv_files import GOOD, file

STATES = CampaignState
DAY_AND_MORE = timedelta(hours=25)


@pytest.fixture
def again(bot, clock, tmp_path):
    """Back up; what is done until `restore` is called is lost by it. Returns what was settled."""
    made = backups.make(bot.database, bot.keyring, tmp_path / "b", clock())

    def restore(after=timedelta()):
        clock.advance(seconds=after.total_seconds())
        bot.database.close()
        url = bot.database.url
        done = restores.restore(made.path, url, bot.keyring, None, clock(), may_replace=True)
        bot.database = Database(url, bot.keyring, clock, LinePresenter())
        bot.__dict__.pop("rate_limiter", None)
        return done.settled

    yield restore
    bot.database.close()


@pytest.fixture
def reader(bot, line):
    found = Subscriber(bot, line, Channel.LINE)
    quota_reading.read(bot)
    return found


@pytest.fixture
def notice(bot, reader):
    """A push about somebody's own account that waits."""

    def queue(session):
        person = session.get_one(Conversation, reader.subject_id).person
        to = {"person": person, "to": reader.chat.user_id, "now": bot.clock()}
        outbox.queue(session, cause="x:1", messages=[{"type": "text", "text": "once"}], **to)

    bot.database.write(queue)
    return lambda: [bubble.message.get("text") for bubble in reader.chat.bubbles()].count("once")


def push_of(bot):
    return bot.database.read(lambda s: s.scalars(select(Push)).one())


def test_a_push_that_was_sent_since_is_not_sent_again(bot, notice, again):
    Pushing(bot).drain()
    assert notice() == 1
    assert again(DAY_AND_MORE).held.pushes == 1
    Pushing(bot).drain()
    push = push_of(bot)
    assert (push.state, push.reason) == (PushState.UNKNOWN, "restored")
    assert push.to_sealed is push.messages_sealed is None
    assert notice() == 1


def test_within_a_day_line_knows_the_repeat_and_nothing_is_lost(bot, notice, again):
    """By the key of the row, which the backup has, too."""
    Pushing(bot).drain()
    assert again(timedelta(hours=5)).held.pushes == 0
    Pushing(bot).drain()
    assert push_of(bot).state is PushState.SENT
    assert notice() == 1


def test_what_line_would_not_know_any_more_is_not_tried_after_a_restore(bot, notice, again):
    Pushing(bot).drain()
    again(timedelta(hours=20))
    bot.clock.advance(hours=4)  # until the worker is started
    Pushing(bot).drain()
    assert push_of(bot).state is PushState.UNKNOWN
    assert notice() == 1


@pytest.fixture
def news(bot, reader):
    """A piece of news that waits."""
    reader.is_sent("c")


def test_news_go_to_nobody_who_may_have_said_no(bot, reader, news, again):
    assert again(timedelta(hours=1)).held.pushes == 1
    Pushing(bot).drain()
    assert push_of(bot).state is PushState.UNKNOWN
    assert not reader.chat.bubbles()


@pytest.fixture
def letter(bot, clock):
    """An answer to a request, which waits for the mail server."""
    values = {"what": "x", "number": "0123", "reason": ""}
    bot.database.write(
        lambda session: mails.queue(
            session,
            mails.MailText("request_done", "th", values),
            cause="request:0123:closed",
            to="mali@school.example",
            now=clock(),
        )
    )


def test_a_mail_is_not_sent_again_and_its_request_is_named(bot, mailbox, letter, again):
    mailing.drain(bot)
    assert len(mailbox.mails) == 1
    held = again(timedelta(hours=1)).held
    assert (held.mails, held.requests) == ({"request_done": 1}, ("0123",))
    mailing.drain(bot)
    mail = bot.database.read(lambda s: s.scalars(select(Mail)).one())
    assert (mail.state, mail.reason) == (MailState.UNKNOWN, "restored")
    assert len(mailbox.mails) == 1


@pytest.fixture
def asked(bot, line, reader):
    """An announcement that waits for its approval."""
    made = Announcement(bot, line)
    made.is_asked_for()
    return made


def test_what_waited_for_approval_is_a_draft_again(bot, asked, again):
    asked.is_approved()
    asked.advance(minutes=bot.settings.hold_back_minutes)
    assert asked.runs() is STATES.DONE
    held = again(DAY_AND_MORE).held
    assert (held.campaigns, held.drafts) == (0, 1)
    assert asked.state is STATES.DRAFT
    with pytest.raises(campaigns.MoveError):
        asked.is_approved()
    told = campaign_words.note(translator("th"), CampaignAction.SENT_BACK, asked.notes[-1])
    assert "กู้คืนระบบ" in told
    assert len(asked.calls) == 1


@pytest.fixture
def planned(bot, line, reader):
    """An announcement that is approved for tomorrow."""
    made = Announcement(bot, line, send_at=bot.clock() + timedelta(days=1))
    made.is_asked_for()
    made.is_approved()
    return made


def no_to_news(bot, reader):
    def stop(session):
        conversation = session.get_one(Conversation, reader.subject_id)
        said = ConsentStatement("หยุด")
        return subscriptions.stop(
            session, conversation, Purpose.LINE_NEWS, said, bot.settings.school, bot.clock()
        )

    return bot.database.write(stop)


def test_what_was_planned_does_not_go_by_itself(bot, reader, planned, again):
    assert again(timedelta(hours=1)).held.campaigns == 1
    bot.clock.time = planned.row.send_at
    quota_reading.read(bot)
    planned.runs()
    assert (planned.state, planned.row.pause_reason) == (STATES.PAUSED, "restored")
    assert not planned.calls


def test_a_no_that_the_replaced_database_knew_is_kept(bot, reader, planned, again):
    """Whatever an approver then lets go on by hand."""
    bot.clock.advance(minutes=1)
    said = no_to_news(bot, reader)
    again(timedelta(hours=1))
    newest = bot.database.read(lambda s: consents.latest(s, reader.subject_id, Purpose.LINE_NEWS))
    assert (newest.id, newest.at, newest.text) == (said.id, said.at, "หยุด")
    chosen = lambda s: subscriptions.chosen(s, reader.subject_id, Channel.LINE)  # noqa: E731
    assert not bot.database.read(chosen)
    quota_reading.read(bot)
    planned.does(resumed, APPROVER, bot.settings, bot.clock())
    bot.clock.time = planned.row.send_at
    quota_reading.read(bot)
    planned.runs()
    assert not planned.calls


def test_whoever_paused_it_does_not_let_it_go_on_alone(bot, asked, tmp_path, clock, line):
    asked.is_approved()
    asked.does(campaigns.pause, APPROVER, "person", clock())
    made = backups.make(bot.database, bot.keyring, tmp_path / "b", clock())
    bot.database.close()
    url = bot.database.url
    restores.restore(made.path, url, bot.keyring, None, clock(), may_replace=True)
    bot.database = Database(url, bot.keyring, clock, LinePresenter())
    assert asked.row.pause_reason == "restored"  # for an approver, as campaign_acts asks
    assert asked.notes[-1] == "restored"
    bot.database.close()


@pytest.fixture
def every_state(bot, clock):
    """A campaign of each state, and a pattern with what it has made; what becomes of them."""
    now = clock()

    def make(session):
        def one(state, **values):
            values = {"started_at": None, "due_at": now + timedelta(days=1)} | values
            return make_campaign(session, now, [], bot.settings, state=state, **values).id

        pattern = one(STATES.SCHEDULED, rule="0 10 * * mon")
        return {
            pattern: STATES.PAUSED,
            one(STATES.SCHEDULED, series_id=pattern): STATES.PAUSED,
            one(STATES.SENDING, started_at=now): STATES.PAUSED,
            one(STATES.APPROVED): STATES.PAUSED,
            one(STATES.PAUSED, pause_reason="person"): STATES.PAUSED,
            one(STATES.IN_REVIEW): STATES.DRAFT,
            one(STATES.IN_REVIEW, rule="0 10 * * mon"): STATES.DRAFT,
            one(STATES.DRAFT): STATES.DRAFT,
            one(STATES.DONE): STATES.DONE,
            one(STATES.STOPPED): STATES.STOPPED,
            one(STATES.FAILED): STATES.FAILED,
        }

    return bot.database.write(make)


def test_every_announcement_waits_for_a_person(bot, every_state, again):
    held = again().held
    assert (held.campaigns, held.drafts) == (5, 2)
    rows = bot.database.read(lambda session: session.scalars(select(Campaign)).all())
    assert {row.id: row.state for row in rows} == every_state
    paused = {row.pause_reason for row in rows if row.state is STATES.PAUSED}
    assert paused == {"restored"}
    bot.clock.advance(days=8)
    campaigning.move_on(bot)
    rows = bot.database.read(lambda session: session.scalars(select(Campaign)).all())
    assert {row.id: row.state for row in rows} == every_state


@pytest.fixture
def under_way(bot, clock):
    """A file of learners that is being gone through, and a chat's answer on its way."""

    def make(session):
        row = imports.bring(session, file(GOOD), "m" * 32, clock())
        session.flush()
        row.state = ImportState.RUNNING
        session.add(
            WebhookEvent(
                id=new_id(),
                person="p" * 64,
                kind="message",
                happened_at=clock(),
                received_at=clock(),
                state=EventState.ANSWERING,
            )
        )

    bot.database.write(make)


def test_files_and_answers_are_not_gone_through_again(bot, under_way, again):
    assert again().held.imports == 1
    row = bot.database.read(lambda s: s.scalars(select(Import)).one())
    assert (row.state, row.content_sealed) == (ImportState.FORGOTTEN, None)
    event = bot.database.read(lambda s: s.scalars(select(WebhookEvent)).one())
    assert event.state is EventState.DONE
