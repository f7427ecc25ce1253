"""Returned mails: is the mailbox read, who refuses us, which letters wait for a person."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import flash, redirect, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from bot.presentation import mail_trouble_words
from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.delivery import mail_trouble, mails, waiting_letters
from bot.services.people.fields import Item, masked
from bot.services.staff.permissions import Permission
from bot.services.subscriptions import bounces
from handlers.console.guard import allow
from handlers.console.pages import page
from handlers.console.request_context import member
from handlers.console.routes import console
from handlers.web import language
from handlers.web.parts import the_bot
from models.mail import MailState


@console.get("/mails")
@allow(Permission.SEE_RETURNED_MAILS)
def returned_mails() -> AnyResponse:
    """What is wrong, and the newest letters; the letters themselves stay in the mailbox."""
    bot, t = the_bot(), language.translate()
    mailbox = bot.bounce_mailbox.name if bot.bounce_mailbox else None

    def read(session: Session) -> tuple[mail_trouble.MailTrouble, list[dict[str, Any]], list[Any]]:
        letters = [
            {
                "id": each.id,
                "at": each.at,
                "why": t(mail_trouble_words.WHY[each.why]),
                "code": each.code,
                "sender": masked(Item.EMAIL, each.sender),
                "title": each.title,
            }
            for each in waiting_letters.newest(session)
        ]
        now = bot.clock()
        return mail_trouble.of(session, mailbox, bot.settings, now), letters, _notices(session, now)

    trouble, letters, notices = bot.database.read(read)
    return page(
        "returned_mails",
        title=t("Returned mails"),
        trouble=trouble,
        letters=letters,
        notices=notices,
        is_named=mailbox is not None,
        unread=lambda found: mail_trouble_words.unread(t, found),
        paused=lambda found: mail_trouble_words.paused(t, found),
    )


@console.post("/mails/letters/<letter_id>/done")
@allow(Permission.SEE_RETURNED_MAILS)
def letter_done(letter_id: str) -> AnyResponse:
    """Somebody has looked at a letter."""
    member_id, now, t = member().id, the_bot().clock(), language.translate()

    def work(session: Session) -> bool:
        if not waiting_letters.done(session, letter_id):
            return False
        audit.by_staff(session, Action.LETTER_DONE, member_id, now, letter_id=letter_id)
        return True

    return _off_the_list(work, t("The letter is off the list."))


@console.post("/mails/notices/<mail_id>/seen")
@allow(Permission.SEE_RETURNED_MAILS)
def notice_seen(mail_id: str) -> AnyResponse:
    """Somebody has seen that a notice did not arrive, or may not have."""
    member_id, now, t = member().id, the_bot().clock(), language.translate()

    def work(session: Session) -> bool:
        mail = mails.see(session, mail_id, now)
        if mail is None:
            return False
        about = mail.subject_id
        audit.by_staff(session, Action.MAIL_SEEN, member_id, now, about, mail_id=mail.id)
        return True

    return _off_the_list(work, t("The notice is off the list."))


@console.post("/mails/domains/<domain>/go-on")
@allow(Permission.SEE_RETURNED_MAILS)
def domain_goes_on(domain: str) -> AnyResponse:
    """News to a provider that refused us go on."""
    actor, now, t = member().actor, the_bot().clock(), language.translate()

    def work(session: Session) -> bool:
        return bounces.let_go_on(session, domain, actor, now)

    return _off_the_list(work, t("News go there again."))


def _off_the_list(work: Callable[[Session], bool], said: str) -> AnyResponse:
    """Back to the page, and a word where it was this press that did it."""
    if the_bot().database.write(work):
        flash(said, "success")
    return redirect(url_for("console.returned_mails"), 303)


def _notices(session: Session, now: datetime) -> list[dict[str, Any]]:
    """Notices that may not have arrived: by ids, for whom they were is seen on the learner's page.

    Of one that is about nobody stands which letter it was; of others that would tell too much.
    """
    may_open = member().may(Permission.SEARCH_LEARNERS)
    return [
        {
            "id": mail.id,
            "at": mail.created_at,
            "is_unknown": mail.state is MailState.UNKNOWN,
            "reason": mail.reason,
            "template": None if mail.subject_id else mail.template,
            "person": mail.subject_id,
            "learner": learner_id if may_open else None,
        }
        for mail, learner_id in mails.unseen(session, now)
    ]
