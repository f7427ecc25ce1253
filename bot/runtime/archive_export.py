"""The archive of e-mails as files, and the check that nobody has altered it."""

import csv
import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from bot.errors import SealError
from bot.runtime.parts import Bot
from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.delivery import mail_archive
from models.mail import Mail, MailState
from models.mail_archive import ArchivedMail

PAGE = 200  # mails of one look at the database
COLUMNS = ("id", "direction", "date", "sha256", "thread")
BROKEN = (SealError, ValueError, KeyError, IndexError)


@dataclass(frozen=True)
class BrokenMail:
    """What is wrong with an archived mail."""

    mail_id: str
    what: str


@dataclass
class Outcome:
    """What an export or a check came to."""

    written: int = 0
    whole: int = 0
    erased: int = 0
    unknown: int = 0  # handed to a mail server that did not answer any more
    flaws: list[BrokenMail] = field(default_factory=list)


def verify(bot: Bot) -> Outcome:
    """Compare every mail's bytes with the digest that stands beside them."""
    done = Outcome(unknown=bot.database.read(_unknown))
    for mail in _mails(bot):
        if mail.erased_at is not None:
            done.erased += 1
            continue
        flaw = _through(bot, mail, lambda piece: None)
        if flaw is None:
            done.whole += 1
        else:
            done.flaws.append(flaw)
    return done


def write(bot: Bot, directory: Path) -> Outcome:
    """Write each mail as `<id>.eml` and all of them into `index.csv`, for the owner's eyes alone.

    Raises OSError: the directory has to be new or empty. The thread is the id of the first mail
    of those that answer one another.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    if any(directory.iterdir()):
        raise FileExistsError(0, "has files in it: name an empty directory")
    done, threads = Outcome(), _threads(bot)
    with open(directory / "index.csv", "w", encoding="utf-8", newline="", opener=_ours) as file:
        index = csv.writer(file)
        index.writerow(COLUMNS)
        for mail in _mails(bot):
            date = (mail.date or mail.at).astimezone(UTC).isoformat(timespec="seconds")
            index.writerow((mail.id, mail.direction, date, mail.sha256, threads[mail.id]))
            if mail.erased_at is not None:
                done.erased += 1
                continue
            with open(directory / f"{mail.id}.eml", "wb", opener=_ours) as letter:
                flaw = _through(bot, mail, letter.write)
            done.written += 1
            if flaw is not None:
                done.flaws.append(flaw)
    bot.database.write(
        lambda session: audit.by_operator(
            session,
            Action.MAILS_EXPORTED,
            bot.clock(),
            rows=done.written,
        )
    )
    return done


def _ours(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_EXCL, 0o600)


def _threads(bot: Bot) -> dict[str, str]:
    """Each mail's thread: all that name one another's ids belong together, however they came."""
    above: dict[str, str] = {}

    def root(name: str) -> str:
        while above.setdefault(name, name) != name:
            above[name] = above[above[name]]
            name = above[name]
        return name

    first: dict[str, str] = {}
    mails: list[str] = []
    for mail, named in _ids(bot):
        mails.append(mail)
        for each in named:
            above[root(f"<{each}>")] = root(mail)
    for mail in mails:
        first.setdefault(root(mail), mail)
    return {mail: first[root(mail)] for mail in mails}


def _ids(bot: Bot) -> Iterator[tuple[str, list[str]]]:
    """Each mail with the Message-IDs that it has and names; an erased one has none."""
    for page in _pages(bot):

        def named(session: Session, page: list[ArchivedMail] = page) -> list[list[str]]:
            rows = [session.merge(mail, load=False) for mail in page]
            return [
                [*([row.message_id] if row.message_id else []), *(row.references or "").split()]
                for row in rows
            ]

        yield from zip((mail.id for mail in page), bot.database.read(named), strict=True)


def _mails(bot: Bot) -> Iterator[ArchivedMail]:
    for page in _pages(bot):
        yield from page


def _pages(bot: Bot) -> Iterator[list[ArchivedMail]]:
    """All mails that were fetched or sent to their end, oldest first; detached from a session."""
    at: tuple[datetime, str] | None = None
    while True:
        found = bot.database.read(partial(_page, at=at))
        yield found
        if len(found) < PAGE:
            return
        at = found[-1].at, found[-1].id


def _page(session: Session, at: tuple[datetime, str] | None) -> list[ArchivedMail]:
    query = select(ArchivedMail).where(ArchivedMail.sha256.is_not(None))
    if at is not None:
        behind = and_(ArchivedMail.at == at[0], ArchivedMail.id > at[1])
        query = query.where(or_(ArchivedMail.at > at[0], behind))
    return list(session.scalars(query.order_by(ArchivedMail.at, ArchivedMail.id).limit(PAGE)))


def _through(bot: Bot, mail: ArchivedMail, take: Callable[[bytes], object]) -> BrokenMail | None:
    """Go through a mail's bytes; what is wrong with them."""

    def read(session: Session) -> BrokenMail | None:
        digest, size = hashlib.sha256(), 0
        try:
            for piece in mail_archive.pieces(session, mail):
                digest.update(piece)
                size += len(piece)
                take(piece)
        except BROKEN as error:
            return BrokenMail(mail.id, f"cannot be opened ({type(error).__name__})")
        if digest.hexdigest() == mail.sha256:
            return None
        if size != mail.size:
            return BrokenMail(mail.id, f"has {size} bytes instead of {mail.size}")
        return BrokenMail(mail.id, "has other bytes than those that were kept")

    return bot.database.read(read)


def _unknown(session: Session) -> int:
    query = (
        select(func.count(ArchivedMail.id.distinct()))
        .join(Mail, Mail.id == ArchivedMail.mail_id)
        .where(Mail.state == MailState.UNKNOWN)
    )
    return session.scalars(query).one()
