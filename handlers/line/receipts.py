"""The consent receipt in chat: what, when, which version, how to withdraw."""

from bot.dispatch import Context
from bot.line import messages as line
from bot.line.messages import Message
from bot.presentation.labels import label
from bot.texts import Translator
from bot.texts.dates import shown_time
from models.consent import ConsentEvent, ConsentState, Purpose


def when_and_version(t: Translator, event: ConsentEvent) -> str:
    """The moment of a consent, and the policy that it was given to."""
    when = f"{t('When')}: {shown_time(event.at, t.language)}"
    return f"{when} · {t('Policy version')}: {event.notice_version}"


def receipt(ctx: Context, event: ConsentEvent) -> Message:
    """One event of the ledger as a small card with its page, quieter than the question after it."""
    t = ctx.t
    title = t("Consent receipt")
    what = f"{label(event.purpose, t)}: {label(event.state, t)}"
    blocks = [
        line.paragraph(f"{title} · {what}", small=True),
        line.paragraph(when_and_version(t, event), small=True),
    ]
    if event.purpose is not Purpose.ENROLMENT:
        blocks.append(line.paragraph(t("To change this: “My account”, one tap."), small=True))
    elif event.state is ConsentState.GIVEN:
        how = t("To withdraw now: “Cancel”. After registering: “My account”, then “Withdraw”.")
        blocks.append(line.paragraph(how, small=True))
    return line.quiet_card(
        blocks,
        [line.link(t("Open the receipt"), ctx.page(f"/receipts/{event.id}"))],
        alt=f"{title}: {what}",
    )
