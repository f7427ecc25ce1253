"""The consent receipt in chat: what, when, which version, how to withdraw."""

from bot.dispatch import Context
from bot.line import messages as line
from bot.line.messages import Message
from bot.presentation.labels import label
from bot.texts.dates import shown_time
from models.consent import ConsentEvent, ConsentState, Purpose


def receipt(ctx: Context, event: ConsentEvent) -> Message:
    """One event of the ledger as a card, with its page."""
    t = ctx.t
    title = t("Consent receipt")
    what = f"{label(event.purpose, t)}: {label(event.state, t)}"
    blocks = [
        line.paragraph(what, strong=True),
        line.fact(t("When"), shown_time(event.at, t.language)),
        line.fact(t("Policy version"), event.notice_version),
    ]
    if event.purpose is not Purpose.ENROLMENT:
        blocks.append(line.paragraph(t("To change this: “My account”, one tap."), small=True))
    elif event.state is ConsentState.GIVEN:
        how = t("To withdraw now: “Cancel”. After registering: “My account”, then “Withdraw”.")
        blocks.append(line.paragraph(how, small=True))
    return line.card(
        title,
        blocks,
        [line.link(t("Open the receipt"), ctx.page(f"/receipts/{event.id}"))],
        alt=f"{title}: {what}",
    )
