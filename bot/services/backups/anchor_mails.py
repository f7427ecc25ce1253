"""The daily anchor of the audit trail: kept here, and mailed to where our database is not."""

from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.clock import BANGKOK
from bot.services.audit import audit
from bot.services.audit import chain as audit_chain
from bot.services.audit.audit import Action
from bot.services.audit.chain import Head
from bot.services.delivery import mails
from bot.texts import THAI
from models.audit import CHAIN, AuditAnchor, AuditChain


def drop(session: Session, day: date, address: str, now: datetime) -> Head | None:
    """Anchor the head for a day; None where that day has one, or where no act was ever written."""
    chain = session.get(AuditChain, CHAIN, with_for_update=True)
    last = session.execute(select(func.max(AuditAnchor.made_at))).scalar_one()
    if chain is None or (last is not None and last.astimezone(BANGKOK).date() >= day):
        return None
    head = audit_chain.head_of(session, chain)
    if session.get(AuditAnchor, head.position) is not None:
        return None  # nothing has happened since the last one
    session.add(AuditAnchor(position=head.position, hash=head.hash, made_at=now))
    audit.record(
        session,
        Action.AUDIT_ANCHORED,
        actor="system",
        subject=None,
        now=now,
        position=head.position,
    )
    if address:
        values = {"anchor": head.said, "day": f"{day:%Y-%m-%d}", "count": f"{head.position:,}"}
        mails.queue(
            session,
            mails.MailText("audit_anchor", THAI, values),
            cause=f"audit-anchor:{day:%Y-%m-%d}",
            to=address,
            now=now,
        )
    return head
