"""The console's menu: one line a page, shown to whoever may open it."""

from dataclasses import dataclass

from flask import current_app, request

from bot.services.staff.permissions import Permission
from bot.services.staff.sessions import Member
from bot.services.statistics.waiting import Matter
from bot.texts import marked as _


@dataclass(frozen=True)
class MenuEntry:
    """One line of the menu.

    under: addresses that belong to it, to mark where one is. waits: what is decided there.
    """

    endpoint: str
    label: str
    permission: Permission
    under: tuple[str, ...] = ()
    waits: tuple[Matter, ...] = ()

    @property
    def is_current(self) -> bool:
        return request.endpoint == self.endpoint or request.path.startswith(self.under)


MENU = (
    MenuEntry(
        "console.dashboard", _("Overview"), Permission.SEE_DASHBOARD, waits=(Matter.REQUEST,)
    ),
    MenuEntry(
        "console.campaigns",
        _("Announcements"),
        Permission.SEE_CAMPAIGNS,
        ("/console/campaigns", "/console/announcements"),
        (Matter.APPROVAL, Matter.PAUSED),
    ),
    MenuEntry(
        "console.learners", _("Learners"), Permission.SEARCH_LEARNERS, ("/console/learners",)
    ),
    MenuEntry(
        "console.duplicates", _("Duplicates"), Permission.MERGE_LEARNERS, ("/console/duplicates",)
    ),
    MenuEntry(
        "console.imports",
        _("Import"),
        Permission.IMPORT_LEARNERS,
        ("/console/imports",),
        (Matter.IMPORT,),
    ),
    MenuEntry(
        "console.exports",
        _("Export"),
        Permission.EXPORT_LEARNERS,
        ("/console/exports",),
        (Matter.EXPORT, Matter.DOWNLOAD),
    ),
    MenuEntry(
        "console.returned_mails",
        _("Returned mails"),
        Permission.SEE_RETURNED_MAILS,
        ("/console/mails",),
        (Matter.LETTER,),
    ),
    MenuEntry("console.audit_trail", _("Audit trail"), Permission.SEE_AUDIT, ("/console/audit",)),
    MenuEntry("console.team", _("Team"), Permission.ADMINISTER_STAFF, ("/console/team",)),
)


def entries(member: Member | None) -> list[MenuEntry]:
    """What a member may open, of what there is."""
    if member is None:
        return []
    there = current_app.view_functions
    return [entry for entry in MENU if entry.endpoint in there and member.may(entry.permission)]


def decided_at(matter: Matter) -> str | None:
    """The page on which something is decided; None where a command does it."""
    if matter is Matter.REQUEST:
        return None
    return next((entry.endpoint for entry in MENU if matter in entry.waits), None)
