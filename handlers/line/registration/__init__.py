"""Registration: consent, age, four details, news by choice, summary, account."""

from handlers.line.registration import consent, details, news, summary
from handlers.line.registration.flow import flow

PARTS = (consent, details, news, summary)

__all__ = ["PARTS", "flow"]
