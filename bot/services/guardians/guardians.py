"""Who may consent for somebody under 20 (PDPA s.20): asked, opened by one chat, agreed.

How it ends stands in bot/services/guardians/ends.py, with the order of the locks.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from bot.services.audit.audit import Action
from bot.services.consent import consents
from bot.services.consent.consents import GUARDIAN
from bot.services.guardians import ends
from bot.services.people import people
from bot.services.shared import codes
from bot.services.shared.throttles import Limit
from bot.settings import School
from models.base import new_id, session_keyring
from models.consent import ConsentState, Purpose
from models.conversation import Conversation
from models.guardianship import OPEN_OR_AGREED, WAITING, Guardianship, GuardianshipState, Relation
from models.learner import AgeBand, Learner

LIFE = timedelta(days=7)  # of a code, and of what a child said about their age
TO_FINISH = timedelta(days=30)  # for the child to register after the guardian agreed
GUESSES = Limit("guardian", 10, timedelta(hours=1))  # wrong codes from one chat
INDEX = "guardianship.code_digest"
MAY_CONSENT = {Relation.PARENT, Relation.GUARDIAN}


def current(
    session: Session, child: Conversation, school: School, now: datetime
) -> Guardianship | None:
    """The request of a child's chat that waits or was agreed to; what ran out ends here."""
    found = session.scalars(
        select(Guardianship)
        .where(Guardianship.child_id == child.id, Guardianship.state.in_(OPEN_OR_AGREED))
        .order_by(Guardianship.created_at.desc())
        .limit(1)
        .with_for_update()
    ).one_or_none()
    if found is not None and found.expires_at <= now and child.learner_id is None:
        ends.expire(session, found, school, now)
        return None
    return found


def band_on_record(session: Session, child: Conversation, now: datetime) -> AgeBand | None:
    """The age group that this chat has named in the last seven days, however that ended.

    Starting again does not make anybody older: it stands until it dies, or staff are asked.
    """
    query = (
        select(Guardianship.age_band)
        .where(
            Guardianship.child_id == child.id,
            or_(Guardianship.state.in_(OPEN_OR_AGREED), Guardianship.created_at > now - LIFE),
        )
        .order_by(Guardianship.created_at.desc())
        .limit(1)
    )
    return session.scalars(query).one_or_none()


def begin(session: Session, child: Conversation, band: AgeBand, now: datetime) -> Guardianship:
    """Note an age group under 20, before anything else is asked; it names nobody."""
    row = Guardianship(
        id=new_id(),
        child_id=child.id,
        age_band=band,
        state=GuardianshipState.PENDING,
        code_digest=_digests(session, codes.GUARDIAN.draw())[0],  # of a code that nobody has
        created_at=now,
        expires_at=now + LIFE,
    )
    session.add(row)
    session.flush()
    return row


def request_code(
    session: Session,
    row: Guardianship,
    now: datetime,
    *,
    nickname: str | None = None,
    source: str | None = None,
    user_id: str | None = None,
) -> str:
    """A new code for the guardian; the one before is dead, and so is its reading.

    With the first code come what the guardian recognises the child by, and the way back. source:
    LINE's id of the message that is the nickname.
    """
    code = codes.GUARDIAN.draw()
    row.code_digest, row.code = _digests(session, code)[0], code
    row.state, row.guardian_id = GuardianshipState.PENDING, None
    row.expires_at = now + LIFE
    if nickname is not None:
        row.nickname, row.nickname_source = nickname, source
    if user_id is not None:
        row.child_line = user_id
    ends.note(session, Action.GUARDIAN_ASKED, row, "learner", now, age_band=row.age_band)
    session.flush()
    return code


def forget_nickname(session: Session, child: Conversation, source: str) -> None:
    """Erase the nickname that came in a message which was taken back.

    A request that waits is asked for it again, and nobody can open it until then; an agreement
    stands without it. The caller has locked the child's chat.
    """
    query = select(Guardianship).where(
        Guardianship.child_id == child.id, Guardianship.nickname_source == source
    )
    for row in session.scalars(query.with_for_update().execution_options(populate_existing=True)):
        row.nickname = row.nickname_source = None
        if row.state in WAITING:
            row.state, row.guardian_id, row.code = GuardianshipState.PENDING, None, None


def is_own_code(session: Session, conversation: Conversation, code: str) -> bool:
    """Whether somebody sends the code of their own registration: nobody is their own guardian."""
    query = select(Guardianship.id).where(
        Guardianship.child_id == conversation.id,
        Guardianship.code_digest.in_(_digests(session, code)),
        Guardianship.state.in_(WAITING),
    )
    return session.scalars(query).first() is not None


def open_by(
    session: Session, guardian: Conversation, code: str, now: datetime
) -> Guardianship | None:
    """Bind a request to the chat that sent its code; None for unknown, dead, and another's.

    One conditional UPDATE decides, so that of two chats with one code exactly one gets it.
    """
    opened = session.execute(
        update(Guardianship)
        .where(
            Guardianship.code_digest.in_(_digests(session, code)),
            Guardianship.child_id != guardian.id,
            Guardianship.nickname_sealed.is_not(None),
            Guardianship.expires_at > now,
            or_(
                Guardianship.state == GuardianshipState.PENDING,
                and_(
                    Guardianship.state == GuardianshipState.OPENED,
                    Guardianship.guardian_id == guardian.id,
                ),
            ),
        )
        .values(state=GuardianshipState.OPENED, guardian_id=guardian.id)
        .returning(Guardianship.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if opened is None:
        return None
    row = session.get_one(Guardianship, opened.id, populate_existing=True)
    ends.note(session, Action.GUARDIAN_OPENED, row, GUARDIAN, now)
    return row


def held_by(
    session: Session,
    guardian: Conversation,
    guardianship_id: str | None,
    states: Sequence[GuardianshipState],
    now: datetime,
) -> tuple[Guardianship, Conversation] | None:
    """A guardianship of this chat in one of these states, with the child's chat, both locked."""
    session.flush()  # what is read anew below must not overwrite what has just been said
    row = session.get(Guardianship, guardianship_id) if guardianship_id else None
    if row is None:
        return None
    child = session.get(Conversation, row.child_id, with_for_update=True)
    row = session.get(Guardianship, row.id, with_for_update=True, populate_existing=True)
    if child is None or row is None or row.guardian_id != guardian.id or row.state not in states:
        return None
    if row.expires_at <= now and child.learner_id is None:
        return None
    return row, child


def children_of(session: Session, guardian: Conversation) -> list[Guardianship]:
    """Everybody whom this chat has agreed for, in the order of the agreements."""
    query = (
        select(Guardianship)
        .where(
            Guardianship.guardian_id == guardian.id, Guardianship.state == GuardianshipState.AGREED
        )
        .order_by(Guardianship.decided_at, Guardianship.id)
    )
    return list(session.scalars(query))


def child_of(session: Session, bond: Guardianship) -> Learner | None:
    """The child of an agreement, once they have registered."""
    child = session.get(Conversation, bond.child_id)
    return people.learner_of(session, child) if child is not None else None


def names_of_children(session: Session, guardian_id: str) -> dict[str, str]:
    """What a guardian knows each child by for whom the agreement stands, by conversation."""
    query = select(Guardianship).where(
        Guardianship.guardian_id == guardian_id, Guardianship.state == GuardianshipState.AGREED
    )
    return {row.child_id: row.nickname or "" for row in session.scalars(query)}


def is_guardian(session: Session, conversation_id: str) -> bool:
    """Whether a chat has agreed for anybody, and the agreement stands."""
    query = select(Guardianship.id).where(
        Guardianship.guardian_id == conversation_id, Guardianship.state == GuardianshipState.AGREED
    )
    return session.scalars(query.limit(1)).first() is not None


def has_refused(session: Session, child: Conversation, purpose: Purpose) -> bool:
    """Whether the guardian who agreed to the registration said no to this purpose."""
    query = select(Guardianship.decided_at).where(
        Guardianship.child_id == child.id, Guardianship.state == GuardianshipState.AGREED
    )
    since = session.scalars(query.order_by(Guardianship.decided_at.desc()).limit(1)).first()
    said = consents.latest(session, child.id, purpose, GUARDIAN)
    is_theirs = said is not None and since is not None and said.at >= since
    return is_theirs and said is not None and said.state is not ConsentState.GIVEN


def release(row: Guardianship) -> None:
    """Give an unanswered request back: the code works again, for whoever sends it."""
    row.state, row.guardian_id = GuardianshipState.PENDING, None


def agree(
    session: Session,
    row: Guardianship,
    relation: Relation,
    called: str,
    user_id: str,
    now: datetime,
) -> None:
    """The guardian agrees; only now it is stored who they are."""
    if relation not in MAY_CONSENT:
        raise ValueError("only a parent or legal guardian consents for somebody")
    row.state, row.relation = GuardianshipState.AGREED, relation
    row.decided_at, row.expires_at = now, now + TO_FINISH
    row.code = None
    row.guardian_called, row.guardian_line = called, user_id
    ends.record_decision(session, row, now)


def _digests(session: Session, code: str) -> list[str]:
    return session_keyring(session).blinds(INDEX, code)
