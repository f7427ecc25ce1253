"""A member of staff ties this LINE account to theirs, by a code that the console showed them."""

from bot.dispatch import Context, Flow, HandlerResult
from bot.errors import InputError
from bot.line import messages as line
from bot.line.events import Event
from bot.services.shared import codes
from bot.services.staff import chats
from bot.services.staff.permissions import Permission
from bot.texts.dates import shown_span
from handlers.line import staff_menu
from handlers.line.shared import main_menu

flow = Flow("staff_link")


@flow.entry("staff_link")
def code_sent(event: Event, ctx: Context) -> HandlerResult:
    """Open to everybody, as nobody is a member here before; only the code opens anything."""
    t = ctx.t
    code = codes.read_staff(event.plain)
    try:
        if code is None:
            raise InputError("unknown")
        member = chats.link(ctx.session, code, ctx.user_id, ctx.now)
    except InputError as error:
        said = {
            "too_often": t(
                "There were too many tries. Please try again in {span}.",
                span=shown_span(t, chats.GUESSED.span),
            ),
            "taken": t("This LINE account is linked to another member. They have to unlink first."),
        }
        unknown = t(
            "This code does not work or has run out. Members of staff get a new one in the "
            "console, under “My LINE account”."
        )
        told = said.get(error.code, unknown)
        # Somebody else may have meant a person by that word.
        person = line.entry(t("Ask our staff"), "human")
        asked = ctx.asked()
        return (
            flow.say(told, *asked)
            if asked
            else flow.say(line.quick(told, [person, *main_menu(ctx)]))
        )
    ctx.__dict__.pop("member", None)  # from here on it is a member who writes
    if ctx.member is None:
        return flow.say(*ctx.asked())
    title = t("Linked to {name}", name=member.name)
    safety = t("Lock your phone: whoever holds it can do here what you can do.")
    has_work = staff_menu.has_work(ctx)
    card = line.card(
        title,
        [
            *([line.paragraph(staff_menu.typed(ctx))] if has_work else []),
            *([line.paragraph(_comes_by_itself(ctx))] if has_work else []),
            line.paragraph(safety, small=True),
        ],
        [
            *staff_menu.buttons(ctx),
            line.entry(t("Unlink this account"), "staff_unlink"),
        ],
        even=True,
    )
    return flow.say(card, *ctx.asked())


def _comes_by_itself(ctx: Context) -> str:
    """What is told without a question, to whom."""
    t = ctx.t
    if ctx.staff.may(Permission.APPROVE_CAMPAIGN):
        return t("Announcements that wait for your approval come into this chat by themselves.")
    if ctx.staff.may(Permission.WRITE_CAMPAIGN):
        return t("What is decided about your announcements comes into this chat by itself.")
    return t("Our staff get each announcement first, in this chat.")
