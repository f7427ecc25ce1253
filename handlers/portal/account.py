"""My account: what is kept, masked, with the way to change each of it, and to close it all."""

from dataclasses import dataclass
from datetime import datetime

from flask import Response, abort, g, redirect, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from bot.errors import InputError
from bot.presentation import closing_words, input_words
from bot.services.accounts import details, provisioning
from bot.services.auth import sign_in
from bot.services.consent.consents import ConsentStatement
from bot.services.guardians import guardians
from bot.services.learners import closing
from bot.services.people import fields
from bot.services.people.fields import Item
from handlers.portal.learners import key_of_visit, learner_of
from handlers.portal.pages import page
from handlers.portal.routes import portal
from handlers.web import cookies, language
from handlers.web.language import link
from handlers.web.parts import the_bot
from models.learner import Learner

PASSWORD = "1"  # noqa: S105 - what the address says after the password was changed
SENT, NOT_SENT = "again", "not_again"  # and after a mail was asked for once more
LINK_SENT, TOO_MANY = "link", "many"  # and after the link to the e-mail address was asked for


@dataclass(frozen=True)
class OwnDetails:
    """What we have of somebody, as it may stand on a screen."""

    items: tuple[tuple[str, str], ...]  # item and masked value
    waiting_email: str
    is_guardian: bool
    unconfirmed_email: str  # masked too; empty where nothing waits for a link
    undelivered_to: str  # masked too; empty where our last mail arrived, as far as we know


@portal.get("/account")
def account() -> Response:
    """The username, the masked details, and the ways to change them."""
    changed, key = request.args.get("changed", ""), key_of_visit()
    bot, now = the_bot(), the_bot().clock()
    return page(
        "account",
        kept=bot.database.read(lambda session: _kept(session, key, now)),
        names={str(item): input_words.item_name(language.translate(), item) for item in Item},
        changed=changed
        if changed in {PASSWORD, LINK_SENT, TOO_MANY, SENT, NOT_SENT, *Item}
        else "",
    )


def _kept(session: Session, key: str, now: datetime) -> OwnDetails | None:
    learner = learner_of(session, key)
    if learner is None:
        return None
    pending = details.pending_email(session, learner, now)
    return OwnDetails(
        tuple((str(item), fields.masked(item, fields.value_of(learner, item))) for item in Item),
        fields.masked(Item.EMAIL, pending),
        guardians.is_guardian(session, learner.conversation_id),
        fields.masked(Item.EMAIL, details.unconfirmed_email(session, learner, now)),
        _undelivered(session, learner, now),
    )


def _undelivered(session: Session, learner: Learner, now: datetime) -> str:
    mail = details.undelivered(session, learner, now)
    return "" if mail is None else fields.masked(Item.EMAIL, mail.to)


@portal.post("/account/mail/again")
def send_mail_again() -> AnyResponse:
    """What did not arrive, once more; only a few an hour."""
    bot, key = the_bot(), key_of_visit()

    def send(session: Session) -> bool | None:
        learner = learner_of(session, key)
        if learner is None or not details.may_change(session, learner):
            return None
        return details.send_again(session, learner, bot.clock(), bot.settings)

    is_sent = bot.database.write(send)
    if is_sent is None:
        abort(404)
    return redirect(link("portal.account", changed=SENT if is_sent else NOT_SENT), 303)


@portal.post("/account/email/link")
def send_email_link() -> AnyResponse:
    """The mail that confirms the address once more; only a few an hour."""
    bot, key = the_bot(), key_of_visit()

    def send(session: Session) -> bool | None:
        learner = learner_of(session, key)
        if learner is None or not details.may_change(session, learner):
            return None
        return details.ask_to_confirm_email(session, learner, bot.clock(), bot.settings)

    is_sent = bot.database.write(send)
    if is_sent is None:
        abort(404)
    return redirect(link("portal.account", changed=LINK_SENT if is_sent else TOO_MANY), 303)


@portal.get("/close")
def close_form() -> Response:
    """What closing means, before it is done."""
    return _close_form(200, None)


@portal.post("/close")
def close_account() -> AnyResponse:
    """Close the account; the password is asked for once more."""
    bot, t, key = the_bot(), language.translate(), key_of_visit()
    now = bot.clock()
    if _is_for_guardian():
        return _close_form(403, None)
    try:
        sign_in.prove_password(bot.database, g.visit.signed_in, request.form.get("current"), now)
    except InputError as error:
        return _close_form(422, error.code)
    said = ConsentStatement("\n".join(closing_words.meaning(t)), t.language, channel="portal")

    def close(session: Session) -> str | None:
        learner = learner_of(session, key)
        if learner is None:
            return None
        school = bot.settings.school
        found = closing.close(session, learner, bot.provider.name, said, school, now)
        return found.id if found else None

    account_id = bot.database.write(close)
    if account_id is not None:
        provisioning.close(bot.database, bot.provider, account_id, bot.clock)
    g.visit.signed_in = None  # the page that follows has no Log Out
    answer = page("closed")
    cookies.clear(answer)
    return answer


def _close_form(status: int, problem: str | None) -> Response:
    return page(
        "close",
        status,
        problem=problem,
        meaning=closing_words.meaning(language.translate()),
        is_for_guardian=_is_for_guardian(),
    )


def _is_for_guardian() -> bool:
    key = key_of_visit()

    def read(session: Session) -> bool | None:
        learner = learner_of(session, key)
        return None if learner is None else closing.is_for_guardian(learner)

    found = the_bot().database.read(read)
    return abort(404) if found is None else found
