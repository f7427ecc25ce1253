"""Deploying the rich menus: whatever stands at LINE, afterwards exactly ours stand there.

Every step can be the last one before a crash. A menu's name carries the digest of what it is made
of, so that the next run finds what this one began, and a run that finds all in place only reads.
"""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from bot.errors import BotError, DeliveryError
from bot.line.menu_pictures import draw_menu
from bot.line.menus import PREFIX, Menu, payload
from bot.presentation.menus import all_menus
from bot.runtime.parts import Bot
from bot.services.chat import rich_menus
from bot.services.shared import throttles
from bot.services.shared.throttles import Limit
from models.rich_menu import RichMenu

# LINE allows 100 an hour of each (reference, "Rate limits"). A limit of 50 that fills again
# steadily lets at most 100 through in any hour.
CREATE = Limit("richmenu-create", 50, timedelta(hours=1))
DELETE = Limit("richmenu-delete", 50, timedelta(hours=1))
POLLS = 60  # seconds for which a move of people is waited for


class DeploymentError(BotError):
    """The deployment stopped; the text says why and what to do. It can be run again."""


@dataclass(frozen=True)
class Design:
    """One menu as it should stand at LINE."""

    menu: Menu
    picture: bytes
    digest: str

    @property
    def name(self) -> str:
        """What LINE's console shows, and how an interrupted run finds its menus again."""
        return f"{PREFIX}{self.menu.key}/{self.digest[:24]}"


def designs() -> list[Design]:
    """The menus as the code has them now, drawn."""
    found = []
    for menu in all_menus():
        picture = draw_menu(menu)
        plain = json.dumps(payload(menu, ""), sort_keys=True, ensure_ascii=False)
        found.append(Design(menu, picture, hashlib.sha256(plain.encode() + picture).hexdigest()))
    return found


def matches(designed: list[Design], standing: dict[str, RichMenu]) -> bool:
    """Whether what was deployed last is what the code has now."""
    return {d.menu.key: d.digest for d in designed} == {k: r.digest for k, r in standing.items()}


@dataclass
class Deployment:
    """One run: reads what LINE has, then does what is missing, in an order that a crash respects.

    Make, draw, name; show to new people; move the old ones; remember; and only then remove.
    """

    bot: Bot
    is_dry: bool = False
    say: Callable[[str], None] = lambda _: None
    wait: Callable[[float], None] = time.sleep
    changes: int = 0
    _ids: dict[str, str] = field(default_factory=dict)

    def run(self) -> int:
        """Deploy; returns how many changes were made at LINE, or would be in a dry run."""
        try:
            return self._run()
        except DeliveryError as error:
            if error.status == 429:
                raise DeploymentError(
                    "LINE’s limit on rich menus is reached (100 made, 100 deleted and 3 moves of "
                    "people an hour). Run this again in an hour; what is done stays done."
                ) from error
            raise DeploymentError(
                f"LINE did not take it ({error.reason}). Run this again; what is done stays done."
            ) from error
        finally:
            self.bot.menus.forget()

    def _run(self) -> int:
        calls, designed = self.bot.gateway.rich_menus, designs()
        standing = self.bot.database.read(rich_menus.standing)
        names, aliases, default = calls.names(), calls.aliases(), calls.default()
        for design in designed:
            self._ids[design.menu.key] = self._made(design, names, standing, aliases)
        for key, menu_id in self._ids.items():
            if aliases.get(key) != menu_id:
                act = partial(calls.put_alias, key, menu_id, exists=key in aliases)
                self._change(f"{key}: name", act)
        first = self._ids[rich_menus.DEFAULT]
        if default != first:
            self._change(
                f"{rich_menus.DEFAULT}: show to everybody", partial(calls.set_default, first)
            )
        self._move(standing, names)
        if not matches(designed, standing) or self._moved(standing):
            self._remember(designed)
        ours = {m for m, name in names.items() if name.startswith(PREFIX)}
        old = ours | ({row.menu_id for row in standing.values()} & names.keys())
        for menu_id in sorted(old - set(self._ids.values())):
            act = partial(self._counted, DELETE, partial(calls.delete, menu_id))
            self._change(f"{names[menu_id]}: delete", act)
        return self.changes

    def _made(
        self,
        design: Design,
        names: dict[str, str],
        standing: dict[str, RichMenu],
        aliases: dict[str, str],
    ) -> str:
        """LINE's id of a menu with its picture: found, finished or new."""
        calls, key = self.bot.gateway.rich_menus, design.menu.key
        found = sorted(menu_id for menu_id, name in names.items() if name == design.name)
        known = {aliases.get(key), standing[key].menu_id if key in standing else None}
        for menu_id in found:
            if menu_id in known:
                return menu_id  # it was whole when we named or remembered it
        for menu_id in found:
            if not calls.has_picture(menu_id):
                self._change(f"{key}: picture", partial(calls.upload, menu_id, design.picture))
            return menu_id
        body = payload(design.menu, design.name)
        if self.is_dry:
            self._change(f"{key}: make", lambda: None)
            return f"new {key}"
        calls.check(body)
        made: list[str] = []
        make = partial(self._counted, CREATE, lambda: made.append(calls.create(body)))
        self._change(f"{key}: make", make)
        self._change(f"{key}: picture", partial(calls.upload, made[0], design.picture))
        return made[0]

    def _moved(self, standing: dict[str, RichMenu]) -> bool:
        return self._ids != {key: row.menu_id for key, row in standing.items()}

    def _move(self, standing: dict[str, RichMenu], names: dict[str, str]) -> None:
        """Whoever is linked to a menu that is about to go gets its successor; LINE knows who."""
        moves = {
            row.menu_id: self._ids[key]
            for key, row in standing.items()
            if key in self._ids
            and row.menu_id in names
            and row.menu_id != self._ids[key]
            and key != rich_menus.DEFAULT  # nobody is linked to what everybody has
        }
        if not moves:
            return
        request: list[str] = []
        calls = self.bot.gateway.rich_menus
        self._change("move people to the new menus", lambda: request.append(calls.move(moves)))
        for _ in range(0 if self.is_dry else POLLS):
            phase = calls.moved(request[0])
            if phase == "succeeded":
                return
            if phase == "failed":
                break
            self.wait(1)
        if not self.is_dry:
            raise DeploymentError(
                "LINE has not moved everybody to the new menus yet, so the old ones stay. Run this "
                "again in half an hour."
            )

    def _remember(self, designed: list[Design]) -> None:
        if self.is_dry:
            return
        now, ids = self.bot.clock(), self._ids
        rows = [(d.menu.key, ids[d.menu.key], d.digest) for d in designed]
        self.bot.database.write(lambda session: rich_menus.remember_all(session, rows, now))

    def _counted(self, limit: Limit, act: Callable[[], object]) -> None:
        """Count a call before it is made, over runs too; stop before LINE does."""
        bot = self.bot
        left = bot.database.write(
            lambda session: throttles.take(session, [(limit, "all")], bot.clock())
        )
        if left > throttles.NOW:
            minutes = int(left.total_seconds() // 60) + 1
            raise DeploymentError(
                "Too many rich menus were made or deleted within an hour (LINE allows 100). Run "
                f"this again in {minutes} minute(s); what is done stays done."
            )
        act()

    def _change(self, what: str, act: Callable[[], object]) -> None:
        self.changes += 1
        self.say(f"would {what}" if self.is_dry else what)
        if not self.is_dry:
            act()
