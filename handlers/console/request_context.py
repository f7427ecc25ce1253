"""One request's browser at the console: its form token, and whose session it has."""

from dataclasses import dataclass

from flask import g

from bot.services.staff.sessions import Found, Member
from handlers.web.visits import Visit
from models.staff import Stage


@dataclass
class Desk:
    """What the guard found out about a request."""

    visit: Visit  # the portal's: the ticket, and the form token that belongs to it
    found: Found | None
    is_new: bool = False  # whether the browser has yet to get the cookie of its ticket

    @property
    def member(self) -> Member | None:
        """Who is signed in; nobody before both factors were shown."""
        return self.found.member if self.found and self.found.stage is Stage.IN else None

    @property
    def session(self) -> Found:
        """The session, for views that are only reached with one."""
        if self.found is None:
            raise RuntimeError("no session: the view needs `allow` or `stage`")
        return self.found


def desk() -> Desk:
    """This request's browser."""
    found: Desk = g.desk
    return found


def member() -> Member:
    """Who is signed in; only for views under `allow`."""
    found = desk().member
    if found is None:
        raise RuntimeError("no member: the view needs `allow`")
    return found
