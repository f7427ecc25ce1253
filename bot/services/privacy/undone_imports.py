"""Takes an import back within a day, as far as nobody has used what it made.

Whoever has confirmed their address, joined on LINE, signed in or seen a password has begun to be a
learner of their own will, and stays; so does whom a legal order, a merge or a request names.
Everybody else is erased, a few in a transaction: their letter is not sent, or its link is dead.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import Session

from bot.services.learners import imports, invitations
from bot.services.people.subjects import Subject
from bot.services.privacy import erasure
from models.account import Account
from models.conversation import Conversation
from models.imports_exports import Import, ImportState
from models.learner import Learner, LearnerState
from models.merges import Merge
from models.privacy import LegalHold, PrivacyRequest

STEP = 25  # people a transaction


def is_open(row: Import, now: datetime) -> bool:
    """Whether an import can be taken back: for a day after it was gone through."""
    return row.state is ImportState.DONE and now < row.expires_at


def unused(session: Session, row: Import) -> int:
    """How many people would be taken back now."""
    query = select(func.count()).select_from(_people(row).subquery())
    return session.execute(query).scalar_one()


def begin(session: Session, import_id: str, member_id: str, now: datetime) -> bool:
    """Let the job take an import back; False where its day is over, or it was taken back."""
    query = select(Import).where(Import.id == import_id).with_for_update()
    row = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if row is None or not is_open(row, now):
        return False
    row.state, row.member_id, row.rest = ImportState.UNDOING, member_id, None
    imports.moved(session, row, f"staff:{member_id}", now)
    return True


def step(session: Session, now: datetime) -> int:
    """Go on with the oldest import that is taken back; 0 where there is none."""
    query = select(Import).where(Import.state == ImportState.UNDOING).order_by(Import.id).limit(1)
    row = session.scalars(query.with_for_update(skip_locked=True)).first()
    if row is None:
        return 0
    # The person before what is theirs: whoever joins at this moment is waited for, and stays.
    people = _people(row).order_by(Learner.id).limit(STEP)
    found = session.execute(people.with_for_update(of=Learner)).all()
    for one in found:
        subject = Subject(one.conversation_id, one.id)
        erasure.erase(session, subject, now, actor=f"staff:{row.member_id}")
    row.undone += len(found)
    if not found:
        row.state = ImportState.UNDONE
        imports.forget_groups(session, row, now)
        imports.moved(session, row, "system", now)
    return max(len(found), 1)


def _people(row: Import) -> Select[str, str]:
    """Learner and conversation of everybody whom an import made and nobody has used."""
    mine = Learner.conversation_id == Conversation.id
    return (
        select(Learner.id, Learner.conversation_id)
        .join(Conversation, mine)
        .where(
            Conversation.person.startswith(invitations.pseudonym(f"{row.id}."), autoescape=True),
            Learner.state == LearnerState.ACTIVE,
            Learner.used_at.is_(None),
            Learner.email_verified_at.is_(None),
            Learner.objected_at.is_(None),
            Learner.restricted_at.is_(None),
            ~_has_seen_password(),
            ~_is_named(),
        )
    )


def _has_seen_password() -> ColumnElement[bool]:
    return exists().where(Account.learner_id == Learner.id, Account.issued_at.is_not(None))


def _is_named() -> ColumnElement[bool]:
    """By a legal order, a merge that can be undone, or a request of theirs."""
    return or_(
        exists().where(LegalHold.learner_id == Learner.id, LegalHold.released_at.is_(None)),
        exists().where(or_(Merge.kept_id == Learner.id, Merge.closed_id == Learner.id)),
        exists().where(PrivacyRequest.subject_id == Learner.conversation_id),
    )
