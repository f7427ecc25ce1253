"""Every e-mail of ours: a row before it is sent, which says how that ended."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, ByValue, Sealed, primary_key
from models.consent import Purpose
from models.conversation import Language


class Stream(StrEnum):
    """Apart from each other: ending the news never stops a notice about one's own account."""

    TRANSACTIONAL = "transactional"
    NEWS = "news"


class MailState(StrEnum):
    QUEUED = "queued"
    SENT = "sent"  # the mail server took it; that is not the same as read
    FAILED = "failed"  # refused for good
    DROPPED = "dropped"  # not sent: consent, address or wish changed meanwhile
    UNKNOWN = "unknown"  # the server vanished, or we did, after DATA: it may have arrived


# In the words of the partial indexes, or databases do not know them again.
IS_QUEUED = text("state = 'queued'")
IS_QUEUED_ALONE = text("state = 'queued' AND campaign_id IS NULL")
IS_QUEUED_BY_CAMPAIGN = text("state = 'queued' AND campaign_id IS NOT NULL")
HAS_BOUNCED = text("bounced_at IS NOT NULL")
# Notices, whose end staff are told of; what is news counts in its campaign.
IS_UNSEEN = text("stream = 'transactional' AND state IN ('failed', 'unknown') AND seen_at IS NULL")
WENT_WRONG = text("(state = 'failed' OR bounced_at IS NOT NULL)")


class Mail(Base):
    """One e-mail to one address.

    `cause` is unique, so that a repeat of the cause is not a second mail. `message_id` gets
    its domain with the first try and is kept over all further ones. Bodies hold the placeholder
    `{link}` or `{code}` where a one-time secret goes: the secret is derived when it is sent and is
    stored nowhere.
    """

    __tablename__ = "mail"

    id: Mapped[str] = primary_key()
    cause: Mapped[str] = mapped_column(String(120), unique=True)
    stream: Mapped[Stream] = mapped_column(ByValue(Stream))
    template: Mapped[str] = mapped_column(String(40))
    language: Mapped[Language] = mapped_column(ByValue(Language))
    subject_id: Mapped[str | None] = mapped_column(String(32), index=True)  # whose ledger counts
    to_sealed: Mapped[bytes | None]
    address_index: Mapped[str | None] = mapped_column(String(64), index=True)
    title_sealed: Mapped[bytes | None]
    text_sealed: Mapped[bytes | None]
    html_sealed: Mapped[bytes | None]
    message_id: Mapped[str] = mapped_column(String(160), unique=True)
    state: Mapped[MailState] = mapped_column(ByValue(MailState), default=MailState.QUEUED)
    purpose: Mapped[Purpose | None] = mapped_column(ByValue(Purpose))
    topic: Mapped[str | None] = mapped_column(String(40))
    campaign_id: Mapped[str | None] = mapped_column(String(32), index=True)
    created_at: Mapped[datetime]
    first_tried_at: Mapped[datetime | None]
    due_at: Mapped[datetime]
    useful_until: Mapped[datetime | None]  # e.g. as long as its link lives; then it is dropped
    handed_at: Mapped[datetime | None]  # set before DATA, so that a crash can be told
    sent_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str | None] = mapped_column(String(40))
    lease_until: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(String(80))
    bounced_at: Mapped[datetime | None]  # a server wrote back, after one had taken it
    bounce_code: Mapped[str | None] = mapped_column(String(16))  # RFC 3463, or what a complaint is
    seen_at: Mapped[datetime | None]  # staff have seen that it did not arrive, or may not have
    # What that said about the address; none where it came back before this was written down.
    bounce_verdict: Mapped[str | None] = mapped_column(String(16))

    to = Sealed("to_sealed", blind="address_index", normal=str.casefold)
    title = Sealed("title_sealed")
    text = Sealed("text_sealed")
    html = Sealed("html_sealed")

    __table_args__ = (
        # A queue for each stream, and one for each campaign: that one is paused, or that it is
        # night, must not be found out by going through all its mails.
        Index(
            "ix_mail_queued",
            "stream",
            "due_at",
            sqlite_where=IS_QUEUED_ALONE,
            postgresql_where=IS_QUEUED_ALONE,
        ),
        Index(
            "ix_mail_queued_by_campaign",
            "campaign_id",
            "due_at",
            sqlite_where=IS_QUEUED_BY_CAMPAIGN,
            postgresql_where=IS_QUEUED_BY_CAMPAIGN,
        ),
        # How a campaign fares is asked every two seconds: all that the question needs.
        Index(
            "ix_mail_went_wrong",
            "campaign_id",
            "state",
            "first_tried_at",
            "bounced_at",
            sqlite_where=WENT_WRONG,
            postgresql_where=WENT_WRONG,
        ),
        Index("ix_mail_unseen", "created_at", sqlite_where=IS_UNSEEN, postgresql_where=IS_UNSEEN),
        # What came back from one address lately.
        Index(
            "ix_mail_bounced",
            "address_index",
            "bounced_at",
            sqlite_where=HAS_BOUNCED,
            postgresql_where=HAS_BOUNCED,
        ),
    )


class Suppression(Base):
    """An address that must get no news any more: a keyed digest of it, and why."""

    __tablename__ = "suppression"

    address_index: Mapped[str] = mapped_column(String(64), primary_key=True)
    reason: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]


class MailPace(Base):
    """How fast mails go to one domain, for all processes together.

    `domain` is a keyed digest: the domain of a family or a small company would say whose it is.
    """

    __tablename__ = "mail_pace"

    domain: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime]  # the theoretical arrival time of its GCRA
    dated_to: Mapped[datetime]  # up to here news are dated that found no room
    level: Mapped[int] = mapped_column(default=0)  # how often the rate was halved
    slowed_at: Mapped[datetime | None]
    held_until: Mapped[datetime | None]  # no news before that
    # Its servers take nothing from us: since when, until when, by which refusal of which mail. The
    # mail knows the domain's name for as long as it knows its reader.
    paused_at: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]
    paused_by: Mapped[str | None] = mapped_column(String(32))
    pause_code: Mapped[str | None] = mapped_column(String(16))
    released_at: Mapped[datetime | None]  # what was sent before that pauses nothing any more


class MailboxCursor(Base):
    """How far a mailbox at our provider was read; one process at a time reads it.

    `id` is a keyed digest of its address. A server that counts anew says so by `validity`.
    """

    __tablename__ = "postbox_reading"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    validity: Mapped[int] = mapped_column(BigInteger, default=0)  # UIDVALIDITY, 32 bits unsigned
    last_uid: Mapped[int] = mapped_column(BigInteger, default=0)
    worker: Mapped[str | None] = mapped_column(String(40))
    lease_until: Mapped[datetime | None]
    read_at: Mapped[datetime | None]  # when it was last read to its end
    trying_uid: Mapped[int | None] = mapped_column(BigInteger)  # a letter that is being read
    trouble: Mapped[str | None] = mapped_column(String(40))  # why it cannot be read now
    trouble_at: Mapped[datetime | None]  # since when


class WhyWaiting(StrEnum):
    """Why a letter that came back is left for a person."""

    NOT_UNDERSTOOD = "not_understood"  # no report of a kind that we know
    NOT_OURS = "not_ours"  # a report, but about no mail that we know
    BROKE = "broke"  # reading it failed, or ended the process
    TOO_LARGE = "too_large"  # in the contact mailbox: only its headers are in the archive


class WaitingLetter(Base):
    """A letter in the mailbox of returned mails that a person has to look at; it stays there."""

    __tablename__ = "waiting_letter"

    id: Mapped[str] = primary_key()
    mailbox: Mapped[str] = mapped_column(String(64))
    validity: Mapped[int] = mapped_column(BigInteger)
    uid: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(index=True)
    why: Mapped[WhyWaiting] = mapped_column(ByValue(WhyWaiting))
    code: Mapped[str | None] = mapped_column(String(16))
    sender_sealed: Mapped[bytes | None]
    sender_index: Mapped[str | None] = mapped_column(String(64), index=True)
    title_sealed: Mapped[bytes | None]

    sender = Sealed("sender_sealed", blind="sender_index", normal=str.casefold)
    title = Sealed("title_sealed")

    __table_args__ = (UniqueConstraint("mailbox", "validity", "uid"),)
