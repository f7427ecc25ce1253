"""What a member of staff can do in the chat, as far as their role goes: words, buttons, a card."""

from bot.dispatch import Context
from bot.line import messages as line
from bot.line.messages import Action, Message
from bot.services.staff.permissions import Permission


def has_work(ctx: Context) -> bool:
    """Whether a member of staff writes who has anything to do with announcements."""
    return ctx.member is not None and ctx.member.may(Permission.SEE_CAMPAIGNS)


def buttons(ctx: Context) -> list[Action]:
    """Below every answer to somebody with such work."""
    t, found = ctx.t, []
    if ctx.staff.may(Permission.SEE_CAMPAIGNS):
        found += [line.entry(t("Waiting for approval"), "approvals")]
        found += [line.entry(t("Going out now"), "sending")]
    if ctx.staff.may(Permission.WRITE_CAMPAIGN):
        found += [line.entry(t("New announcement"), "announce")]
        found += [line.entry(t("My latest request"), "campaign_latest")]
    return found


def typed(ctx: Context) -> str:
    """The words that staff may type, a line for each."""
    t, may = ctx.t, ctx.staff.may
    lines = [t("As a member of staff you can type these words:")]
    if may(Permission.WRITE_CAMPAIGN):
        lines.append(t("• announce, and your text – write an announcement"))
        lines.append(t("• status – how your latest request stands"))
    lines.append(t("• approvals – what waits for approval"))
    lines.append(t("• sending – what is going out"))
    if may(Permission.STOP_CAMPAIGN):
        lines.append(t("• stop – stop an announcement"))
    return "\n".join(lines)


def card(ctx: Context) -> Message:
    """In place of a greeting, for whoever has no lessons here."""
    return line.card(
        ctx.t("Your work as a member of staff in this chat"), [typed(ctx)], buttons(ctx), even=True
    )
