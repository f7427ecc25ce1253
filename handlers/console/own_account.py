"""One's own account: language, password, second factor, sessions."""

from dataclasses import dataclass

from flask import flash, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from bot.errors import InputError
from bot.services.auth import passwords
from bot.services.staff import factors, sign_in, staff
from bot.services.staff import sessions as staff_sessions
from bot.services.staff.permissions import Permission
from bot.services.staff.sessions import ListedSession
from handlers.console import problems, role_words, start
from handlers.console.guard import allow
from handlers.console.pages import page
from handlers.console.request_context import desk, member
from handlers.console.routes import console
from handlers.web import language
from handlers.web.cookies import set_language
from handlers.web.parts import the_bot
from models.conversation import Language


@dataclass(frozen=True)
class _Kept:
    sessions: list[ListedSession]
    codes_left: int


@console.get("/me")
@allow(Permission.OWN_ACCOUNT)
def own_account() -> AnyResponse:
    """What there is about oneself."""
    bot, t, found = the_bot(), language.translate(), desk().session
    now = bot.clock()

    def read(session: Session) -> _Kept:
        return _Kept(
            list(staff_sessions.listed(session, found.member.id, now, found.session_id)),
            factors.codes_left(session, found.member.id),
        )

    kept = bot.database.read(read)
    return page(
        "own_account",
        title=t("My account"),
        sessions=kept.sessions,
        codes_left=kept.codes_left,
        roles=[role_words.role_name(t, role) for role in sorted(member().roles)],
    )


@console.post("/me/language")
@allow(Permission.OWN_ACCOUNT)
def choose_language() -> AnyResponse:
    """Remember the language, here and for what the bot writes to this member."""
    bot, wish, staff_id = the_bot(), request.form.get("language", ""), member().id
    if wish in set(Language):
        chosen = Language(wish)
        bot.database.write(lambda session: staff.speak(session, staff_id, chosen))
    response = redirect(url_for("console.own_account"), 303)
    if wish in set(Language):
        set_language(response, bot.cookie_keys, wish)  # a switch of this visit gives way
    return response


@console.get("/me/password")
@allow(Permission.OWN_ACCOUNT)
def password() -> AnyResponse:
    """The form for another password."""
    return _password_form(200, {})


@console.post("/me/password")
@allow(Permission.OWN_ACCOUNT)
def store_password() -> AnyResponse:
    """Store another password; every other session ends."""
    t = language.translate()
    bot, found, chosen = the_bot(), desk().session, request.form.get("chosen", "")
    now = bot.clock()
    try:
        if passwords.kept_form(chosen) != passwords.kept_form(request.form.get("again", "")):
            raise InputError("password_differs")
        passwords.check_own(chosen, username=found.member.username, context=start.context())
        current = request.form.get("current", "")
        known = sign_in.prove_password(bot.database, found, current, now)
        staff.change_password(bot.database, found, known, chosen, now, start.context())
    except InputError as error:
        return _password_form(422, problems.of(error.code))
    flash(t("Your password has been changed."), "success")
    return redirect(url_for("console.own_account"), 303)


@console.post("/me/authenticator")
@allow(Permission.OWN_ACCOUNT, fresh=True)
def new_authenticator() -> AnyResponse:
    """Draw a secret for another telephone; the old one works until the new one is confirmed."""
    bot, found = the_bot(), desk().session
    secret = factors.draw_secret()
    bot.database.write(lambda s: staff_sessions.remember(s, found.session_id, secret))
    return redirect(url_for("console.authenticator"), 303)


@console.get("/me/authenticator")
@allow(Permission.OWN_ACCOUNT, fresh=True)
def authenticator() -> AnyResponse:
    """The new secret as a picture."""
    return start.factor_form(200, {}, url_for("console.confirm_authenticator"))


@console.post("/me/authenticator/confirm")
@allow(Permission.OWN_ACCOUNT, fresh=True)
def confirm_authenticator() -> AnyResponse:
    """Take the new telephone into use; everything else that was signed in ends."""
    return start.confirm(url_for("console.confirm_authenticator"))


@console.post("/me/codes")
@allow(Permission.OWN_ACCOUNT, fresh=True)
def new_codes() -> AnyResponse:
    """New recovery codes, shown this once."""
    t = language.translate()
    bot = the_bot()
    codes = staff.new_codes(bot.database, desk().session, bot.clock())
    return page("codes", title=t("Recovery codes"), codes=codes)


@console.post("/me/sessions/end")
@allow(Permission.OWN_ACCOUNT)
def end_other_sessions() -> AnyResponse:
    """Log out everywhere else."""
    t = language.translate()
    bot, found = the_bot(), desk().session
    now = bot.clock()
    bot.database.write(
        lambda session: staff.end_sessions(
            session, found.member.id, found.member.actor, now, but=found.session_id
        )
    )
    flash(t("All your other devices were logged out."), "success")
    return redirect(url_for("console.own_account"), 303)


def _password_form(status: int, wrong: dict[str, str]) -> AnyResponse:
    t = language.translate()
    return page(
        "password", status, title=t("Change password"), problems=wrong, least=passwords.MIN_LENGTH
    )
