"""The audit trail's ticks: link what is new, check it, and send its daily anchor to the owner."""

from sqlalchemy.orm import Session

from bot.clock import BANGKOK
from bot.logs import failure
from bot.runtime.parts import Bot
from bot.services.audit import anchor_file, audit, chain
from bot.services.audit import verify as audit_verify
from bot.services.audit.anchor_file import KeptAnchors
from bot.services.audit.audit import Action
from bot.services.audit.chain import Head, SealedEntry
from bot.services.audit.verify import Anchor, ChainReport
from bot.services.backups import anchor_mails
from models.audit import CHAIN, AuditChain


def seal(bot: Bot) -> int:
    """Link what has been committed since the last time; returns how many entries."""
    if not bot.database.read(lambda session: chain.is_due(session, bot.clock())):
        return 0
    return _seal(bot, None)


def seal_all(bot: Bot) -> int:
    """Link whatever has no link yet, also where the tick does not look any more."""
    return _seal(bot, 0)


def unsigned(bot: Bot) -> int:
    """How many entries from before the chain nobody has adopted yet."""
    return bot.database.read(chain.unsigned)


def adopt(bot: Bot) -> int:
    """Sign and link the entries from before the chain as they stand; how many.

    Once, after the upgrade, by the operator's word: an entry without a signature that comes later
    was written by somebody who has the database and not the key.
    """
    seal_all(bot)
    links = _seal(bot, 0, is_adopting=True)
    bot.database.write(
        lambda session: audit.by_operator(
            session,
            Action.AUDIT_ADOPTED,
            bot.clock(),
            rows=links,
        )
    )
    return links


def _seal(bot: Bot, after: int | None, *, is_adopting: bool = False) -> int:
    links, has_more = 0, True
    while has_more:

        def batch(session: Session, after: int | None = after) -> SealedEntry:
            return chain.seal(session, bot.clock(), after, is_adopting=is_adopting)

        done = bot.database.write(batch)
        links += done.links
        after, has_more = done.looked_to, done.has_more
    return links


def verify(bot: Bot, anchor: Anchor | None = None) -> ChainReport:
    """Link what is new, then check the whole trail, also against the copies outside it.

    Raises OSError where those cannot be read.
    """
    seal_all(bot)
    given = [] if anchor is None else [anchor]
    given += [Anchor(head.position, head.hash) for head in kept_outside(bot).heads]
    return audit_verify.verify(bot.database, bot.keyring, given)


def kept_outside(bot: Bot) -> KeptAnchors:
    """The anchors in the backups' directory."""
    directory = bot.settings.backup_dir
    if directory is None:
        return KeptAnchors((), 0)
    return anchor_file.read(directory, bot.keyring.audit_keys)


def restored(bot: Bot) -> None:
    """The chain went back to where a backup had it: write that down beside the anchors."""
    if bot.settings.backup_dir is None:
        return
    head = bot.database.read(lambda session: chain.head_of(session, session.get(AuditChain, CHAIN)))
    bot.database.close()  # it was closed for the restore
    _copy(bot, head, anchor_file.RESTORED)


def send_anchor(bot: Bot) -> Head | None:
    """Write down the head of the chain, log it and mail it to the owner; once a day."""
    seal(bot)
    now = bot.clock()
    day = now.astimezone(BANGKOK).date()
    address = bot.settings.owner_email or ""
    head = bot.database.write(lambda session: anchor_mails.drop(session, day, address, now))
    if head is None:
        return None  # today's is there, or there is nothing to be anchored yet
    _copy(bot, head, anchor_file.ANCHORED)
    bot.log.info("audit.anchor", position=head.position, hash=head.hash, mailed=bool(address))
    return head


def _copy(bot: Bot, head: Head, what: str) -> None:
    """A copy where the database is not; a full disk must not take the mailed anchor along."""
    directory = bot.settings.backup_dir
    if directory is None:
        return
    try:
        anchor_file.add(directory, bot.keyring.audit_keys[0], head, bot.clock(), what)
    except OSError as error:
        bot.log.error("audit.anchor_not_copied", setting="BACKUP_DIR", **failure(error))
