"""The archive of e-mails: their bytes, sealed in pieces, before anybody reads what is in them.

What goes out is kept in the transaction that comes before DATA, so that nothing is sent that is
not kept; how it ended stands in its row of the queue. What comes in is kept in the transaction
that moves the mailbox's cursor on. The digest of a mail's bytes is its own alone: a copy of what
is kept, or of what was erased, is not kept again.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot.mail import arrived
from models.base import new_id
from models.conversation import Language
from models.inserts import insert_if_new
from models.mail import Mail
from models.mail_archive import ArchivedBody, ArchivedChunk, ArchivedMail, Direction

MAX_WAY = 200  # lines of headers that servers on the way put before a mail
PIECE = 64 * 1024  # bytes; a backup holds a thousand rows at a time
_LINE, _BLANK = b"\r\n", b"\r\n\r\n"


@dataclass(frozen=True)
class SharedBody:
    """The lines that all mails of a campaign in one language have in common."""

    id: str
    lines: tuple[bytes, ...]


@dataclass(frozen=True)
class HandedMail:
    """A mail as the mail server is handed it, but for a one-time secret.

    sent_sha256: where it had one, the digest of what was really sent.
    """

    raw: bytes
    to: str
    message_id: str
    date: datetime
    sent_sha256: str | None = None
    body: SharedBody | None = None


def keep_handed(session: Session, mail: Mail, handed: HandedMail, now: datetime) -> None:
    """Keep what goes out with the next step; the same bytes once more change nothing."""
    sha256 = hashlib.sha256(handed.raw).hexdigest()
    if _is_known(session, sha256):
        return
    own = _own_lines(handed.raw, handed.body) if handed.body else None
    row = ArchivedMail(
        id=new_id(),
        direction=Direction.OUTGOING,
        at=now,
        mail_id=mail.id,
        body_id=handed.body.id if handed.body and own is not None else None,
        sha256=sha256,
        size=len(handed.raw),
        sent_sha256=handed.sent_sha256,
        read_at=now,
        date=handed.date,
        subject_id=mail.subject_id,
    )
    with session.no_autoflush:
        session.add(row)
        row.peer, row.message_id = handed.to, handed.message_id.strip("<>")
        _add_pieces(session, row.id, 0, handed.raw if own is None else own)
    session.flush()


def handed_before(session: Session, mail_id: str) -> bytes | None:
    """The bytes of an earlier try; None where there was none, or they had a secret."""
    kept = session.scalars(
        select(ArchivedMail).where(
            ArchivedMail.mail_id == mail_id,
            ArchivedMail.erased_at.is_(None),
            ArchivedMail.sent_sha256.is_(None),
        )
    ).first()
    return None if kept is None else b"".join(pieces(session, kept))


def share(
    session: Session, campaign_id: str, language: Language, raw: bytes, now: datetime
) -> SharedBody:
    """The shared body of a campaign; of this mail, which names nobody, where there is none yet."""
    row = {
        "id": new_id(),
        "at": now,
        "campaign_id": campaign_id,
        "language": language,
        "content": raw.partition(_BLANK)[2],
    }
    insert_if_new(session, ArchivedBody, row)
    kept = session.scalars(
        select(ArchivedBody).where(
            ArchivedBody.campaign_id == campaign_id, ArchivedBody.language == language
        )
    ).one()
    return SharedBody(kept.id, tuple(kept.content.split(_LINE)))


def begin(
    session: Session,
    direction: Direction,
    place: tuple[str, int, int],
    now: datetime,
    full_size: int | None = None,
) -> str:
    """A place for a mail that is being fetched, until `finish`; returns its id.

    place: the mailbox's digest, its UIDVALIDITY and the UID. full_size: of a mail of which only
    the headers are kept.
    """
    mailbox, validity, uid = place
    row = ArchivedMail(
        id=new_id(),
        direction=direction,
        at=now,
        mailbox=mailbox,
        validity=validity,
        uid=uid,
        full_size=full_size,
    )
    session.add(row)
    session.flush()
    return row.id


def add(session: Session, mail_id: str, after: int, raw: bytes) -> int:
    """Keep some more bytes of a mail behind the pieces that are there; returns how many are."""
    count = _add_pieces(session, mail_id, after, raw)
    session.flush()
    return count


def finish(session: Session, mail_id: str, sha256: str, size: int) -> bool:
    """A mail was fetched to its end; False where it is a copy, which is not kept again."""
    if _is_known(session, sha256):
        forget(session, [mail_id])
        return False
    row = session.get_one(ArchivedMail, mail_id)
    row.sha256, row.size = sha256, size
    session.flush()
    return True


def drop_unfinished(session: Session, mailbox: str) -> int:
    """Forget what a reader that died had begun to fetch: it is fetched again. Returns how many."""
    query = select(ArchivedMail.id).where(
        ArchivedMail.mailbox == mailbox, ArchivedMail.sha256.is_(None)
    )
    return forget(session, list(session.scalars(query)))


def pieces(session: Session, mail: ArchivedMail) -> Iterator[bytes]:
    """The bytes that were kept, in their order; raises SealError and ValueError for broken ones."""
    mine = select(ArchivedChunk.id).where(ArchivedChunk.mail_id == mail.id)
    each = (
        _piece(session, name) for name in session.scalars(mine.order_by(ArchivedChunk.id)).all()
    )
    if mail.body_id is None:
        yield from each
        return
    shared = session.get(ArchivedBody, mail.body_id)
    if shared is None:
        raise ValueError("the body of its campaign is gone")
    yield _in_full(b"".join(each), shared.content)


def start_of(session: Session, mail: ArchivedMail, most: int) -> bytes:
    """The first bytes of a mail."""
    found = b""
    for piece in pieces(session, mail):
        found += piece
        if len(found) >= most:
            break
    return found[:most]


def is_own_copy(session: Session, direction: Direction, raw: bytes) -> bool:
    """Whether a fetched letter is one that we sent and kept: it may hold a secret in full.

    Mail providers put what they send into the folder of sent mails, where nobody else writes: the
    Message-ID is enough. What comes in is ours where our bytes are its end, behind the headers of
    the way; anybody who got a mail from us knows its Message-ID.
    """
    named = arrived.ids(arrived.read(raw).first("Message-ID"))
    if not named:
        return False
    indexes = ArchivedMail.message_id.lookups(session, named[0])
    ours = session.execute(
        select(ArchivedMail.sha256, ArchivedMail.sent_sha256).where(
            ArchivedMail.message_index.in_(indexes), ArchivedMail.mail_id.is_not(None)
        )
    ).all()
    if not ours or direction is Direction.OUTGOING:
        return bool(ours)
    sent = {each for row in ours for each in row}
    at = 0
    for _ in range(MAX_WAY):
        if hashlib.sha256(raw[at:]).hexdigest() in sent:
            return True
        at = raw.find(_LINE, at) + len(_LINE)
        if at < len(_LINE) or raw[at : at + len(_LINE)] == _LINE:
            return False
    return False


def erase(session: Session, mails: Iterable[ArchivedMail], why: str, now: datetime) -> int:
    """Leave tombstones: that there was a mail, its digest, and why it is gone (PDPA s.33).

    Returns how many.
    """
    ids = [mail.id for mail in mails if mail.erased_at is None]
    session.flush()
    session.execute(
        update(ArchivedMail)
        .where(ArchivedMail.id.in_(ids))
        .values(
            erased_at=now,
            erased_why=why,
            date=None,
            subject_id=None,
            **dict.fromkeys(
                f"{name}_{kind}"
                for name in ("peer", "addresses", "references")
                for kind in ("sealed", "index")
            ),
            message_id_sealed=None,
            message_index=None,
        )
        .execution_options(synchronize_session="fetch")
    )
    _forget_pieces(session, ids)
    return len(ids)


def forget(session: Session, ids: list[str]) -> int:
    """Take mails out altogether, whose period is over or that were not finished."""
    gone = delete(ArchivedMail).where(ArchivedMail.id.in_(ids))
    session.execute(gone.execution_options(synchronize_session="fetch"))
    _forget_pieces(session, ids)
    return len(ids)


def _is_known(session: Session, sha256: str) -> bool:
    return session.scalar(select(ArchivedMail.id).where(ArchivedMail.sha256 == sha256)) is not None


def _piece(session: Session, name: str) -> bytes:
    """One piece, which the session forgets again: a large mail is not held as a whole."""
    chunk = session.get_one(ArchivedChunk, name)
    found = chunk.piece or b""
    if chunk not in session.dirty and chunk not in session.new:
        session.expunge(chunk)
    return found


def _add_pieces(session: Session, mail_id: str, after: int, raw: bytes) -> int:
    for number, start in enumerate(range(0, len(raw), PIECE), after):
        chunk = ArchivedChunk(id=f"{mail_id}.{number:06d}", mail_id=mail_id)
        with session.no_autoflush:
            session.add(chunk)
            chunk.piece = raw[start : start + PIECE]
        after = number + 1
    return after


def _forget_pieces(session: Session, ids: list[str]) -> None:
    gone = delete(ArchivedChunk).where(ArchivedChunk.mail_id.in_(ids))
    session.execute(gone.execution_options(synchronize_session=False))


def _own_lines(raw: bytes, body: SharedBody) -> bytes | None:
    """A person's headers and the lines that differ; None where little is shared."""
    head, _, rest = raw.partition(_BLANK)
    lines = rest.split(_LINE)
    if len(lines) != len(body.lines):
        return None
    own = {
        number: line.decode("latin-1")
        for number, (line, shared) in enumerate(zip(lines, body.lines, strict=True))
        if line != shared
    }
    if 2 * len(own) > len(lines):
        return None
    return json.dumps({"head": head.decode("latin-1"), "lines": own}).encode()


def _in_full(own: bytes, shared: bytes) -> bytes:
    """The other way round: byte for byte what was kept."""
    said = json.loads(own)
    lines = shared.split(_LINE)
    for number, line in said["lines"].items():
        lines[int(number)] = line.encode("latin-1")
    return str(said["head"]).encode("latin-1") + _BLANK + _LINE.join(lines)
