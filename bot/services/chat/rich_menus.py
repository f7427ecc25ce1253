"""Which rich menu a person should have, and which stand at LINE."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.clock import is_waiting
from bot.texts import LANGUAGES, THAI
from models.conversation import Conversation
from models.learner import Learner, LearnerState
from models.rich_menu import RichMenu

KNOWN_FOR = timedelta(minutes=1)


class MenuAudience(StrEnum):
    GUEST = "guest"
    LEARNER = "learner"
    STAFF = "staff"


def key_of(audience: MenuAudience, language: str) -> str:
    """The key of a menu, which is its alias at LINE too."""
    return f"{audience}-{language}"


DEFAULT = key_of(MenuAudience.GUEST, THAI)  # what LINE shows to everybody who is linked to none


@dataclass
class Deployed:
    """What stands at LINE by key, remembered for a minute: asking costs nothing a message."""

    ids: dict[str, str] = field(default_factory=dict)
    until: datetime | None = None

    def is_stale(self, now: datetime) -> bool:
        return not is_waiting(self.until, now, KNOWN_FOR)

    def know(self, ids: dict[str, str], now: datetime) -> None:
        """Remember what was read."""
        self.ids, self.until = ids, now + KNOWN_FOR

    def forget(self) -> None:
        """Ask again at the next message."""
        self.until = None


@dataclass(frozen=True)
class Linking:
    """A menu that a person should have and has not; menu_id None gives them the default."""

    conversation_id: str
    user_id: str
    key: str
    menu_id: str | None
    remembered: str  # what to remember once LINE has done it


@dataclass(frozen=True)
class ShownMenu:
    """What tells which menu a person sees.

    linked: LINE's id of the menu last linked. tapped: the key of the menu whose button was tapped,
    which tells where LINE shows another one than we remember.
    """

    linked: str | None
    tapped: str | None


def wanted(
    session: Session,
    deployed: Deployed,
    conversation: Conversation,
    learner: Learner | None,
    *,
    user_id: str,
    shown: ShownMenu,
    is_staff: bool | None,
    ask_staff: Callable[[], bool],
) -> Linking | None:
    """The link that is missing after an event; None where nothing is to be done.

    learner: as far as the event's handler has loaded it; only somebody whose menu is not known
    costs a look. is_staff: whether the person works here, None where the handler did not ask;
    `ask_staff` is asked then, but only about somebody who has the menu of staff.
    """
    linked = shown.linked
    if not deployed.ids:
        return None
    if is_staff is None and linked is not None:
        staff_menus = {deployed.ids.get(key_of(MenuAudience.STAFF, each)) for each in LANGUAGES}
        is_staff = linked in staff_menus and ask_staff()
    audience = MenuAudience.STAFF
    if not is_staff:
        audience = _audience(session, deployed, conversation, learner, linked)
    key = key_of(audience, conversation.language)
    menu_id = deployed.ids.get(key)
    if menu_id is None:
        return None
    if shown.tapped in deployed.ids and shown.tapped != key:
        linked = deployed.ids[shown.tapped]
    elif linked is None and key == DEFAULT:
        return None
    if linked == menu_id:
        return None
    return Linking(
        conversation.id, user_id, key, None if key == DEFAULT else menu_id, remembered=menu_id
    )


def _audience(
    session: Session,
    deployed: Deployed,
    conversation: Conversation,
    learner: Learner | None,
    linked: str | None,
) -> MenuAudience:
    if conversation.learner_id is None or conversation not in session:
        return MenuAudience.GUEST  # a stranger, or somebody who has just been erased
    if learner is None:
        for key, menu_id in deployed.ids.items():
            audience = MenuAudience(key.partition("-")[0])
            if menu_id == linked and audience is MenuAudience.LEARNER:
                return audience  # the handler did not look at the learner: nothing has changed
        learner = session.get(Learner, conversation.learner_id)
    is_one = learner is not None and learner.state is LearnerState.ACTIVE
    return MenuAudience.LEARNER if is_one else MenuAudience.GUEST


def remember_link(session: Session, linking: Linking) -> None:
    """LINE has done it."""
    session.execute(
        update(Conversation)
        .where(Conversation.id == linking.conversation_id)
        .values(menu=linking.remembered)
    )


def standing(session: Session) -> dict[str, RichMenu]:
    """What was deployed last, by key."""
    return {row.key: row for row in session.scalars(select(RichMenu))}


def ids(session: Session) -> dict[str, str]:
    """LINE's ids of the deployed menus by key."""
    return {key: row.menu_id for key, row in standing(session).items()}


def remember_all(session: Session, rows: list[tuple[str, str, str]], now: datetime) -> None:
    """These (key, LINE's id, digest) stand at LINE now, and no others of ours.

    Whoever was linked to a predecessor has been moved, so nobody needs to be linked anew.
    """
    known = standing(session)
    for key, menu_id, digest in rows:
        row = known.pop(key, None)
        if row is None:
            session.add(RichMenu(key=key, menu_id=menu_id, digest=digest, deployed_at=now))
            continue
        if row.menu_id != menu_id:
            was_linked = Conversation.menu == row.menu_id
            session.execute(update(Conversation).where(was_linked).values(menu=menu_id))
        row.menu_id, row.digest, row.deployed_at = menu_id, digest, now
    for row in known.values():
        session.delete(row)
