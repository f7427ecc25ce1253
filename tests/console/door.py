"""Through the console's door by hand: a link, a password, an authenticator, the codes."""

import re
import threading
from collections.abc import Callable

from sqlalchemy import select
from werkzeug.test import TestResponse

from bot.runtime import Bot
from bot.services.staff import enrolment, staff
from models.audit import AuditEntry
from models.staff import Role
from tests.console.conftest import Desk, Phone

PASSWORD = "สี่แมว walks over 9 hills"
CODES = re.compile(r"<li>([0-9a-z-]{19})</li>")


def invite(bot: Bot, username: str = "kru.jai", *roles: Role) -> tuple[str, str]:
    """A member as the command makes one: their id and the path of their link."""
    made = roles or (Role.ADMIN,)
    staff_id, drawn = bot.database.write(
        lambda s: staff.add(s, "ครูใจดี", username, made, staff.OPERATOR, bot.clock())
    )
    return staff_id, f"{enrolment.PATH}{drawn}"


def settle(desk: Desk, path: str, phone: Phone) -> list[str]:
    """Through the link to the first page; returns the recovery codes."""
    answer = desk.submit(path, path, chosen=PASSWORD, again=PASSWORD)
    assert answer.location == "/console/start-factor", answer.text
    phone.scan(desk.get("/console/start-factor").text)
    answer = desk.submit("/console/start-factor", "/console/start-factor", code=phone.code())
    assert answer.status_code == 200, answer.text
    return CODES.findall(answer.text)


def sign_in(
    desk: Desk, code: str, username: str = "kru.jai", password: str = PASSWORD
) -> TestResponse:
    form = {"username": username, "password": password}
    answer = desk.submit("/console/sign-in", "/console/sign-in", **form)
    if answer.status_code != 303:
        return answer
    assert answer.location == "/console/sign-in/code"
    return desk.submit("/console/sign-in/code", "/console/sign-in/code", code=code)


def actions(bot: Bot) -> list[str]:
    return list(
        bot.database.read(lambda s: s.scalars(select(AuditEntry.action).order_by(AuditEntry.seq)))
    )


def at_once(times: int, act: Callable[[], object]) -> list[object]:
    """Many threads that begin together."""
    ready, found = threading.Barrier(times), []

    def run() -> None:
        ready.wait()
        found.append(act())

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found
