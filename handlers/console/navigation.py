"""The console's menu: one line a page, shown to whoever may open it."""

from dataclasses import dataclass

from flask import current_app, request

from bot.services.staff.permissions import Permission
from bot.services.staff.sessions import Member


def _(sentence: str) -> str:
    """Marks a sentence for the catalogue."""
    return sentence


@dataclass(frozen=True)
class Entry:
    """One line of the menu. `under`: addresses that belong to it, to mark where one is."""

    endpoint: str
    label: str
    permission: Permission
    under: tuple[str, ...] = ()

    @property
    def is_current(self) -> bool:
        return request.endpoint == self.endpoint or request.path.startswith(self.under)


MENU = (
    Entry("console.dashboard", _("Overview"), Permission.SEE_DASHBOARD),
    Entry(
        "console.campaigns",
        _("Announcements"),
        Permission.SEE_CAMPAIGNS,
        ("/console/campaigns", "/console/announcements"),
    ),
    Entry("console.learners", _("Learners"), Permission.SEARCH_LEARNERS, ("/console/learners",)),
    Entry(
        "console.duplicates", _("Duplicates"), Permission.MERGE_LEARNERS, ("/console/duplicates",)
    ),
    Entry("console.imports", _("Import"), Permission.IMPORT_LEARNERS, ("/console/imports",)),
    Entry("console.exports", _("Export"), Permission.EXPORT_LEARNERS, ("/console/exports",)),
    Entry("console.audit_trail", _("Audit"), Permission.SEE_AUDIT, ("/console/audit",)),
    Entry("console.team", _("Team"), Permission.ADMINISTER_STAFF, ("/console/team",)),
)


def entries(member: Member | None) -> list[Entry]:
    """What a member may open, of what there is."""
    if member is None:
        return []
    there = current_app.view_functions
    return [entry for entry in MENU if entry.endpoint in there and member.may(entry.permission)]
