"""One conversation a file; a flow exists when it is listed here."""

from bot.dispatch import Dispatcher
from handlers.line import (
    account,
    announce,
    announce_ask,
    announce_desk,
    child_note,
    children,
    correction,
    courses,
    credentials,
    details,
    groups,
    guardian,
    history,
    menu,
    news,
    registration,
    relink,
    rights,
    staff_link,
    welcome,
)
from handlers.line.shared import main_menu

FLOWS = (
    welcome.flow,
    menu.flow,
    registration.flow,
    credentials.flow,
    account.flow,
    details.flow,
    history.flow,
    news.flow,
    rights.flow,
    correction.flow,
    relink.flow,
    guardian.flow,
    children.flow,
    child_note.flow,
    courses.flow,
    staff_link.flow,
    announce.flow,
    announce_ask.flow,
    announce_desk.flow,
)


def build_dispatcher() -> Dispatcher:
    """The dispatcher over all conversations; raises FlowError where they contradict each other."""
    return Dispatcher(
        FLOWS,
        menu=main_menu,
        fallback=menu.not_understood,
        in_group=groups.in_group,
        nobody=groups.nobody,
        ways_on=menu.ways_on,
        account_ready=credentials.account_ready,
        undelivered=details.told_of_mail,
    )
