"""A sample file of learners, for staff to fill in: in their language, of made-up people."""

import csv
import io
from datetime import datetime, timedelta

from bot.clock import BANGKOK
from bot.services.learners.import_words import Column, ImportColumn
from bot.services.people.fields import Item
from bot.texts import Translator, policy
from handlers.console.import_words import FIELDS

# One column for the whole name, and no birth dates: nobody needs to collect them for us.
COLUMNS: tuple[Column, ...] = tuple(
    field for field in FIELDS if field not in {ImportColumn.SURNAME, ImportColumn.BIRTH}
)
AGO = timedelta(days=30)  # when the made-up people consented


def made(t: Translator, now: datetime) -> bytes:
    """The file, with the mark that tells Excel of UTF-8."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, restval="")
    writer.writerow({field: t(FIELDS[field]) for field in COLUMNS})
    writer.writerows(_people(t, f"{(now - AGO).astimezone(BANGKOK):%Y-%m-%d}"))
    return out.getvalue().encode("utf-8-sig")


def _people(t: Translator, on: str) -> list[dict[Column, str]]:
    """One with our own notice, one with words of the school's, one who has yet to consent."""
    return [
        {
            Item.NAME: t("Somying Sample"),
            Item.PHONE: "081-000-0001",
            Item.EMAIL: "somying@example.com",
            Item.LINE_ID: "somying-sample",
            ImportColumn.AGE: "34",
            ImportColumn.LANGUAGE: "th",
            ImportColumn.CONSENT_DATE: on,
            ImportColumn.CONSENT_WORDS: policy.CURRENT,
            ImportColumn.CONSENT_MEANS: t("paper"),
            ImportColumn.EMAIL_NEWS: t("yes"),
            ImportColumn.GROUP: t("Saturday class"),
        },
        {
            Item.NAME: t("Somchai Sample"),
            Item.PHONE: "081-000-0002",
            Item.EMAIL: "somchai@example.com",
            ImportColumn.AGE: "20+",
            ImportColumn.LANGUAGE: "en",
            ImportColumn.CONSENT_DATE: on,
            ImportColumn.CONSENT_WORDS: t(
                "I agree that the school keeps my details for E-Learning."
            ),
            ImportColumn.CONSENT_MEANS: t("web"),
            ImportColumn.EMAIL_NEWS: t("no"),
        },
        {
            Item.NAME: t("Manee Sample"),
            Item.PHONE: "081-000-0003",
            Item.EMAIL: "manee@example.com",
            ImportColumn.AGE: "28",
        },
    ]
