"""kill -9 on the way to the mail server: nothing goes out twice, and all is accounted."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.runtime import Bot, mailing
from bot.services.delivery import mail_archive
from bot.settings import Settings
from models.mail import Mail, MailState
from models.mail_archive import ArchivedMail
from simulator.mailbox import Mailbox
from tests.clock import FakeClock
from tests.crash.death import dies
from tests.crash.mail_drain import ACCEPTED, ADDRESSED, HANDED
from tests.mailbox import LETTERHEAD
from tests.samples import sampled

POINTS = (ADDRESSED, HANDED, ACCEPTED)
DEATHS = [(kind, point) for kind in ("sqlite", "postgres") for point in POINTS]
# The sums are the same on PostgreSQL: one death there, where nobody can know what arrived.
OFTEN = [*DEATHS[: len(POINTS)], ("postgres", ACCEPTED)]
EACH_DEATH = pytest.mark.parametrize(
    ("database_url", "point"), sampled(DEATHS, OFTEN), indirect=["database_url"]
)
Queue = Callable[..., str]
MailOf = Callable[[str], Mail]


@pytest.fixture
def die(settings: Settings, bot: Bot, mailbox: Mailbox, clock: FakeClock) -> Callable[[str], None]:
    """Runs a drain in another process until it kills itself at a point."""

    def run(point: str) -> None:
        assert bot.mailer
        dies(
            "tests.crash.mail_drain",
            settings,
            clock,
            CRASH_POINT=point,
            SMTP_URL=f"smtp://127.0.0.1:{bot.mailer.server.port}",
            MAIL_FROM=LETTERHEAD.sender,
            MAIL_NEWS_FROM=LETTERHEAD.news_sender,
        )

    return run


def after_the_lease(bot: Bot, clock: FakeClock) -> None:
    """Nobody takes the mail up while the dead one could still be at it; then somebody does."""
    assert mailing.drain(bot) == 0
    clock.advance(minutes=3)
    assert mailing.drain(bot) == 1


def archived(bot: Bot) -> list[bytes]:
    """The bytes of every mail in the archive."""

    def read(session: Session) -> list[bytes]:
        found = session.scalars(select(ArchivedMail)).all()
        return [b"".join(mail_archive.pieces(session, row)) for row in found]

    return bot.database.read(read)


@EACH_DEATH
@pytest.mark.parametrize("kind", ["notice", "news"])
def test_no_mail_goes_out_twice(
    kind: str,
    point: str,
    die: Callable[[str], None],
    bot: Bot,
    mailbox: Mailbox,
    queue: Queue,
    queue_news: Queue,
    mail_of: MailOf,
    clock: FakeClock,
) -> None:
    mail_id = queue() if kind == "notice" else queue_news()
    die(point)
    assert {mail.raw for mail in mailbox.mails} <= set(archived(bot))
    after_the_lease(bot, clock)
    clock.advance(days=4)
    assert mailing.drain(bot) == 0
    arrived, state = {
        ADDRESSED: (1, MailState.SENT),
        HANDED: (0, MailState.UNKNOWN),  # a person decides
        ACCEPTED: (1, MailState.UNKNOWN),
    }[point]
    assert (len(mailbox.mails), mail_of(mail_id).state) == (arrived, state)
    assert len(archived(bot)) == 1, "what nobody knows the end of is archived too"
