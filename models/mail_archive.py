"""The archive of e-mails, in both directions: their bytes, sealed, and what is known of them."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, ByValue, Sealed, SealedBytes, SealedWords, primary_key
from models.conversation import Language


class Direction(StrEnum):
    INCOMING = "incoming"
    OUTGOING = "outgoing"


# In the words of the partial indexes.
IS_UNREAD = text("read_at IS NULL AND sha256 IS NOT NULL AND erased_at IS NULL")
IS_INCOMPLETE = text("sha256 IS NULL")
HAS_SHARED_BODY = text("body_id IS NOT NULL")


class ArchivedMail(Base):
    """One e-mail as it came in or went out; its bytes are `ArchivedChunk`s.

    The first half is written once: triggers refuse another hash, size, box or author, and the
    deletion of what is younger than a year. `sha256` is the digest of the bytes that are kept; none
    as long as a large mail is still being fetched. The second half is read out of those bytes
    later, so it may be read again and sealed anew. An erased row is a tombstone: hash, dates and
    the reason, and nothing changes it any more.
    """

    __tablename__ = "archived_mail"

    id: Mapped[str] = primary_key()
    direction: Mapped[Direction] = mapped_column(ByValue(Direction))
    at: Mapped[datetime] = mapped_column(index=True)  # handed to the mail server, or fetched
    mailbox: Mapped[str | None] = mapped_column(String(64))  # MailboxCursor.id: account and folder
    validity: Mapped[int | None] = mapped_column(BigInteger)
    uid: Mapped[int | None] = mapped_column(BigInteger)
    mail_id: Mapped[str | None] = mapped_column(String(32), index=True)  # Mail: how it ended
    author: Mapped[str | None] = mapped_column(String(32))  # who wrote it, where a member did
    body_id: Mapped[str | None] = mapped_column(String(32))  # ArchivedBody, of a campaign
    sha256: Mapped[str | None] = mapped_column(String(64), unique=True)
    size: Mapped[int | None] = mapped_column(BigInteger)
    sent_sha256: Mapped[str | None] = mapped_column(String(64))  # it had a secret: as it was sent
    full_size: Mapped[int | None] = mapped_column(BigInteger)  # only its headers are kept
    erased_at: Mapped[datetime | None]
    erased_why: Mapped[str | None] = mapped_column(String(40))

    read_at: Mapped[datetime | None]  # when the fields below were read; all empty: it cannot be
    date: Mapped[datetime | None]  # as it says itself
    subject_id: Mapped[str | None] = mapped_column(String(32), index=True)
    peer_sealed: Mapped[bytes | None]
    peer_index: Mapped[str | None] = mapped_column(String(64), index=True)
    addresses_sealed: Mapped[bytes | None]
    addresses_index: Mapped[str | None] = mapped_column(Text)
    message_id_sealed: Mapped[bytes | None]
    message_index: Mapped[str | None] = mapped_column(String(64), index=True)
    references_sealed: Mapped[bytes | None]
    references_index: Mapped[str | None] = mapped_column(Text)

    peer = Sealed("peer_sealed", blind="peer_index", normal=str.casefold)  # the other side
    addresses = SealedWords("addresses_sealed", blind="addresses_index", normal=str.casefold)
    message_id = Sealed("message_id_sealed", blind="message_index")
    references = SealedWords("references_sealed", blind="references_index")  # In-Reply-To first

    __table_args__ = (
        Index(
            "ix_archived_mail_body",
            "body_id",
            sqlite_where=HAS_SHARED_BODY,
            postgresql_where=HAS_SHARED_BODY,
        ),
        Index(
            "ix_archived_mail_unread",
            "at",
            sqlite_where=IS_UNREAD,
            postgresql_where=IS_UNREAD,
        ),
        Index(
            "ix_archived_mail_incomplete",
            "mailbox",
            sqlite_where=IS_INCOMPLETE,
            postgresql_where=IS_INCOMPLETE,
        ),
    )


class ArchivedChunk(Base):
    """A piece of an archived mail's bytes. `id` is the mail's with the number of the piece.

    Triggers refuse its deletion as long as the mail is there and not erased, and every change
    but its sealing under another key.
    """

    __tablename__ = "archived_chunk"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    mail_id: Mapped[str] = mapped_column(String(32), index=True)
    piece_sealed: Mapped[bytes]

    piece = SealedBytes("piece_sealed")


class ArchivedBody(Base):
    """What all mails of a campaign in one language have in common, once; it names nobody.

    Each person's mail keeps its headers and the lines in which it differs. Triggers refuse a
    change, and the deletion as long as a mail needs it.
    """

    __tablename__ = "archived_body"

    id: Mapped[str] = primary_key()
    at: Mapped[datetime]
    campaign_id: Mapped[str] = mapped_column(String(32))
    language: Mapped[Language] = mapped_column(ByValue(Language))
    content: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (UniqueConstraint("campaign_id", "language"),)
