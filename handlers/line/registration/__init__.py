"""Registration: consent, age, guardian, four details, news by choice, summary, account."""

from handlers.line.registration import consent, details, guardian, news, summary
from handlers.line.registration.flow import flow

PARTS = (consent, guardian, details, news, summary)

__all__ = ["PARTS", "flow"]
