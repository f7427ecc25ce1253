"""Drains the queued mails: each is a row before, one attempt at a time, over one connection."""

from dataclasses import replace
from functools import partial

from sqlalchemy.orm import Session

from bot.errors import DeliveryError
from bot.logs import place_of
from bot.mail.mime import Written, compose
from bot.mail.smtp import Connection, Mailer, MailError
from bot.runtime.parts import Bot
from bot.services import mail_delivery, news, subscriptions
from bot.services.mail_delivery import Claimed, Outgoing
from bot.texts.letters import fill_kept
from models.mail import Mail

ROUNDS = 50  # of claims in one tick; the next tick goes on


def drain(bot: Bot) -> int:
    """Send what is due; how many mails were looked at. Without a mail server they wait."""
    if bot.mailer is None:
        return 0
    seen = 0
    with bot.mailer.connected() as connection:
        for _ in range(ROUNDS):
            claimed = bot.database.write(
                lambda session: mail_delivery.claim(session, bot.worker, bot.clock())
            )
            seen += len(claimed)
            if not claimed or not _send_all(bot, bot.mailer, connection, claimed):
                break
    return seen


def _send_all(bot: Bot, mailer: Mailer, connection: Connection, claimed: list[Claimed]) -> bool:
    """Send some mails; False where the server cannot be reached and the rest has to wait."""
    for index, one in enumerate(claimed):
        try:
            connection.open()
        except MailError as error:
            bot.log.warning("mail.unreachable", status=error.status, reason=error.reason)
            _postpone(bot, claimed[index:], error)
            return False
        try:
            _send(bot, mailer, connection, one)
        except Exception as error:  # one mail's trouble must not hold up the others
            kind, where = type(error).__name__, place_of(error)
            bot.log.error("mail.broken", mail=one.id, error=kind, where=where)
            # Its attempt may have been counted already: one of the two is how the row stands.
            _postpone(bot, [replace(one, attempts=one.attempts + 1), one], DeliveryError(kind))
    return True


def _send(bot: Bot, mailer: Mailer, connection: Connection, claimed: Claimed) -> None:
    permits = partial(_permits, bot)
    outgoing = bot.database.write(
        lambda session: mail_delivery.begin(
            session, claimed, bot.worker, bot.clock(), mailer.head, permits
        )
    )
    if outgoing is None:
        return
    try:
        envelope = compose(_in_full(bot, outgoing), mailer.head)
        connection.address(envelope)
        if outgoing.written.is_news and not bot.database.write(
            lambda session: mail_delivery.hand_over(
                session, outgoing, bot.worker, bot.clock(), permits
            )
        ):
            connection.skip()
            return
        connection.hand_in(envelope)
    except DeliveryError as error:
        _fail(bot, outgoing, error)
        return
    bot.database.write(
        lambda session: mail_delivery.sent(session, outgoing, bot.worker, bot.clock())
    )


def _permits(bot: Bot, session: Session, mail: Mail) -> str | None:
    """Why a piece of news may not go out now, or None."""
    if mail.subject_id is None or mail.purpose is None:
        return "no consent named"
    now, about = bot.clock(), (mail.subject_id, mail.purpose, mail.topic)
    return news.may_send(session, *about, now, bot.settings, mail.id, mail.to)


def _in_full(bot: Bot, outgoing: Outgoing) -> Written:
    """The mail with the address that ends the news, in its header and in its words."""
    if outgoing.subject_id is None or outgoing.purpose is None:
        return outgoing.written
    stop = subscriptions.unsubscribe_url(
        bot.keyring, bot.settings, outgoing.subject_id, outgoing.purpose
    )
    written, found = outgoing.written, {"unsubscribe": stop}
    return replace(
        written,
        text=fill_kept(written.text, found),
        html=fill_kept(written.html, found, is_html=True),
        unsubscribe=stop if written.is_news else None,
    )


def _fail(bot: Bot, outgoing: Outgoing, error: DeliveryError) -> None:
    bot.log.warning("mail.failed", mail=outgoing.id, status=error.status, reason=error.reason)
    bot.database.write(
        lambda session: mail_delivery.failed(session, outgoing, bot.worker, error, bot.clock())
    )


def _postpone(bot: Bot, claimed: list[Claimed], error: DeliveryError) -> None:
    bot.database.write(
        lambda session: mail_delivery.postpone(session, claimed, bot.worker, error, bot.clock())
    )
