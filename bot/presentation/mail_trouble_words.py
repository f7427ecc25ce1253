"""What is wrong with our mails, in words for the operator and the staff."""

from bot.services.delivery.mail_rate_limit import PausedDomain
from bot.services.delivery.mail_trouble import MailTrouble
from bot.services.delivery.mailbox_cursor import Unread
from bot.texts import Translator
from bot.texts import marked as _
from bot.texts.dates import shown_time
from models.mail import WhyWaiting

WHY: dict[WhyWaiting, str] = {
    WhyWaiting.NOT_UNDERSTOOD: _("not understood: perhaps somebody wrote to us"),
    WhyWaiting.NOT_OURS: _("a report about a mail that we do not know"),
    WhyWaiting.BROKE: _("could not be read"),
    WhyWaiting.TOO_LARGE: _("in the contact mailbox: too large for the archive"),
}
# In the words of bot/mail/imap.py; whatever else it says is an outage.
REASONS: dict[str, str] = {
    "sign-in refused": _("the mail provider refuses the sign-in"),
    "no such folder": _("the folder is not there"),
    "certificate not trusted": _("the certificate of the mail provider is not trusted"),
    "no TLS": _("the mail provider offers no encryption"),
}
MAX_NAMED = 10  # domains in a mail and on the overview; their own page has all
OUTAGE = _("the mail provider does not answer")


def letter(notice: MailTrouble, t: Translator) -> dict[str, str]:
    """What stands in the mail to the operator."""
    return {"what": "\n".join(f"- {line}" for line in lines(t, notice)), "page": notice.page}


def lines(t: Translator, trouble: MailTrouble) -> list[str]:
    """Each trouble in a sentence."""
    found = [unread(t, trouble.unread)] if trouble.unread else []
    found += [unread_contact(t, trouble.unread_contact)] if trouble.unread_contact else []
    found += [paused(t, each) for each in trouble.paused[:MAX_NAMED]]
    if len(trouble.paused) > MAX_NAMED:
        found.append(t("and {count} more", count=len(trouble.paused) - MAX_NAMED))
    if trouble.letters:
        found.append(t("Letters that wait for a person: {count}", count=f"{trouble.letters:,}"))
    return found


def unread(t: Translator, mailbox: Unread) -> str:
    """That nobody notices dead addresses and complaints, since when and why."""
    reason = t(REASONS.get(mailbox.reason or "", OUTAGE))
    return t(
        "The mailbox for returned mails has not been read since {when}: {reason}",
        when=shown_time(mailbox.since, t.language),
        reason=reason,
    )


def unread_contact(t: Translator, mailbox: Unread) -> str:
    """That what people write by e-mail does not reach the archive, since when and why."""
    return t(
        "The contact mailbox has not been read since {when}: {reason}",
        when=shown_time(mailbox.since, t.language),
        reason=t(REASONS.get(mailbox.reason or "", OUTAGE)),
    )


def paused(t: Translator, domain: PausedDomain) -> str:
    """That news to a domain wait, until when and by which code."""
    return t(
        "{domain} refuses our mails ({code}). News there wait until {when}",
        domain=domain.name or t("A mail provider"),
        code=domain.code,
        when=shown_time(domain.until, t.language),
    )
