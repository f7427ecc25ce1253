"""Notices of what was done to an account: by mail and into the chat, without any secret."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.line import messages as line
from bot.line.messages import Message
from bot.services.accounts import freezing
from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.delivery import (
    mails,
    outbox,
)
from bot.settings import Settings
from bot.texts import Translator, translator
from bot.texts.dates import shown_time
from models.account import Account
from models.base import session_keyring
from models.conversation import Conversation
from models.learner import Learner


@dataclass(frozen=True)
class ChatAddress:
    """Where a push goes: LINE's name for the chat, and the pseudonym it is stored under."""

    person: str
    user_id: str


def password_reset(
    session: Session, account: Account, link_id: str, settings: Settings, now: datetime
) -> None:
    """Tell the learner on every channel that a reset happened (ASVS 6.3.7), once a link."""
    learner = session.get_one(Learner, account.learner_id)
    conversation = session.get_one(Conversation, learner.conversation_id)
    authority = freezing.authority(session_keyring(session), account.id, now)
    t = translator(learner.language)
    outbox.queue(
        session,
        cause=f"reset-notice:{link_id}",
        person=conversation.person,
        to=learner.line_user_id or "",
        messages=[reset_card(t, authority, now)],
        now=now,
    )
    _mail(session, learner, account, f"reset-notice:{link_id}", "reset_notice", settings, now)
    audit.record(
        session,
        Action.RESET_NOTICED,
        actor="system",
        subject=learner.id,
        now=now,
        account_id=account.id,
    )


def moved(
    session: Session,
    learner: Learner,
    account: Account | None,
    old: ChatAddress,
    cause: str,
    settings: Settings,
    now: datetime,
) -> None:
    """Tell the old chat, and the mailbox, that the account is bound to another LINE account."""
    t = translator(learner.language)
    authority = None
    if account is not None:
        authority = freezing.authority(session_keyring(session), account.id, now)
    outbox.queue(
        session,
        cause=cause,
        person=old.person,
        to=old.user_id,
        messages=[moved_card(t, authority, now)],
        now=now,
    )
    if account is not None:
        _mail(session, learner, account, cause, "relinked", settings, now)


def _mail(
    session: Session,
    learner: Learner,
    account: Account,
    cause: str,
    template: str,
    settings: Settings,
    now: datetime,
) -> None:
    if not learner.email:
        return
    authority = freezing.authority(session_keyring(session), account.id, now)
    mails.queue_to(
        session,
        learner,
        cause=cause,
        template=template,
        values={
            "when": shown_time(now, learner.language),
            "freeze_link": freezing.url(settings.public_url, authority, learner.language),
            "contact": school_contact(settings, learner.language),
        },
        now=now,
    )


def school_contact(settings: Settings, language: str) -> str:
    """How to reach the school, in one line for a letter."""
    t, school = translator(language), settings.school
    lines = []
    if school.phone:
        lines.append(t("Phone: {phone}", phone=school.phone))
    if school.email:
        lines.append(t("E-mail: {email}", email=school.email))
    return " · ".join(lines) or t("The school’s contact details stand in the privacy notice.")


def reset_card(t: Translator, authority: str, now: datetime) -> Message:
    """That there is a new password, and the button for whoever did not ask for it."""
    title = t("Your password was reset")
    return line.card(
        title,
        title,
        [
            line.fact(t("When"), shown_time(now, t.language)),
            line.paragraph(t("If it was you, there is nothing to do.")),
            line.paragraph(
                t(
                    "If it was not you, freeze the account now: nobody can sign in any more, and "
                    "our staff help you from there."
                )
            ),
        ],
        [
            line.entry(t("Freeze my account"), "freeze", k=authority),
            line.entry(t("Ask our staff"), "human", topic="account"),
        ],
    )


def moved_card(t: Translator, authority: str | None, now: datetime) -> Message:
    """What the old chat hears last."""
    title = t("Your account moved")
    buttons = [line.entry(t("Ask our staff"), "human", topic="account")]
    if authority is not None:
        buttons.insert(0, line.entry(t("Freeze my account"), "freeze", k=authority))
    return line.card(
        title,
        title,
        [
            line.fact(t("When"), shown_time(now, t.language)),
            line.paragraph(
                t(
                    "Your E-Learning account now belongs to another LINE account. This chat is "
                    "cut off from it."
                )
            ),
            line.paragraph(
                t(
                    "If it was not you, freeze the account now: nobody can sign in any more, and "
                    "our staff help you from there."
                )
            ),
        ],
        buttons,
    )
