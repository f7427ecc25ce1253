"""The console's menu: one line a page, shown to whoever may open it."""

from dataclasses import dataclass

from flask import current_app, request

from bot.services.staff.permissions import Permission
from bot.services.staff.sessions import Member
from bot.texts import marked as _


@dataclass(frozen=True)
class MenuEntry:
    """One line of the menu. `under`: addresses that belong to it, to mark where one is."""

    endpoint: str
    label: str
    permission: Permission
    under: tuple[str, ...] = ()

    @property
    def is_current(self) -> bool:
        return request.endpoint == self.endpoint or request.path.startswith(self.under)


MENU = (
    MenuEntry("console.dashboard", _("Overview"), Permission.SEE_DASHBOARD),
    MenuEntry(
        "console.campaigns",
        _("Announcements"),
        Permission.SEE_CAMPAIGNS,
        ("/console/campaigns", "/console/announcements"),
    ),
    MenuEntry(
        "console.learners", _("Learners"), Permission.SEARCH_LEARNERS, ("/console/learners",)
    ),
    MenuEntry(
        "console.duplicates", _("Duplicates"), Permission.MERGE_LEARNERS, ("/console/duplicates",)
    ),
    MenuEntry("console.imports", _("Import"), Permission.IMPORT_LEARNERS, ("/console/imports",)),
    MenuEntry("console.exports", _("Export"), Permission.EXPORT_LEARNERS, ("/console/exports",)),
    MenuEntry(
        "console.returned_mails",
        _("Returned mails"),
        Permission.SEE_RETURNED_MAILS,
        ("/console/mails",),
    ),
    MenuEntry("console.audit_trail", _("Audit"), Permission.SEE_AUDIT, ("/console/audit",)),
    MenuEntry("console.team", _("Team"), Permission.ADMINISTER_STAFF, ("/console/team",)),
)


def entries(member: Member | None) -> list[MenuEntry]:
    """What a member may open, of what there is."""
    if member is None:
        return []
    there = current_app.view_functions
    return [entry for entry in MENU if entry.endpoint in there and member.may(entry.permission)]
