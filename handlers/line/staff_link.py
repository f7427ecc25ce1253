"""A member of staff ties this LINE account to theirs, by a code that the console showed them."""

from bot.dispatch import Context, Flow, Turn
from bot.errors import InputError
from bot.line import messages as line
from bot.line.events import Event
from bot.services import staff_chats, staff_codes
from handlers.line.shared import main_menu

flow = Flow("staff_link")


@flow.entry("staff_link")
def code_sent(event: Event, ctx: Context) -> Turn:
    """Open to everybody, as nobody is a member here before; only the code opens anything."""
    t = ctx.t
    code = staff_codes.read(event.text or "")
    try:
        if code is None:
            raise InputError("unknown")
        member = staff_chats.link(ctx.session, code, ctx.user_id, ctx.now)
    except InputError as error:
        said = {
            "too_often": t("There were too many tries. Please try again in 15 minutes."),
            "taken": t("This LINE account is linked to another member. They have to unlink first."),
        }
        unknown = t(
            "This code does not work or has run out. Members of staff get a new one in the "
            "console, under “My LINE account”."
        )
        told = line.text(said.get(error.code, unknown))
        # Somebody else may have meant a person by that word.
        person = line.entry(t("Ask our staff"), "human")
        asked = ctx.asked()
        return (
            flow.say(told, *asked)
            if asked
            else flow.say(line.quick(told, [person, *main_menu(ctx)]))
        )
    ctx.__dict__.pop("member", None)  # from here on it is a member who writes
    title = t("Linked to {name}", name=member.name)
    card = line.card(
        title,
        title,
        [
            line.paragraph(
                t(
                    "What waits for you comes into this chat. Type “announce” and your text to "
                    "write an announcement."
                )
            ),
            line.paragraph(
                t("Lock your phone: whoever holds it can do here what you can do."), small=True
            ),
        ],
        [
            line.entry(t("Waiting for approval"), "approvals"),
            line.entry(t("Going out now"), "sending"),
            line.entry(t("Unlink this account"), "staff_unlink"),
        ],
    )
    return flow.say(card, *ctx.asked()) if ctx.member else flow.say(*ctx.asked())
