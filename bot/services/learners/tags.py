"""Words that staff put on learners: out of a catalogue, so that each has one spelling."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from bot.errors import InputError
from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.people import inputs
from models.campaign import OVER, Campaign
from models.inserts import insert_if_new
from models.merges import Tag
from models.tag import LearnerTag

MAX_WORDS = 200  # in the catalogue: more than can be chosen from is no catalogue
MAX_EACH = 20
LEAST, LONGEST = 2, 30  # characters
_SIGN = r"\w\u0e00-\u0e7f"
_WORD = re.compile(rf"[{_SIGN}][{_SIGN} ./-]{{{LEAST - 1},{LONGEST - 1}}}")  # ม.1/2


def read(typed: str) -> str:
    """A tag as it was typed: 2 to 30 letters, digits, spaces and signs.

    Raises InputError: tag_invalid. A tag says something of a group; what looks like a phone number
    would be a detail of one person.
    """
    word = inputs.tidy(typed)
    if not _WORD.fullmatch(word) or sum(char.isdigit() for char in word) > 4:
        raise InputError("tag_invalid")
    return word


def catalogue(session: Session) -> list[str]:
    """Every word that there is, in order."""
    return list(session.scalars(select(Tag.word).order_by(Tag.word)))


def make(session: Session, typed: str, member_id: str, now: datetime) -> str:
    """Add a word to the catalogue and return it; one that is there already stays as it is.

    ห้อง A1 and ห้อง a1 are one. Raises InputError: tag_invalid, tags_full.
    """
    word = read(typed)
    if (present := known(session, word)) is not None:
        return present
    if not room(session):
        raise InputError("tags_full")
    row = {"word": word, "made_by": member_id, "made_at": now}
    insert_if_new(session, Tag, row)
    audit.by_staff(session, Action.TAG_MADE, member_id, now, tag=word)
    return word


def known(session: Session, word: str) -> str | None:
    """The same word as the catalogue spells it; None where it is not there."""
    return next((each for each in catalogue(session) if each.casefold() == word.casefold()), None)


def room(session: Session) -> int:
    """How many more words the catalogue takes."""
    return max(MAX_WORDS - session.scalars(select(func.count()).select_from(Tag)).one(), 0)


def sizes(session: Session) -> dict[str, int]:
    """Every word in order, and how many learners bear it."""
    counts = select(LearnerTag.tag, func.count()).group_by(LearnerTag.tag)
    borne = {row[0]: row[1] for row in session.execute(counts)}
    return {word: borne.get(word, 0) for word in catalogue(session)}


def rename(session: Session, word: str, typed: str, member_id: str, now: datetime) -> str:
    """Give a word another spelling or name, on every learner; returns it.

    Raises InputError: tag_invalid, tag_gone, tag_taken, tag_used where an announcement is
    narrowed to it, whose list would otherwise be another one without anybody's word.
    """
    new = read(typed)
    if new == word:
        return word
    old = _unused(session, word)
    if (present := known(session, new)) is not None and present != word:
        raise InputError("tag_taken")
    row = {"word": new, "made_by": old.made_by, "made_at": old.made_at}
    session.delete(old)
    session.flush()
    insert_if_new(session, Tag, row)
    of_old = update(LearnerTag).where(LearnerTag.tag == word).values(tag=new)
    session.execute(of_old.execution_options(synchronize_session=False))
    audit.by_staff(session, Action.TAG_RENAMED, member_id, now, tag=word, renamed=new)
    return new


def remove(session: Session, word: str, member_id: str, now: datetime, *, is_sure: bool) -> int:
    """Take a word out of the catalogue and off everybody; returns off how many.

    is_sure: said for a word that somebody has, because who had it is not to be found again.
    Raises InputError: tag_gone, tag_used, tag_worn.
    """
    row = _unused(session, word)
    worn = select(LearnerTag.tag).where(LearnerTag.tag == word).limit(1)
    if not is_sure and session.scalars(worn).first() is not None:
        raise InputError("tag_worn")
    session.delete(row)
    gone = session.execute(
        delete(LearnerTag)
        .where(LearnerTag.tag == word)
        .returning(LearnerTag.learner_id)
        .execution_options(synchronize_session=False)
    ).all()
    audit.by_staff(session, Action.TAG_REMOVED, member_id, now, tag=word, learners=len(gone))
    return len(gone)


def _unused(session: Session, word: str) -> Tag:
    """A word's row, where no announcement that may still go out asks for it."""
    row = session.get(Tag, word, with_for_update=True)
    if row is None:
        raise InputError("tag_gone")
    if is_asked_for(session, word):
        raise InputError("tag_used")
    return row


def is_asked_for(session: Session, word: str) -> bool:
    """Whether an announcement that may still go out is narrowed to a word."""
    narrowed = select(Campaign.audience).where(Campaign.state.not_in(OVER))
    return any(word in audience.get("tags", ()) for audience in session.scalars(narrowed))


def of(session: Session, learner_id: str) -> list[str]:
    """The words on one learner, in order."""
    query = select(LearnerTag.tag).where(LearnerTag.learner_id == learner_id)
    return list(session.scalars(query.order_by(LearnerTag.tag)))


def of_many(session: Session, ids: Sequence[str]) -> dict[str, list[str]]:
    """The words on each of several learners, in one query."""
    query = select(LearnerTag).where(LearnerTag.learner_id.in_(ids)).order_by(LearnerTag.tag)
    found: dict[str, list[str]] = {}
    for row in session.scalars(query):
        found.setdefault(row.learner_id, []).append(row.tag)
    return found


def choose(
    session: Session, learner_id: str, wanted: Iterable[str], member_id: str, now: datetime
) -> None:
    """Have a learner bear exactly these words of the catalogue.

    Raises InputError: tags_many. Words that are in no catalogue are left out.
    """
    words = set(wanted) & set(catalogue(session))
    if len(words) > MAX_EACH:
        raise InputError("tags_many")
    present = set(of(session, learner_id))
    for word in sorted(words - present):
        put(session, learner_id, word, now)
        _record(session, learner_id, word, member_id, now, is_on=True)
    for word in sorted(present - words):
        session.execute(
            delete(LearnerTag).where(LearnerTag.learner_id == learner_id, LearnerTag.tag == word)
        )
        _record(session, learner_id, word, member_id, now, is_on=False)


def put_on_many(
    session: Session, ids: Iterable[str], word: str, member_id: str, now: datetime
) -> int:
    """Put a word of the catalogue on several learners; returns how many did not bear it.

    Raises InputError: tag_gone. Whoever bears as many as one can is left out.
    """
    if session.get(Tag, word) is None:
        raise InputError("tag_gone")
    wanted = list(dict.fromkeys(ids))
    borne = of_many(session, wanted)
    new = [one for one in wanted if word not in borne.get(one, ())]
    new = [one for one in new if len(borne.get(one, ())) < MAX_EACH]
    for learner_id in new:
        put(session, learner_id, word, now)
        _record(session, learner_id, word, member_id, now, is_on=True)
    return len(new)


def put(session: Session, learner_id: str, word: str, now: datetime) -> None:
    """Put one word on a learner, once."""
    row = {"learner_id": learner_id, "tag": word, "put_at": now}
    insert_if_new(session, LearnerTag, row)


def _record(
    session: Session, learner_id: str, word: str, member_id: str, now: datetime, *, is_on: bool
) -> None:
    audit.record(
        session,
        Action.LEARNER_TAGGED,
        actor=f"staff:{member_id}",
        subject=learner_id,
        now=now,
        tag=word,
        is_on=int(is_on),
    )
