"""The audit trail's ticks: link what is new, check it, and send its daily anchor to the owner."""

from email.utils import parseaddr

from sqlalchemy.orm import Session

from bot.clock import BANGKOK
from bot.runtime.parts import Bot
from bot.services import audit_anchors, audit_chain, audit_verify
from bot.services.audit_chain import Head, Sealed
from bot.services.audit_verify import Anchor, Verdict


def seal(bot: Bot) -> int:
    """Link what has been committed since the last time; returns how many entries."""
    if not bot.database.read(lambda session: audit_chain.is_due(session, bot.clock())):
        return 0
    return _seal(bot, None)


def seal_all(bot: Bot) -> int:
    """Link whatever has no link yet, also where the tick does not look any more."""
    return _seal(bot, 0)


def _seal(bot: Bot, after: int | None) -> int:
    links, has_more = 0, True
    while has_more:

        def batch(session: Session, after: int | None = after) -> Sealed:
            return audit_chain.seal(session, bot.clock(), after)

        done = bot.database.write(batch)
        links += done.links
        after, has_more = done.looked_to, done.has_more
    return links


def verify(bot: Bot, anchor: Anchor | None = None) -> Verdict:
    """Link what is new, then check the whole trail."""
    seal_all(bot)
    return audit_verify.verify(bot.database, bot.keyring, anchor)


def send_anchor(bot: Bot) -> Head | None:
    """Write down the head of the chain, log it and mail it to the owner; once a day."""
    seal(bot)
    now = bot.clock()
    day = now.astimezone(BANGKOK).date()
    _, address = parseaddr(bot.settings.owner_email or "")
    head = bot.database.write(lambda session: audit_anchors.drop(session, day, address, now))
    if head is None:
        return None  # today's is there, or there is nothing to be anchored yet
    bot.log.info("audit.anchor", position=head.position, hash=head.hash, mailed=bool(address))
    return head
