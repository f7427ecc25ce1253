"""My children on pages: what a guardian who learns here too decides in a child's place."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from flask import Response, redirect, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from bot.presentation import child_words, questions, request_words, rights_words
from bot.presentation.labels import label
from bot.services.accounts import provisioning
from bot.services.consent.consents import GUARDIAN, ConsentStatement
from bot.services.guardians import guardians
from bot.services.privacy import requests, rights
from bot.services.privacy.requests import Asked
from bot.services.privacy.rights import Erased, GoneError, Withdrawn
from bot.services.subscriptions import opt_in, subscriptions
from bot.settings import Settings
from bot.texts import Translator
from bot.unicode import trimmed
from handlers.portal.archive import download
from handlers.portal.learners import key_of_visit, learner_of
from handlers.portal.pages import page
from handlers.portal.rights import PORTAL, unproven
from handlers.portal.routes import portal
from handlers.web.language import link, translate
from handlers.web.parts import the_bot
from models.consent import Purpose
from models.conversation import Conversation
from models.guardianship import Guardianship, GuardianshipState
from models.learner import LearnerState

T = TypeVar("T")
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class ChildWish:
    """What a form asks for, as plain values: the work may be done by another thread."""

    purpose: Purpose
    card: str  # which question stood above the button
    note: str
    t: Translator
    settings: Settings
    now: datetime


@dataclass(frozen=True)
class HeldChild:
    """A child whose guardian is signed in: the agreement, the child's chat, and who asks."""

    bond: Guardianship
    child: Conversation
    asked: Asked


@portal.get("/children")
def children() -> Response:
    """Each child, with what was agreed and what can be done about it."""
    return _page(200)


@portal.post("/children")
def decide_for_child() -> AnyResponse:
    """One wish that needs no password: news, a note, an objection, the use of the data."""
    do = WISHES.get(request.form.get("wish", ""))
    purpose = request.form.get("purpose", str(Purpose.LINE_NEWS))
    note = trimmed(request.form.get("note", ""))
    if do is None or purpose not in set(subscriptions.NEWS):
        return _page(400)
    if do is _correct and not 0 < len(note) <= requests.MAX_DETAIL:
        return _page(422, problem="note", at=_wanted(), note=note[: 2 * requests.MAX_DETAIL])
    bot = the_bot()
    card = request.form.get("card", "")
    wish = ChildWish(Purpose(purpose), card, note, translate(), bot.settings, bot.clock())
    done = _write(lambda session, held: do(session, held, wish))
    said = {None: "gone", True: "saved", False: "stale"}[done]
    return redirect(link("portal.children", done=said), 303)


@portal.post("/children/download")
def download_childs_data() -> AnyResponse:
    """Everything about the child in one file, for whoever gives their own password once more."""
    problem = unproven()
    if problem is not None:
        return _page(422, problem=problem, at=_wanted())
    now = the_bot().clock()
    found = _write(lambda s, held: (held.asked.subject, rights.access(s, held.asked, now).id))
    return _page(410, done="gone") if found is None else download(*found)


@portal.get("/children/withdraw")
def before_childs_withdrawal() -> AnyResponse:
    """What it means, before it can be confirmed (PDPA s.19, sixth paragraph)."""
    return _end_page("withdraw")


@portal.post("/children/withdraw")
def withdraw_for_child() -> AnyResponse:
    """Every yes ends, and the child's account closes; the erasure gets its clock."""
    problem = unproven()
    if problem is not None:
        return _end_page("withdraw", 422, problem)
    bot, text = the_bot(), rights_words.of_childs_withdrawal(translate())
    school, provider, now = bot.settings.school, bot.provider.name, bot.clock()

    def withdraw(session: Session, held: HeldChild) -> tuple[Withdrawn | None, str | None]:
        bond, child = held.bond, held.child
        found = rights.withdraw_for_child(
            session, bond, child, held.asked, text, school, provider, now
        )
        return found, found.account_id if found is not None else None

    done = _write(withdraw)
    if done is None:
        return _page(410, done="gone")
    found, account_id = done
    if account_id is not None:
        provisioning.close(bot.database, bot.provider, account_id, bot.clock)
    return _ended("withdraw", found.erased if found is not None else None)


@portal.get("/children/erase")
def before_childs_erasure() -> AnyResponse:
    """What goes and what stays, before it can be confirmed."""
    return _end_page("erase")


@portal.post("/children/erase")
def erase_child() -> AnyResponse:
    """Everything about the child goes at once, unless an order forbids it."""
    problem = unproven()
    if problem is not None:
        return _end_page("erase", 422, problem)
    bot, text = the_bot(), rights_words.of_childs_withdrawal(translate())
    school, now = bot.settings.school, bot.clock()
    erased = _write(
        lambda session, held: rights.erase_for_child(
            session, held.bond, held.child, held.asked, text, school, now
        )
    )
    return _page(410, done="gone") if erased is None else _ended("erase", erased)


def _start_news(session: Session, held: HeldChild, wish: ChildWish) -> bool:
    years = wish.settings.school.account_years
    seen = questions.seen_by_guardian(wish.purpose, wish.card, years)
    if seen is None:
        return False
    said = ConsentStatement(*seen, channel=PORTAL, actor=GUARDIAN)
    opt_in.take(session, held.child, wish.purpose, said, wish.settings, wish.now)
    return True


def _stop_news(session: Session, held: HeldChild, wish: ChildWish) -> bool:
    said = ConsentStatement(wish.t("Stop"), wish.t.language, channel=PORTAL, actor=GUARDIAN)
    school = wish.settings.school
    subscriptions.stop(session, held.child, wish.purpose, said, school, wish.now)
    return True


def _object(session: Session, held: HeldChild, wish: ChildWish) -> bool:
    text = rights_words.of_childs_objection(wish.t)
    rights.object_to_news(session, held.asked, text, wish.settings.school, wish.now)
    return True


def _restrict(session: Session, held: HeldChild, wish: ChildWish) -> bool:
    rights.restrict(session, held.asked, wish.now)
    return True


def _unrestrict(session: Session, held: HeldChild, wish: ChildWish) -> bool:
    rights.unrestrict(session, held.asked, wish.now)
    return True


def _correct(session: Session, held: HeldChild, wish: ChildWish) -> bool:
    rights.correct(session, held.asked, wish.note, wish.now)
    return True


WISHES: dict[str, Callable[[Session, HeldChild, ChildWish], bool]] = {
    "start": _start_news,
    "stop": _stop_news,
    "object": _object,
    "restrict": _restrict,
    "unrestrict": _unrestrict,
    "correct": _correct,
}


def _page(status: int, done: str | None = None, **more: Any) -> Response:
    bot, t, key, now = the_bot(), translate(), key_of_visit(), the_bot().clock()

    def read(session: Session) -> list[dict[str, Any]]:
        return [_shown(session, bond, t, bot.settings, now) for bond in _bonds(session, key)]

    return page(
        "children",
        status,
        children=bot.database.read(read),
        done=done or request.args.get("done"),
        told=child_words.told(t),
        most=requests.MAX_DETAIL,
        **more,
    )


def _shown(
    session: Session, bond: Guardianship, t: Translator, settings: Settings, now: datetime
) -> dict[str, Any]:
    learner = guardians.child_of(session, bond)
    channels = []
    for purpose in subscriptions.NEWS:
        is_on, said = child_words.news(t, session, bond, purpose, now)
        question = questions.guardian_text(t, purpose, settings.school.account_years)
        card = questions.card_id("\n".join(question))
        name = label(purpose, t)
        channels.append(
            {"purpose": purpose, "name": name, "is_on": is_on, "said": said}
            | {"question": question[1:], "card": card}
        )
    since = learner.restricted_at if learner is not None else None
    return {
        "id": bond.id,
        "name": bond.nickname or t("My child"),
        "enrolment": child_words.enrolment(t, bond, learner),
        "agreed_at": bond.decided_at or bond.created_at,
        "channels": channels,
        "is_registered": learner is not None and learner.state is LearnerState.ACTIVE,
        "has_objected": learner is not None and learner.objected_at is not None,
        "restricted_since": request_words.day(t, since) if since is not None else None,
    }


def _end_page(kind: str, status: int = 200, problem: str | None = None) -> AnyResponse:
    """The question before an end; back to the list where the agreement has ended."""
    t, key, wanted = translate(), key_of_visit(), _wanted()

    def read(session: Session) -> str | None:
        named = (bond.nickname or t("My child") for bond in _bonds(session, key, wanted))
        return next(named, None)

    name = the_bot().database.read(read)
    if name is None:
        return redirect(link("portal.children", done="gone"), 303)
    words = {
        "withdraw": [rights_words.of_childs_withdrawal(t)],
        "erase": [rights_words.of_childs_erasure(t), rights_words.stays_of_child(t)],
    }[kind]
    return page(
        "child_end", status, kind=kind, words=words, problem=problem, name=name, child=wanted
    )


def _ended(kind: str, erased: Erased | None) -> Response:
    """What came of it; erased is None where the child had not registered."""
    t = translate()
    due = request_words.day(t, erased.due_at) if erased is not None else None
    held = None
    if erased is not None and erased.is_held:
        held = rights_words.child_is_held(t, due or "", may_tell=erased.may_tell)
    return page(
        "child_ended",
        kind=kind,
        number=requests.number(erased.request_id) if erased is not None else None,
        due=due,
        held=held,
        stays=rights_words.stays_of_child(t),
    )


def _bonds(session: Session, key: str, wanted: str | None = None) -> list[Guardianship]:
    """The agreements of whoever is signed in; wanted names one of them."""
    me = learner_of(session, key)
    mine = session.get(Conversation, me.conversation_id) if me is not None else None
    found = guardians.children_of(session, mine) if mine is not None else []
    return [bond for bond in found if wanted in {None, bond.id}]


def _wanted() -> str:
    return request.values.get("child", "")


def _held(session: Session, key: str, wanted: str, now: datetime) -> HeldChild | None:
    """A child of whoever is signed in, and no other; both rows are locked."""
    me = learner_of(session, key)
    if me is None or not _ID.fullmatch(wanted):
        return None
    mine = session.get_one(Conversation, me.conversation_id)
    held = guardians.held_by(session, mine, wanted, (GuardianshipState.AGREED,), now)
    return HeldChild(*held, requests.for_child(mine, held[1], channel=PORTAL)) if held else None


def _write(act: Callable[[Session, HeldChild], T]) -> T | None:
    """Do it for a child of whoever is signed in; None where the agreement has ended."""
    key, wanted, now = key_of_visit(), _wanted(), the_bot().clock()

    def work(session: Session) -> T | None:
        held = _held(session, key, wanted, now)
        return act(session, held) if held is not None else None

    try:
        return the_bot().database.write(work)
    except GoneError:
        return None
