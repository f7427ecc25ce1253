"""What the owner of a merged registration is told, by mail and in the chat that it was bound to.

Nothing of the other registration is named: if the merge was a mistake, it is somebody else's.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from bot.line import messages as line
from bot.line.messages import Message
from bot.services.accounts import notices
from bot.services.delivery import (
    mails,
    outbox,
)
from bot.settings import Settings
from bot.texts import Translator, translator
from bot.texts.dates import shown_time
from models.conversation import Conversation
from models.learner import Learner
from models.merges import Merge


def merged(
    session: Session, closed: Learner, row: Merge, settings: Settings, now: datetime
) -> None:
    """While it can still be undone: if it was a mistake, its owner says so."""
    t, until = translator(closed.language), shown_time(row.undo_until, closed.language)
    mails.queue_to(
        session,
        closed,
        cause=f"merged:{row.id}",
        template="merged",
        values={"until": until, "contact": notices.school_contact(settings, closed.language)},
        now=now,
    )
    title = t("Your two accounts are one now")
    mistaken = t("If they were not both yours, please tell us before {until}.", until=until)
    blocks = [line.paragraph(use_the_other(t)), line.paragraph(mistaken)]
    button = line.entry(t("Ask our staff"), "human", topic="account")
    _push(session, closed, f"merged:{row.id}", line.card(title, title, blocks, [button]), now)


def parted(
    session: Session, closed: Learner, row: Merge, now: datetime, *, has_account: bool
) -> None:
    """It was undone. Only the password does not come back: freezing forgets it."""
    t = translator(closed.language)
    mails.queue_to(session, closed, cause=f"parted:{row.id}", template="parted", now=now)
    title = t("Your account is open again")
    blocks = [line.paragraph(t("We undid the merge of your accounts. Everything is as before."))]
    buttons = []
    if has_account:
        blocks.append(line.paragraph(t("Only your password has to be a new one.")))
        buttons.append(line.entry(t("Forgot password"), "reset"))
    _push(session, closed, f"parted:{row.id}", line.card(title, title, blocks, buttons), now)


def use_the_other(t: Translator) -> str:
    """Where to go from here."""
    return t("We merged this account with your other one. Please use that one from now on.")


def _push(session: Session, learner: Learner, cause: str, message: Message, now: datetime) -> None:
    conversation = session.get_one(Conversation, learner.conversation_id)
    outbox.queue(
        session,
        cause=cause,
        person=conversation.person,
        to=learner.line_user_id or "",
        messages=[message],
        now=now,
    )
