"""Has strangers try to lock people out, and says who still gets in with the right password.

`python -m benchmarks.lockout`: each attack, then its victim at once. Ends with 1 where somebody
waits who should not. What strangers may guess in a day is counted too.
"""

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask

from benchmarks.hostile import product

HOME, AWAY = "203.0.113.7", "192.0.2.50"
FREE = 5  # tries of one name from one network before it has to wait
DAY = timedelta(days=1)
GUESSES = 201  # of one account in its first day of attack, from anywhere
Attack = Callable[["School"], int]  # how many tries it made


@dataclass
class School:
    """A learner and a member of staff, both known at HOME, and any number of strangers."""

    app: Flask
    clock: Any
    learner: Any = None
    phone: Any = None  # the learner's browser, which stays signed in
    desk: Any = None  # the member's browser
    authenticator: Any = None
    code: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    def open(self) -> None:
        """Both come in once, as they always do."""
        from tests.console.conftest import Phone
        from tests.console.door import invite, settle
        from tests.portal.conftest import OWN_PASSWORD

        self.learner, self.password = enrolled(self.app, self.clock), OWN_PASSWORD
        self.phone = self.browser(HOME)
        self.phone.sign_in(self.learner.username, self.learner.initial)
        form = {"chosen": self.password, "again": self.password}
        self.phone.submit("/portal/password", "/portal/password", **form)
        self.phone.log_out()
        self.phone.sign_in(self.learner.username, self.password, stay="1")
        self.phone.forget()
        self.desk, self.authenticator = self.at_desk(HOME), Phone(self.clock)
        settle(self.desk, invite(self.app.extensions["bot"])[1], self.authenticator)
        self.desk.submit("/console/me", "/console/sign-out")
        self.code = self.authenticator.code()  # now, for it takes half a minute

    def browser(self, ip: str) -> Any:
        from tests.portal.conftest import Browser

        return Browser(self.app.test_client(), ip)

    def at_desk(self, ip: str) -> Any:
        from tests.console.conftest import Desk

        return Desk(self.app.test_client(), ip=ip)

    def wrong(self, name: str, ip: str) -> None:
        """A stranger tries a learner's name."""
        self.browser(ip).sign_in(name, "wrong")

    def wrong_member(self, name: str, ip: str) -> None:
        """A stranger tries a member's name."""
        form = {"username": name, "password": "wrong"}
        self.at_desk(ip).submit("/console/sign-in", "/console/sign-in", **form)

    def learner_at(self, browser: Any) -> Any:
        return browser.sign_in(self.learner.username, self.password)

    def member_at(self, desk: Any) -> Any:
        from tests.console.door import sign_in

        return sign_in(desk, self.code)


def enrolled(app: Flask, clock: Any) -> Any:
    """A learner with an account and its first password."""
    from bot.providers.base import NewAccount
    from bot.services.auth import passwords
    from tests.factories import make_account, make_learner
    from tests.portal.conftest import Pupil

    bot, now = app.extensions["bot"], clock()
    account = bot.database.write(lambda s: make_account(s, make_learner(s, now), now))
    new = NewAccount(account.id, account.username, "A B", "s@example.test", "th")
    bot.provider.create(new, now)
    initial = passwords.draw_initial()
    bot.provider.issue_password(account.id, initial, now)
    return Pupil(account.id, account.learner_id, account.username, initial)


def invented_names(school: School) -> int:
    for n in range(30):
        school.wrong(f"epbcd{n:05}", HOME)
    return 30


def invented_members(school: School) -> int:
    for n in range(30):
        school.wrong_member(f"nobody{n}", HOME)
    return 30


def name_everywhere(school: School) -> int:
    for n in range(100):
        school.wrong(school.learner.username, f"198.51.100.{n // FREE}")
    return 100


def member_everywhere(school: School) -> int:
    for n in range(100):
        school.wrong_member("kru.jai", f"198.51.100.{n // FREE}")
    return 100


def name_at_home(school: School) -> int:
    for _ in range(30):
        school.wrong(school.learner.username, HOME)
    return 30


def member_at_home(school: School) -> int:
    for _ in range(30):
        school.wrong_member("kru.jai", HOME)
    return 30


# The attack, who wants in after it, how, and whether they must get in at once.
CASES: tuple[tuple[Attack, str, Callable[[School], Any], bool], ...] = (
    (
        invented_names,
        "learner, known network, new browser",
        lambda s: s.learner_at(s.browser(HOME)),
        True,
    ),
    (
        invented_names,
        "staff of that network, new browser",
        lambda s: s.member_at(s.at_desk(HOME)),
        True,
    ),
    (
        invented_members,
        "staff, known network, new browser",
        lambda s: s.member_at(s.at_desk(HOME)),
        True,
    ),
    (
        name_everywhere,
        "learner, known network, new browser",
        lambda s: s.learner_at(s.browser(HOME)),
        True,
    ),
    (
        member_everywhere,
        "staff, known network, new browser",
        lambda s: s.member_at(s.at_desk(HOME)),
        True,
    ),
    (
        name_at_home,
        "learner, own browser that stays signed in",
        lambda s: s.learner_at(s.phone),
        True,
    ),
    (member_at_home, "staff, own browser", lambda s: s.member_at(s.desk), True),
    (
        name_at_home,
        "learner, same network, new browser",
        lambda s: s.learner_at(s.browser(HOME)),
        False,
    ),
    (
        name_everywhere,
        "learner, unknown network and browser",
        lambda s: s.learner_at(s.browser(AWAY)),
        False,
    ),
)


def main() -> int:
    from tests.clock import FakeClock

    failed = False
    print(f"{'attack':<19}{'tries':>6}  {'who wants in with the right password':<43}answer")
    for attack, who, victim, must in CASES:
        with tempfile.TemporaryDirectory() as folder:
            clock = FakeClock(datetime(2026, 11, 23, 3, 0, tzinfo=UTC))
            school = School(product(folder, clock), clock)
            school.open()
            tries = attack(school)
            answer = victim(school)
            school.app.extensions["bot"].close()
        wait = answer.headers.get("Retry-After")
        said = "gets in" if answer.status_code == 303 else f"{answer.status_code}, waits {wait} s"
        failed |= must and answer.status_code != 303
        print(f"{attack.__name__:<19}{tries:>6}  {who:<43}{said}{'' if must else ' (allowed)'}")
    guessed = guesses_in_a_day()
    print(f"guesses of one account in the first day of an attack from everywhere: {guessed}")
    return int(failed or guessed > GUESSES)


def guesses_in_a_day() -> int:
    """From a new network for each try, as soon as one is admitted."""
    from tests.clock import FakeClock

    clock = FakeClock(datetime(2026, 11, 23, 3, 0, tzinfo=UTC))
    with tempfile.TemporaryDirectory() as folder:
        school = School(product(folder, clock), clock)
        school.learner = enrolled(school.app, clock)
        made, begun, number = 0, clock(), 0
        while clock() - begun < DAY:
            number += 1
            browser = school.browser(f"10.0.{number // 250}.{number % 250}")
            answer = browser.sign_in(school.learner.username, "wrong")
            if answer.status_code == 403:
                made += 1
            else:
                clock.advance(seconds=int(answer.headers["Retry-After"]))
        school.app.extensions["bot"].close()
    return made


if __name__ == "__main__":
    sys.exit(main())
