"""The embedded e-learning system: its accounts stand in our own tables."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.errors import ProviderError
from bot.providers.base import Held, NewAccount, Provider
from bot.providers.hashes import hash_password, initial_form
from bot.settings import Settings
from models.base import new_id
from models.database import Database
from models.portal import LessonProgress, PortalAccount, PortalSession, PortalStay

INITIAL_LIFETIME = timedelta(hours=72)


class LocalProvider:
    """Behaves as a system somewhere else would: own transactions, no row of the caller's."""

    name = "local"
    is_slow = False

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, account: NewAccount, now: datetime) -> None:
        """Make the account; of the learner's details only the username is kept here."""

        def insert(session: Session) -> None:
            if _find(session, account.key) is None:
                session.add(
                    PortalAccount(
                        id=new_id(),
                        external_key=account.key,
                        username=account.username,
                        created_at=now,
                    )
                )
                session.flush()

        try:
            self._database.write(insert)
        except IntegrityError as error:
            if self._database.read(lambda session: _find(session, account.key) is not None):
                return  # the same key was asked twice at once
            raise ProviderError("username_taken", permanent=True) from error

    def issue_password(self, key: str, password: str, now: datetime) -> None:
        """Set a system-made password for 72 hours; sessions and the old password end."""
        made = hash_password(initial_form(password))

        def store(session: Session) -> None:
            account = _locked(session, key)
            if account is None:
                raise ProviderError("unknown_account", permanent=True)
            if account.closed_at is not None:
                raise ProviderError("account_closed", permanent=True)
            if account.suspended_at is not None:
                raise ProviderError("account_suspended", permanent=True)
            account.password_hash = made
            account.initial_until = now + INITIAL_LIFETIME
            _end_sessions(session, account)

        self._database.write(store)

    def suspend(self, key: str, now: datetime) -> None:
        """Forget the password and end the sessions: whoever knew it must not get in later."""

        def stop(session: Session) -> None:
            account = _locked(session, key)
            if account is None or account.suspended_at is not None:
                return
            account.suspended_at = now
            account.password_hash = None
            _end_sessions(session, account)

        self._database.write(stop)

    def resume(self, key: str, now: datetime) -> None:
        """Let the account have a password again."""

        def go_on(session: Session) -> None:
            account = _locked(session, key)
            if account is not None:
                account.suspended_at = None

        self._database.write(go_on)

    def close(self, key: str, now: datetime) -> None:
        """Shut the account, forget its password and end its sessions."""

        def shut(session: Session) -> None:
            account = _locked(session, key)
            if account is None or account.closed_at is not None:
                return
            account.closed_at = now
            account.password_hash = None
            _end_sessions(session, account)

        self._database.write(shut)

    def erase(self, key: str, now: datetime) -> None:
        """Delete the account, its sessions and its progress."""

        def remove(session: Session) -> None:
            account = _locked(session, key)
            if account is None:
                return
            _end_sessions(session, account)
            session.execute(delete(LessonProgress).where(LessonProgress.account_id == account.id))
            session.delete(account)

        self._database.write(remove)

    def held(self, key: str) -> list[Held]:
        """Nothing besides our own tables, which the data map lists."""
        return []

    def sign_in_url(self, public_url: str) -> str:
        """The portal's sign-in page."""
        return f"{public_url}/portal/sign-in"


def build(settings: Settings, database: Database) -> Provider:
    """What bot.elearning names."""
    return LocalProvider(database)


def _find(session: Session, key: str) -> PortalAccount | None:
    return session.scalars(
        select(PortalAccount).where(PortalAccount.external_key == key)
    ).one_or_none()


def _locked(session: Session, key: str) -> PortalAccount | None:
    return session.scalars(
        select(PortalAccount).where(PortalAccount.external_key == key).with_for_update()
    ).one_or_none()


def _end_sessions(session: Session, account: PortalAccount) -> None:
    for table in (PortalSession, PortalStay):
        session.execute(delete(table).where(table.account_id == account.id))
