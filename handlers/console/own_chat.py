"""One's own LINE account: linked by a code that is sent in the chat, unlinked at any time."""

import segno
from flask import flash, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot.errors import InputError
from bot.services.auth import tokens
from bot.services.auth.tokens import StaffPurpose
from bot.services.shared import codes
from bot.services.staff import chats
from bot.services.staff.permissions import Permission
from bot.texts.dates import shown_span
from handlers.console.guard import allow
from handlers.console.pages import page
from handlers.console.request_context import member
from handlers.console.routes import console
from handlers.web import language
from handlers.web.chat_address import chat_address
from handlers.web.parts import the_bot


@console.get("/me/chat")
@allow(Permission.OWN_ACCOUNT)
def own_chat() -> AnyResponse:
    """Whether it is linked, and what linking means."""
    bot, t, staff_id = the_bot(), language.translate(), member().id
    since = bot.database.read(lambda session: chats.linked_at(session, staff_id))
    return page("own_chat", title=t("My LINE account"), since=since)


@console.post("/me/chat/code")
@allow(Permission.OWN_ACCOUNT, fresh=True)
def draw_chat_code() -> AnyResponse:
    """A code, shown this once: whoever sends it can do in the chat what this member can do."""
    bot, t, staff_id = the_bot(), language.translate(), member().id
    now = bot.clock()
    try:
        code = bot.database.write(lambda session: chats.issue(session, staff_id, now))
    except InputError:
        flash(
            t(
                "There were too many codes. Please try again in {span}.",
                span=shown_span(t, chats.DRAWN.span),
            ),
            "danger",
        )
        return redirect(url_for("console.own_chat"), 303)
    text = codes.STAFF.message(code)
    address = chat_address(bot.basic_id, text) if bot.basic_id else None
    return page(
        "own_chat_code",
        title=t("Code for the chat"),
        text=text,
        until=now + tokens.KINDS[StaffPurpose.CHAT].lifetime,
        address=address,
        picture=segno.make(address, error="m", micro=False).svg_data_uri(scale=4, border=2)
        if address
        else None,
    )


@console.post("/me/chat/unlink")
@allow(Permission.OWN_ACCOUNT)
def unlink_chat() -> AnyResponse:
    """Nothing for staff goes to that LINE account any more, and it can do nothing."""
    bot, t, me = the_bot(), language.translate(), member()
    now = bot.clock()
    bot.database.write(lambda session: chats.unlink(session, me.id, me.actor, chats.CONSOLE, now))
    flash(t("Your LINE account is unlinked."), "success")
    return redirect(url_for("console.own_chat"), 303)
