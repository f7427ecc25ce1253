"""My devices: the phones and computers that stay signed in, and the end of each."""

from flask import Response, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from bot.presentation.labels import label
from bot.services.auth import stays
from handlers.portal.pages import page
from handlers.portal.routes import portal
from handlers.web import cookies
from handlers.web.language import link, translate
from handlers.web.parts import the_bot
from models.portal import Device

OTHERS = "others"
# In this order: an iPad and an Android phone name other systems too.
_MARKS = (
    ("iPhone", Device.IPHONE),
    ("iPad", Device.IPAD),
    ("Android", Device.ANDROID),
    ("Windows", Device.WINDOWS),
    ("Macintosh", Device.MAC),
)


def device() -> Device:
    """What kind of device this request comes from, as far as it says so."""
    said = request.user_agent.string
    return next((kind for mark, kind in _MARKS if mark in said), Device.OTHER)


@portal.get("/devices")
def my_devices() -> Response:
    """Each device that stays signed in, with a button that ends it."""
    bot, here, now, t = the_bot(), g.visit.signed_in, the_bot().clock(), translate()
    return page(
        "devices",
        stays=bot.database.read(lambda session: stays.of_account(session, here, now)),
        named=lambda kind: label(kind, t),
        is_done=request.args.get("done") == "1",
    )


@portal.post("/devices")
def end_device() -> AnyResponse:
    """End one stay, or everything but this browser; what has ended already is no error."""
    bot, here, now = the_bot(), g.visit.signed_in, the_bot().clock()
    which = request.form.get("device", "")
    if which == OTHERS:
        bot.database.write(lambda session: stays.end_others(session, here, now))
    else:
        bot.database.write(lambda session: stays.end(session, which, "owner", now, here.account_id))
    is_here = which == here.stay_id
    answer = redirect(link("portal.signed_out" if is_here else "portal.my_devices", done=1), 303)
    if is_here:
        cookies.clear(answer)
    return answer
