"""The guardian's side: whose registration it is, the relation, and a yes or no per purpose."""

from handlers.line.guardian import answers, code, who
from handlers.line.guardian.flow import flow

PARTS = (code, who, answers)

__all__ = ["PARTS", "flow"]
