"""The rights of the PDPA on pages: the services of the chat, with the password where it counts."""

from collections.abc import Callable
from typing import TypeVar

from flask import Response, abort, g, redirect, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from bot.errors import InputError
from bot.presentation import request_words, rights_words
from bot.services.accounts import provisioning
from bot.services.auth import sign_in
from bot.services.guardians import guardians
from bot.services.people import subjects
from bot.services.privacy import requests, rights
from bot.services.privacy.requests import Asked
from bot.services.privacy.rights import Erased, GoneError, GuardianNeededError
from bot.texts import Translator
from bot.unicode import trimmed
from handlers.portal.archive import download
from handlers.portal.pages import page
from handlers.portal.routes import portal
from handlers.web import cookies
from handlers.web.language import link, translate
from handlers.web.parts import the_bot
from handlers.web.visits import Visit
from models.account import Account
from models.learner import LearnerState

PORTAL = "portal"
T = TypeVar("T")
SAID = {"correct", "object", "restrict", "unrestrict"}  # what a page says once it is done


@portal.get("/rights")
def my_rights() -> Response:
    """Each right with its form, and the requests with their clocks."""
    return _page(200)


@portal.post("/rights/download")
def download_data() -> AnyResponse:
    """Everything in one file, for whoever gives the password once more."""
    bot = the_bot()
    problem = unproven()
    if problem is not None:
        return _page(422, problem=problem, at="download")

    now = bot.clock()
    subject, number = _write(lambda s, asked: (asked.subject, rights.access(s, asked, now).id))
    return download(subject, number)


@portal.post("/rights/correct")
def correct_data() -> AnyResponse:
    """A note to the staff about what one cannot change oneself."""
    bot, note = the_bot(), trimmed(request.form.get("note", ""))
    if not note or len(note) > requests.MAX_DETAIL:
        return _page(422, problem="note", at="correct", note=note[: 2 * requests.MAX_DETAIL])
    now = bot.clock()
    return _do(lambda session, asked: rights.correct(session, asked, note, now), "correct")


@portal.post("/rights/object")
def object_to_news() -> AnyResponse:
    """At once, on every channel, and never asked again (PDPA s.32)."""
    bot, text = the_bot(), rights_words.of_objection(translate())
    school, now = bot.settings.school, bot.clock()
    return _do(
        lambda session, asked: rights.object_to_news(session, asked, text, school, now), "object"
    )


@portal.post("/rights/restrict")
def restrict_use() -> AnyResponse:
    now = the_bot().clock()
    return _do(lambda session, asked: rights.restrict(session, asked, now), "restrict")


@portal.post("/rights/unrestrict")
def lift_restriction() -> AnyResponse:
    """Lift it again; up to ten years not what the guardian has stopped."""
    now = the_bot().clock()
    try:
        return _do(lambda session, asked: rights.unrestrict(session, asked, now), "unrestrict")
    except GuardianNeededError:
        return _page(403, held=rights_words.for_guardian(translate()))


@portal.get("/rights/withdraw")
def before_withdrawal() -> Response:
    """What it means, before it can be confirmed (PDPA s.19, sixth paragraph)."""
    return _end_page("withdraw")


@portal.post("/rights/withdraw")
def withdraw_consent() -> AnyResponse:
    """Every consent ends and the account closes; the erasure gets its clock."""
    bot, text = the_bot(), rights_words.of_withdrawal(translate())
    problem = unproven()
    if problem is not None:
        return _end_page("withdraw", 422, problem)
    school, provider, now = bot.settings.school, bot.provider.name, bot.clock()

    def withdraw(session: Session, asked: Asked) -> tuple[Erased, str | None] | None:
        if rights.is_for_guardian(rights.learner_of(session, asked), asked.by):
            return None
        found = rights.withdraw(session, asked, text, school, provider, now)
        return found.erased, found.account_id

    done = _write(withdraw)
    if done is None:
        return _end_page("withdraw", 403, "guardian")
    erased, account_id = done
    if account_id is not None:
        provisioning.close(bot.database, bot.provider, account_id, bot.clock)
    return _gone("withdraw", erased)


@portal.get("/rights/erase")
def before_erasure() -> Response:
    """What goes and what stays, before it can be confirmed."""
    return _end_page("erase")


@portal.post("/rights/erase")
def erase_data() -> AnyResponse:
    """Everything goes at once, unless an order forbids it."""
    problem = unproven()
    if problem is not None:
        return _end_page("erase", 422, problem)

    now = the_bot().clock()

    def erase(session: Session, asked: Asked) -> Erased | None:
        if rights.is_for_guardian(rights.learner_of(session, asked), asked.by):
            return None
        return rights.erase(session, asked, now)

    erased = _write(erase)
    if erased is None:
        return _end_page("erase", 403, "guardian")
    if erased.is_held:
        return _page(200, held=_held_words(erased))
    return _gone("erase", erased)


def _do(act: Callable[[Session, Asked], object], done: str) -> AnyResponse:
    _write(act)
    return redirect(link("portal.my_rights", done=done), 303)


def _page(status: int, **more: object) -> Response:
    t, said, key = translate(), request.args.get("done"), _key()

    def read(session: Session) -> Response:
        asked = _asked(session, key) or abort(404)
        learner = rights.learner_of(session, asked)
        mine = asked.subject.conversation_id
        children = guardians.names_of_children(session, mine)
        listed = [
            {
                "number": requests.number(each.id),
                "what": request_words.name(t, each, mine, children),
                "state": request_words.state_name(t, each, mine),
                "clock": request_words.clock_line(t, each),
                "refusal": request_words.reason_shown(t, each, mine, children),
            }
            for each in requests.seen_by(session, asked.subject)
        ]
        return page(
            "rights",
            status,
            requests=listed,
            learner=learner,
            is_withdrawn=learner is not None and learner.state is LearnerState.WITHDRAWN,
            most=requests.MAX_DETAIL,
            done=said if said in SAID else None,
            **more,
        )

    return the_bot().database.read(read)


def _end_page(kind: str, status: int = 200, problem: str | None = None) -> Response:
    t = translate()
    words = {
        "withdraw": [rights_words.of_withdrawal(t)],
        "erase": [rights_words.of_erasure(t), *_for_children(t), rights_words.what_stays(t)],
    }[kind]
    return page(
        "rights_end",
        status,
        kind=kind,
        words=words,
        problem=problem,
        guardian=rights_words.for_guardian(t),
    )


def _for_children(t: Translator) -> list[str]:
    """What it means for the children of whoever agreed for some."""
    key = _key()

    def read(session: Session) -> bool:
        asked = _asked(session, key)
        return asked is not None and guardians.is_guardian(session, asked.subject.conversation_id)

    return [rights_words.of_erasure_for_guardians(t)] if the_bot().database.read(read) else []


def _gone(kind: str, erased: Erased) -> Response:
    """The last page: nobody is signed in any more."""
    t, visit = translate(), _visit()
    visit.signed_in = visit.ticket = None
    held = _held_words(erased) if erased.is_held else None
    response = page(
        "rights_ended",
        kind=kind,
        number=requests.number(erased.request_id),
        due=request_words.day(t, erased.due_at),
        held=held,
        stays=rights_words.what_stays(t),
    )
    cookies.clear(response)
    return response


def _held_words(erased: Erased) -> str:
    t = translate()
    due = request_words.day(t, erased.due_at)
    return rights_words.is_held(t, due, may_tell=erased.may_tell)


def unproven() -> str | None:
    """Why the present password is not proven (ASVS 5.0, 7.5.1); None where it is."""
    bot, signed_in = the_bot(), _visit().signed_in
    if signed_in is None:
        return "current_wrong"
    try:
        sign_in.prove_password(bot.database, signed_in, request.form.get("current"), bot.clock())
    except InputError as error:
        return error.code
    return None


def _asked(session: Session, key: str) -> Asked | None:
    """Who is signed in, as somebody with rights; None where nobody stands behind the account.

    key: read before the unit of work, which may run in a thread that knows no request.
    """
    account = session.get(Account, key)
    subject = subjects.of_learner(session, account.learner_id) if account else None
    return Asked(subject, channel=PORTAL) if subject else None


def _write(act: Callable[[Session, Asked], T]) -> T:
    """Do it for whoever is signed in; 404 where nobody stands behind the account any more."""
    key = _key()

    def work(session: Session) -> tuple[T] | None:
        asked = _asked(session, key)
        return (act(session, asked),) if asked is not None else None

    try:
        done = the_bot().database.write(work)
    except GoneError:
        done = None
    return done[0] if done is not None else abort(404)


def _key() -> str:
    signed_in = _visit().signed_in
    return signed_in.external_key if signed_in is not None else abort(404)


def _visit() -> Visit:
    visit: Visit = g.visit
    return visit
