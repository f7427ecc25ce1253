"""One tap from the chat into the lessons: a one-time link without a password, for no more.

Whoever holds the chat may study; details, password, rights and downloads ask for the password.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.services.auth import secret_links, sessions, sign_in, tokens
from bot.services.auth.sessions import SessionCookie
from models.account import Account, AccountState
from models.portal import PortalAccount
from models.secret_link import LinkPurpose


def give(session: Session, account_id: str, person: str, now: datetime) -> str | None:
    """A token for the chat that asked; None where it cannot sign in, or lost the account since.

    One that lives and was not used is given again: a second answer after a crash kills no link.
    """
    account = session.get(Account, account_id, with_for_update=True)
    if account is None or account.state is not AccountState.ACTIVE:
        return None
    if not secret_links.belongs_to(session, account, person):
        return None
    held = tokens.held(session, LinkPurpose.LESSONS, account.id, now)
    if held is not None and held.until - now >= tokens.OFFERED_AGAIN:
        return held.secret
    return secret_links.issue(session, account, now, LinkPurpose.LESSONS)


def open_link(
    session: Session, token: str, held: SessionCookie | None, now: datetime
) -> SessionCookie | None:
    """Burn a live link and return the session that it opens; None for any other.

    held: what the browser has. A full session of the same account stays as it is; any other ends.
    """
    opened = secret_links.claim(session, token, now, LinkPurpose.LESSONS)
    if opened is None:
        return None
    query = select(PortalAccount).where(PortalAccount.external_key == opened.account.id)
    account = session.scalars(query.with_for_update()).one_or_none()
    if account is None or not account.is_open:
        return None
    here = sessions.find(session, held, now) if held is not None else None
    if held is not None and here is not None:
        if here.account_id == account.id and not here.is_limited:
            return held
        sign_in.log_out(session, held, now)
    return sessions.admit(session, account, now, is_limited=True)
