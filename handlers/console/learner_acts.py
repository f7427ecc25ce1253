"""What staff can do to a learner's account, in words: before, and after."""

from dataclasses import dataclass

from bot.services.delivery import mails
from bot.services.learners import invitations
from bot.services.learners.invitations import Sent
from bot.services.learners.suspending import Done
from bot.services.learners.view import LearnerView
from bot.texts import Translator
from bot.texts import marked as _
from bot.texts.dates import shown_span
from models.account import AccountState
from models.learner import LearnerState


@dataclass(frozen=True)
class LearnerAct:
    """One act: its button, whether it asks why, and whether it is hard to undo."""

    title: str
    needs_cause: bool = False
    is_grave: bool = False


ACTS: dict[str, LearnerAct] = {
    "invite": LearnerAct(_("Send a link to the password")),
    "suspend": LearnerAct(_("Suspend the account"), needs_cause=True, is_grave=True),
    "resume": LearnerAct(_("Open the account again")),
    "close": LearnerAct(_("Close the account"), needs_cause=True, is_grave=True),
}


def possible(view: LearnerView) -> tuple[str, ...]:
    """What can be done now."""
    if view.row.state is not LearnerState.ACTIVE or view.merge is not None:
        return ()
    states = {account.state for account in view.accounts}
    found = []
    if AccountState.ACTIVE in states:
        found += ["invite", "suspend"]
    if AccountState.FROZEN in states:
        found.append("resume")
    if view.hold is None or not view.hold.may_tell:
        found.append("close")
    return tuple(found)


def meaning(t: Translator, act: str, *, has_joined: bool = True) -> list[str]:
    """What an act does, as it is told before it is confirmed."""
    if act == "suspend":
        return [
            t("Nobody gets into the account any more: sessions end and the password is forgotten."),
            t(
                "No news comes while it is suspended. The details and consents stay as they are. "
                "You can open it again."
            ),
        ]
    if act == "resume":
        return [
            t("The account opens again. The person asks in the chat for a link to a new password.")
        ]
    if act == "close":
        return [
            t("The account is closed by our staff: no lessons any more, and all news ends."),
            t("The person is told by e-mail. The details stay for as long as the notice says."),
            t("A closed account cannot be opened again here."),
        ]
    if has_joined:
        return [
            t("A message goes into the person’s chat, with a button that makes a one-time link."),
            t("It counts as one message of the month’s quota. Nobody of us sees the password."),
        ]
    return [
        t("The person has no LINE account with us yet. An e-mail tells them how to join."),
        t(
            "It costs no message of the quota. The link in it works for {span}.",
            span=shown_span(t, mails.LINK_USEFUL),
        ),
    ]


def outcome(t: Translator, act: str, came_to: Done | Sent) -> tuple[str, str]:
    """What to say afterwards, and how."""
    if came_to is Done.YES:
        done = {
            "suspend": t("The account is suspended."),
            "resume": t("The account is open again."),
            "close": t("The account is closed."),
        }
        return done[act], "success"
    said: dict[Done | Sent, tuple[str, str]] = {
        Done.NOTHING: (t("Nothing was changed: the account is not in a state for it."), "warning"),
        Done.HELD: (t("A legal order stands: the account has to stay as it is."), "danger"),
        Done.MERGED: (t("This registration was merged. Please undo that first."), "warning"),
        Sent.CHAT: (t("The message is on its way into the chat."), "success"),
        Sent.MAIL: (t("The e-mail is on its way."), "success"),
        Sent.BLOCKED: (t("The person has blocked our LINE account; nothing was sent."), "warning"),
        Sent.BARRED: (t("Nothing was sent: there is no open account."), "warning"),
        Sent.JUST_NOW: (
            t(
                "One was sent less than {span} ago. Nothing was sent again; please wait for it.",
                span=shown_span(t, invitations.TWICE.span),
            ),
            "warning",
        ),
        Sent.OFTEN: (
            t(
                "{times} were sent within {span}. Please wait.",
                times=invitations.OFTEN.times,
                span=shown_span(t, invitations.OFTEN.span),
            ),
            "warning",
        ),
    }
    return said[came_to]
