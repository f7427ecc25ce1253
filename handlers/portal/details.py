"""Changing one of the four details; the password is asked for where it guards the account."""

from dataclasses import dataclass

from flask import Response, abort, g, redirect, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from bot.errors import InputError
from bot.presentation import input_words
from bot.services.accounts import details
from bot.services.auth import sign_in
from bot.services.people import fields, inputs
from bot.services.people.fields import FIELDS, Item
from handlers.portal.learners import key_of_visit, learner_of
from handlers.portal.pages import page
from handlers.portal.routes import portal
from handlers.web import language
from handlers.web.language import link
from handlers.web.parts import the_bot

# OWASP ASVS 5.0, 7.5.1: what a password could be reset or an account be moved with.
GUARDED = {Item.EMAIL, Item.PHONE}
MAX_LENGTH = 300  # characters that are looked at


@dataclass(frozen=True)
class DetailTrouble:
    """Why a form comes back: the code of the sentence, and the address that was probably meant."""

    code: str
    meant: str | None = None


@portal.get("/account/<item>")
def change_detail(item: str) -> Response:
    """The form for one detail."""
    return _form(_item(item), 200)


@portal.post("/account/<item>")
def store_detail(item: str) -> AnyResponse:
    """Check as at registration and store; an address waits until its link was used."""
    chosen, bot, key = _item(item), the_bot(), key_of_visit()
    now = bot.clock()
    try:
        value = _value(chosen)
        if chosen in GUARDED:
            current = request.form.get("current")
            sign_in.prove_password(bot.database, g.visit.signed_in, current, now)
    except InputError as error:
        return _form(chosen, 422, DetailTrouble(error.code, error.suggestion))

    def store(session: Session) -> str | None:
        """What is wrong, if anything."""
        learner = learner_of(session, key)
        if learner is None or not details.may_change(session, learner):
            return "closed"
        is_same = value == fields.value_of(learner, chosen)
        if chosen is Item.EMAIL and not (is_same and learner.email_verified_at):
            address = value or ""
            if not details.ask_to_change_email(session, learner, address, now, bot.settings):
                return "mails_many"
        elif is_same:
            return "same"
        else:
            details.change(session, learner, chosen, value, f"learner:{learner.id}", now)
        return None

    trouble = bot.database.write(store)
    if trouble is not None:
        return _form(chosen, 422, DetailTrouble(trouble))
    return redirect(link("portal.account", changed=str(chosen)), 303)


def _item(item: str) -> Item:
    if item not in set(Item):
        abort(404)
    return Item(item)


def _value(item: Item) -> str | None:
    """What the form says; raises InputError."""
    typed = request.form.get("value", "")[:MAX_LENGTH]
    if not FIELDS[item].is_needed and ("remove" in request.form or inputs.means_none(typed)):
        return None
    if item is Item.EMAIL and request.form.get("as") == "meant":
        typed = request.form.get("meant", "")[:MAX_LENGTH]
    return fields.read(
        item,
        typed,
        # Some people have one name only: the same single name a second time is meant.
        insists=request.form.get("single", "") == inputs.tidy(typed) != ""
        or request.form.get("as") == "typed",
    )


def _form(item: Item, status: int, trouble: DetailTrouble | None = None) -> Response:
    t, typed = language.translate(), request.form.get("value", "")[:MAX_LENGTH]
    code = trouble.code if trouble else None

    key = key_of_visit()

    def read(session: Session) -> str | None:
        learner = learner_of(session, key)
        return None if learner is None else fields.masked(item, fields.value_of(learner, item))

    masked = the_bot().database.read(read)
    if masked is None:
        abort(404)
    return page(
        "detail",
        status,
        item=str(item),
        name=input_words.item_name(t, item),
        question=input_words.question(t, item),
        masked=masked,
        typed=typed,
        code=code,
        why=input_words.why(t, code) if code and input_words.is_known(code) else "",
        meant=trouble.meant if trouble else None,
        single=inputs.tidy(typed) if code == "name_single" else "",
        is_guarded=item in GUARDED,
        is_needed=FIELDS[item].is_needed,
    )
