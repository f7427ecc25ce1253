"""Roles and permissions in words for people."""

from bot.services.staff.permissions import ROLES, Permission
from bot.texts import Translator
from bot.texts import marked as _
from models.staff import Role

ROLE_WORDS: dict[Role, str] = {
    Role.AUTHOR: _("Author"),
    Role.APPROVER: _("Approver"),
    Role.SUPPORT: _("Support"),
    Role.PRIVACY: _("Privacy officer"),
    Role.ADMIN: _("Administrator"),
}
ROLE_DUTIES: dict[Role, str] = {
    Role.AUTHOR: _("writes announcements"),
    Role.APPROVER: _("checks and approves announcements of others"),
    Role.SUPPORT: _("helps learners with their accounts"),
    Role.PRIVACY: _("watches over personal data and the audit trail"),
    Role.ADMIN: _("adds members of staff and their roles"),
}
PERMISSION_WORDS: dict[Permission, str] = {
    Permission.SEE_DASHBOARD: _("see the overview"),
    Permission.SEE_CAMPAIGNS: _("see announcements"),
    Permission.WRITE_CAMPAIGN: _("write announcements"),
    Permission.APPROVE_CAMPAIGN: _("approve announcements"),
    Permission.STOP_CAMPAIGN: _("stop announcements"),
    Permission.SEARCH_LEARNERS: _("search learners"),
    Permission.UNMASK_LEARNER: _("see full details of learners"),
    Permission.CHANGE_LEARNER: _("change learners’ accounts"),
    Permission.MERGE_LEARNERS: _("merge duplicates"),
    Permission.IMPORT_LEARNERS: _("import learners"),
    Permission.EXPORT_LEARNERS: _("export learners"),
    Permission.APPROVE_EXPORT: _("approve exports"),
    Permission.SEE_RETURNED_MAILS: _("see returned mails"),
    Permission.SEE_AUDIT: _("see the audit trail"),
    Permission.ANSWER_REQUESTS: _("answer requests under the PDPA"),
    Permission.ADMINISTER_STAFF: _("manage the team"),
    Permission.OWN_ACCOUNT: _("manage one’s own account"),
}


def role_name(t: Translator, role: Role) -> str:
    """What a role is called."""
    return t(ROLE_WORDS[role])


def missing(t: Translator, permission: Permission) -> str:
    """What somebody may not do, in words."""
    return t(PERMISSION_WORDS[permission])


def holders(t: Translator, permission: Permission) -> list[str]:
    """The roles that may."""
    return [t(ROLE_WORDS[role]) for role in Role if permission in ROLES[role]]
