"""The consent record of ISO/IEC TS 27560:2023: header, processing and parties of one event.

Fields as mapped by the W3C DPV guide (https://w3id.org/dpv/guides/consent-27560). The event
section is the ConsentEvent row itself.
"""

from typing import Any

from bot.services.people.fields import FIELDS
from bot.settings import School
from models.consent import ConsentEvent, Purpose

SCHEMA = "ISO/IEC TS 27560:2023"

# What each purpose needs, and nothing else (R6). Items that may be left out are marked.
ITEMS: dict[Purpose, tuple[tuple[str, bool], ...]] = {
    Purpose.ENROLMENT: (
        *((field.recorded, not field.is_needed) for field in FIELDS.values()),
        ("LINE userId", False),
        ("age band", False),
    ),
    Purpose.LINE_NEWS: (("LINE userId", False),),
    Purpose.EMAIL_NEWS: (("e-mail address", False), ("full name", False)),
}
SENTENCE: dict[Purpose, str] = {
    Purpose.ENROLMENT: "To create and look after the E-Learning account, so that you can study",
    Purpose.LINE_NEWS: "To send news, articles, videos and course information on LINE",
    Purpose.EMAIL_NEWS: "To send news, articles, videos and course information by e-mail",
}
BASIS: dict[Purpose, str] = {
    Purpose.ENROLMENT: "PDPA s.24(3) contract, with explicit consent (s.19)",
    Purpose.LINE_NEWS: "PDPA s.19 consent",
    Purpose.EMAIL_NEWS: "PDPA s.19 consent",
}
RECIPIENTS: dict[Purpose, tuple[str, ...]] = {
    Purpose.ENROLMENT: ("LY Corporation (LINE)", "hosting provider", "mail provider"),
    Purpose.LINE_NEWS: ("LY Corporation (LINE)", "hosting provider"),
    Purpose.EMAIL_NEWS: ("mail provider", "hosting provider"),
}
NOT_SET = "not yet set"


def record_of(event: ConsentEvent, school: School) -> dict[str, Any]:
    """The three sections that surround an event; no personal data, pseudonyms only."""
    retention = {
        Purpose.ENROLMENT: f"while the account is active and {school.account_years} years after"
        if school.account_years
        else NOT_SET,
    }.get(event.purpose, "24 months from consent, or until withdrawn")
    return {
        "header": {
            "schemaVersion": SCHEMA,
            "recordId": event.id,
            "piiPrincipalId": event.subject_id,
        },
        "processing": {
            "privacyNotice": f"/privacy/v/{event.notice_version}#sha256-{event.notice_hash}",
            "language": str(event.language),
            "purpose": SENTENCE[event.purpose],
            "purposeType": str(event.purpose),
            "lawfulBasis": BASIS[event.purpose],
            "piiInformation": [
                {"type": name, "optional": optional, "sensitive": False}
                for name, optional in ITEMS[event.purpose]
            ],
            "piiControllers": ["controller"],
            "collectionMethod": "LINE chat",
            "processingMethod": "automated",
            "storageLocations": [school.hosting or NOT_SET],
            "retentionPeriod": retention,
            "jurisdiction": "TH",
            "recipientThirdParties": list(RECIPIENTS[event.purpose]),
            "withdrawalMethod": "LINE chat: My account",
            "privacyRights": [
                "PDPA s.19 withdraw",
                "s.30 access",
                "s.31 portability",
                "s.32 object",
                "s.33 erase",
                "s.34 restrict",
                "s.36 correct",
                "s.73 complain to the PDPC",
            ],
        },
        "parties": [
            {
                "partyId": "controller",
                "name": school.controller or NOT_SET,
                "address": school.address or NOT_SET,
                "contact": school.email or school.phone or NOT_SET,
                "type": "controller",
            }
        ],
    }
