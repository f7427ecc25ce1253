"""The one gate through which a person's data goes to a third party (the policy's S7; R21 to R26).

Default is no: without the proof of exactly one of the policy's three grounds nothing is given.
What is given is read by `content` alone, which takes the record of a disclosure. What the school's
own processors are told in its daily work is bounded by `processors.check`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.consent import consents
from bot.services.people import subjects
from bot.services.people.fields import FIELDS
from bot.services.people.subjects import Subject
from bot.services.privacy import data_rows
from bot.services.shared import processors
from bot.services.shared.processors import DisclosureError
from bot.settings import School
from bot.unicode import trimmed
from models.base import new_id
from models.consent import ConsentEvent
from models.learner import Learner
from models.privacy import Disclosure, Ground

Reader = Callable[[Session, Subject], Any]


def _of_learner(column: str) -> Reader:
    def read(session: Session, subject: Subject) -> Any:
        return getattr(subjects.learner(session, subject), column)

    return read


def _of_rows(rows: Callable[[Session, Subject], list[data_rows.Row]], *columns: str) -> Reader:
    def read(session: Session, subject: Subject) -> Any:
        return [{name: row[name] for name in columns} for row in rows(session, subject)]

    return read


# Everything that can be given, by name, and where it is read; whatever identifies somebody is on it
# (R22).
_READERS: Mapping[str, Reader] = {
    **{field.recorded: _of_learner(item) for item, field in FIELDS.items()},
    "LINE userId": _of_learner("line_user_id"),
    "age band": _of_learner("age_band"),
    "language": _of_learner("language"),
    "username": _of_rows(data_rows.account, "provider", "username"),
    "state of the account": _of_rows(data_rows.account, "provider", "state", "created_at"),
    "lessons that are done": _of_rows(data_rows.lesson_progress, "course", "lesson", "done_at"),
    "consents": _of_rows(data_rows.consent_event, "at", "purpose", "state", "text", "actor"),
    "requests": _of_rows(data_rows.privacy_request, "kind", "state", "opened_at", "closed_at"),
    "text of e-mails": _of_rows(data_rows.mail, "created_at", "title", "text"),
    "text of messages": _of_rows(data_rows.webhook_event, "happened_at", "said", "answer"),
    "times of use": _of_rows(data_rows.portal_session, "created_at"),
}
ITEMS = frozenset(_READERS)


@dataclass(frozen=True)
class Order:
    """A state agency's order: which agency, and its number."""

    agency: str
    number: str


@dataclass(frozen=True)
class GroundProof:
    """A ground, and what proves it: exactly one of the three, the ground's own."""

    ground: Ground
    consent_id: str | None = None
    processor_id: str | None = None
    order: Order | None = None

    def is_whole(self) -> bool:
        """Whether the ground has its proof, and no other is given."""
        proofs = {
            Ground.CONSENT: self.consent_id,
            Ground.SERVICE: self.processor_id,
            Ground.LAW: self.order,
        }
        return [name for name, proof in proofs.items() if proof is not None] == [self.ground]


def disclose(
    session: Session,
    learner_id: str,
    proof: GroundProof,
    *,
    recipient: str,
    items: Sequence[str],
    approved_by: Sequence[str],
    school: School,
    now: datetime,
) -> Disclosure:
    """Write a disclosure down and so permit it; raises DisclosureError where it may not be.

    Call it in the transaction before the data leaves, and send only the items that it names.
    """
    if not items or not set(items) <= ITEMS:
        raise DisclosureError("name the items, out of the list of what can be given")
    learner = session.get(Learner, learner_id)
    if learner is None:
        raise DisclosureError("there is no such learner")
    if learner.restricted_at is not None and proof.ground is not Ground.LAW:
        raise DisclosureError("the person has had the use of their data stopped (PDPA s.34)")
    if not proof.is_whole():
        raise DisclosureError("exactly one ground is needed, with its proof and no other")
    if proof.consent_id is not None:
        reference = _by_consent(session, learner, proof.consent_id, now)
    elif proof.processor_id is not None:
        reference, recipient = _by_service(school, proof.processor_id, items)
    else:
        reference, recipient = _by_law(proof.order or Order("", ""), approved_by)
    if not trimmed(recipient):
        raise DisclosureError("name the recipient")
    row = Disclosure(
        id=new_id(),
        learner_id=learner_id,
        ground=proof.ground,
        reference=reference[:80],
        recipient=trimmed(recipient)[:80],
        items=sorted(set(items)),
        approved_by=list(approved_by),
        at=now,
    )
    session.add(row)
    audit.record(
        session,
        Action.DATA_DISCLOSED,
        actor=approved_by[0] if approved_by else "system",
        subject=learner_id,
        now=now,
        disclosure_id=row.id,
        ground=proof.ground,
    )
    session.flush()
    return row


def _by_consent(session: Session, learner: Learner, consent_id: str, now: datetime) -> str:
    """A consent of this person that is in force: it stops with its withdrawal (R23)."""
    event = session.get(ConsentEvent, consent_id)
    if event is None or event.subject_id != learner.conversation_id:
        raise DisclosureError("there is no such consent of this person")
    latest = consents.latest(session, event.subject_id, event.purpose, event.actor)
    is_latest = latest is not None and latest.id == event.id
    if not is_latest or not consents.holds(session, event.subject_id, event.purpose, now):
        raise DisclosureError("the consent is not in force any more")
    return event.id


def _by_service(school: School, processor_id: str, items: Sequence[str]) -> tuple[str, str]:
    """A registered processor, and no more than it needs (R24)."""
    known = processors.find(school, processor_id)
    processors.check(known.id if known else "", items)  # staff are in no register of recipients
    return processor_id, known.name if known else ""


def _by_law(order: Order, approved_by: Sequence[str]) -> tuple[str, str]:
    """An order of an agency, looked at by two people (R25)."""
    if not trimmed(order.agency) or not trimmed(order.number):
        raise DisclosureError("name the agency and the number of its order")
    if len({name for each in approved_by if (name := trimmed(each))}) < 2:
        raise DisclosureError("two different people have to approve it")
    return trimmed(order.number), trimmed(order.agency)


def of_learner(session: Session, learner_id: str) -> list[Disclosure]:
    """What was given about a person, oldest first: for their history and archive (R26)."""
    query = select(Disclosure).where(Disclosure.learner_id == learner_id).order_by(Disclosure.at)
    return list(session.scalars(query))


def content(session: Session, given: Disclosure) -> dict[str, Any]:
    """What a recorded disclosure gives: exactly its items, and no other."""
    subject = subjects.of_learner(session, given.learner_id)
    if subject is None:
        raise DisclosureError("there is no such learner")
    return {item: _READERS[item](session, subject) for item in given.items}
