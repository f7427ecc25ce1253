"""What each role of the staff may do; every console view names one of these permissions.

Separate duties (PDPC Security Measures 2022, cl. 4(4); policy R4, R5): whoever writes does not
approve, and whoever answers people does not read the audit trail.
"""

from enum import StrEnum

from models.staff import Role


class Permission(StrEnum):
    SEE_DASHBOARD = "see_dashboard"
    SEE_CAMPAIGNS = "see_campaigns"
    WRITE_CAMPAIGN = "write_campaign"  # draft, test send, ask for approval
    APPROVE_CAMPAIGN = "approve_campaign"
    STOP_CAMPAIGN = "stop_campaign"  # pause, go on, stop: whoever sees a mistake
    SEARCH_LEARNERS = "search_learners"  # masked
    UNMASK_LEARNER = "unmask_learner"  # with a reason
    CHANGE_LEARNER = "change_learner"  # resend a link, suspend, close
    MERGE_LEARNERS = "merge_learners"
    IMPORT_LEARNERS = "import_learners"
    EXPORT_LEARNERS = "export_learners"
    APPROVE_EXPORT = "approve_export"
    SEE_RETURNED_MAILS = "see_returned_mails"  # letters that wait, providers that refuse us
    SEE_AUDIT = "see_audit"
    ANSWER_REQUESTS = "answer_requests"  # under the PDPA; knows of orders that stay secret
    ADMINISTER_STAFF = "administer_staff"
    OWN_ACCOUNT = "own_account"  # one's own factors, language and LINE account


_EVERYBODY = frozenset({Permission.OWN_ACCOUNT, Permission.SEE_DASHBOARD})
_SENDING = frozenset({Permission.SEE_CAMPAIGNS, Permission.STOP_CAMPAIGN})

ROLES: dict[Role, frozenset[Permission]] = {
    Role.AUTHOR: _EVERYBODY | _SENDING | {Permission.WRITE_CAMPAIGN},
    Role.APPROVER: _EVERYBODY | _SENDING | {Permission.APPROVE_CAMPAIGN},
    Role.SUPPORT: _EVERYBODY
    | {
        Permission.SEARCH_LEARNERS,
        Permission.UNMASK_LEARNER,
        Permission.CHANGE_LEARNER,
        Permission.MERGE_LEARNERS,
        Permission.IMPORT_LEARNERS,
        Permission.EXPORT_LEARNERS,
        Permission.SEE_RETURNED_MAILS,
    },
    Role.PRIVACY: _EVERYBODY
    | {
        Permission.SEARCH_LEARNERS,
        Permission.UNMASK_LEARNER,
        Permission.EXPORT_LEARNERS,
        Permission.APPROVE_EXPORT,
        Permission.SEE_AUDIT,
        Permission.ANSWER_REQUESTS,
        Permission.SEE_CAMPAIGNS,
    },
    Role.ADMIN: _EVERYBODY
    | _SENDING
    | {Permission.ADMINISTER_STAFF, Permission.SEE_AUDIT, Permission.SEE_RETURNED_MAILS},
}


def of_roles(roles: frozenset[Role]) -> frozenset[Permission]:
    """Everything that somebody with these roles may do."""
    return frozenset().union(*(ROLES[role] for role in roles))
