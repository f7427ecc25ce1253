"""What is wrong with a campaign, by field; the console and the chat find the words."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.errors import BotError


@dataclass(frozen=True)
class FieldProblem:
    """One field that cannot stay as it is.

    where: the field's path, e.g. `th.parts.0.text`. code: names the sentence. most: the limit
    that is passed, in the field's own unit.
    """

    where: str
    code: str
    most: int | None = None


@dataclass
class CampaignError(BotError):
    """A campaign cannot be saved, asked for or sent as it is; lists every problem at once."""

    problems: list[FieldProblem] = field(default_factory=list)

    def __str__(self) -> str:
        return "campaign: " + "; ".join(f"{each.where} {each.code}" for each in self.problems)


def refuse(found: Iterable[FieldProblem]) -> None:
    """Raise CampaignError where there is any problem."""
    listed = list(found)
    if listed:
        raise CampaignError(listed)
