"""Asks known and unknown in turn at the doors that answer both alike, and compares the time.

`python -m benchmarks.alike`: medians of 60 in milliseconds; ends with 1 where they differ by more
than a fifth and two milliseconds. SQLite in a folder of its own, no thread and no network.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from typing import Any

from sqlalchemy.orm import Session

from benchmarks.hostile import product
from bot.runtime import Bot, errands
from bot.services.auth import passwords, sign_in
from bot.services.learners import relinking
from bot.services.staff import sign_in as staff_sign_in
from models.account import Account, AccountState
from models.base import new_id
from models.conversation import Conversation, Language
from models.learner import AgeBand, Learner
from models.portal import PortalAccount
from models.staff import Role, Staff

TIMES = 60
SHARE, LEAST = 0.2, 2.0  # of the median, and in ms: less is the machine
NOW = datetime.now(UTC)
ADDRESSES = ("known{n}@example.test", "nobody{n}@example.test")
NAMES = ("epknown{n:03}", "epnobody{n:03}")

Ask = Callable[[Bot, int, int], Any]  # who: 0 known, 1 unknown


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        bot: Bot = product(folder).extensions["bot"]
        bot.database.write(people)
        is_told = [compare(bot, name, ask) for name, ask in DOORS.items()]
        bot.close()
    return int(any(is_told))


def compare(bot: Bot, name: str, ask: Ask) -> bool:
    """Ask in turn, so that what else the machine does falls on both; whether the time tells."""
    took: dict[int, list[float]] = {0: [], 1: []}
    for turn in range(TIMES):
        for who in sorted(took, reverse=bool(turn % 2)):
            began = time.perf_counter()
            ask(bot, who, turn)
            took[who].append((time.perf_counter() - began) * 1000)
        errands.drain(bot)
    known, unknown = (median(each) for each in took.values())
    apart = abs(known - unknown)
    is_told = apart > max(LEAST, SHARE * unknown)
    print(f"{name:24} known {known:7.2f} ms, unknown {unknown:7.2f} ms{' TELLS' * is_told}")
    return is_told


def chat(session: Session, name: str) -> Conversation:
    """A stranger's chat, made where there is none."""
    found = session.get(Conversation, name)
    if found is None:
        found = Conversation(
            id=name, person=name, language=Language.THAI, created_at=NOW, seen_at=NOW
        )
        session.add(found)
        session.flush()
    return found


def address(bot: Bot, who: int, turn: int) -> None:
    typed = ADDRESSES[who].format(n=turn)
    bot.database.write(
        lambda s: relinking.send_code(s, chat(s, f"c{who}-{turn}"), typed, bot.clock())
    )


def digits(bot: Bot, who: int, turn: int) -> None:
    """Wrong ones, in the chat that asked: the codes of the known are on their way by now."""
    typed = ADDRESSES[who].format(n=turn)
    bot.database.write(
        lambda s: relinking.by_mail(s, chat(s, f"c{who}-{turn}"), typed, "000000", bot.clock())
    )


def portal(bot: Bot, who: int, turn: int) -> None:
    name, ip = NAMES[who].format(n=turn), f"10.{who}.0.{turn}"
    sign_in.attempt(bot.database, name, "not the right one", ip, bot.clock())


def console(bot: Bot, who: int, turn: int) -> None:
    name, ip = NAMES[who].format(n=turn), f"10.1{who}.0.{turn}"
    staff_sign_in.attempt(bot.database, name, "not the right one", ip, bot.clock())


DOORS: dict[str, Ask] = {
    "re-linking, the address": address,
    "re-linking, the digits": digits,
    "sign-in": portal,
    "sign-in of staff": console,
}


def people(session: Session) -> None:
    """Somebody known at every door, for each turn."""
    found = passwords.hash_password("the right one")
    for turn in range(TIMES):
        learner = Learner(
            id=new_id(),
            conversation_id=chat(session, new_id()).id,
            age_band=AgeBand.FROM_20,
            language=Language.THAI,
            created_at=NOW,
            email_verified_at=NOW,
        )
        account = Account(
            id=new_id(),
            learner_id=learner.id,
            provider="local",
            username=NAMES[0].format(n=turn),
            state=AccountState.ACTIVE,
            created_at=NOW,
        )
        member = Staff(
            id=new_id(),
            username=account.username,
            language=Language.THAI,
            created_at=NOW,
            password_hash=found,
        )
        member.roles = frozenset({Role.AUTHOR})
        with session.no_autoflush:
            session.add(learner)
            learner.name, learner.phone = "มะลิ ใจดี", f"+6681{turn:07}"
            learner.email = ADDRESSES[0].format(n=turn)
            learner.line_user_id, learner.line_id = f"U{turn:032x}", None
            session.add(member)
            member.name = "ครู มะลิ"
        session.flush()
        session.add(account)
        session.flush()
        session.add(
            PortalAccount(
                id=new_id(),
                external_key=account.id,
                username=account.username,
                password_hash=found,
                created_at=NOW,
            )
        )
    session.flush()


if __name__ == "__main__":
    sys.exit(main())
