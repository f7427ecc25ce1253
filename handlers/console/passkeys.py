"""Passkeys: made on one's own page, shown at the door; the script only hands answers over."""

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot.errors import InputError
from bot.services.staff import passkeys as staff_passkeys
from bot.services.staff.passkeys import Party
from bot.services.staff.permissions import Permission
from bot.services.staff.sign_in import Show
from handlers.console import problems
from handlers.console.guard import allow
from handlers.console.pages import page
from handlers.console.request_context import desk, member
from handlers.console.routes import console
from handlers.web import language
from handlers.web.parts import the_bot

MAKE, SHOW = "make", "show"


@console.get("/me/passkeys")
@allow(Permission.OWN_ACCOUNT, fresh=True)
def passkeys() -> AnyResponse:
    """One's passkeys, and the way to another one."""
    return _form(200, {})


@console.post("/me/passkeys")
@allow(Permission.OWN_ACCOUNT, fresh=True)
def add_passkey() -> AnyResponse:
    """Take the answer of a device."""
    bot, t, party = the_bot(), language.translate(), _party()
    if party is None:
        return redirect(url_for("console.own_account"), 303)
    answer = request.form.get("credential", "")
    try:
        staff_passkeys.add(
            bot.database,
            party,
            desk().session,
            _asked(MAKE),
            answer,
            bot.clock(),
            request.form.get("name", ""),
        )
    except InputError as error:
        return _form(422, {"": problems.words(error.code)})
    flash(t("The passkey was added."), "success")
    return redirect(url_for("console.passkeys"), 303)


@console.post("/me/passkeys/<passkey_id>/name")
@allow(Permission.OWN_ACCOUNT, fresh=True)
def name_passkey(passkey_id: str) -> AnyResponse:
    """Call a device something else."""
    t, mine, typed = language.translate(), member().id, request.form.get("name", "")
    the_bot().database.write(lambda s: staff_passkeys.rename(s, mine, passkey_id, typed))
    flash(t("Saved."), "success")
    return redirect(url_for("console.passkeys"), 303)


@console.post("/me/passkeys/<passkey_id>/remove")
@allow(Permission.OWN_ACCOUNT, fresh=True)
def remove_passkey(passkey_id: str) -> AnyResponse:
    """Forget a device."""
    bot, t, found = the_bot(), language.translate(), desk().session
    now = bot.clock()
    bot.database.write(lambda s: staff_passkeys.remove(s, found, passkey_id, now))
    flash(t("The passkey was removed."), "success")
    return redirect(url_for("console.passkeys"), 303)


def to_show() -> str:
    """What the browser at the door needs to show a passkey; empty where there is none."""
    bot, found, party = the_bot(), desk().session, _party()
    known = bot.database.read(lambda s: staff_passkeys.credentials(s, found.member.id))
    return staff_passkeys.request(party, _asked(SHOW), known) if party and known else ""


def shown(answer: str) -> Show:
    """The answer of a device, to be tried."""
    bot, found, party, asked = the_bot(), desk().session, _party(), _asked(SHOW)
    if party is None:
        return lambda: None
    return lambda: staff_passkeys.shown(
        bot.database, party, found.member.id, asked, answer, bot.clock()
    )


def _party() -> Party | None:
    return staff_passkeys.party_of(the_bot().settings.public_url)


def _asked(purpose: str) -> bytes:
    ticket = desk().visit.ticket
    if ticket is None:
        raise RuntimeError("a passkey needs a session")
    return staff_passkeys.challenge(the_bot().cookie_keys, ticket, purpose)


def _form(status: int, wrong: dict[str, str]) -> AnyResponse:
    bot, t, found, party = the_bot(), language.translate(), desk().session, _party()
    kept = bot.database.read(lambda s: staff_passkeys.kept(s, member().id))
    known = bot.database.read(lambda s: staff_passkeys.credentials(s, member().id))
    options = staff_passkeys.creation(party, found, _asked(MAKE), known) if party else ""
    return page(
        "passkeys",
        status,
        title=t("Passkeys"),
        problems=wrong,
        kept=kept,
        options=options,
        most=staff_passkeys.MAX_NAME_LENGTH,
    )
